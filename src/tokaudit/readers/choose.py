"""Which reader reads this record?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.contract import Reader
from tokaudit.readers.registry import GROUPS
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.tables.token_table import is_row
from tokaudit.schema import Record, RejectRecordError


def choose(record: Record, hint: Reader | None = None, columns: Mapping[str, str] | None = None) -> Reader | None:
    """Find the reader of a record; None when its format is not known.

    hint     the reader of the record before: asked first in its group, and believed
    columns  the user's own names of columns: by them a record may be a row of a table
    Raises   RejectRecordError when two readers of a group claim the record.
    """
    for group in GROUPS:
        if hint is not None and hint in group and hint.identify(record):
            return hint
        claims = [reader for reader in group if reader.identify(record)]
        if len(claims) > 1:
            names = " and ".join(sorted(reader.name for reader in claims))
            raise RejectRecordError(f"claimed by two readers: {names}")
        if claims:
            return claims[0]
    return TOKEN_TABLE if columns and is_row(record, columns) else None
