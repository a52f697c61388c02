"""How is each distinct text counted once?

`ContentTable` takes texts as they come, remembers only their hashes, and counts waiting texts in batches. Texts leave the
memory with the batch: the tables hold hashes and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import orjson
import polars as pl
from xxhash import xxh3_64_intdigest

from tokaudit.ingest.blocks import Block, block_key, block_text, cut_blocks
from tokaudit.ingest.quotations import Passage, Quotations
from tokaudit.ingest.sentences import cut_sentences, definition_sentences
from tokaudit.ledger.tables import BLOCKS, CONTENTS, RESPONSE_SCHEMA, SENTENCES, TOOLS, table_of
from tokaudit.schema import Call, Json, RejectRecordError
from tokaudit.tokens.count import count_block_tokens, count_tokens
from tokaudit.tokens.definitions import estimate_schema_tokens, estimate_tool_tokens

BATCH_BYTES = 4 << 20
_MEDIA_SEED, _DEFINITION_SEED = 1, 2
"""So that a text never has the id of an image's address or of a schema."""


TOO_DEEP = "the tool definitions or the response schema are nested too deep"


class Definition(NamedTuple):
    """Tool definitions or a response schema (`kind` of `tables.KINDS`), and their JSON."""

    value: Json
    data: bytes
    kind: int


def definitions_of(call: Call) -> list[Definition]:
    """Return what a call defines before its first message. Raises RejectRecordError."""
    values = ((call.tools, TOOLS), (call.response_schema, RESPONSE_SCHEMA))
    try:
        return [Definition(value, orjson.dumps(value), kind) for value, kind in values if value]
    except TypeError as error:  # more than 254 levels
        raise RejectRecordError(TOO_DEEP) from error


class _Cut(NamedTuple):
    blocks: Sequence[Block]
    pieces: Sequence[bytes]
    keys: Sequence[int]


class _Waiting(NamedTuple):
    content_id: int
    text: str
    in_prompt: bool
    cut: _Cut | None = None


def _pieces(text: str, blocks: Sequence[Block]) -> list[bytes]:
    ends = [*(block.start for block in blocks[1:]), len(text)]
    return [text[block.start : end].encode() for block, end in zip(blocks, ends, strict=True)]


def _cut(text: str) -> _Cut:
    blocks = cut_blocks(text)
    pieces = _pieces(text, blocks)
    keys = [block_key(piece, is_document=block.is_document) for block, piece in zip(blocks, pieces, strict=True)]
    return _Cut(blocks, pieces, keys)


