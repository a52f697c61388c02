"""What does a LiteLLM StandardLoggingPayload say?

LiteLLM counts every provider's cache inside `prompt_tokens`, repeats the details in `response.usage` or in
`metadata.usage_object`, and writes one payload for each try.
Source: LiteLLM docs, proxy/logging_spec; CATALOGUE 8.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.envelope import gather
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.exchange.parts import add_content, choice_parts, definitions, message_parts
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.feature_names import feature_of, feature_of_tags
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, count, decimal_text
from tokaudit.readers.values.providers import provider_of_name, provider_of_url
from tokaudit.readers.values.times import micros
from tokaudit.schema import Call, Json, Part, Record, Usage

NAME = "litellm_payload"
_OPERATIONS = {
    "embedding": "embeddings",
    "text_completion": "completion",
    "image_generation": "image",
    "rerank": "rerank",
    "transcription": "transcription",
    "speech": "speech",
    "moderation": "moderation",
}


def identify(record: Record) -> bool:
    """Say whether the record is a payload: the keys beside each other are LiteLLM's own."""
    return "call_type" in record and "response_cost" in record and "startTime" in record


def read(record: Record, options: ReadOptions) -> Call:
    """Turn the record into a call. Raises RejectRecordError."""
    metadata, parameters = _object(record, "metadata"), _object(record, "model_parameters")
    body = _object(record, "response")
    started_at, ended_at = (micros(record.get(key), options.timezone) for key in ("startTime", "endTime"))
    http_status, error_type = _outcome(record)
    is_cached = record.get("cache_hit") in (True, "True", "true")
    response_id, log_id = label(body.get("id")), label(record.get("id"))
    feature, feature_from = _feature(record, metadata)
    # The caller's session id if there is one, else an id made up for the request and its retries: one of the two.
    session_id, trace_id = _session(metadata), label(record.get("trace_id"))
    return Call(
        reader=NAME,
        response_id=response_id,
        log_id=log_id if log_id != response_id else None,
        started_at=started_at,
        latency_ms=_latency(started_at, ended_at),
        provider_name=_provider(record),
        request_model=label(record.get("model_group")) or label(record.get("model")),
        response_model=label(body.get("model")) or label(record.get("model")),
        operation_name=_operation(record.get("call_type")),
        http_status=http_status,
        error_type=error_type,
        finish_reason=_finish_reason(body),
        feature=feature,
        feature_from=feature_from,
        user_id=_first_label(record, metadata, ("end_user", "user_api_key_end_user_id", "user_api_key_user_id")),
        conversation_id=session_id or trace_id,
        operation_id=trace_id if session_id else None,
        service_tier=label(body.get("service_tier")),
        gateway_cache_hit=is_cached,
        usage=_usage(record, body, started_at, (http_status, error_type)),
        logged_cost="0" if is_cached else _cost(record),
        prompt=_prompt(record),
        answer=_answer(body),
        tools=definitions(parameters.get("tools"), parameters.get("functions")),
        response_schema=_response_schema(parameters.get("response_format")),
    )


