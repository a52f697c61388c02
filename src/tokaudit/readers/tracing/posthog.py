"""What does a PostHog LLM event say?

`$ai_generation` and `$ai_embedding` are calls, `$ai_span` and `$ai_trace` are not. Whether the input includes the cache is
said by a flag; without it Anthropic's does not, except behind Vercel's gateway. The event is sent when the call has ended.
Source: posthog-python, posthog/ai; PostHog's cost processing (`resolveCacheReportingExclusive`); CATALOGUE 12.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.kept_exchanges import better_usage, billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_of
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.media import Media, part, with_media
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import begins, first_label, is_missing, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name, provider_of_url
from tokaudit.readers.values.team_names import team_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, RejectRecordError, Usage

NAME = "posthog"
_AI = "$ai_"
_FLAT = "properties."
_CALLS = ("$ai_generation", "$ai_embedding")
_SPAN, _TRACE = "$ai_span", "$ai_trace"
_ASIDES = {
    _SPAN: "span",
    _TRACE: "trace",
    "$ai_metric": "metric",
    "$ai_feedback": "feedback",
    "$ai_evaluation": "evaluation",
}
_SIGNS = ("$ai_model", "$ai_trace_id", "$ai_input_tokens", "$ai_provider", "$ai_generation_id")
_PRODUCER = Producer("PostHog", cache="inside")
_EXCLUSIVE = Producer("PostHog", cache="outside")
_YES, _NO = ("true", "True"), ("false", "False")
_US_PER_SECOND = 1_000_000


def identify(record: Record) -> bool:
    """Say whether the record is an event: with `$ai_` properties as an object, its JSON text, or columns; or any other."""
    if "event" in record and "distinct_id" in record and ("uuid" in record or "properties" in record):
        return True
    if begins(record.get("event"), _AI):
        return True
    if any(sign in record or _FLAT + sign in record for sign in _SIGNS):
        return True
    return any(sign in _given(record) for sign in _SIGNS)


def _given(record: Record) -> Mapping[str, Json]:
    properties = record.get("properties")
    if type(properties) is str:
        return open_object(properties) if _AI in properties else {}
    return properties if type(properties) is dict else {}


def _properties(record: Record) -> Record:
    """Gather the properties, wherever the export has them."""
    flat = {
        key.removeprefix(_FLAT): value
        for key, value in record.items()
        if key.startswith((_FLAT, _AI)) and not is_missing(value)
    }
    return {**_given(record), **flat} if flat else _given(record)


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the event is. Raises RejectRecordError."""
    event = record.get("event")
    if type(event) is str and event and event not in _CALLS:
        return _aside(record, event, options)
    properties = _properties(record)
    if not event and not any(key in properties for key in ("$ai_model", "$ai_input_tokens")):
        return Aside("other event")
    is_embedding = event == "$ai_embedding"
    model = first_label(properties, "$ai_model")
    asked, answered = properties.get("$ai_input"), _first(properties, "$ai_output_choices", "$ai_output")
    kept = kept_call(NAME, asked, answered, options, model)
    http_status, status_error = status_of(_number(properties.get("$ai_http_status")))
    failed = properties.get("$ai_is_error") in (True, *_YES)
    error = error_code(_opened(properties.get("$ai_error"))) or "error"
    error_type = failure(http_status, error if failed else None, status_error)
    ended_at = micros(record.get("timestamp", properties.get("timestamp")), "UTC")
    seconds = amount(properties.get("$ai_latency"))
    latency = None if seconds is None else round(seconds * 1000)
    told = _attribution(record, properties, model, options)
    usage = _usage(properties, kept, model, is_embedding=is_embedding)
    identity = first_label(record, "uuid", "event_uuid") or first_label(properties, "$ai_generation_id")
    span_id, parent_id = _spans(properties)
    return replace(
        kept,
        call_id=None if kept.response_id or not identity else f"posthog:{identity}",
        log_id=identity,
        started_at=None if ended_at is None else ended_at - round((seconds or 0) * _US_PER_SECOND),
        latency_ms=latency,
        provider_name=_provider(properties) or kept.provider_name,
        request_model=plain_model(model) or kept.request_model,
        operation_name="embeddings" if is_embedding else kept.operation_name,
        http_status=http_status,
        error_type=error_type,
        finish_reason=kept.finish_reason or first_label(properties, "$ai_stop_reason"),
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        usage=billed_usage(usage, MISSING_USAGE, http_status, error_type),
        logged_cost=_cost(properties),
        answer=() if is_embedding else kept.answer,
        tools=kept.tools or definitions(_opened(properties.get("$ai_tools"))),
        response_schema=kept.response_schema or _schema(properties),
        span_id=span_id,
        parent_span_id=parent_id,
    )


