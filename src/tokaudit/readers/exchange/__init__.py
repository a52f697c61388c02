"""Where in a record are request and response, what surrounds them, and which texts were sent and answered?"""
