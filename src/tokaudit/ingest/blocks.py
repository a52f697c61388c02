"""Which pieces is a prompt text made of?

A text is cut into blocks: each document or example that is marked as one is a block or several, the rest is cut at blank
lines. Blocks cover the text without gaps. How often a block recurs tells later what is template and what is content; here
nothing is guessed beyond the marks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from tokaudit.ingest.passages import find_regions

MOST_BLOCKS = 2000
"""Blocks a text; the last one takes the rest, so that a hostile text cannot flood the ledger."""


class Block(NamedTuple):
    """start: index of its first character. is_document, is_example: it stands where prompts put retrieved text, examples."""

    start: int
    is_document: bool = False
    is_example: bool = False


_GAP = re.compile(r"\n[ \t\r]*\n\s*")
_PLACE = re.compile(
    rb"^(?P<head>(?:[<\[#=*-]|[ \t])*[A-Za-z_]*[ \t]*)(?:(?:index|id|n|no)=[\"']?)?[#\[(]?\d{1,3}[\"']?(?=[\])>:.\s#=-])"
)
"""The number of a document among those beside it: `<document index="2">`, `[Document 2]`, `### Source 2`, `2.`"""
_DOCUMENT_SEED = 3
_LISTS = rb"documents|context|sources|search_results|results"
_ENCLOSING = re.compile(rb"^<(?:" + _LISTS + rb")>\s*|\s*</(?:" + _LISTS + rb")>$")
_CLOSING_LABEL = re.compile(rb"\s*\n[ \t#*]*[A-Za-z']+(?: [A-Za-z']+)?[ \t*]*:$")
"""`Question:` after the last of some documents."""


def _paragraphs(text: str, start: int, end: int) -> list[Block]:
    # A gap at the very start belongs to the paragraph after it.
    gaps = [match.end() for match in _GAP.finditer(text, start, end) if match.start() > start]
    return [Block(first) for first in (start, *gaps) if first < end]


def cut_blocks(text: str) -> list[Block]:
    """Cut a text into blocks, the first at 0; an empty text has one empty block.

    >>> [tuple(block) for block in cut_blocks("<doc>a</doc>\\n\\nWhy?")]
    [(0, True, False), (12, False, False)]
    """
    blocks: list[Block] = []
    position = 0
    for region in find_regions(text):
        # White space between documents belongs to the first of them.
        if not blocks or not text[position : region.start].isspace():
            blocks += _paragraphs(text, position, region.start)
        blocks += [Block(first, not region.is_example, region.is_example) for first in region.starts]
        position = region.end
    blocks += _paragraphs(text, position, len(text))
    return blocks[:MOST_BLOCKS] or [Block(0)]


def block_text(piece: bytes, *, is_document: bool = False) -> bytes:
    """Return a block's text without the white space around it, a document's without what tells its place among others."""
    own = piece.strip()
    if not is_document:
        return own
    own = _CLOSING_LABEL.sub(b"", _ENCLOSING.sub(b"", own))
    return _PLACE.sub(rb"\g<head>", own, count=1)


def block_key(piece: bytes, *, is_document: bool = False) -> int:
    """Identify a block by its text, whatever white space is around it, and a document wherever it stands among others.

    A document is never the same block as a paragraph outside of documents: how often either recurs means another thing.
    """
    own = block_text(piece, is_document=is_document)
    return xxh3_64_intdigest(own, seed=_DOCUMENT_SEED if is_document else 0)
