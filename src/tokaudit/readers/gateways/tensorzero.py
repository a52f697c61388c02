"""What do the tables of the TensorZero gateway say?

`ModelInference` and `ModelInferenceCache` hold the calls with their raw bodies; `ChatInference` and `JsonInference` hold what the
application asked, which may have taken several calls (best of n, mixtures) and states no tokens: they tell of the calls that
carry their id. Input tokens include the provider's cache. A row that came from the gateway's own cache was not billed.
Source: TensorZero, docs/gateway/data-model; CATALOGUE 13.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import orjson

from tokaudit.readers.apis.kept_exchanges import better_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.bodies import open_body
from tokaudit.readers.exchange.kept_messages import answer_of, prompt_of, with_system
from tokaudit.readers.exchange.pair import speaks
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, is_missing, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Outcome, Part, Record, Usage

NAME = "tensorzero"
_PRODUCER = Producer("TensorZero")
_UUID_WITH_TIME = 7
_TRUE = (True, 1, "1", "true", "True")


def identify(record: Record) -> bool:
    """Say whether the record is a row of one of the four tables."""
    return _is_inference(record) or _is_model_inference(record) or _is_cache_entry(record)


def _is_inference(record: Record) -> bool:
    return "function_name" in record and "variant_name" in record and "episode_id" in record


def _is_model_inference(record: Record) -> bool:
    return "inference_id" in record and "model_name" in record and "model_provider_name" in record


def _is_cache_entry(record: Record) -> bool:
    return "long_cache_key" in record and "raw_response" in record


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the row is. Raises RejectRecordError."""
    if _is_model_inference(record):
        return _model_inference(record, options)
    if _is_inference(record):
        return _inference(record, options)
    if record.get("is_deleted") in _TRUE:
        return Aside("deleted cache row")
    return _call(record, options)


def _model_inference(record: Record, options: ReadOptions) -> Call:
    """Read a request to a model; one that the gateway's cache answered repeats the ids and tokens of the first."""
    call = _call(record, options)
    inference_id = label(record.get("inference_id"))
    call = replace(call, link_id=f"tensorzero:{inference_id}" if inference_id else None)
    if record.get("cached") not in _TRUE:
        return call
    return replace(call, call_id=_identity(record), response_id=None, gateway_cache_hit=True, logged_cost="0")


def _identity(record: Record) -> str | None:
    found = first_label(record, "id", "long_cache_key")
    return f"tensorzero:{found}" if found else None


def _call(record: Record, options: ReadOptions) -> Call:
    """Read the raw bodies, and the columns where a body says nothing."""
    request, response = record.get("raw_request"), _response(record.get("raw_response"))
    body = open_object(response)
    kept = kept_call(NAME, request, response if speaks(open_body(response)) else None, options)
    raw = better_usage(kept.usage, block_usage(body.get("usage"), _model(record, request)))
    response_id = kept.response_id or label(body.get("id"))
    cost = amount(record.get("cost"))
    return replace(
        kept,
        call_id=None if response_id else _identity(record),
        response_id=response_id,
        log_id=first_label(record, "id", "long_cache_key"),
        started_at=_time(record),
        latency_ms=_milliseconds(record.get("response_time_ms")),
        provider_name=_provider(record) or kept.provider_name,
        request_model=kept.request_model or _model(record, request),
        finish_reason=kept.finish_reason or label(record.get("finish_reason")),
        usage=better_usage(raw, _usage(record)),
        logged_cost=None if cost is None else decimal_text(cost),
        prompt=with_system(kept.prompt or prompt_of(record.get("input_messages")), record.get("system")),
        answer=kept.answer or answer_of(record.get("output")),
    )


def _response(raw: Json) -> Json:
    """Read the raw answer; that of a stream is its chunks, one a line."""
    if type(raw) is not str or type(open_text(raw)) is not str or "\n" not in raw:
        return raw
    chunks = list(_chunks(raw))
    return chunks or raw


def _chunks(raw: str) -> Iterator[Json]:
    for line in raw.split("\n"):
        try:
            chunk = orjson.loads(line)
        except ValueError:
            continue
        if type(chunk) is dict:
            yield chunk


def _usage(record: Record) -> Usage:
    return usage_of(
        Counts(
            input=first_count(record, "input_tokens"),
            output=first_count(record, "output_tokens"),
            cache_read=first_count(record, "provider_cache_read_input_tokens"),
            cache_write=first_count(record, "provider_cache_write_input_tokens"),
        ),
        _PRODUCER,
    )


