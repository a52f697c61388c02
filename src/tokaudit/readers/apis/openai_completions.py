"""What does a logged legacy text completion say? Also vLLM's and every server that copies the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import asked_in, logged_call, read_pair
from tokaudit.readers.apis.openai_family import COMPLETIONS, provider_of, reported_usage, stated_cost
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.openai_stream import assemble_chat
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Part, Record, Usage

NAME = "openai_completions"
_NO_CACHE_RULE = "OpenAI completions: its models cache nothing"


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with a completions API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    response = assemble_chat(pair.response) if type(pair.response) is list else pair.response
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    started_at = call.started_at if call.started_at is not None else micros(body.get("created"))
    provider = provider_of(body, call)
    answer = _answer(body.get("choices"), None if call.error_type else response)
    usage = reported_usage(pair, body, started_at, provider, COMPLETIONS)
    return replace(
        call,
        started_at=started_at,
        provider_name=provider,
        operation_name="completion",
        finish_reason=_finish_reason(body.get("choices")),
        service_tier=label(body.get("service_tier")),
        usage=_with_known_cache(usage, provider)
        if usage is not None
        else unreported_usage(call.http_status, call.error_type, begun=bool(answer)),
        logged_cost=call.logged_cost or stated_cost(body),
        prompt=_prompt(asked_in(pair, "prompt")),
        answer=answer,
    )


def _with_known_cache(usage: Usage, provider: str | None) -> Usage:
    """OpenAI caches prompts for gpt-4o and later models, none of which this API serves."""
    if usage.state != "cache_split_unknown" or provider not in ("openai", "azure"):
        return usage
    return replace(usage, cache_read_input_tokens=0, state="exact", rule=_NO_CACHE_RULE)


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read one prompt or several; prompts given as token numbers have no text."""
    parts: list[Part] = []
    prompts = request.get("prompt")
    for index, prompt in enumerate(prompts if type(prompts) is list else [prompts]):
        if type(prompt) is str:
            add_content(parts, "user", prompt, index)
    if type(request.get("suffix")) is str:
        add_content(parts, "user", request["suffix"], len(parts))
    return tuple(parts)


def _answer(choices: Json, response: Json) -> tuple[Part, ...]:
    """Read the texts of all choices; a logger may have kept the text alone."""
    parts: list[Part] = []
    for index, choice in enumerate(choices if type(choices) is list else ()):
        if type(choice) is dict and type(choice.get("text")) is str:
            add_content(parts, "assistant", choice["text"], index)
    if type(response) is str:
        add_content(parts, "assistant", response, 0)
    return tuple(parts)


def _finish_reason(choices: Json) -> str | None:
    stated = (
        (choice.get("finish_reason") for choice in choices if type(choice) is dict) if type(choices) is list else ()
    )
    return next((reason for reason in map(label, stated) if reason), None)


READER = Reader(
    name=NAME,
    title="OpenAI legacy completions (also vLLM, Together and compatible servers)",
    sign="an answer with `choices[].text`, or its stream, beside the request or alone",
    how_to_export='Log each request body and response body as one JSON line: {"request": ..., "response": ...}.',
    switch_on={
        "money": 'Send `stream_options: {"include_usage": true}` with streamed requests: else they report no tokens.',
        "cache split": "Let the server report `usage.prompt_tokens_details`.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "conversations": "Log a `session_id` beside the bodies.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
    identify=identify,
    read=read,
)
