"""What does the log around the bodies of a call tell: when, who, for what, with what outcome, and at what cost?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.envelope import context_layers, envelope, gather
from tokaudit.readers.exchange.gateway_headers import gateway_headers
from tokaudit.readers.exchange.outcome import error_code, failure
from tokaudit.readers.exchange.pair import Pair, find_pair
from tokaudit.readers.usage.table import noted_usage
from tokaudit.readers.values.labels import label
from tokaudit.schema import MISSING_USAGE, Call, Json, Record, RejectRecordError, Usage

CallOf = Callable[[Pair, ReadOptions], Call]
"""How each API turns an exchange of its own into a call. Raises RejectRecordError."""

_TOLD = ("metadata", "labels", "requestMetadata")
"""Where requests carry keys of the team's own: OpenAI and Anthropic, Vertex, Bedrock."""


def read_pair(record: Record, options: ReadOptions, call_of: CallOf) -> Call:
    """Read the one exchange in a record. Raises RejectRecordError."""
    pair = find_pair(record)
    if pair is None or not pair.alone:
        raise RejectRecordError("two calls in one record" if pair else "no call in the record")
    return call_of(pair, options)


def logged_call(reader: str, pair: Pair, body: Mapping[str, Json], options: ReadOptions) -> Call:
    """Begin a call with what the log says around the bodies; body is the answer, {} where there is none.

    Usage, texts and what only the API's own fields tell are left to the reader of the API.
    """
    request = pair.request
    sides = (("request.", request), ("response.", body))
    told = ((path, {name: side[name]}) for path, side in sides for name in _TOLD if name in side)
    layers = [*context_layers((*pair.around, *told)), *gateway_headers(pair.around)]
    around = envelope(gather(layers, options.columns), options.timezone)
    response_id = label(body.get("id"))
    is_bare = any(layer is body for _, layer in pair.around)  # then `model` is the answer's
    return Call(
        reader=reader,
        response_id=response_id,
        log_id=around.log_id if around.log_id != response_id else None,
        started_at=around.started_at,
        latency_ms=around.latency_ms,
        provider_name=around.provider_name,
        request_model=label(request.get("model")) or (None if is_bare else around.request_model),
        response_model=label(body.get("model")) or around.response_model,
        http_status=around.http_status,
        error_type=failure(around.http_status, error_code(body.get("error")), around.error_type),
        feature=around.feature,
        feature_from=around.feature_from,
        user_id=around.user_id or label(request.get("user")) or label(request.get("safety_identifier")),
        conversation_id=around.conversation_id,
        operation_id=around.operation_id,
        region=around.region,
        gateway_retries=around.gateway_retries,
        gateway_cache_hit=around.gateway_cache_hit,
        logged_cost=around.logged_cost,
    )


def asked_in(pair: Pair, *keys: str) -> Mapping[str, Json]:
    """Return the request, which has one of the keys; some loggers merge it into the record around the answer."""
    if any(key in pair.request for key in keys):
        return pair.request
    merged = (layer for _, layer in pair.around if any(type(layer.get(key)) in (str, list) for key in keys))
    return next(merged, pair.request)


def usage_beside(pair: Pair) -> Usage | None:
    """Read the counts that the logger itself noted beside the bodies; None = it noted none."""
    found = (noted_usage(layer) for _, layer in pair.around)
    return next((usage for usage in found if usage is not MISSING_USAGE), None)
