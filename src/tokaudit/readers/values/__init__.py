"""How is one value of a log read: a number, a time, a name, the meaning of a key?"""
