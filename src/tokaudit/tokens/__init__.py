"""How many tokens has a text, and which part of it do they belong to?"""
