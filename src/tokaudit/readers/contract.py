"""What must a reader be?

One reader is one file: `identify(record)` says whether a decoded record is of its format, `read(record, options)` turns
it into a `Call`. Readers are pure, know nothing of files, prices or other records, and never guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tokaudit.schema import Call, Record


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user may say about the logs.

    columns   our field -> the log's column name, for files that name theirs in an unusual way
    timezone  IANA zone of times that carry none
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Reader:
    """name is the id shown and stored; how_to_export is one sentence for `tokaudit readers`.

    read raises `RejectRecordError` with a fixed reason for a record that is of the format but cannot be kept.
    """

    name: str
    title: str
    how_to_export: str
    identify: Callable[[Record], bool]
    read: Callable[[Record, ReadOptions], Call]
