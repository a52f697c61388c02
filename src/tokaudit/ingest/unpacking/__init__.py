"""How do packed and encoded bytes become UTF-8 text, as a stream?"""
