"""Which calls do the session files of coding agents and local tools tell of?"""