def _aside(record: Record, event: str, options: ReadOptions) -> Aside:
    """Say what an event is that is no call; a span or a trace may name what the calls below it are for."""
    if event not in (_SPAN, _TRACE):
        return Aside(_ASIDES.get(event, "other event"))
    properties = _properties(record)
    told = _attribution(record, properties, None, options)
    own, above = _spans(properties) if event == _SPAN else (_trace_span(properties), None)
    return Aside(_ASIDES[event], own, above, *told)


def _trace_span(properties: Record) -> str | None:
    """A trace stands above the spans that name it as their parent."""
    trace = label(properties.get("$ai_trace_id"))
    return f"{trace}:{trace}" if trace else None


def _first(place: Record, *names: str) -> Json:
    return next((place[name] for name in names if place.get(name)), None)


def _opened(value: Json) -> Json:
    return open_text(value) if type(value) is str else value


def _number(value: Json) -> Json:
    return int(value) if type(value) is str and value.isascii() and value.isdigit() and len(value) == 3 else value


def _spans(properties: Record) -> tuple[str | None, str | None]:
    trace = label(properties.get("$ai_trace_id"))
    own = first_label(properties, "$ai_span_id", "$ai_generation_id")
    above = label(properties.get("$ai_parent_id"))
    return (f"{trace}:{own}" if trace and own else None), (f"{trace}:{above}" if trace and above else None)


def _usage(properties: Record, kept: Call, model: str | None, *, is_embedding: bool) -> Usage:
    """Prefer the provider's own block, which newer SDKs keep in `$ai_usage`."""
    if is_embedding:
        return embedding_usage({"input_tokens": _stated(properties, "$ai_input_tokens")})
    raw = better_usage(kept.usage, _raw(_opened(properties.get("$ai_usage")), model))
    counts = Counts(
        input=_stated(properties, "$ai_input_tokens"),
        output=_stated(properties, "$ai_output_tokens"),
        cache_read=_stated(properties, "$ai_cache_read_input_tokens"),
        cache_write=_stated(properties, "$ai_cache_creation_input_tokens"),
        cache_write_5m=_stated(properties, "$ai_cache_creation_5m_input_tokens", "$ai_cache_creation_input_tokens_5m"),
        cache_write_1h=_stated(properties, "$ai_cache_creation_1h_input_tokens", "$ai_cache_creation_input_tokens_1h"),
        reasoning=_stated(properties, "$ai_reasoning_tokens"),
        media=None if _MEDIA_NAMES.isdisjoint(properties) else _media(properties),
    )
    usage = better_usage(raw, usage_of(counts, _EXCLUSIVE if _is_exclusive(properties, counts) else _PRODUCER, model))
    if usage.web_searches is None and usage.input_tokens is not None and _SEARCHES in properties:
        return with_media(
            usage, {"web_searches": part(properties[_SEARCHES])}
        )  # no usage block of OpenAI's counts them
    return usage


