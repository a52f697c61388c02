"""Where in a prompt text do retrieved documents stand, and where worked examples?

They are found by what prompts put around them: tags, labels, numbered markers, JSON lists of search results. Nothing is
guessed beyond these marks: a numbered list or a pasted page is no document, a told dialogue is no example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tokaudit.schema import Json


class Region(NamedTuple):
    """A run of documents or of examples. starts: first characters of each of them, the region's start first."""

    start: int
    end: int
    starts: list[int]
    is_example: bool = False


_DOCUMENT_TAGS = (
    "documents?|docs?|contexts?|passages?|sources?|chunks?|articles?|excerpts?|snippets?|search_results?|results?|"
    "references?|knowledge(?:_base)?|retrieved(?:_\\w+)?|files?|file_contents?|pages?"
)
_EXAMPLE_TAGS = "examples?|few_?shots?|few_shot_examples?|demonstrations?|shots?"
_TAG = re.compile(rf"<(/?)(?:({_DOCUMENT_TAGS})|({_EXAMPLE_TAGS}))(?:\s[^<>]{{0,400}})?>", re.IGNORECASE)

_NAMES = "contexts?|documents?|sources?|passages?|excerpts?|snippets?|results|references|knowledge(?: base)?|background"
_MANY = "contexts?|documents|sources|passages|excerpts|snippets|chunks|search results|articles|references"
_LABEL = re.compile(
    rf"(?:^|\n)[ \t#*]*(?:(?:relevant|retrieved|search|supporting|additional|background)[ \t]+)?(?:{_NAMES})[ \t*]*:",
    re.IGNORECASE,
)
_HEADING = re.compile(
    rf"(?:^|\n)#{{1,6}}[ \t]*(?:(?:relevant|retrieved|search|supporting)[ \t]+)?(?:{_NAMES})[ \t]*(?=\n)", re.IGNORECASE
)
_ANNOUNCED = re.compile(
    rf"(?:^|\n)(?=[^\n]{{0,400}}\b(?:following|below)\b)[^\n]{{0,400}}\b(?:{_MANY})\b[^\n]{{0,200}}[.:][ \t]*(?=\n)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\n[ \t#*]*(?:(?:user(?:'s)?|my|the|current|final)[ \t]+)?"
    r"(?:question|query|input|message|request|task|instructions?|answer)[ \t*]*(?::|(?<=[a-z])(?=\n))",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*\n[ \t]*((?:-{3,}|={3,}|\*{3,}|#{3,}|`{3,}|\"{3})[^\n]{0,20})\n")
_GAP = re.compile(r"\n[ \t\r]*\n\s*")
_ITEM = re.compile(r"\n[ \t]*(?:\d{1,3}[.)]|\[\d{1,3}\]|[-*•])[ \t]+")

_MARKED = "document|doc|source|passage|chunk|excerpt|snippet|search result|result|reference|context"
_MARKERS = (
    re.compile(
        rf"(?:^|\n)[ \t]*(?:[#*=~-]+[ \t]*)?[\[(]?(?:{_MARKED})[ \t]*(?:(?:id|no|nr|number)[.:= \t]*)?"
        r"[#\[(]?\d{1,5}\b[^\n]{0,300}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:^|\n)(?:#{{1,6}}[ \t]*|\[)(?:{_MARKED})\b[^\n]{{0,300}}(?=\n)", re.IGNORECASE),
    re.compile(r"(?:^|\n)[ \t]*\[\d{1,3}\][ \t]*(?=\S)"),
)
"""`[Document 1]`, `--- Source 2 ---`; `### Source`, `[Source: title]`; `[1] …`."""
_PLAIN_MARKER = 2
_SHORTEST_PASSAGE = 200
"""Characters a passage after a mere `[1]` has on average: what is shorter is a list of references or of choices."""
_EXAMPLE_MARKER = re.compile(r"(?:^|\n)[ \t]*(?:[#*]+[ \t]*)?example[ \t]*#?\d{1,2}\b", re.IGNORECASE)
_PAIR = re.compile(
    r"(?:^|\n)[ \t*#]*(?P<ask>q|question|input|text|sentence)[ \t]*\d{0,2}[ \t*]*:[ \t*]*(?=\S)", re.IGNORECASE
)
_REPLY = re.compile(
    r"\n[ \t*#]*(?:a|answer|output|label|category|class|sentiment|sql|summary|translation)[ \t]*\d{0,2}[ \t*]*:[ \t*]*(?=[^\s])",
    re.IGNORECASE,
)
_FEWEST = 2

_TEXT_KEYS = frozenset(
    ("text", "content", "page_content", "snippet", "body", "passage", "chunk", "excerpt", "raw_content")
)
_ORIGIN_KEYS = frozenset(
    ("title", "url", "source", "link", "uri", "score", "metadata", "document_id", "doc_id", "page_content", "filename")
)
_JSON_LIST = re.compile(r"\[\s*(?=\{\s*\")")
_MOST_LISTS = 8
_decode: Callable[[str, int], tuple[Json, int]] = json.JSONDecoder().raw_decode


def find_regions(text: str) -> list[Region]:
    """Find all documents and examples of a text, in order and apart from each other."""
    found: list[Region] = []
    for finder in _FINDERS:
        if not any(region.is_example is finder.is_example for region in found):
            found += [new for new in finder.find(text) if not any(_overlap(new, old) for old in found)]
    return sorted(found)


def _overlap(one: Region, other: Region) -> bool:
    return one.start < other.end and other.start < one.end


def _tagged(text: str) -> Iterator[Region]:
    """Find each outermost tagged region; the outer tag and the first document inside it are one block."""
    if "</" not in text:
        return
    stack: list[str] = []
    start, inner, is_example = 0, [0], False
    for match in _TAG.finditer(text):
        name = (match.group(2) or match.group(3)).lower()
        if not match.group(1):
            if not stack:
                start, inner, is_example = match.start(), [], match.group(3) is not None
            else:
                inner.append(match.start())
            stack.append(name)
        elif name in stack:
            while stack.pop() != name:
                pass
            if not stack:
                yield Region(start, match.end(), [start, *inner[1:]], is_example)


def _labelled(text: str) -> Iterator[Region]:
    """Find the text between a label such as `Context:` and one such as `Question:`, which belong to it, not to the question."""
    label = (_LABEL.search(text) if ":" in text else None) or _HEADING.search(text)
    question = _QUESTION.search(text, label.end()) if label else None
    if label is None or question is None:
        return
    start = label.start() + (text[label.start()] == "\n")
    yield Region(start, question.end(), _cut(text, start, label.end(), question.start()))


def _announced(text: str) -> Iterator[Region]:
    """Find what stands after a line that announces documents, between two rules or before the question."""
    line = _ANNOUNCED.search(text) if "elow" in text or "ollowing" in text else None
    if line is None:
        return
    rule = _RULE.match(text, line.end())
    closing = text.find(f"\n{rule.group(1).strip()}", rule.end() - 1) if rule else -1
    if rule and closing > 0:
        start, end = rule.start(1), closing + 1 + len(rule.group(1).strip())
        yield Region(start, end, _cut(text, start, rule.end(), closing))
        return
    question = _QUESTION.search(text, line.end())
    start = len(text) - len(text[line.end() :].lstrip())
    if question and start < question.start():
        yield Region(start, question.end(), _cut(text, start, start, question.start()))


def _cut(text: str, start: int, first: int, end: int) -> list[int]:
    """Cut documents between two places: where each begins if they are marked or listed, else at blank lines."""
    for beginning in (*_MARKERS, _ITEM):
        items = [match.start() + 1 for match in beginning.finditer(text, max(first - 1, 0), end)]
        if len(items) >= _FEWEST and not text[first : items[0]].strip():
            return [start, *items[1:]]
    return [start, *(match.end() for match in _GAP.finditer(text, first, end) if match.end() <= end)]


def _marked(text: str) -> Iterator[Region]:
    """Find passages that each begin with a marker of the same kind."""
    for kind, marker in enumerate(_MARKERS):
        starts = [match.start() + (text[match.start()] == "\n") for match in marker.finditer(text)]
        if len(starts) < _FEWEST:
            continue
        question = _QUESTION.search(text, starts[-1])
        end = min(_end_like_before(text, starts), question.start() + 1 if question else len(text))
        if question and end == question.start() + 1:
            end = question.end()
        if kind != _PLAIN_MARKER or end - starts[0] >= _SHORTEST_PASSAGE * len(starts):
            yield Region(starts[0], end, starts)
            return


def _end_like_before(text: str, starts: Sequence[int]) -> int:
    """Let the last passage have as many paragraphs as the longest before it: nothing else tells where it ends."""
    most = max(_paragraphs(text, start, end) for start, end in pairwise(starts))
    gaps = list(_GAP.finditer(text, starts[-1]))
    return gaps[most - 1].end() if len(gaps) >= most else len(text)


def _paragraphs(text: str, start: int, end: int) -> int:
    return 1 + sum(match.end() < end for match in _GAP.finditer(text, start, end))


def _json_lists(text: str) -> Iterator[Region]:
    """Find JSON lists whose items are texts with a title, an address or a score."""
    if '"' not in text:
        return
    position = 0
    for _ in range(_MOST_LISTS):
        opening = _JSON_LIST.search(text, position)
        if opening is None:
            return
        starts, position = _json_items(text, opening.end())
        if starts:
            yield Region(opening.start(), position, [opening.start(), *starts[1:]])


def _json_items(text: str, position: int) -> tuple[list[int], int]:
    """Return where the items of a JSON list start (none unless all are documents), and where to look on."""
    starts: list[int] = []
    while True:
        try:
            item, end = _decode(text, position)
        except (ValueError, RecursionError):
            return [], position + 1
        if not _is_document(item):
            return [], end
        starts.append(position)
        comma = _skip_space(text, end)
        if text[comma : comma + 1] != ",":
            return (starts, comma + 1) if text[comma : comma + 1] == "]" else ([], end)
        position = _skip_space(text, comma + 1)


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _is_document(item: Json) -> bool:
    if type(item) is not dict or item.keys().isdisjoint(_ORIGIN_KEYS):
        return False
    return any(type(item[key]) is str and item[key] for key in _TEXT_KEYS & item.keys())


def _numbered_examples(text: str) -> Iterator[Region]:
    if "xample" not in text and "XAMPLE" not in text:
        return
    starts = [match.start() + (text[match.start()] == "\n") for match in _EXAMPLE_MARKER.finditer(text)]
    if len(starts) >= _FEWEST:
        yield Region(starts[0], _end_like_before(text, starts), starts, is_example=True)


def _pairs(text: str) -> Iterator[Region]:
    """Find questions that are each answered; the last one, which waits for its answer, is none of them."""
    if ":" not in text:
        return
    asked = list(_PAIR.finditer(text))
    if len(asked) < _FEWEST or len({match.group("ask").lower() for match in asked}) > 1:
        return
    ends = [*(match.start() for match in asked[1:]), len(text)]
    answered = [bool(_REPLY.search(text, match.end(), end)) for match, end in zip(asked, ends, strict=True)]
    count = answered.index(False) if False in answered else len(asked)
    if count < _FEWEST:
        return
    starts = [match.start() + (text[match.start()] == "\n") for match in asked[:count]]
    end = _end_like_before(text, starts)
    yield Region(starts[0], min(end, asked[count].start() + 1) if count < len(asked) else end, starts, is_example=True)


class _Finder(NamedTuple):
    find: Callable[[str], Iterator[Region]]
    is_example: bool


_FINDERS = (
    _Finder(_tagged, False), _Finder(_numbered_examples, True), _Finder(_pairs, True), _Finder(_json_lists, False),
    _Finder(_labelled, False), _Finder(_announced, False), _Finder(_marked, False),
)  # fmt: skip
"""In order of trust: what an earlier one finds, a later one does not add to."""
