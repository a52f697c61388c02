"""What do the logs of Simon Willison's `llm` tell (`llm logs --json`)?

Counts are whatever the model's API said: Claude's input leaves out the cache, Gemini's output the thoughts. Zeros are left
out of the details. A row holds the new turn alone, its tokens those of the whole conversation. Source: CATALOGUE 14.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.parts import add_content, definitions, message_parts, tool_call_part
from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.readers.usage.counts import is_claude
from tokaudit.readers.usage.gemini import content_usage
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.providers import is_openai_model, provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Outcome, Part, Record, Usage

NAME = "simonw_llm"
MOST_CONVERSATIONS = 10_000
"""Conversations whose latest answer is remembered."""


def identify(record: Record) -> bool:
    """Say whether the record is a row of the log."""
    return (
        "datetime_utc" in record
        and "conversation_id" in record
        and "model" in record
        and ("prompt_json" in record or "response" in record)
    )


class _Session:
    """The rows of one file; latest: the answer before, by conversation."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._latest: dict[str, Call] = {}

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        call = _call(record)
        conversation = call.conversation_id
        if conversation is not None:
            before = self._latest.get(conversation)
            if before is not None and _is_earlier(before, call) and not _sent(record):
                call = replace(call, previous_response_id=before.response_id)
            self._latest[conversation] = replace(call, prompt=(), answer=(), tools=None)
            if len(self._latest) > MOST_CONVERSATIONS:
                del self._latest[next(iter(self._latest))]
        return [(spot, call)]

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        return []


def _is_earlier(before: Call, call: Call) -> bool:
    return before.started_at is not None and call.started_at is not None and before.started_at < call.started_at


def _call(row: Record) -> Call:
    body = _object(row.get("response_json"))
    name, model = label(row.get("id")), label(row.get("model"))
    served = label(row.get("resolved_model")) or label(body.get("model"))
    duration = row.get("duration_ms")
    provider, _, bare = (model or "").partition("/")
    return Call(
        NAME,
        response_id=label(body.get("id")) or (f"{NAME}:{name}" if name else None),
        log_id=name,
        started_at=micros(row.get("datetime_utc"), "UTC"),
        latency_ms=duration if type(duration) is int and duration >= 0 else None,
        provider_name=provider_of_name(provider) if bare else "openai" if is_openai_model(model) else None,
        request_model=model,
        response_model=served,
        conversation_id=label(row.get("conversation_id")),
        usage=_usage(row, body, served or model),
        prompt=_prompt(row),
        answer=_answer(row),
        tools=definitions(row.get("tools")),
        response_schema=_object(row.get("schema_json")) or None,
    )


def _object(value: Json) -> Mapping[str, Json]:
    value = open_text(value) if type(value) is str else value
    return value if type(value) is dict else {}


def _usage(row: Record, body: Mapping[str, Json], model: str | None) -> Usage:
    """Read the counts as the model's API means them, else those of the answer as it came. Raises RejectRecordError."""
    sent, answered = count(row.get("input_tokens")), count(row.get("output_tokens"))
    if sent is None and answered is None:
        noted = body.get("usage")
        return messages_usage(noted) if is_claude(model) else chat_usage(noted, None)
    details = dict(_object(row.get("token_details")))
    if is_claude(model):
        return _named(messages_usage({**details, "input_tokens": sent, "output_tokens": answered}))
    if model is not None and "gemini" in model.lower():
        counts = {"promptTokenCount": sent, "candidatesTokenCount": answered}
        return _named(content_usage({**details, **counts}))
    usage = chat_usage({**details, "prompt_tokens": sent, "completion_tokens": answered, "total_tokens": None}, None)
    if usage.state == "cache_split_unknown" and is_openai_model(model):  # zeros are left out
        usage = replace(usage, cache_read_input_tokens=0, state="exact", rule="OpenAI chat: cache inside input")
    return _named(usage)


def _named(usage: Usage) -> Usage:
    return usage if usage is MISSING_USAGE else replace(usage, rule=f"llm, {usage.rule}")


def _sent(row: Record) -> Json:
    """Find the messages as they were sent, which early versions kept."""
    messages = _object(row.get("prompt_json")).get("messages")
    return messages if type(messages) is list else None


def _prompt(row: Record) -> tuple[Part, ...]:
    if messages := _sent(row):
        return tuple(message_parts(messages))
    parts: list[Part] = []
    add_content(parts, "system", [*_fragments(row.get("system_fragments")), row.get("system")], 0)
    add_content(parts, "user", [*_fragments(row.get("prompt_fragments")), row.get("prompt")], 1)
    for result in _listed(row.get("tool_results")):
        if type(result) is dict:
            add_content(parts, "tool", result.get("output"), 2)
    return tuple(parts)


def _fragments(fragments: Json) -> list[Json]:
    """Fragments are texts where the log was expanded, else hashes of them, which are no texts of the prompt."""
    return [found for item in _listed(fragments) if type(item) is dict and type(found := item.get("content")) is str]


def _answer(row: Record) -> tuple[Part, ...]:
    parts: list[Part] = []
    add_content(parts, "assistant", row.get("response"), 0)
    calls = [call for call in _listed(row.get("tool_calls")) if type(call) is dict]
    return (*parts, *(tool_call_part(call.get("name"), call.get("arguments"), 0) for call in calls))


def _listed(value: Json) -> list[Json]:
    return value if type(value) is list else []


def open_session(options: ReadOptions) -> _Session:
    """Begin a file."""
    return _Session(options)


READER = Reader(
    name=NAME,
    title="llm (Simon Willison) logs",
    sign="`datetime_utc`, `conversation_id` and `prompt_json`",
    how_to_export="Run `llm logs --json -n 0`.",
    switch_on={"content": "Add `--expand` so that fragments are texts instead of hashes."},
    limits={
        "features": "Nothing names a use case.",
        "retries": "Failed tries are not in the log.",
    },
    identify=identify,
    keys=frozenset({"datetime_utc"}),
    read=read_alone(open_session),
    open_session=open_session,
)
