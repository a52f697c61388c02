"""What does a logged result of Vercel's AI SDK say: of generateText, streamText's end, generateObject and embed?

The SDK asks a model once a step. From version 5 on a written result holds nothing but its steps; before, its own usage is the
sum of theirs. What the provider itself reported is preferred to the SDK's counts, whose meaning changed with its versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.kept_messages import prompt_of, with_system
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, compact_json, definitions, tool_call_part
from tokaudit.readers.usage.ai_sdk import Reported, reported_in
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "ai_sdk"
_BEFORE_6 = Producer("AI SDK", cache="as the provider", reasoning="as the provider")
_FROM_6_ON = Producer("AI SDK")
_METADATA = ("providerMetadata", "experimental_providerMetadata")


def identify(record: Record) -> bool:
    """Say whether the record holds a result of the SDK."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call | Sequence[Call]:
    """Turn the record into a call, or into one for each step. Raises RejectRecordError."""
    call = read_pair(record, options, call_of)
    pair = find_pair(record)
    earlier = further_calls(pair, call) if pair is not None else ()
    return (call, *earlier) if earlier else call


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn a result into the call of its last step, which has what was asked first. Raises RejectRecordError."""
    body: Mapping[str, Json] = pair.response if type(pair.response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    steps = _steps(body)
    return _of_step(call, steps[-1] if steps else body, prompt=_prompt(pair), tools=_tools(pair))


def further_calls(pair: Pair, call: Call) -> tuple[Call, ...]:
    """Return the calls of the steps before the last, whose prompts are not told. Raises RejectRecordError."""
    body: Mapping[str, Json] = pair.response if type(pair.response) is dict else {}
    rest = replace(
        call, response_id=None, call_id=None, log_id=None, latency_ms=None, logged_cost=None, gateway_retries=None
    )
    return tuple(_of_step(rest, step) for step in _steps(body)[:-1])


def _steps(body: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    steps = body.get("steps")
    return [step for step in steps if type(step) is dict] if type(steps) is list else []


def _of_step(call: Call, step: Mapping[str, Json], prompt: tuple[Part, ...] = (), tools: Json = None) -> Call:
    answered = _object(step.get("response"))
    model = label(answered.get("modelId")) or call.response_model
    reported = reported_in(next((step[name] for name in _METADATA if name in step), None), model or call.request_model)
    usage = _usage(step, reported, model or call.request_model)
    is_embedding = "embedding" in step or "embeddings" in step
    return replace(
        call,
        response_id=label(answered.get("id")),
        started_at=micros(answered.get("timestamp")) if call.started_at is None else call.started_at,
        response_model=model,
        operation_name="embeddings" if is_embedding else "chat",
        finish_reason=label(step.get("finishReason")),
        service_tier=reported.service_tier,
        gateway_retries=_first(reported.tried.retries, call.gateway_retries),
        gateway_tried=reported.tried.names,
        usage=unreported_usage(call.http_status, call.error_type) if usage is MISSING_USAGE else usage,
        logged_cost=call.logged_cost or reported.cost,
        prompt=prompt,
        answer=() if is_embedding else _answer(step),
        tools=tools,
    )


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else {}


def _usage(step: Mapping[str, Json], reported: Reported, model: str | None) -> Usage:
    usage = _object(step.get("usage"))
    if reported.usage is not MISSING_USAGE:
        return reported.usage
    raw = block_usage(usage.get("raw"), model)
    if raw.state != "missing":
        return raw
    sent, answered = _object(usage.get("inputTokenDetails")), _object(usage.get("outputTokenDetails"))
    if "tokens" in usage:
        return usage_of(Counts(first_count(usage, "tokens"), 0), replace(_FROM_6_ON, always_states_cache=True))
    cached, written = first_count(sent, "cacheReadTokens"), first_count(sent, "cacheWriteTokens")
    counts = Counts(
        first_count(usage, "inputTokens", "promptTokens"),
        first_count(usage, "outputTokens", "completionTokens"),
        first_count(usage, "totalTokens"),
        cache_read=_first(cached, first_count(usage, "cachedInputTokens"), reported.cache_read),
        cache_write=_first(written, reported.cache_write),
        reasoning=_first(first_count(answered, "reasoningTokens"), first_count(usage, "reasoningTokens")),
    )
    return usage_of(counts, _FROM_6_ON if "inputTokenDetails" in usage else _BEFORE_6, model)


def _first(*counts: int | None) -> int | None:
    return next((tokens for tokens in counts if tokens is not None), None)


def _prompt(pair: Pair) -> tuple[Part, ...]:
    """Read what was asked: the arguments of the function, which some log beside its result."""
    places = (pair.request, *(layer for _, layer in reversed(pair.around)))
    asked = next((place for place in places if "messages" in place or "prompt" in place), {})
    prompt = prompt_of(asked.get("messages") or asked.get("prompt"))
    return with_system(prompt, first_label(asked, "system"))


def _tools(pair: Pair) -> Json:
    return definitions(pair.request.get("tools"))


def _answer(step: Mapping[str, Json]) -> tuple[Part, ...]:
    parts: list[Part] = []
    content = step.get("content")
    for block in content if type(content) is list else ():
        if type(block) is dict and block.get("type") == "text":
            add_content(parts, "assistant", block.get("text"), 0)
    if not parts:
        add_content(parts, "assistant", step.get("text"), 0)
    parts.extend(
        tool_call_part(call.get("toolName"), call.get("input", call.get("args")), 0) for call in _tool_calls(step)
    )
    if "object" in step and type(step["object"]) in (dict, list):
        add_content(parts, "assistant", compact_json(step["object"]), 0)
    return tuple(parts)


def _tool_calls(step: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Find the calls of tools: listed by themselves, or among the content."""
    listed, content = step.get("toolCalls"), step.get("content")
    if type(listed) is list:
        return [call for call in listed if type(call) is dict]
    blocks = content if type(content) is list else []
    return [block for block in blocks if type(block) is dict and block.get("type") == "tool-call"]


READER = Reader(
    name=NAME,
    title="Vercel AI SDK results",
    sign="`usage` with inputTokens or promptTokens beside `finishReason`, or `steps` of such",
    how_to_export='Log what the SDK\'s functions return as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": "Log the result's `response`, which names the model that answered.",
        "cache split": "Log `providerMetadata` with the result: it holds the provider's own usage.",
        "content": "Log the messages that were sent beside the result.",
        "features": "Log a `feature` beside the result.",
        "conversations": "Log a `session_id` beside the result.",
    },
    limits={"retries": "The SDK retries within one step and does not say how often; only Vercel's AI Gateway does."},
    identify=identify,
    read=read,
)
