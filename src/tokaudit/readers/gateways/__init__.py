"""Which calls do the logs of gateways, routers and serving platforms tell of?"""
