"""Which format is a record of, and which call does it tell of? One file a format, in folders by where logs come from."""
