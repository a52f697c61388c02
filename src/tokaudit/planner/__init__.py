"""Which feature is worth a model of its own?"""
