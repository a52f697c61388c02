"""What JSON value does a piece of YAML hold?

Recordings of HTTP traffic are YAML. Only what JSON can say is read: no tags of languages, no dates, no merged mappings; a
text that was kept as bytes, or packed, is opened. Aliases may repeat a value, but not blow the record up.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import yaml

from tokaudit.readers.values.packed_text import open_base64, open_packed, text_of
from tokaudit.schema import Json, RejectRecordError

BAD_YAML = "not valid YAML"
BLOWN_UP = "YAML aliases make the record far longer than its text"

_DEEPEST = 200
_GROWTH = 4
"""How much longer than its text a value may be: without aliases its texts and items are no more than the text's bytes."""
_SMALL = 1000
_GZIP_MAGIC = "\x1f\x8b"
_GZIP_IN_BASE64 = "H4sI"

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that knows no more types than JSON, and bytes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in its base
        first: [
            (tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] in ("null", "bool", "int", "float")
        ]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave mappings as they are: merging them can make them grow without end."""


def _nothing(_loader: _Loader, _node: yaml.Node) -> None:
    return None


_Loader.yaml_constructors = {
    f"tag:yaml.org,2002:{name}": _Base.yaml_constructors[f"tag:yaml.org,2002:{name}"]
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "binary")
}
_Loader.add_constructor("!binary", _Base.yaml_constructors["tag:yaml.org,2002:binary"])
_Loader.add_constructor("tag:yaml.org,2002:python/unicode", _Base.yaml_constructors["tag:yaml.org,2002:str"])
_Loader.add_constructor(None, _nothing)


def decode_yaml(text: bytes) -> Json:
    """Decode one document. Raises RejectRecordError with a fixed reason."""
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, with less than it knows
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RejectRecordError(BAD_YAML) from error
    return _Plain(_GROWTH * len(text) + _SMALL).value(value, 0)


class _Plain:
    """Makes JSON of what the loader built. left: the texts and items that may still come."""

    def __init__(self, left: int) -> None:
        self._left = left

    def value(self, value: Any, depth: int) -> Json:
        self._take(1)
        if depth > _DEEPEST:
            raise RejectRecordError(BLOWN_UP)
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, bytes | str):
            self._take(len(value))
            return opened(value)
        is_json = value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
        return value if is_json else None

    def _mapping(self, mapping: dict[Hashable, Any], depth: int) -> dict[str, Json]:
        record = {str(key): self.value(value, depth + 1) for key, value in mapping.items()}
        packed = mapping.get("base64_string")
        if isinstance(packed, str) and "string" not in record:  # VCR for Ruby
            record["string"] = open_base64(packed)
        return record

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise RejectRecordError(BLOWN_UP)


def opened(value: bytes | str) -> str | None:
    """Return the text that was kept as bytes, or packed by gzip; None for bytes that are no text."""
    if isinstance(value, bytes):
        return text_of(value)
    if value.startswith(_GZIP_IN_BASE64):
        return open_packed(value) or value
    if value.startswith(_GZIP_MAGIC) and all(character <= "\xff" for character in value):
        return text_of(value.encode("latin-1"))
    return value
