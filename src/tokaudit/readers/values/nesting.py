"""Which object do the dotted columns of a table spell?

Tables of traces are written with one column for each leaf (`extra.metadata.thread_id`) or with objects as JSON in their cells.
"""

from __future__ import annotations

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import is_missing
from tokaudit.schema import Json, Record

_DEPTH = 8


def nested(record: Record, roots: tuple[str, ...]) -> Record:
    """Gather the columns `root.…` into objects, and open the JSON in the cells of the roots.

    roots  the fields that are objects in this format; a record that spells none of them stays as it is
    """
    is_spread = any(key.partition(".")[0] in roots and "." in key for key in record)
    is_text = any(type(record.get(root)) is str for root in roots)
    if not (is_spread or is_text):
        return record
    whole: dict[str, Json] = {}
    for key, value in record.items():
        root = key.partition(".")[0]
        if root not in roots:
            whole[key] = value
        elif key == root:
            opened = open_text(value) if type(value) is str else value
            held = whole.get(root)
            whole[root] = {**opened, **held} if type(held) is dict and type(opened) is dict else opened
        elif not is_missing(value):
            _put(whole, key.split(".", _DEPTH), value)
    return whole


def _put(whole: dict[str, Json], path: list[str], value: Json) -> None:
    """Put a value at its place; objects on the way are copied: they may be the record's own."""
    place = whole
    for step in path[:-1]:
        held = place.get(step)
        place[step] = place = dict(held) if type(held) is dict else {}
    place[path[-1]] = open_text(value) if type(value) is str else value
