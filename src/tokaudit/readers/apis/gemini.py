"""What does a logged Gemini call say? From the Gemini API and from Vertex, as REST bodies or as dumps of Google's SDKs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.logged import asked_in, logged_call, read_pair, usage_beside
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.gemini_parts import add_turn, contents_parts
from tokaudit.readers.exchange.gemini_stream import assemble_content, has_ended
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.exchange.shapes import is_google_error
from tokaudit.readers.usage.gemini import content_usage, embedding_usage
from tokaudit.readers.usage.media import with_media
from tokaudit.readers.usage.searches import google_searches
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.providers import google_location, google_model
from tokaudit.readers.values.spelling import either, either_object
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record, Usage

NAME = "gemini"
_TIERS = {"on_demand": "standard", "on_demand_flex": "flex", "on_demand_priority": "priority"}
_NO_TIERS = frozenset(("unspecified", "traffic_type_unspecified", "service_tier_unspecified"))


def identify(record: Record) -> bool:
    """Say whether the record holds a call of generateContent or embedContent."""
    pair = find_pair(record)
    return _is_count(record) or is_google_error(record) if pair is None else dialect(pair) == NAME


def read(record: Record, options: ReadOptions) -> Outcome:
    """Turn the record into a call. Raises RejectRecordError."""
    pair = find_pair(record)
    if pair is None and _is_count(record):
        return Aside("count of tokens")
    if pair is None and is_google_error(record):
        return call_of(Pair({}, record, True, (("", record),)), options)
    if pair is not None and pair.response is record and not has_ended(record):
        return Aside("stream chunk")
    return read_pair(record, options, call_of)


def call_of(pair: Pair, options: ReadOptions) -> Call:
    """Turn an exchange into a call. Raises RejectRecordError."""
    request = asked_in(pair, "contents")
    response, ended = assemble_content(pair.response) if type(pair.response) is list else (pair.response, True)
    body: Mapping[str, Json] = response if type(response) is dict else {}
    call = logged_call(NAME, pair, body, options)
    usage_block = either_object(body, "usageMetadata")
    response_id = label(either(body, "responseId"))
    return replace(
        call,
        response_id=response_id,
        log_id=call.log_id if call.log_id != response_id else None,
        started_at=micros(either(body, "createTime")) if call.started_at is None else call.started_at,
        provider_name=call.provider_name or "google",
        request_model=google_model(call.request_model),
        response_model=google_model(label(either(body, "modelVersion")) or call.response_model),
        operation_name="embeddings" if _is_embedding(request, body) else "chat",
        finish_reason=_finish_reason(body),
        service_tier=_tier(usage_block) or _tier(body),
        region=call.region or google_location(call.request_model),
        usage=_usage(pair, body, call, ended=ended),
        prompt=_prompt(request),
        answer=_answer(body, None if call.error_type else response),
        tools=definitions(*(place.get("tools") for place in _places(request))),
        response_schema=_response_schema(request),
    )


def _places(request: Mapping[str, Json]) -> tuple[Mapping[str, Json], ...]:
    """Name the objects that hold a request's settings: REST puts some at its top, the SDKs all into `config`."""
    return request, either_object(request, "generationConfig"), either_object(request, "config")


def _usage(pair: Pair, body: Mapping[str, Json], call: Call, *, ended: bool) -> Usage:
    """Read the answer's usage, else what the logger itself noted beside the bodies."""
    usage = content_usage(either(body, "usageMetadata"), ended=ended)
    if usage is MISSING_USAGE:
        usage = embedding_usage(body.get("predictions"))
    if usage is not MISSING_USAGE:
        model = label(either(body, "modelVersion")) or call.response_model or call.request_model
        usage = with_media(usage, {"web_searches": google_searches(body.get("candidates"), model)})
        return usage if usage.output_tokens is not None or not _vectors(body) else replace(usage, output_tokens=0)
    return usage_beside(pair) or unreported_usage(call.http_status, call.error_type, begun=bool(body.get("candidates")))


def _vectors(body: Mapping[str, Json]) -> bool:
    return any(name in body for name in ("embedding", "embeddings", "predictions"))


def _is_embedding(request: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return _vectors(body) or ("contents" not in request and any(name in request for name in ("content", "instances")))


def _finish_reason(body: Mapping[str, Json]) -> str | None:
    """Read why the first candidate ended, or why the prompt was blocked."""
    stated = [either(item, "finishReason") for item in _objects(body.get("candidates"))]
    blocked = either(either_object(body, "promptFeedback"), "blockReason")
    reason = next((found for found in map(label, (*stated, blocked)) if found), None)
    return None if reason is None else reason.rpartition(".")[2]


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if type(item) is dict] if type(value) is list else []


def _tier(block: Mapping[str, Json]) -> str | None:
    """Read the traffic type of Vertex or the tier of the Gemini API, as one word."""
    stated = label(either(block, "serviceTier")) or label(either(block, "trafficType"))
    name = (stated or "").rpartition(".")[2].lower()
    return None if name in _NO_TIERS else _TIERS.get(name, name) or None


def _prompt(request: Mapping[str, Json]) -> tuple[Part, ...]:
    """The system instruction comes before the contents and counts as message 0."""
    parts: list[Part] = []
    instruction = next((found for place in _places(request) if (found := either(place, "systemInstruction"))), None)
    if type(instruction) is dict:
        instruction = {key: value for key, value in instruction.items() if key != "role"}  # which some write as `user`
    add_turn(parts, instruction, "system", 0)
    parts.extend(contents_parts(_turns(request), 1 if parts else 0))
    return tuple(parts)


def _turns(request: Mapping[str, Json]) -> Json:
    """Find what was sent: contents, one text to embed, or a list of such requests."""
    contents = request.get("contents", request.get("content"))
    if contents is not None:
        return contents
    return [item.get("content") for key in ("requests", "instances") for item in _objects(request.get(key))]


def _answer(body: Mapping[str, Json], response: Json) -> tuple[Part, ...]:
    """Read all candidates; a logger may have kept the text alone."""
    parts: list[Part] = []
    for index, candidate in enumerate(_objects(body.get("candidates"))):
        add_turn(parts, candidate.get("content"), "assistant", index)
    if not parts and type(response) is str:
        add_turn(parts, response, "assistant", 0)
    return tuple(parts)


def _response_schema(request: Mapping[str, Json]) -> Json:
    names = ("responseJsonSchema", "responseSchema")
    found = (either(place, name) for place in _places(request) for name in names)
    return next((schema for schema in found if type(schema) is dict), None)


def _is_count(record: Record) -> bool:
    """A recording of a client's calls holds its requests to count tokens too: no model ran."""
    return record.get("method") == "countTokens" and "response" in record


READER = Reader(
    name=NAME,
    title="Gemini generateContent and embedContent (Gemini API and Vertex)",
    sign="an answer with `candidates` and `usageMetadata`, or the chunks of its stream",
    how_to_export='Log each request body and response body as one JSON line: {"url": ..., "request": ..., "response": ...}.',
    identify=identify,
    read=read,
    switch_on={
        "money": "Keep `usageMetadata` of the answer, or of the last chunk of a stream.",
        "cache split": "Keep `usageMetadata.cachedContentTokenCount` as it came; a block without it read no cache.",
        "content": "Log the request body beside the answer.",
        "features": 'Send `labels: {"feature": "..."}` with requests to Vertex, or log a `feature` beside the bodies.',
        "conversations": "Log a `session_id` beside the bodies; without it conversations are told by their texts.",
        "retries": "Log every attempt with its HTTP status, and an `operation_id` that its retries share.",
    },
)
