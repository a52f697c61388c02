"""How much of a retrieved text does an answer repeat word for word?

Up to `MOST_MARKS` runs of words of each block are looked for, at even distances from its first word to its last, in all runs
of the answers of the calls that sent it. What is found is a lower bound of use: a paraphrase is not seen. A block of more runs
is a sample: the share of a copied passage is then off by up to one part in `MOST_MARKS` at each of its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from tokaudit.ingest.document_names import document_name
from tokaudit.ingest.word_runs import RUN_WORDS, Runs, plain, runs_of
from tokaudit.ledger.tables import PASSAGES, QUOTATIONS

MOST_MARKS = 64
"""As many as a number has bits: what an answer repeats of a block is one number."""
FEWEST_WORDS = 24
"""Of a block without delimiters: what is shorter is no retrieved paragraph, and chats are full of it."""
_CHUNK = 1 << 18
_FILTER_BITS = 22
"""A table of four million marks lets through one run in four when it holds a million, and all that match."""

_Ids = npt.NDArray[np.uint64]
_Indexes = npt.NDArray[np.int64]


class Passage(NamedTuple):
    """A block as `blocks.block_text` writes it, and its key."""

    key: int
    text: bytes
    is_document: bool


class _Marks(NamedTuple):
    block: _Indexes  # its number among the passages
    slot: _Indexes
    mark: _Ids


def _marks_of(runs: Runs, fewest: _Indexes) -> _Marks:
    """Choose the runs to look for. fewest: words of each text below which none is."""
    counts = np.where(runs.words >= fewest, np.maximum(runs.words - RUN_WORDS + 1, 0), 0)
    kept = np.minimum(counts, MOST_MARKS)
    block = np.repeat(np.arange(len(kept)), kept)
    slot = np.arange(len(block)) - np.repeat(np.cumsum(kept) - kept, kept)
    return _Marks(block, slot, runs.hashes[runs.first[block] + slot * counts[block] // kept[block]])


def _chunks(texts: Sequence[bytes]) -> list[tuple[int, int]]:
    """Part texts into runs of about `_CHUNK` bytes. Returns (start, end) of each."""
    bounds, size = [0], 0
    for number, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK:
            bounds.append(number + 1)
            size = 0
    return list(zip(bounds, [*bounds[1:], len(texts)], strict=True))


class Quotations:
    """The marks of blocks and the runs of answers of some records."""

    def __init__(self) -> None:
        self._passages: list[tuple[int, str | None, int]] = []
        self._marks: list[tuple[_Ids, _Indexes, _Ids]] = []  # block ids, slots, marks
        self._answers: list[tuple[_Ids, _Ids]] = []  # content ids, runs
        self.held = 0
        """Hashes that wait to be compared."""

    def add_passages(self, passages: Sequence[Passage]) -> None:
        """Take blocks that were sent, each once."""
        texts = [plain(passage.text) for passage in passages]
        for start, end in _chunks(texts):
            some = passages[start:end]
            fewest = np.array([RUN_WORDS if each.is_document else FEWEST_WORDS for each in some], dtype=np.int64)
            marks = _marks_of(runs_of(texts[start:end]), fewest)
            keys = np.array([each.key for each in some], dtype=np.uint64)
            self._marks.append((keys[marks.block], marks.slot, marks.mark))
            self.held += len(marks.mark)
            counts = np.bincount(marks.block, minlength=len(some)).tolist()
            for each, count in zip(some, counts, strict=True):
                name = document_name(each.text) if each.is_document else None
                if count or name:
                    self._passages.append((each.key, name, count))

    def add_answers(self, answers: Sequence[tuple[int, str]]) -> None:
        """Take answers (content id, text), each once."""
        texts = [plain(text.encode()) for _, text in answers]
        for start, end in _chunks(texts):
            runs = runs_of(texts[start:end])
            ids = np.array([content_id for content_id, _ in answers[start:end]], dtype=np.uint64)
            text = np.repeat(np.arange(len(ids)), runs.words)[: len(runs.hashes)]
            is_whole = np.repeat(runs.first + runs.words, runs.words)[: len(text)] >= np.arange(len(text)) + RUN_WORDS
            self._answers.append((ids[text[is_whole]], runs.hashes[is_whole]))
            self.held += int(is_whole.sum())

    def frames(self, parts: pl.DataFrame, blocks: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return (passages, quotations): columns of `PASSAGES`, `QUOTATIONS`.

        parts, blocks: all of the records of which the texts were taken.
        """
        passages = pl.DataFrame(self._passages, schema=PASSAGES, orient="row")
        found = self._found()
        return passages, _in_own_calls(found, parts, blocks).select(QUOTATIONS.names()).cast(QUOTATIONS)

    def _found(self) -> pl.DataFrame:
        """Match marks with runs. Out: block_id, content_id (of the answer), seen (one bit a mark)."""
        if not self._marks or not self._answers:
            return pl.DataFrame(schema=QUOTATIONS)
        block_ids, slots, marks = (np.concatenate(column) for column in zip(*self._marks, strict=True))
        known = np.zeros(1 << _FILTER_BITS, dtype=bool)
        shift = np.uint64(64 - _FILTER_BITS)
        known[marks >> shift] = True
        likely = [(ids[hit], runs[hit]) for ids, runs in self._answers for hit in (known[runs >> shift],)]
        answer_ids, runs = (np.concatenate(column) for column in zip(*likely, strict=True))
        looked_for = pl.DataFrame(
            {"block_id": block_ids, "mark": marks, "bit": np.left_shift(np.uint64(1), slots.astype(np.uint64))}
        )
        answered = pl.DataFrame({"content_id": answer_ids, "mark": runs}).unique()
        return (
            answered.join(looked_for, on="mark").group_by("block_id", "content_id").agg(seen=pl.col("bit").bitwise_or())
        )


def _in_own_calls(found: pl.DataFrame, parts: pl.DataFrame, blocks: pl.DataFrame) -> pl.DataFrame:
    """Keep what the answer of a call repeats of a block that the same call sent."""
    if found.is_empty():
        return found
    answers = parts.filter("is_answer").select("record_id", "content_id")
    answered = found.lazy().join(answers.lazy(), on="content_id")
    holding = blocks.lazy().select("content_id", "block_id").join(found.lazy(), on="block_id", how="semi").unique()
    sent = (
        parts.lazy().filter(~pl.col("is_answer")).select("record_id", "content_id")
        .join(answered, on="record_id", how="semi").join(holding, on="content_id").select("record_id", "block_id")
    )  # fmt: skip
    kept = answered.join(sent, on=["record_id", "block_id"], how="semi")
    return kept.select(QUOTATIONS.names()).unique().sort("block_id", "content_id").collect()
