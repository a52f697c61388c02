"""How are names from the logs shown, linked, and cut down to the ones worth a row?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

from tokaudit.report.safe_text import safe_text
from tokaudit.result import Feature

ROW_LIMIT = 20
"""Rows a table shows before the rest becomes one row `other (n)`; the whole list stands in the CSV and JSON files."""

_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOOKS_HASHED = re.compile(r".*-[0-9a-f]{8}")
_SLUG_LIMIT = 40

Item = TypeVar("Item")


def name(text: str | None) -> str:
    """Show a name from a log."""
    return safe_text(text) if text else "(no name)"


def quoted(text: str | None) -> str:
    """Show a name from a log inside a sentence, told apart from our own words."""
    return f"“{name(text)}”"


def anchor(*parts: str) -> str:
    """Make an anchor that stays the same from run to run: a slug, and a hash where the slug alone is ambiguous.

    >>> anchor("feature", "search")
    'feature-search'
    """
    return "-".join(_slug(part) for part in parts)


def top(items: Sequence[Item], limit: int = ROW_LIMIT) -> tuple[Sequence[Item], Sequence[Item]]:
    """Cut the list into rows to show and the rest; a rest of one is shown as well."""
    return (items, ()) if len(items) <= limit + 1 else (items[:limit], items[limit:])


def by_cost(features: Sequence[Feature]) -> list[Feature]:
    """Sort the dearest feature first; among equals (unpriced ones) the one with more tokens, then by name."""
    return sorted(features, key=lambda f: (-f.list_cost, -f.input_tokens - f.output_tokens, f.feature))


def _slug(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and len(text) <= _SLUG_LIMIT and not _LOOKS_HASHED.fullmatch(text)
    if plain:
        return text
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()[:_SLUG_LIMIT]).strip("-")
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{slug}-{digest}".lstrip("-")
