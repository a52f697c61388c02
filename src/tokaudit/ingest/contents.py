"""How is each distinct text counted once?

`ContentTable` takes texts as they come, remembers only their hashes, and counts waiting texts in batches. Texts leave the
memory with the batch: the tables hold hashes and counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import orjson
import polars as pl
from xxhash import xxh3_64_intdigest

from tokaudit.ingest.blocks import Block, cut_blocks
from tokaudit.ledger.tables import BLOCKS, CONTENTS, RESPONSE_SCHEMA, TOOLS, table_of
from tokaudit.schema import Call, Json, RejectRecordError
from tokaudit.tokens.chat_format import estimate_tool_tokens
from tokaudit.tokens.count import count_block_tokens, count_tokens

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


class _Waiting(NamedTuple):
    content_id: int
    text: str
    in_prompt: bool


def _pieces(text: str, blocks: Sequence[Block]) -> list[bytes]:
    ends = [*(block.start for block in blocks[1:]), len(text)]
    return [text[block.start : end].encode() for block, end in zip(blocks, ends, strict=True)]


def count_batch(waiting: Sequence[_Waiting], encoding: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count texts and, for prompt texts, their blocks: one tokenisation serves both. Returns (contents, blocks)."""
    prompts = [row for row in waiting if row.in_prompt]
    answers = [row for row in waiting if not row.in_prompt]
    cut = [(row.content_id, blocks, _pieces(row.text, blocks)) for row in prompts for blocks in (cut_blocks(row.text),)]
    starts = [[0, *accumulate(len(piece) for piece in pieces[:-1])] for _, _, pieces in cut]
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
        (content_id, encoding, position, xxh3_64_intdigest(piece.strip()), block.is_document, next(of_block))
        for content_id, blocks, pieces in cut
        for position, (block, piece) in enumerate(zip(blocks, pieces, strict=True))
    ]
    return contents, table_of(rows, BLOCKS)


class ContentTable:
    """Distinct contents and blocks of some records."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], bool] = {}  # content and encoding -> whether it is cut into blocks
        self._waiting: dict[str, list[_Waiting]] = {}
        self._waiting_bytes = 0
        self._counted: list[tuple[pl.DataFrame, pl.DataFrame]] = []
        self._rows: list[tuple[int, str, int | None, int, int]] = []

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
            tokens = _tool_tokens(value, encoding) if kind == TOOLS else _schema_tokens(value, encoding)
            self._add(content_id, encoding, len(data), line, tokens)
        return content_id

    def _count_waiting(self) -> None:
        self._counted += [count_batch(waiting, encoding) for encoding, waiting in self._waiting.items()]
        self._waiting.clear()
        self._waiting_bytes = 0

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Count what still waits and return (contents, blocks)."""
        self._count_waiting()
        contents = table_of(self._rows, CONTENTS)
        if not self._counted:
            return contents, pl.DataFrame(schema=BLOCKS)
        counted = pl.concat([contents for contents, _ in self._counted]).unique(["content_id", "encoding"])
        joined = contents.join(counted, on=["content_id", "encoding"], how="left", maintain_order="left")
        settled = joined.with_columns(tokens=pl.coalesce("tokens", "counted")).select(CONTENTS.names())
        return settled, pl.concat([blocks for _, blocks in self._counted])


def _tool_tokens(value: Json, encoding: str) -> int:
    return estimate_tool_tokens(value, encoding, lambda texts: int(count_tokens(texts, encoding).sum()))


def _schema_tokens(value: Json, encoding: str) -> int:
    # A schema is billed about as its JSON text, with spaces after the marks.
    return int(count_tokens([json.dumps(value, ensure_ascii=False)], encoding).sum())
