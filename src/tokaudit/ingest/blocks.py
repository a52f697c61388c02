"""Which pieces is a prompt text made of?

A text is cut into blocks: each retrieved document that stands between tags or under a label is one or more `document`
blocks, the rest is cut at blank lines. Blocks cover the text without gaps. How often a block recurs tells later what is
template and what is content; here nothing is guessed beyond the delimiters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_BLOCKS = 2000
"""Blocks a text; the last one takes the rest, so that a hostile text cannot flood the ledger."""


class Block(NamedTuple):
    """start: index of its first character. is_document: it stands where prompts put retrieved text."""

    start: int
    is_document: bool


_TAG_NAMES = (
    "documents?|docs?|contexts?|passages?|sources?|chunks?|articles?|excerpts?|snippets?|search_results?|results?|"
    "references?|knowledge(?:_base)?|retrieved(?:_\\w+)?|files?|file_contents?|pages?"
)
_TAG = re.compile(rf"<(/?)({_TAG_NAMES})(?:\s[^<>]{{0,400}})?>", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:^|\n)[ \t#*]*(?:(?:relevant|retrieved|search|supporting|additional|background)[ \t]+)?"
    r"(?:contexts?|documents?|sources?|passages?|excerpts?|snippets?|results|references|knowledge(?: base)?|background)"
    r"[ \t*]*:",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\n[ \t#*]*(?:(?:user(?:'s)?|my|the|current|final)[ \t]+)?"
    r"(?:question|query|input|message|request|task|instructions?|answer)[ \t*]*:",
    re.IGNORECASE,
)
_GAP = re.compile(r"\n[ \t\r]*\n\s*")


def _tagged(text: str) -> list[tuple[int, int, list[int]]]:
    """Find (start, end, first characters of the documents inside) of each outermost tagged region."""
    regions: list[tuple[int, int, list[int]]] = []
    stack: list[str] = []
    start = 0
    inner: list[int] = []
    for match in _TAG.finditer(text):
        name = match.group(2).lower()
        if not match.group(1):
            if not stack:
                start, inner = match.start(), []
            else:
                inner.append(match.start())
            stack.append(name)
        elif name in stack:
            while stack.pop() != name:
                pass
            if not stack:
                # The outer tag and the first document inside it are one block.
                regions.append((start, match.end(), [start, *inner[1:]]))
    return regions


def _labelled(text: str) -> list[tuple[int, int, list[int]]]:
    """Find the text between a label such as `Context:` and one such as `Question:`, cut at blank lines."""
    label = _LABEL.search(text)
    question = _QUESTION.search(text, label.end()) if label else None
    if label is None or question is None:
        return []
    start = label.start() + (text[label.start()] == "\n")
    gaps = [match.end() for match in _GAP.finditer(text, label.end(), question.start())]
    return [(start, question.start() + 1, [start, *(gap for gap in gaps if gap <= question.start())])]


def _paragraphs(text: str, start: int, end: int) -> list[Block]:
    # A gap at the very start belongs to the paragraph after it.
    gaps = [match.end() for match in _GAP.finditer(text, start, end) if match.start() > start]
    return [Block(first, False) for first in (start, *gaps) if first < end]


def cut_blocks(text: str) -> list[Block]:
    """Cut a text into blocks, the first at 0; an empty text has one empty block.

    >>> [text[:12] for text in ("<doc>a</doc>",)] and cut_blocks("<doc>a</doc>\\n\\nWhy?")
    [Block(start=0, is_document=True), Block(start=12, is_document=False)]
    """
    regions = _tagged(text) if "</" in text else []
    if not regions and ":" in text:
        regions = _labelled(text)
    blocks: list[Block] = []
    position = 0
    for start, end, documents in regions:
        if (
            not blocks or not text[position:start].isspace()
        ):  # white space between documents belongs to the first of them
            blocks += _paragraphs(text, position, start)
        blocks += [Block(first, True) for first in documents]
        position = end
    blocks += _paragraphs(text, position, len(text))
    return blocks[:MOST_BLOCKS] or [Block(0, False)]