def count_batch(waiting: Sequence[_Waiting], encoding: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count texts and, for prompt texts, their blocks: one tokenisation serves both. Returns (contents, blocks)."""
    prompts = [row for row in waiting if row.in_prompt]
    answers = [row for row in waiting if not row.in_prompt]
    cuts = [row.cut for row in prompts if row.cut]
    starts = [[0, *accumulate(len(piece) for piece in cut.pieces[:-1])] for cut in cuts]
    tokens, block_tokens = count_block_tokens([row.text for row in prompts], starts, encoding)
    answer_tokens = count_tokens([row.text for row in answers], encoding)
    contents = pl.DataFrame(
        {
            "content_id": [row.content_id for row in (*prompts, *answers)],
            "encoding": encoding,
            "counted": np.concatenate((tokens, answer_tokens)),
        },
        schema_overrides={"content_id": pl.UInt64},
    )
    of_block = iter(block_tokens.tolist())
    rows = [
        (row.content_id, encoding, position, key, *block[1:], next(of_block))
        for row, cut in zip(prompts, cuts, strict=True)
        for position, (block, key) in enumerate(zip(cut.blocks, cut.keys, strict=True))
    ]
    return contents, table_of(rows, BLOCKS)


class ContentTable:
    """Distinct contents, blocks and sentences of some records."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], bool] = {}  # content and encoding -> whether it is cut into blocks
        self._waiting: dict[str, list[_Waiting]] = {}
        self._waiting_bytes = 0
        self._counted: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._rows: list[tuple[int, str, int | None, int, int]] = []
        self._opened: set[int] = set()  # contents with which prompts open
        self._opening_blocks: dict[int, bytes] = {}  # those that wait to be cut into sentences
        self._cut_blocks: set[int] = set()
        self._sought_blocks: set[int] = set()
        self._quotations = Quotations()
        self._sentences: list[pl.DataFrame] = []
        self._definition_sentences: list[tuple[int, int, int, None, None, int, int, bool]] = []

    def _add(self, content_id: int, encoding: str, size: int, line: int, tokens: int | None = None) -> None:
        if (content_id, encoding) not in self._seen:
            self._seen[content_id, encoding] = False
            self._rows.append((content_id, encoding, tokens, size, line))

    def add_text(self, text: str, encoding: str, line: int, *, in_prompt: bool) -> int:
        """Return the text's content id; count it once. in_prompt: cut it into blocks (answers are not cut)."""
        data = text.encode()
        content_id = xxh3_64_intdigest(data)
        is_cut = self._seen.get((content_id, encoding))
        if is_cut is None or (in_prompt and not is_cut):  # an answer may become a prompt
            self._add(content_id, encoding, len(data), line)
            self._seen[content_id, encoding] = in_prompt
            self._waiting.setdefault(encoding, []).append(_Waiting(content_id, text, in_prompt))
            self._waiting_bytes += len(data)
            if self._waiting_bytes >= BATCH_BYTES:
                self._count_waiting()
        return content_id

    def add_opening(self, content_id: int, text: str) -> None:
        """Cut a text with which a prompt opens into sentences, once."""
        if content_id in self._opened:
            return
        self._opened.add(content_id)
        for block, piece, key in zip(*self._cut_once(content_id, text), strict=True):
            if not block.is_document and key not in self._cut_blocks:
                self._cut_blocks.add(key)
                self._opening_blocks[key] = piece
                self._waiting_bytes += len(piece)

    def _cut_once(self, content_id: int, text: str) -> _Cut:
        """Cut a text; if it was the last to come and still waits to be counted, keep how."""
        cut = _cut(text)
        for waiting in self._waiting.values():
            if waiting and waiting[-1].content_id == content_id:
                waiting[-1] = waiting[-1]._replace(cut=cut)
        return cut

    def add_media(self, reference: str, encoding: str, line: int) -> int:
        """Return the id of an image, sound or file; its tokens are not known."""
        data = reference.encode()
        content_id = xxh3_64_intdigest(data, seed=_MEDIA_SEED)
        self._add(content_id, encoding, len(data), line)
        return content_id

    def add_definition(self, definition: Definition, encoding: str, line: int) -> int:
        """Return the id of tool definitions or of a response schema; its tokens are estimated."""
        value, data, kind = definition
        content_id = xxh3_64_intdigest(data, seed=_DEFINITION_SEED)
        if (content_id, encoding) not in self._seen:
            estimate = estimate_tool_tokens if kind == TOOLS else estimate_schema_tokens
            tokens = estimate(value, lambda texts: int(count_tokens(texts, encoding).sum()))
            self._add(content_id, encoding, len(data), line, tokens)
        if content_id not in self._opened:
            self._opened.add(content_id)
            self._definition_sentences += definition_sentences(content_id, value)
        return content_id

    def _seek(self, waiting: Sequence[_Waiting]) -> None:
        """Take in what may be quoted and what may quote it."""
        passages = []
        for cut in (row.cut for row in waiting if row.cut):
            for block, piece, key in zip(*cut, strict=True):
                if key not in self._sought_blocks:
                    self._sought_blocks.add(key)
                    text = block_text(piece, is_document=block.is_document)
                    passages.append(Passage(key, text, block.is_document))
        self._quotations.add_passages(passages)
        self._quotations.add_answers([(row.content_id, row.text) for row in waiting if not row.in_prompt])

    @property
    def held(self) -> int:
        """Hashes that wait for the frames."""
        return self._quotations.held

    def quotations(self, parts: pl.DataFrame, blocks: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return (passages, quotations). blocks: of `frames`; parts: of all records."""
        return self._quotations.frames(parts, blocks)

    def _count_waiting(self) -> None:
        for encoding, rows in self._waiting.items():
            waiting = [row._replace(cut=row.cut or _cut(row.text)) if row.in_prompt else row for row in rows]
            self._counted.append(count_batch(waiting, encoding))
            self._seek(waiting)
        self._sentences.append(cut_sentences(list(self._opening_blocks.items())))
        self._opening_blocks.clear()
        self._waiting.clear()
        self._waiting_bytes = 0

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Count what still waits and return (contents, blocks, sentences)."""
        self._count_waiting()
        sentences = pl.concat([*self._sentences, table_of(self._definition_sentences, SENTENCES)])
        contents = table_of(self._rows, CONTENTS)
        if not self._counted:
            return contents, pl.DataFrame(schema=BLOCKS), sentences
        counted = pl.concat([contents for contents, _ in self._counted]).unique(["content_id", "encoding"])
        joined = contents.join(counted, on=["content_id", "encoding"], how="left", maintain_order="left")
        settled = joined.with_columns(tokens=pl.coalesce("tokens", "counted")).select(CONTENTS.names())
        return settled, pl.concat([blocks for _, blocks in self._counted]), sentences
