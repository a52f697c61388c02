"""Which calls do the bodies of provider APIs tell of, in whatever wrapper they were logged?"""
