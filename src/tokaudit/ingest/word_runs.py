"""Which runs of words does a text hold, as hashes that another text with the same words has too?

A run is `RUN_WORDS` words one after the other. Marks, white space and the case of ASCII letters do not count, so a passage is
known again where a quotation changes its quotes and line breaks. Ideographs are words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RUN_WORDS = 8
"""Two texts about one thing share runs of five words by chance; eight in a row are as good as copied."""
MOST_BYTES = 1 << 18
"""Of a text that are looked at: memory stays flat."""

_Ids = npt.NDArray[np.uint64]
_Indexes = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.bool_]

_SPACE = 32
_PLAIN = bytes(byte if chr(byte).isalnum() or byte >= 0x80 else _SPACE for byte in bytes(range(256)).lower())
_WIDE_MARKS = re.compile(rb"\xc2[\x80-\xbf]|\xe2[\x80\x81][\x80-\xbf]|\xe3\x80[\x80-\xbf]|\xef\xbc[\x80-\x8f]")
"""Latin-1 signs, general and CJK punctuation, and the first of the full-width forms, in UTF-8."""
_IDEOGRAPH, _CONTINUATION = 0xE3, 0xC0
_WORD_BYTES = 8
"""Of a word that are hashed, with its length: one load instead of a loop."""
_KEPT = np.array([(1 << 8 * size) - 1 for size in range(_WORD_BYTES + 1)], dtype=np.uint64)
_LENGTH, _FIRST, _SECOND, _FOURTH, _MIX = (
    np.uint64(factor)
    for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xBF58476D1CE4E5B9)
)


class Runs(NamedTuple):
    """The runs of some texts, in order. hashes: of the run that begins at each word (those that reach into the next text are
    of no use). words: how many each text has. first: the number of each text's first word.
    """

    hashes: _Ids
    words: _Indexes
    first: _Indexes


def _mixed(values: _Ids) -> _Ids:
    values = (values ^ (values >> np.uint64(32))) * _MIX
    return values ^ (values >> np.uint64(29))


def plain(text: bytes) -> bytes:
    """Write a text with spaces for its marks, in lower case."""
    text = text[:MOST_BYTES]
    return (text if text.isascii() else _WIDE_MARKS.sub(b" ", text)).translate(_PLAIN)


def _bounds(data: npt.NDArray[np.uint8], *, is_ascii: bool) -> tuple[_Indexes, _Indexes]:
    """Return where each word begins and ends. data: as of `plain`, a space at both ends."""
    is_word: _Marks = data != _SPACE
    if is_ascii:
        edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
        return edges[::2], edges[1::2]
    lead = data >= _IDEOGRAPH
    inside = (data & _CONTINUATION) == 0x80
    wide = lead.copy()
    for _ in range(3):
        wide[1:] |= wide[:-1] & inside[1:]
    begins = is_word & ~inside
    begins[1:] &= ~is_word[:-1] | lead[1:] | wide[:-1]
    ends = is_word[:-1] & (~is_word[1:] | begins[1:])
    starts, stops = np.flatnonzero(begins), np.flatnonzero(ends) + 1
    # What does not begin like UTF-8 (a text that was cut inside a character) is no word.
    return (starts, stops) if len(starts) == len(stops) else (starts[:0], stops[:0])


def runs_of(texts: Sequence[bytes]) -> Runs:
    """Hash the runs of some texts, as `plain` writes them."""
    blob = b" " + b" ".join(texts) + b" " * (_WORD_BYTES + 1)
    starts, ends = _bounds(np.frombuffer(blob, dtype=np.uint8), is_ascii=blob.isascii())
    beginnings = np.cumsum([1, *(len(text) + 1 for text in texts)], dtype=np.int64)
    first = np.searchsorted(starts, beginnings).astype(np.int64)
    if len(starts) < RUN_WORDS:
        return Runs(np.zeros(0, np.uint64), np.diff(first), first[:-1])
    loads = np.ndarray(len(blob) - _WORD_BYTES + 1, dtype="<u8", buffer=blob, strides=(1,))
    lengths = ends - starts
    with np.errstate(over="ignore"):
        words = loads[starts] & _KEPT[np.minimum(lengths, _WORD_BYTES)]
        one = _mixed(words ^ (lengths.astype(np.uint64) * _LENGTH))
        two = one[:-1] * _FIRST + one[1:]
        four = two[:-2] * _SECOND + two[2:]
        eight = _mixed(four[:-4] * _FOURTH + four[4:])
    return Runs(eight, np.diff(first), first[:-1])
