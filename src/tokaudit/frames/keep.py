"""How is a step worked out once that several later ones read?

A lazy plan holds a step as often as later steps name it: a chain of steps that each name the one before twice doubles at
each, in planning if not in running. Such steps are kept.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

Keep = Callable[[pl.LazyFrame, str], pl.LazyFrame]
"""Works out a named frame and returns it as one that is read when needed."""


def in_memory(frame: pl.LazyFrame, _: str) -> pl.LazyFrame:
    """Keep a small frame."""
    return frame.collect().lazy()
