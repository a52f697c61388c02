"""Which sentences does the opening of a prompt hold, so that a template can be known again around its slots?

A block that holds a date or a name is another block every time. Its sentences mostly are not, and in a sentence with a slot
the first and the last words stay. So each block of a prompt's opening is cut into sentences (at line ends and after `.`, `!`,
`?`, `:`, `;`), and each sentence gets three hashes: of its words, of its first three and of its last three. Words with a digit
count as one and the same word: dates, amounts and ids are never template. Marks and white space do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl
from xxhash import xxh3_64_intdigest

from tokaudit.ledger.tables import SENTENCES
from tokaudit.schema import Json

END_WORDS = 3
"""Two words begin sentences of any feature (`You are`); four leave too little around a slot."""
FEWEST_WORDS = 6
"""Of a sentence of which the ends are hashed as well: first and last words of a shorter one overlap."""
FIRST_SENTENCES, LAST_SENTENCES = 48, 16
"""Kept of a block: instructions stand around what is pasted into them."""
MOST_BYTES = 1 << 16
"""Of a block that are looked at, most of them at its beginning."""
DEFINITION_WORDS = 5
"""What a tool definition or a response schema counts for: as much as a short sentence of instructions."""

_Bytes = npt.NDArray[np.uint8]
_Ids = npt.NDArray[np.uint64]
_Indexes = npt.NDArray[np.int64]
_Marks = npt.NDArray[np.bool_]

_CHUNK = 1 << 18
_NEWLINE = 10
_HEAD, _TAIL, _SENTENCE = (np.uint64(seed) for seed in (0x9FB21C651E98DF25, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F))
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_NUMBER = np.uint64(0x2545F4914F6CDD1D)
_LONGEST = 1 << 12
"""Powers that are kept; what stands further on in a word or a sentence weighs like what stands that much before it."""


def _table(*ranges: tuple[int, int]) -> _Marks:
    table = np.zeros(256, dtype=bool)
    for first, last in ranges:
        table[first : last + 1] = True
    return table


_DIGIT = _table((48, 57))
_LETTER = _table((48, 57), (65, 90), (95, 95), (97, 122), (0xC3, 0xE1))
"""First bytes of characters that make words: ASCII and the alphabets. 0xC2 and 0xE2 begin marks such as dashes and quotes."""
_IDEOGRAPH = _table((0xE3, 0xF4))
"""First bytes of characters that are words of their own (Chinese, Japanese and Korean script, emoji)."""
_STOP = _table((33, 33), (46, 46), (58, 59), (63, 63))
_WHITE = _table((9, 10), (13, 13), (32, 32))
_WIDE_STOPS = tuple(np.frombuffer(mark.encode(), dtype=np.uint8) for mark in "。！？：；")


@lru_cache(maxsize=1)
def _powers() -> _Ids:
    return np.cumprod(np.full(_LONGEST, _STEP), dtype=np.uint64)


def _mixed(values: _Ids) -> _Ids:
    values = (values ^ (values >> np.uint64(32))) * _MIX
    return values ^ (values >> np.uint64(29))


def _runs(values: _Ids, starts: _Indexes, places: _Indexes) -> _Ids:
    """Hash each run of values that begins at a start, in order."""
    weighted = values * _powers()[places % _LONGEST]
    return _mixed(np.add.reduceat(weighted, starts))


def _characters(data: _Bytes) -> tuple[_Marks, _Marks]:
    """Tell of each byte whether it is in a word, and whether it begins one."""
    leads = data
    is_lead = np.ones(len(data), dtype=bool)
    if data.max() >= 0x80:
        is_lead = (data & 0xC0) != 0x80
        leads = data[np.maximum.accumulate(np.where(is_lead, np.arange(len(data)), 0))]
    alone = _IDEOGRAPH[leads]
    for mark in _WIDE_STOPS:
        found = np.flatnonzero((data[:-2] == mark[0]) & (data[1:-1] == mark[1]) & (data[2:] == mark[2]))
        alone[found[:, None] + np.arange(3)] = False
    letter = _LETTER[leads]
    is_word = letter | alone
    before, alone_before = np.roll(is_word, 1), np.roll(alone, 1)
    before[0] = alone_before[0] = False
    return is_word, is_word & is_lead & (~before | alone | alone_before)


def _stops(data: _Bytes) -> _Marks:
    """Tell of each byte whether a sentence ends with it."""
    ends: _Marks = data == _NEWLINE
    ends[:-1] |= _STOP[data[:-1]] & _WHITE[data[1:]]
    if data.max() >= 0x80:
        for mark in _WIDE_STOPS:
            ends[2:] |= (data[:-2] == mark[0]) & (data[1:-1] == mark[1]) & (data[2:] == mark[2])
    return ends


def _word_hashes(data: _Bytes) -> tuple[_Ids, _Indexes]:
    """Hash the words of a text. Returns (hashes, first bytes)."""
    is_word, begins = _characters(data)
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.zeros(0, dtype=np.uint64), starts
    places = np.arange(len(data)) - np.maximum.accumulate(np.where(begins, np.arange(len(data)), 0))
    values = np.where(is_word, data, 0).astype(np.uint64)
    hashes = _runs(values, starts, places)
    has_digit = np.logical_or.reduceat(_DIGIT[data] & is_word, starts)
    return np.where(has_digit, _NUMBER, hashes), starts


def _three(words: _Ids, first: _Indexes, seed: np.uint64) -> _Ids:
    step = _powers()
    total = sum((words[first + number] * step[number] for number in range(END_WORDS)), np.zeros(len(first), np.uint64))
    return _mixed(total ^ seed)


def _sentences(texts: Sequence[bytes]) -> pl.DataFrame:
    """Cut some texts. Out: text (its number), position, sentence_id, head_id, tail_id, words."""
    data = np.frombuffer(b"\n".join(texts) + b"\n", dtype=np.uint8)
    text_starts = np.concatenate(([0], np.cumsum([len(text) + 1 for text in texts])[:-1])).astype(np.int64)
    with np.errstate(over="ignore"):
        words, word_starts = _word_hashes(data)
        if not len(words):
            return pl.DataFrame(schema={"text": pl.Int64, **{n: t for n, t in SENTENCES.items() if n != "block_id"}})
        number = np.cumsum(_stops(data))[word_starts]
        first = np.flatnonzero(np.diff(number, prepend=-1))
        lengths = np.diff(first, append=len(words))
        places = np.arange(len(words)) - np.repeat(first, lengths)
        last = first + np.maximum(lengths - END_WORDS, 0)
        ids = _mixed(_runs(words, first, places) ^ _SENTENCE)
        fits = np.minimum(first, len(words) - END_WORDS).clip(0)
        padded = words if len(words) >= END_WORDS else np.resize(words, END_WORDS)
        heads = _three(padded, fits, _HEAD)
        tails = _three(padded, np.minimum(last, len(words) - END_WORDS).clip(0), _TAIL)
    text = np.searchsorted(text_starts, word_starts[first], side="right") - 1
    has_ends = pl.col("words") >= FEWEST_WORDS
    has_number = np.logical_or.reduceat(words == _NUMBER, first)
    table = pl.DataFrame(
        {
            "text": text,
            "sentence_id": ids,
            "head_id": heads,
            "tail_id": tails,
            "words": lengths,
            "word_bits": np.bitwise_or.reduceat(np.uint64(1) << (words >> np.uint64(58)), first),
            "has_number": has_number,
        }
    )
    count = pl.len().over("text")
    return (
        table.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64).over("text"), count=count)
        .filter((pl.col("position") < FIRST_SENTENCES) | (pl.col("position") >= pl.col("count") - LAST_SENTENCES))
        .with_columns(pl.when(has_ends).then(name).alias(name) for name in ("head_id", "tail_id"))
        .select("text", *(name for name in SENTENCES if name != "block_id"))
    )


def _shortened(text: bytes) -> bytes:
    if len(text) <= MOST_BYTES:
        return text
    return text[: MOST_BYTES * 3 // 4] + b"\n" + text[-MOST_BYTES // 4 :]


def _chunks(texts: Sequence[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    chunk: list[tuple[int, bytes]] = []
    size = 0
    for block_id, text in texts:
        short = _shortened(text)
        chunk.append((block_id, short))
        size += len(short)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def cut_sentences(blocks: Sequence[tuple[int, bytes]]) -> pl.DataFrame:
    """Cut blocks (id, UTF-8) into sentences. Out: columns of `SENTENCES`."""
    tables = []
    for chunk in _chunks(blocks):
        ids = pl.Series("block_id", [block_id for block_id, _ in chunk], dtype=pl.UInt64)
        found = _sentences([text for _, text in chunk])
        tables.append(found.with_columns(block_id=ids.gather(found["text"])).select(SENTENCES.names()).cast(SENTENCES))
    return pl.concat(tables) if tables else pl.DataFrame(schema=SENTENCES)


def definition_sentences(content_id: int, value: Json) -> list[tuple[int, int, int, None, None, int, int, bool]]:
    """Return rows of `SENTENCES` for tool definitions, one a tool, or for a response schema."""
    pieces = value if isinstance(value, list) else [value]
    return [
        (content_id, position, xxh3_64_intdigest(orjson.dumps(piece)), None, None, DEFINITION_WORDS, 0, False)
        for position, piece in enumerate(pieces[:FIRST_SENTENCES])
    ]
