"""What does a logged call of Bedrock's InvokeModel say, of models whose body is no other API's?

Llama, Titan, Mistral, Jurassic and Command, and Claude's API before Messages. Some bodies hold no counts: then they are in
the headers, or in the last event of a stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.bedrock_http import headers_of, request_id
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.invoke_answers import InvokeAnswer, invoke_answer
from tokaudit.readers.exchange.outcome import aws_error_code, unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import add_content, message_parts
from tokaudit.readers.usage.bedrock import header_usage, invocation_metrics, metered_usage
from tokaudit.readers.values.bedrock_models import is_embedding_model, priced_name
from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import MISSING_USAGE, Call, Json, Part, Record, Usage

NAME = "bedrock_invoke"
_TIER_HEADER = "x-amzn-bedrock-service-tier"
_ASKED = ("prompt", "inputText", "texts", "text_prompts", "query", "documents")
_SHORTEST_ID = 16
"""Jurassic numbers its answers, always alike: no id of a call."""

_ONLY_BEDROCK = ("prompt_token_count", "inputTextTokenCount", "generation", "response_type")


def identify(record: Record) -> bool:
    """Say whether the record holds an exchange with InvokeModel that is of no other API."""
    pair = find_pair(record)
    return pair is not None and dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    body: Mapping[str, Json] = pair.response if type(pair.response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    answer = invoke_answer(pair.response)
    model = priced_name(label(pair.request.get("modelId")) or call.request_model)
    is_embedding = is_embedding_model(model) or any(key in body for key in ("embedding", "embeddings"))
    error_type = aws_error_code(body) or call.error_type
    aws_id = request_id(pair)
    return replace(
        call,
        call_id=f"bedrock:{aws_id}" if aws_id else None,
        response_id=call.response_id if len(call.response_id or "") >= _SHORTEST_ID else None,
        provider_name=call.provider_name or _provider(pair, body),
        request_model=model,
        operation_name="embeddings" if is_embedding else "chat",
        error_type=error_type,
        finish_reason=label(answer.finish_reason),
        service_tier=label(headers_of(pair).get(_TIER_HEADER)),
        usage=_usage(pair, answer, call.http_status, error_type, is_embedding=is_embedding),
        prompt=_prompt(pair.request),
        answer=tuple(Part("assistant", "text", part.text, part.message) for part in _texts(answer, pair.response)),
    )


def _provider(pair: Pair, body: Mapping[str, Json]) -> str | None:
    """Name Bedrock where it alone writes such a body; the others are its vendors' own as well."""
    events = pair.response if type(pair.response) is list else [body]
    pieces = [event for event in events if type(event) is dict]
    is_bedrock = (
        bool(invocation_metrics(pieces))
        or any(key in piece for piece in pieces[:3] for key in _ONLY_BEDROCK)
        or any("modelId" in layer for layer in (pair.request, *(layer for _, layer in pair.around)))
        or header_usage(headers_of(pair)) is not MISSING_USAGE
    )
    return "aws" if is_bedrock or begins(body.get("id"), "compl_bdrk_") else None


def _usage(
    pair: Pair, answer: InvokeAnswer, http_status: int | None, error_type: str | None, *, is_embedding: bool
) -> Usage:
    """Read Bedrock's own counts, else the body's, else what the logger noted beside the bodies."""
    body_counts = {"inputTokenCount": answer.input_tokens, "outputTokenCount": answer.output_tokens}
    stated = (
        metered_usage(invocation_metrics(pair.response)),
        header_usage(headers_of(pair)),
        metered_usage(body_counts),
    )
    usage = next((found for found in stated if found is not MISSING_USAGE), None) or usage_beside(pair)
    if usage is None:
        return unreported_usage(http_status, error_type, begun=bool(answer.texts))
    return as_embedding(usage) if is_embedding else usage


def as_embedding(usage: Usage) -> Usage:
    """Vectors are no tokens: a call that made them has no output where none is stated."""
    if usage.output_tokens is None and usage.input_tokens is not None:
        return replace(usage, output_tokens=0, state="exact", rule="Bedrock embeddings: no output tokens")
    return usage


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the prompt as it was sent: most of these models get one text with the turns written into it."""
    parts: list[Part] = []
    add_content(parts, "system", request.get("system"), 0)
    parts.extend(message_parts(request.get("messages"), 1 if parts else 0))
    for key in _ASKED:
        add_content(parts, "user", request.get(key), len(parts))
    return tuple(parts)


def _texts(answer: InvokeAnswer, response: Json) -> list[Part]:
    """Read the texts of all answers; a logger may have kept the text alone."""
    parts: list[Part] = []
    for index, text in enumerate(answer.texts or ((response,) if type(response) is str else ())):
        add_content(parts, "assistant", text, index)
    return parts


READER = Reader(
    name=NAME,
    title="Amazon Bedrock InvokeModel (Llama, Titan, Mistral, Jurassic, Command, Claude 2)",
    sign="a body of one of these models: `generation`, `inputTextTokenCount`, `outputs`, `completions`, `completion`",
    how_to_export='Log each request body and response body as one JSON line: {"modelId": ..., "request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "money": "Log the answer's headers (`x-amzn-bedrock-input-token-count`, `…-output-token-count`) and the `modelId`.",
        "content": "Log the request body beside the answer.",
        "features": "Log a `feature` beside the bodies.",
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
)
