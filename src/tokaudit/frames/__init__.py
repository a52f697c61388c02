"""What do the calls mean together? LazyFrame -> LazyFrame, no reading, no collecting, no clock.

A frame function names its columns in and out. Token counts are Int64, times UTC microseconds (Int64), money is exact
(`prices.rates.MONEY`), ids are UInt64.
"""
