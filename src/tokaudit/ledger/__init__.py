"""Where are the calls kept between runs? The only folder that knows the database."""
