"""What does a run of `gemini -p` with JSON output tell? Sums for each model over the requests of the run, and no prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, Usage

SUM_OF_RUN = "Gemini CLI: sum over the requests of a run"
_EVENTS: Mapping[str, tuple[str, ...]] = {
    "init": ("session_id", "model"),
    "message": ("role", "content", "timestamp"),
    "tool_use": ("tool_name", "tool_id", "timestamp"),
    "tool_result": ("tool_id", "status", "timestamp"),
    "result": ("status", "stats"),
}
"""Events of `--output-format stream-json` and the keys that stand beside their type."""

_COUNTS: Mapping[str, tuple[str, ...]] = {
    "promptTokenCount": ("input", "prompt", "input_tokens"),
    "candidatesTokenCount": ("output", "candidates", "output_tokens"),
    "cachedContentTokenCount": ("cached", "cached_tokens"),
    "thoughtsTokenCount": ("thoughts", "thoughts_tokens"),
    "toolUsePromptTokenCount": ("tool", "tool_tokens"),
    "totalTokenCount": ("total", "total_tokens"),
}
"""The API's counts, under the names that the sessions and the statistics give them."""


def usage_of(tokens: Json, *, names_prompt: bool = False) -> Usage:
    """Read a block of counts; zeros all over stand for an answer without usage. Raises RejectRecordError.

    names_prompt  `prompt` is all input and `input` its uncached rest, as the statistics have it
    """
    if type(tokens) is not dict or not any(tokens.get(name) for names in _COUNTS.values() for name in names):
        return MISSING_USAGE
    block = {name: _first(tokens, names) for name, names in _COUNTS.items()}
    if names_prompt:
        block["promptTokenCount"] = _first(tokens, ("prompt", "input_tokens", "input"))
    return content_usage(block)


def _first(tokens: Mapping[str, Json], names: tuple[str, ...]) -> Json:
    return next((tokens[name] for name in names if name in tokens), None)


def is_report(record: Record) -> bool:
    """Say whether a record is the one object that `--output-format json` prints."""
    stats = record.get("stats")
    return type(stats) is dict and type(stats.get("models")) is dict and ("response" in record or "error" in record)


def is_event(kind: str, record: Record) -> bool:
    """Say whether a record is an event of such a stream."""
    if kind == "message" and type(record.get("content")) is not str:
        return False
    return kind in _EVENTS and all(key in record for key in _EVENTS[kind])


class RunEvents:
    """The events of the runs in one file."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._model: str | None = None
        self._session: str | None = None

    def take(self, record: Record) -> list[Outcome]:
        """Take an event or a report. Raises RejectRecordError."""
        self._session = label(record.get("session_id")) or self._session
        if record.get("type") == "init":
            self._model = label(record.get("model"))
        stats = record.get("stats")
        if type(stats) is not dict:
            return [Aside("event")]
        models = stats.get("models")
        if type(models) is dict and models:
            found = [self._of_model(name, block) for name, block in models.items()]
        else:
            found = [self._sum(self._model, usage_of(stats, names_prompt=True))]
        moment = micros(record.get("timestamp"))
        return [replace(call, started_at=moment) for call in found if call] or [Aside("event")]

    def _of_model(self, name: str, block: Json) -> Call | None:
        tokens = block.get("tokens", block) if type(block) is dict else None
        return self._sum(label(name), usage_of(tokens, names_prompt=True))

    def _sum(self, model: str | None, usage: Usage) -> Call | None:
        if usage is MISSING_USAGE:
            return None
        named = replace(usage, rule=SUM_OF_RUN) if usage.state == "exact" else usage
        # A session may be resumed by further runs: its id and the counts together name a run wherever it was saved.
        spent = f"{usage.input_tokens}:{usage.output_tokens}"
        call_id = f"{self._call.reader}:{self._session}:{model}:{spent}" if self._session else None
        return replace(self._call, call_id=call_id, conversation_id=self._session, request_model=model, usage=named)
