"""Which project does a working directory stand for?"""

from __future__ import annotations

import re

from tokaudit.readers.values.labels import label
from tokaudit.schema import Json

_SEPARATORS = re.compile(r"[\\/]+")


def folder_name(path: Json) -> str | None:
    """Return the last name of a path of any system; None for a root or for what is no path.

    >>> folder_name("/home/dev/shop"), folder_name("C:\\\\dev\\\\shop\\\\"), folder_name("/")
    ('shop', 'shop', None)
    """
    if type(path) is not str:
        return None
    names = [name for name in _SEPARATORS.split(path) if name]
    return label(names[-1]) if names else None
