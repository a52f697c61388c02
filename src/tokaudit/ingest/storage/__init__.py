"""Where do the bytes of log files stand: on this machine, inside an archive, in an object store?"""
