"""By which name does a prompt tell a retrieved document?

Reports show no text of prompts, and a document's title may be a person's name or a sentence of a user. So only what looks
like a file's name, an address or an id is taken: one word of letters, digits and `._-/:#`, at least one of them no letter.
What is not that is left out, and the document is told by its hash and by where it first stands.
"""

from __future__ import annotations

import re

LONGEST_NAME = 80
_LOOKED_AT = 1000
"""Bytes of a document: names stand at its beginning."""

_NAME = rb"(?P<name>[A-Za-z0-9_./~][A-Za-z0-9_./:#%+~-]{0,79})"
_ORIGINS = rb"source|src|file_?path|path|file_?name|file|url|uri|href|link"
_IDS = rb"(?:document|doc|chunk|passage|source|article|page)[_ ]?id|id|key|slug"
_TITLES = rb"title|name|document|doc|article|page|passage|chunk|section"


def _patterns(words: bytes) -> tuple[re.Pattern[bytes], ...]:
    return (
        re.compile(rb"<[A-Za-z_]+\s[^<>]{0,400}?(?<![\w-])(?:" + words + rb")\s*=\s*[\"']" + _NAME + rb"[\"']", re.I),
        re.compile(rb"<(?:" + words + rb")>\s*" + _NAME + rb"\s*</", re.I),
        re.compile(rb"\"(?:" + words + rb")\"\s*:\s*\"" + _NAME + rb"\"", re.I),
        # `[Document 3: refunds.md]`, `### Source: kb-17`, `Path: a/b.py`
        re.compile(
            rb"(?:^|\n|[\[(|,;])[ \t#*=-]*(?:" + words + rb")[ \t#]*\d{0,5}[ \t*]*[:=][ \t*`]*" + _NAME
            + rb"[`*]*[ \t]*(?=[\])|,;\r\n]|$|[=-]{2})", re.I,
        ),
    )  # fmt: skip


_FINDERS = tuple(pattern for words in (_ORIGINS, _IDS, _TITLES) for pattern in _patterns(words))
"""In order of trust: where it comes from, its id, then a title that looks like one of the two."""
_PLACE = re.compile(r"\d{1,3}")


def document_name(text: bytes) -> str | None:
    """Return what names a document in its text, None = nothing that is surely no text of a user.

    >>> document_name(b'<document id="kb-17" title="How Anna pays">'), document_name(b"[Document: Anna]")
    ('kb-17', None)
    """
    head = text[:_LOOKED_AT]
    for finder in _FINDERS:
        for match in finder.finditer(head):
            name = match.group("name").decode().rstrip(".:,")
            if is_identifier(name):
                return name
    return None


def is_identifier(name: str) -> bool:
    """Tell ids, addresses and names of files from words, and from the number of a document among those beside it."""
    return not name.isalpha() and any(map(str.isalnum, name)) and not _PLACE.fullmatch(name)
