"""Which calls do the exports of tracing and observability platforms tell of?"""