_SEARCHES = "$ai_web_search_count"
_MEDIA = {
    "input_audio_tokens": "$ai_audio_input_tokens",
    "input_image_tokens": "$ai_image_input_tokens",
    "input_video_tokens": "$ai_video_input_tokens",
    "cache_read_audio_tokens": "$ai_cache_read_audio_tokens",
    "output_audio_tokens": "$ai_audio_output_tokens",
    "output_image_tokens": "$ai_image_output_tokens",
}
_MEDIA_NAMES = frozenset(_MEDIA.values())


def _media(properties: Record) -> Media:
    return {field: part(properties.get(name)) for field, name in _MEDIA.items()}


def _stated(properties: Record, *names: str) -> int | None:
    return first_count(properties, *names)


def _raw(block: Json, model: str | None) -> Usage:
    try:
        return block_usage(block, model)
    except RejectRecordError:
        return MISSING_USAGE


def _is_exclusive(properties: Record, counts: Counts) -> bool:
    """Judge as PostHog does when it prices the event."""
    flag = properties.get("$ai_cache_reporting_exclusive")
    if flag in (True, False, *_YES, *_NO):
        return flag is True or flag in _YES
    provider = (label(properties.get("$ai_provider")) or "").lower()
    model = (label(properties.get("$ai_model")) or "").lower()
    framework = (label(properties.get("$ai_framework")) or "").lower()
    if "anthropic" not in provider and "claude" not in model:
        return False
    if provider == "gateway" and framework == "vercel":
        return (counts.input or 0) < (counts.cache_read or 0) + (counts.cache_write or 0)
    return True


def _provider(properties: Record) -> str | None:
    url, named = properties.get("$ai_base_url"), label(properties.get("$ai_provider"))
    found = provider_of_url(url) if type(url) is str else None
    return found or (provider_of_name(named) if named else None)


def _cost(properties: Record) -> str | None:
    total = amount(properties.get("$ai_total_cost_usd"))
    if total is None:
        parts = [amount(properties.get(key)) for key in ("$ai_input_cost_usd", "$ai_output_cost_usd")]
        known = [part for part in parts if part is not None]
        total = known[0] + known[1] if len(known) == 2 else None
    return None if total is None else decimal_text(total)


def _schema(properties: Record) -> Json:
    parameters = open_object(properties.get("$ai_model_parameters"))
    found = _opened(parameters.get("response_format"))
    return found if type(found) is dict and "json_schema" in found else None


def _attribution(record: Record, properties: Record, model: str | None, options: ReadOptions) -> Attribution:
    """Read the team's own properties, which have no `$`; the person is the user, the AI session the conversation."""
    own = {key: value for key, value in properties.items() if not key.startswith("$")}
    named = (
        ("properties.$ai_prompt_name", label(properties.get("$ai_prompt_name"))),
        ("properties.$ai_span_name", team_name(properties.get("$ai_span_name"), model)),
    )
    found = attribution(record, options, [("properties.", own)], named)
    session = first_label(properties, "$ai_session_id", "$ai_conversation_id")
    user = first_label(record, "distinct_id", "person_id") or first_label(properties, "distinct_id")
    return found._replace(user_id=user or found.user_id, conversation_id=session or found.conversation_id)


READER = Reader(
    name=NAME,
    title="PostHog LLM analytics events (API, HogQL, batch exports)",
    sign="an event named `$ai_…`, or properties of that name",
    how_to_export=(
        "Run a HogQL query for uuid, event, timestamp, distinct_id and properties where event = '$ai_generation' and "
        "export it as CSV or JSON, or set up a batch export of events."
    ),
    switch_on={
        "money": "Use PostHog's SDK wrappers, which send the token counts with each generation.",
        "cache split": "Update the SDK: newer versions send cache counts and say whether the input includes them.",
        "content": "Turn privacy mode off, which sends no input and no output.",
        "features": "Send a property such as feature with each generation, or name its span.",
        "conversations": "Send $ai_session_id with each generation.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one generation and leave no event of their own."},
    identify=identify,
    keys=frozenset(("event", "properties", *_SIGNS, *(_FLAT + sign for sign in _SIGNS))),
    read=read,
)
