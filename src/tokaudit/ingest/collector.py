"""How does a call become rows?

A `Collector` takes the frames of one split, lets the readers tell what each record is, and fills the tables. Everything
is content-addressed: a part is the id of its text, a prompt is the chain of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from struct import Struct
from typing import Any

import polars as pl
from xxhash import xxh3_64_intdigest

from tokaudit.ingest.contents import ContentTable, Definition, definitions_of
from tokaudit.ingest.corrections import is_correction
from tokaudit.ingest.cutting.decoding import values_of
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.identity import call_key, fullness, key_of, optional_key_of
from tokaudit.ingest.prompts import first_new_part, named_tokens, opening_messages
from tokaudit.ingest.tally import Tally
from tokaudit.ledger.tables import (
    KINDS,
    LINEAGE,
    MEDIA,
    NO_MESSAGE,
    PARTS,
    RECORDS,
    REJECTS,
    RESPONSE_SCHEMA,
    ROLES,
    TOOLS,
    table_of,
)
from tokaudit.readers.contract import Reader, ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader, Told
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.values.columns import flat, guess_columns
from tokaudit.schema import Aside, Call, Json, Part, RejectRecordError, Usage
from tokaudit.tokens.chat_format import chat_format_tokens
from tokaudit.tokens.encodings import encoding_of_model

_ROLE = {name: number for number, name in enumerate(ROLES)}
_KIND = {name: number for number, name in enumerate(KINDS)}
_SYSTEM = _ROLE["system"]
_LINK = Struct("<QBBQ")
_ROW = Struct("<QQQ")
_OWN_FIELDS = (
    *(
        "record_id",
        "call_key",
        "line",
        "fullness",
        "conversation",
        "operation",
        "usage_state",
        "usage_rule",
        "encoding",
    ),
    *(
        "encoding_is_exact",
        "messages",
        "format_tokens",
        "tool_call_tokens",
        "prompt_id",
        "system_id",
        "tools_id",
        "closing_id",
    ),
    *("previous_key", "link_key", "span_key", "parent_span_key", "is_correction"),
)
_CALL_FIELDS = [name for name in RECORDS if name in Call.__dataclass_fields__]
_USAGE_FIELDS = [name for name in RECORDS if name in Usage.__dataclass_fields__]
_COUNTED_COLUMNS = ("visible_input_tokens", "definition_tokens", "visible_output_tokens", "media")
_UNCOUNTED = {name: RECORDS[name] for name in (*_OWN_FIELDS, *_CALL_FIELDS, *_USAGE_FIELDS)}
"""The columns of `records` that one call tells, as `Collector` lists them."""
HASHES_A_ROW = 40
"""Hashes of words that weigh as much as a row while both wait: 32 MB for as many rows as a batch has."""
_call_values = attrgetter(*_CALL_FIELDS)
_usage_values = attrgetter(*_USAGE_FIELDS)


def link(previous: int, role: int, kind: int, content_id: int) -> int:
    """Chain one part to all before it: equal ids mean equal prompts up to here."""
    return xxh3_64_intdigest(_LINK.pack(previous, role, kind, content_id))


class Collector:
    """The rows of one split, and what it held.

    tally: what all frames held; last: what the last one did. What waits for further records counts when it is told.
    """

    def __init__(self, file_id: int, options: ReadOptions) -> None:
        self._file_id = file_id
        self._options = options
        self._reader = FileReader(options)
        self._records: list[tuple[Any, ...]] = []
        self._parts: list[tuple[Any, ...]] = []
        self._rejects: list[tuple[int, str]] = []
        self._lineage: list[tuple[Any, ...]] = []
        self._contents = ContentTable()
        self.tally = Tally()
        self.last = Tally()
        self.columns: dict[str, str] = {}

    def add(self, frame: Frame) -> None:
        """Take one frame: a blank, a reject, or a value that tells calls."""
        self.last = Tally(lines=1, blanks=frame.data is None and frame.reject is None)
        for spot, value in values_of(frame):
            if isinstance(value, RejectRecordError):
                self._reject(spot.line, str(value))
            else:
                self._take_value(value, spot)
        self.tally.add(self.last)

    def end(self) -> None:
        """Take what only the end of the file tells."""
        self.last = Tally()
        self._take(self._reader.end())
        self.tally.add(self.last)

    def _take_value(self, value: Json, spot: Spot) -> None:
        self._take(self._reader.read(value, spot))
        if not self.columns and type(value) is dict and TOKEN_TABLE.name in self.last.formats:
            self.columns = guess_columns(tuple(flat(value)), self._options.columns)

    def _take(self, told: Iterable[Told]) -> None:
        for spot, reader, telling, number in told:
            if isinstance(telling, RejectRecordError):
                self._reject(spot.line, str(telling))
            elif isinstance(telling, Aside):
                self.last.asides[f"{reader.name}: {telling.kind}" if reader else telling.kind] += 1
                self._add_span(telling, spot)
            elif reader is not None:
                self._take_call(telling, reader, spot, number)

    def _take_call(self, call: Call, reader: Reader, spot: Spot, number: int) -> None:
        try:
            definitions = definitions_of(call)
        except RejectRecordError as error:
            self._reject(spot.line, str(error))
            return
        self.last.formats[reader.name] += 1
        self._add_call(call, definitions, spot, number)

    def _add_span(self, aside: Aside, spot: Spot) -> None:
        told = (aside.feature, aside.feature_from, aside.user_id, aside.conversation_id)
        if aside.span_id and (aside.parent_span_id or any(told)):
            above = optional_key_of("span", aside.parent_span_id)
            self._lineage.append((spot.line, key_of("span", aside.span_id), above, *told))

    def _reject(self, line: int, reason: str) -> None:
        self._rejects.append((line, reason))
        self.last.rejects[reason] += 1

    def _add_call(self, call: Call, definitions: Sequence[Definition], spot: Spot, number: int) -> None:
        record_id = xxh3_64_intdigest(_ROW.pack(self._file_id, spot.offset, number))
        name = call.response_model or call.request_model
        model = encoding_of_model(name)
        if not model.exact and call.request_model:
            name, model = call.request_model, encoding_of_model(call.request_model)
        prompt_id, system_id, tools_id, closing_id = self._add_parts(
            call, definitions, record_id, model.encoding, spot.line
        )
        messages = len({part.message for part in call.prompt})
        is_chat = call.operation_name == "chat"
        named = named_tokens(call, model.encoding) if is_chat else 0
        self._records.append(
            (
                record_id,
                call_key(call, record_id),
                spot.line,
                fullness(call),
                call.conversation_id,
                call.operation_id,
                call.usage.state,
                call.usage.rule,
                model.encoding,
                model.exact,
                messages,
                (chat_format_tokens(messages, name) if is_chat else 0) + named,
                named,
                prompt_id,
                system_id,
                tools_id,
                closing_id,
                optional_key_of("response", call.previous_response_id),
                optional_key_of("link", call.link_id),
                optional_key_of("span", call.span_id),
                optional_key_of("span", call.parent_span_id),
                is_correction(call.prompt, continues=call.previous_response_id is not None),
                *_call_values(call),
                *_usage_values(call.usage),
            )
        )

    def _content(self, part: Part, encoding: str, line: int, *, in_prompt: bool) -> int:
        if part.kind == "media":
            return self._contents.add_media(part.text, encoding, line)
        return self._contents.add_text(part.text, encoding, line, in_prompt=in_prompt and part.role != "assistant")

    def _add_parts(
        self, call: Call, definitions: Sequence[Definition], record_id: int, encoding: str, line: int
    ) -> tuple[int | None, int | None, int | None, int | None]:
        """Add the parts of a call; return its prompt id, system id, tools id and closing id."""
        rows = self._parts
        position = system = 0
        # What the provider kept and sends as well is part of the prompt: it begins where the answer before it ended.
        sent = prefix = optional_key_of("response", call.previous_response_id) or 0
        tools_id = None
        for definition in definitions:
            kind = definition.kind
            content_id = self._contents.add_definition(definition, encoding, line)
            tools_id = content_id if kind == TOOLS else tools_id
            rows.append((record_id, position, NO_MESSAGE, _SYSTEM, kind, False, False, content_id, 0))
            sent = link(sent, _SYSTEM, kind, content_id)
            position += 1
        first_new = first_new_part(call.prompt)
        opening = opening_messages(call.prompt)
        for number, part in enumerate(call.prompt):
            role, kind = _ROLE[part.role], _KIND[part.kind]
            content_id = self._content(part, encoding, line, in_prompt=True)
            if part.kind == "text" and part.message in opening:
                self._contents.add_opening(content_id, part.text)
            if role == _SYSTEM:
                system = link(system, role, kind, content_id)
            else:
                prefix = link(prefix, role, kind, content_id)
            sent = link(sent, role, kind, content_id)
            is_earlier = number < first_new and role != _SYSTEM
            rows.append((record_id, position, part.message, role, kind, False, is_earlier, content_id, prefix))
            position += 1
        closing = prefix
        for part in call.answer:
            role, kind = _ROLE[part.role], _KIND[part.kind]
            content_id = self._content(part, encoding, line, in_prompt=False)
            if part.message == call.answer[0].message:
                closing = link(closing, role, kind, content_id)
            rows.append((record_id, position, part.message, role, kind, True, False, content_id, closing))
            position += 1
        if not call.prompt:  # tools alone are no prompt: two calls with the same tools are not the same request
            return None, None, tools_id, None
        return sent, system or None, tools_id, closing if call.answer else None

    @property
    def held(self) -> int:
        """Rows that wait to be drained."""
        rows = len(self._records) + len(self._parts) + len(self._rejects) + len(self._lineage)
        return rows + self._contents.held // HASHES_A_ROW

    def drain(self) -> dict[str, pl.DataFrame]:
        """Return the tables of the frames taken since the last time, and forget them."""
        contents, blocks, sentences = self._contents.frames()
        records = table_of(self._records, _UNCOUNTED)
        parts = table_of(self._parts, PARTS)
        passages, quotations = self._contents.quotations(parts, blocks)
        rejects = table_of(self._rejects, REJECTS)
        lineage = table_of(self._lineage, LINEAGE)
        self._records, self._parts, self._rejects, self._lineage, self._contents = [], [], [], [], ContentTable()
        return {
            "records": with_visible_tokens(records, parts, contents),
            "parts": parts,
            "contents": contents,
            "blocks": blocks,
            "sentences": sentences,
            "passages": passages,
            "quotations": quotations,
            "rejects": rejects,
            "lineage": lineage,
        }


def with_visible_tokens(records: pl.DataFrame, parts: pl.DataFrame, contents: pl.DataFrame) -> pl.DataFrame:
    """Add to each record the tokens of its texts as we count them, and how many media it sends."""
    is_definition = pl.col("kind").is_in([TOOLS, RESPONSE_SCHEMA])
    tokens = pl.col("tokens").fill_null(0)
    counted = (
        parts.join(records.select("record_id", "encoding"), on="record_id")
        .join(contents.select("content_id", "encoding", "tokens"), on=["content_id", "encoding"], how="left")
        .group_by("record_id")
        .agg(
            visible_input_tokens=tokens.filter(~pl.col("is_answer")).sum(),
            definition_tokens=tokens.filter(is_definition).sum(),
            visible_output_tokens=tokens.filter("is_answer").sum(),
            media=((pl.col("kind") == MEDIA) & ~pl.col("is_answer")).sum(),
        )
    )
    joined = records.join(counted, on="record_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col(_COUNTED_COLUMNS).fill_null(0)).select(RECORDS.names()).cast(RECORDS)
