"""What would a month of traffic look like, with every cost planted and known?"""
