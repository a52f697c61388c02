"""What does an access log line of Envoy AI Gateway say?

The keys are those of the gateway's own examples, of both generations; teams add more. Lines of MCP and of requests that
reached no model name none. Source: Envoy AI Gateway's documentation of access logs; CATALOGUE 13.5.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.outcome import failure, status_of, unreported_usage
from tokaudit.readers.gateways.operations import operation_of_url, with_cache_of
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.attempts import attempts
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.labels import first_label, label
from tokaudit.readers.values.providers import provider_of_name, provider_of_url
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Record, Usage

NAME = "envoy_ai_gateway"
_PRODUCER = Producer("Envoy AI Gateway")
"""The gateway adds the caches of providers that count them apart to the input."""

_MODEL = ("gen_ai.request.model", "genai_model_name")
_SERVED = ("gen_ai.response.model", "gen_ai.request.model_override", "genai_model_name_override")
_INPUT = ("gen_ai.usage.input_tokens", "genai_tokens_input")
_OUTPUT = ("gen_ai.usage.output_tokens", "genai_tokens_output")
_TOTAL = ("gen_ai.usage.total_tokens", "genai_tokens_total")
_CACHE_READ = (
    *("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cached_input_tokens", "gen_ai.usage.cached_tokens"),
    *("genai_tokens_cached_input", "genai_tokens_cached"),
)
_CACHE_WRITE = (
    *("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"),
    *("genai_tokens_cache_creation_input", "genai_tokens_cache_creation"),
)
_BACKEND = ("gen_ai.provider.name", "genai_backend_name")
_ENVOY = ("response_code", "response_flags", "upstream_host", "upstream_cluster")
_ATTEMPTS = "upstream_request_attempt_count"
_NAMESPACE_AND_NAME = 2
"""Of a backend written as `default/openai/route/…`."""
_MCP = Aside("MCP request")
_NO_MODEL = Aside("request without a model")


def identify(record: Record) -> bool:
    """Say whether the record is an access log line with the gateway's flat keys."""
    names = (*_MODEL, *_INPUT)
    return any(name in record for name in names) and any(name in record for name in _ENVOY)


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the line into a call, if it is one to a model. Raises RejectRecordError."""
    model, served = first_label(record, *_MODEL), first_label(record, *_SERVED)
    if model is None and first_count(record, *_INPUT) is None:
        return _MCP if any(name.startswith("mcp") for name in record) else _NO_MODEL
    http_status, _ = status_of(record.get("response_code"))
    error_type = failure(http_status, _connection_failure(record, http_status))
    for_whom = attribution(record, options, [("", _own_keys(record))])
    operation_name = operation_of_url(record.get("x-envoy-origin-path")) or "chat"
    return Call(
        reader=NAME,
        log_id=label(record.get("x-request-id")),
        started_at=micros(record.get("start_time"), "UTC"),
        latency_ms=milliseconds(record.get("duration")),
        provider_name=_provider(record),
        request_model=model,
        response_model=served,
        operation_name=operation_name,
        http_status=http_status,
        error_type=error_type,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id,
        conversation_id=for_whom.conversation_id,
        gateway_retries=_retries(record),
        usage=with_cache_of(operation_name, _usage(record, served or model, http_status, error_type)),
    )


def _retries(record: Record) -> int | None:
    """Envoy counts the first attempt too, and 0 where it made none. Source: Envoy's access log operators."""
    made = attempts(record.get(_ATTEMPTS))
    return None if made is None else max(made - 1, 0)


def _connection_failure(record: Record, http_status: int | None) -> str | None:
    """Without a status Envoy got no answer; `DC` means that the caller hung up first, which is billed up to there."""
    if http_status is not None:
        return None
    flags = record.get("response_flags")
    return None if flags in (None, "", "-") else "disconnect" if flags == "DC" else "error"


def _own_keys(record: Record) -> Mapping[str, Json]:
    """Leave out what Envoy itself writes: addresses and routes are no use cases."""
    return {name: value for name, value in record.items() if not name.startswith(_ENVOYS_OWN)}


_ENVOYS_OWN = ("gen_ai.", "genai_", "mcp", ":", "x-", "upstream_", "downstream_", "response_", "bytes_", "route_name")


def _provider(record: Record) -> str | None:
    """The name is that of a backend in the gateway's own configuration; where it is a provider's, it is one."""
    backend, host = first_label(record, *_BACKEND), label(record.get(":authority"))
    names = (provider_of_name(name) for name in (backend or "").split("/")[:_NAMESPACE_AND_NAME])
    return next((name for name in names if name), None) or (provider_of_url(host) if host else None)


def _usage(record: Record, model: str | None, http_status: int | None, error_type: str | None) -> Usage:
    """Read the counts; those of a failure report nothing."""
    counts = Counts(*(first_count(record, *names) for names in (_INPUT, _OUTPUT, _TOTAL, _CACHE_READ, _CACHE_WRITE)))
    if error_type is not None and not counts.input and not counts.output:
        return unreported_usage(http_status, error_type)
    return usage_of(counts, _PRODUCER, model)


READER = Reader(
    name=NAME,
    title="Envoy AI Gateway access logs",
    sign="flat keys gen_ai.request.model or genai_model_name beside response_code",
    how_to_export="Add the AI fields to the access log of the EnvoyProxy resource, in JSON, and collect its output.",
    identify=identify,
    keys=frozenset((*_MODEL, *_INPUT)),
    read=read,
    switch_on={
        "money": "Add InputToken and OutputToken to llmRequestCosts, and their keys to the access log.",
        "cache split": "Add CachedInputToken and CacheCreationInputToken to llmRequestCosts, and their keys to the log.",
        "features": "Log a header in which your applications name themselves, under a key such as feature.",
        "retries": "Log %UPSTREAM_REQUEST_ATTEMPT_COUNT% under the key upstream_request_attempt_count.",
        "conversations": "Log a header that holds the session's id, under the key session_id.",
    },
    limits={
        "content": "Access logs hold no texts; log bodies at the application, or trace with the gateway's OpenTelemetry.",
        "retries": "A line tells the last try; those before are counted at most.",
    },
)
