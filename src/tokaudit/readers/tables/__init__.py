"""Which calls do rows tell of, of which only the names of their columns are known?"""