def _object(record: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    """Read an object that some sinks write as text."""
    value = record.get(key)
    value = open_text(value) if type(value) is str else value
    return value if type(value) is dict else {}


def _outcome(record: Record) -> tuple[int | None, str | None]:
    information = _object(record, "error_information")
    http_status, _ = status_of(information.get("error_code"))
    _, failed = status_of(record.get("status"))
    if failed is None:
        return http_status, failure(http_status)
    named = error_code(information.get("error_class")) or error_code(_without_package(record.get("error_str")))
    return http_status, failure(http_status, named, failed)


def _without_package(error: Json) -> Json:
    """`litellm.RateLimitError: …` names the class after the package."""
    return error.removeprefix("litellm.") if type(error) is str else error


def _latency(started_at: int | None, ended_at: int | None) -> int | None:
    """`response_time` is the time to the first token of streamed calls, so it is not used."""
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return round((ended_at - started_at) / 1000)


def _provider(record: Record) -> str | None:
    named, base = record.get("custom_llm_provider"), record.get("api_base")
    found = provider_of_name(named) if type(named) is str else None
    return found or (provider_of_url(base) if type(base) is str else None)


def _operation(call_type: Json) -> str:
    name = call_type if type(call_type) is str else ""
    return _OPERATIONS.get(name) or _OPERATIONS.get(name.removeprefix("a")) or "chat"


def _finish_reason(body: Mapping[str, Json]) -> str | None:
    choices = body.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    return label(first.get("finish_reason")) if type(first) is dict else label(body.get("stop_reason"))


def _feature(record: Record, metadata: Mapping[str, Json]) -> tuple[str | None, str | None]:
    """Look where teams name their use cases: metadata of the request, tags, then the alias of key or team."""
    own = [(f"metadata.{name}.", _object(metadata, name)) for name in ("requester_metadata", "spend_logs_metadata")]
    found = gather(own).get("feature")
    if found is not None:
        return feature_of(found.value), found.path
    tags = record.get("request_tags")
    tags = open_text(tags) if type(tags) is str else tags
    if type(tags) is list and (name := feature_of_tags(tags)):
        return name, "request_tags"
    for key in ("user_api_key_alias", "user_api_key_team_alias"):
        if name := label(metadata.get(key)):
            return name, f"metadata.{key}"
    return None, None


def _first_label(record: Record, metadata: Mapping[str, Json], names: tuple[str, ...]) -> str | None:
    return next((found for name in names for place in (record, metadata) if (found := label(place.get(name)))), None)


def _session(metadata: Mapping[str, Json]) -> str | None:
    for place in (_object(metadata, "requester_metadata"), metadata):
        for name in ("session_id", "conversation_id", "thread_id"):
            if found := label(place.get(name)):
                return found
    return None


def _usage(
    record: Record, body: Mapping[str, Json], started_at: int | None, outcome: tuple[int | None, str | None]
) -> Usage:
    """Read the counts of the payload with the cache details beside them; a failure's zeros report nothing."""
    prompt, completion = count(record.get("prompt_tokens")), count(record.get("completion_tokens"))
    if outcome[1] is not None and not prompt and not completion:
        return unreported_usage(*outcome)
    noted = (body.get("usage"), _object(record, "metadata").get("usage_object"))
    details = next((found for found in noted if type(found) is dict), {})
    if prompt is None and completion is None:
        return _named(chat_usage(details, started_at))
    # No total: LiteLLM's own counts are inclusive, whatever total a provider's block states.
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": None}
    return _named(chat_usage({**details, **counts}, started_at))


def _named(usage: Usage) -> Usage:
    return usage if usage.state == "missing" else replace(usage, rule=f"LiteLLM, {usage.rule}")


def _cost(record: Record) -> str | None:
    cost = amount(record.get("response_cost"))
    return None if cost is None else decimal_text(cost)


def _prompt(record: Record) -> tuple[Part, ...]:
    """Read the messages; payloads with redacted content hold a text in their place, which is not the prompt."""
    messages = record.get("messages")
    return tuple(message_parts(open_text(messages) if type(messages) is str else messages))


def _answer(body: Mapping[str, Json]) -> tuple[Part, ...]:
    """Read the choices of a chat answer, or the content blocks of an Anthropic one."""
    parts = choice_parts(body.get("choices"))
    if not parts and body.get("type") == "message":
        add_content(parts, "assistant", body.get("content"), 0)
    return tuple(parts)


def _response_schema(response_format: Json) -> Json:
    return response_format if type(response_format) is dict and "json_schema" in response_format else None


READER = Reader(
    name=NAME,
    title="LiteLLM logging payload (S3, GCS, Pub/Sub, callbacks)",
    how_to_export="Set LiteLLM's success_callback and failure_callback to s3_v2 or gcs_bucket and copy the files.",
    identify=identify,
    read=read,
)
