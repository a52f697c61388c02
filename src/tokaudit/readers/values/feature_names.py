"""Which name did the team itself give the use case of a call?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tokaudit.readers.values.labels import label
from tokaudit.readers.values.names import meaning
from tokaudit.readers.values.providers import provider_of_url
from tokaudit.schema import Json

_API_PATH = re.compile(
    r"(.*/)?(chat[./_-]?completions?|v\d+[a-z0-9]*/(completions|messages|responses|embeddings|rerank|models|batches)(/.*)?"
    r"|models?/.*(generatecontent|invoke|converse).*)/?(\?.*)?",
    re.IGNORECASE,
)
"""Paths of the providers' own APIs: an `endpoint` that holds one says nothing of the use case."""

_API_NAMES = frozenset(("openai", "azure", "azure_openai", "anthropic", "bedrock", "vertex_ai"))


def feature_of(value: Json) -> str | None:
    """Read the name of a use case; None for what names a provider or its API instead. Of tags the first that is one."""
    if type(value) is list:
        return feature_of_tags(value)
    if type(value) is dict:
        return feature_of(value.get("name"))
    name = label(value)
    return None if name is None or _names_the_api(name) else name


def feature_of_tags(tags: Iterable[Json]) -> str | None:
    """Find the use case among tags: `feature:search` first, else the first plain tag; agents' tags name no use case."""
    plain = None
    for tag in tags:
        name = label(tag)
        if name is None or name.startswith("User-Agent:") or _names_the_api(name):
            continue
        key, _, value = name.partition(":")
        known = meaning(key) if value else None
        if known is not None and known.field == "feature":
            return value.strip() or None
        plain = plain or name
    return plain


@lru_cache(maxsize=4096)
def _names_the_api(name: str) -> bool:
    return name.lower() in _API_NAMES or _API_PATH.fullmatch(name) is not None or provider_of_url(name) is not None