def _model(record: Record, request: Json) -> str | None:
    """Name the model asked: as the provider was asked, or TensorZero's short form `openai::gpt-4.1-mini`."""
    asked = open_object(request)
    found = first_label(asked, "model", "model_id", "modelId") or label(record.get("model_name"))
    return plain_model(found.rpartition("::")[2]) if found else None


def _provider(record: Record) -> str | None:
    """A provider block has a name of the team's own, which is its kind for models in short form."""
    named = label(record.get("model_provider_name"))
    return provider_of_name(named.partition("::")[0]) if named else None


def _milliseconds(value: Json) -> int | None:
    found = amount(value)
    return None if found is None else round(found)


def _time(record: Record) -> int | None:
    """Read the time of the row; newer tables leave it to the id, which begins with it."""
    stated = micros(record.get("timestamp"), "UTC")
    return _time_of_id(record.get("id")) if stated is None else stated


def _time_of_id(value: Json) -> int | None:
    try:
        identity = UUID(value) if type(value) is str and len(value) == 36 else None
    except ValueError:
        return None
    if identity is None or identity.version != _UUID_WITH_TIME:
        return None
    return micros(identity.int >> 80)


def _inference(record: Record, options: ReadOptions) -> Outcome:
    """Read what the application asked: its function, episode and tags are the use case, conversation and user."""
    identity = label(record.get("id"))
    if identity is None:
        return Aside("nameless inference")
    tags = {key: value for key, value in open_object(record.get("tags")).items() if not key.startswith("tensorzero::")}
    told = attribution(record, options, [("tags.", tags)])
    function = label(record.get("function_name"))
    tools = open_object(record.get("tool_params"))
    return Call(
        NAME,
        feature=function,
        feature_from="function_name" if function else None,
        user_id=told.user_id,
        conversation_id=label(record.get("episode_id")) or told.conversation_id,
        prompt=_asked(record.get("input")),
        answer=_answered(record.get("output")),
        tools=definitions(tools.get("tools_available"), tools.get("tools")),
        response_schema=_schema(record.get("output_schema")),
        link_id=f"tensorzero:{identity}",
        is_fragment=True,
    )


def _asked(value: Json) -> tuple[Part, ...]:
    """Read the messages, unless they are arguments of a template: the text that was sent stands elsewhere then."""
    asked = open_object(value)
    messages = asked.get("messages")
    blocks = [
        block
        for message in (messages if type(messages) is list else ())
        if type(message) is dict
        for block in (message["content"] if type(message.get("content")) is list else ())
    ]
    has_arguments = any(type(block) is dict and _is_template(block) for block in blocks)
    return () if has_arguments or type(asked.get("system")) is dict else prompt_of(asked)


def _is_template(block: Record) -> bool:
    return block.get("type") in ("text", "template") and type(block.get("value", block.get("arguments"))) is dict


def _answered(value: Json) -> tuple[Part, ...]:
    """Read the answer; a JSON function keeps it raw beside the parsed form."""
    opened = open_text(value) if type(value) is str else value
    raw = opened.get("raw") if type(opened) is dict else None
    if type(raw) is str:
        return (Part("assistant", "text", raw, 0),) if raw else ()
    return answer_of(opened)


def _schema(value: Json) -> Json:
    return None if is_missing(value) else (open_object(value) or None)


READER = Reader(
    name=NAME,
    title="TensorZero tables (ModelInference, ChatInference, JsonInference, ModelInferenceCache)",
    sign="`inference_id` with `model_provider_name`; `function_name`, `variant_name` and `episode_id`; or `long_cache_key`",
    how_to_export=(
        "Export the ClickHouse tables ModelInference, ChatInference and JsonInference with FORMAT JSONEachRow into one folder."
    ),
    switch_on={
        "money": "Export ModelInference beside the inferences: only it counts tokens.",
        "features": "Export ChatInference and JsonInference beside ModelInference: they name the function.",
        "conversations": "Pass the episode_id of the first inference to the later ones of a conversation.",
    },
    limits={"retries": "The tables hold the tries that succeeded only."},
    identify=identify,
    keys=frozenset({"variant_name", "model_provider_name", "long_cache_key"}),
    read=read,
)
