"""What is in a file, how was it recognised, and what can it show?

Reads a file as `ingest` does, but keeps counts alone: no texts, no tokens, no ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tokaudit.errors import InputError
from tokaudit.ingest.cutting.decoding import values_of
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.identity import call_key
from tokaudit.ingest.sniff import sniff
from tokaudit.ingest.sources import Source
from tokaudit.ingest.splits import Split, frames_of
from tokaudit.ingest.unpacking.streams import UnreadableError
from tokaudit.readers.contract import Ability, Reader, ReadOptions
from tokaudit.readers.file_reader import FileReader, Told
from tokaudit.readers.listings import page_items
from tokaudit.readers.tables.token_table import READER as TOKEN_TABLE
from tokaudit.readers.values.columns import flat, guess_columns
from tokaudit.schema import Aside, Call, Json, RejectRecordError

FIRST_LINES = 3
"""Lines named for each reason of a reject: enough to look one up."""
FIRST_NAMES = 12
"""Columns or keys named of records that no reader knows."""
MOST_KEYS = 500_000
"""Calls of all files that are remembered, so that one that stands twice is said to. 64 MiB."""
_TELL_EVERY_BYTES = 1 << 20

ABILITIES: tuple[Ability, ...] = ("money", "cache split", "content", "features", "conversations", "retries")

ModelKey = tuple[str | None, str | None, str | None]
"""provider_name, request_model, response_model as logged."""


@dataclass(slots=True)
class FormatSurvey:
    """The records of one format in a file.

    calls      records that are a call, fragments records that tell more of one
    asides     records that are no call, by kind
    shown      calls that show what each ability needs; money: tokens in and out, and a model
    undated    calls without a time; first_at and last_at of the others, UTC microseconds
    models     calls by their model as logged, priced_at the time of the last of each
    """

    reader: Reader
    calls: int = 0
    fragments: int = 0
    undated: int = 0
    first_at: int | None = None
    last_at: int | None = None
    asides: Counter[str] = field(default_factory=Counter)
    shown: Counter[Ability] = field(default_factory=Counter)
    usage_states: Counter[str] = field(default_factory=Counter)
    usage_rules: Counter[str] = field(default_factory=Counter)
    models: Counter[ModelKey] = field(default_factory=Counter)
    priced_at: dict[ModelKey, int] = field(default_factory=dict)


@dataclass(slots=True)
class Rejects:
    """Records that could not be kept for one reason, and the lines of the first of them."""

    count: int = 0
    first_lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class FileSurvey:
    """What one file holds.

    layers    what it is packed in and how it is cut
    refused   why nothing of it can be read
    repeated  calls that stand earlier in it or in an earlier file
    unknown   the names of the columns or keys of the first record that no reader knows
    """

    name: str
    bytes: int
    layers: tuple[str, ...] = ()
    refused: str | None = None
    blanks: int = 0
    formats: dict[str, FormatSurvey] = field(default_factory=dict)
    unnamed: Counter[str] = field(default_factory=Counter)
    rejects: dict[str, Rejects] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    repeated: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        """Calls of all formats."""
        return sum(found.calls for found in self.formats.values())


class Seen:
    """The calls of all files so far, by what identifies them in any file; at most `MOST_KEYS` are remembered."""

    def __init__(self) -> None:
        self._keys: set[int] = set()

    def holds(self, call: Call) -> bool:
        """Say whether the call was seen before, and remember it."""
        key = call_key(call, _OF_ITSELF)
        if key == _OF_ITSELF or call.is_fragment:
            return False
        if key in self._keys:
            return True
        if len(self._keys) < MOST_KEYS:
            self._keys.add(key)
        return False


_OF_ITSELF = 0


def survey(
    source: Source, options: ReadOptions, advance: Callable[[int], None] = lambda _: None, seen: Seen | None = None
) -> FileSurvey:
    """Read one file. What cannot be read is said, never raised.

    advance  is told the bytes read since the last time
    seen     the calls of the files before
    """
    found = FileSurvey(source.name, source.size)
    seen = seen or Seen()
    try:
        sniffed = sniff(source.place)
        found.layers = tuple(layer for layer in (sniffed.packing, sniffed.framing) if layer)
        _read(Split(source.place, sniffed.framing), found, options, advance, seen)
    except (UnreadableError, InputError) as error:
        found.refused = str(error)
    return found


def _read(split: Split, found: FileSurvey, options: ReadOptions, advance: Callable[[int], None], seen: Seen) -> None:
    reader = FileReader(options)
    told = 0
    for frame in frames_of(split):
        for one in _told(reader, frame, found, options):
            _count(found, one, seen)
        if frame.offset - told >= _TELL_EVERY_BYTES:
            advance(frame.offset - told)
            told = frame.offset
    for one in reader.end():
        _count(found, one, seen)


def _told(reader: FileReader, frame: Frame, found: FileSurvey, options: ReadOptions) -> Iterator[Told]:
    found.blanks += frame.data is None and frame.reject is None
    for spot, value in values_of(frame):
        if isinstance(value, RejectRecordError):
            yield Told(spot, None, value)
            continue
        for one in reader.read(value, spot):
            if not found.unknown and one.reader is None and isinstance(one.telling, RejectRecordError):
                found.unknown = _names_of(value)
            yield one
        if not found.columns and TOKEN_TABLE.name in found.formats and type(value) is dict:
            found.columns = guess_columns(tuple(flat(value)), options.columns)


def _names_of(value: Json) -> tuple[str, ...]:
    """Name the columns or keys of a record, or of the first one of a page."""
    items = page_items(value)
    record = items[0] if items else value
    return tuple(record)[:FIRST_NAMES] if type(record) is dict else ()


def _count(found: FileSurvey, told: Told, seen: Seen) -> None:
    telling = told.telling
    if isinstance(telling, RejectRecordError):
        rejects = found.rejects.setdefault(str(telling), Rejects())
        rejects.count += 1
        if len(rejects.first_lines) < FIRST_LINES:
            rejects.first_lines.append(told.spot.line)
    elif told.reader is None:
        found.unnamed[telling.kind if isinstance(telling, Aside) else "record"] += 1
    else:
        own = found.formats.setdefault(told.reader.name, FormatSurvey(told.reader))
        if isinstance(telling, Aside):
            own.asides[telling.kind] += 1
        else:
            found.repeated += seen.holds(telling)
            _count_call(own, telling)


def _count_call(own: FormatSurvey, call: Call) -> None:
    if call.is_fragment:
        own.fragments += 1
        return
    own.calls += 1
    own.usage_states[call.usage.state] += 1
    own.usage_rules[call.usage.rule] += 1
    model = call.provider_name, call.request_model, call.response_model
    if call.usage.input_tokens != 0 or call.usage.output_tokens != 0:  # what has no tokens needs no rate
        own.models[model] += 1
    _note_time(own, model, call.started_at)
    own.shown.update(ability for ability in ABILITIES if shows(call, ability))


def _note_time(own: FormatSurvey, model: ModelKey, at: int | None) -> None:
    if at is None:
        own.undated += 1
        return
    own.first_at = at if own.first_at is None else min(own.first_at, at)
    own.last_at = at if own.last_at is None else max(own.last_at, at)
    own.priced_at[model] = max(at, own.priced_at.get(model, at))


def shows(call: Call, ability: Ability) -> bool:
    """Say whether a call shows what an ability needs."""
    usage = call.usage
    match ability:
        case "money":
            counted = usage.input_tokens is not None and usage.output_tokens is not None
            return counted and bool(call.response_model or call.request_model)
        case "cache split":
            return usage.cache_read_input_tokens is not None
        case "content":
            return bool(call.prompt)
        case "features":
            return call.feature is not None
        case "conversations":
            return call.conversation_id is not None or call.previous_response_id is not None or bool(call.prompt)
        case "retries":
            return call.operation_id is not None or call.gateway_retries is not None or bool(call.prompt)
