"""What did a token cost on the day it was used, and who says so?"""
