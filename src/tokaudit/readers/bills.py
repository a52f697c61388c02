"""Which files are bills: sums over many calls, made by a provider or a dashboard?

They are recognised, never counted as calls, and refused as logs with the way to use them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.schema import Record, RejectRecordError


def _bill(name: str, title: str, identify: Callable[[Record], bool]) -> Reader:
    def refuse(record: Record, options: ReadOptions) -> NoReturn:
        raise RejectRecordError(f"a bill ({title}), not a log of calls: compare it with tokaudit reconcile")

    return Reader(name, title, "", identify, refuse)


BILLS: tuple[Reader, ...] = ()
