"""What does a log say around the bodies: when, how long, who, for what, with what outcome?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import unquote

from tokaudit.readers.exchange.outcome import error_code, failure, status_in, status_of
from tokaudit.readers.exchange.pair import Layer
from tokaudit.readers.values.attempts import added, attempts, failed_before
from tokaudit.readers.values.durations import spelled_duration
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.feature_names import feature_of
from tokaudit.readers.values.labels import is_missing, label
from tokaudit.readers.values.names import meaning
from tokaudit.readers.values.numbers import amount, decimal_text, plain_number
from tokaudit.readers.values.providers import provider_of_name, provider_of_url, region_of_url, stated_region
from tokaudit.readers.values.times import micros
from tokaudit.schema import Json

_CONTEXTS = (
    *("metadata", "meta", "tags", "labels", "properties", "attributes", "context", "extra", "custom"),
    *("requestMetadata", "request_metadata"),
)
"""Objects in which teams put keys of their own."""

_PER_MS = {"ms": Decimal(1), "s": Decimal(1000), "us": Decimal("0.001"), "ns": Decimal("0.000001")}
_LONGEST_CALL_MS = 24 * 3600 * 1000

_MODEL_IN_PATH = re.compile(r"/(?:deployments|models?)/([^/?]+?)(?=[/?]|:[a-zA-Z]|$)")
_NO_COLUMNS: Mapping[str, str] = {}


class Found(NamedTuple):
    """A value that the name of its key gives a meaning; path is where it stood."""

    value: Json
    path: str
    rank: int
    unit: str | None


class Envelope(NamedTuple):
    """What surrounds a call, named as in `Call`; error_type None when nothing around the bodies tells of a failure."""

    started_at: int | None
    latency_ms: int | None
    http_status: int | None
    error_type: str | None
    provider_name: str | None
    request_model: str | None
    response_model: str | None
    feature: str | None
    feature_from: str | None
    user_id: str | None
    conversation_id: str | None
    operation_id: str | None
    log_id: str | None
    logged_cost: str | None
    gateway_cache_hit: bool
    region: str | None = None
    gateway_retries: int | None = None


def context_layers(layers: Iterable[Layer]) -> list[Layer]:
    """Add to each layer the objects in it that hold keys of the team's own."""
    found: list[Layer] = []
    for path, layer in layers:
        found.append((path, layer))
        for name in _CONTEXTS:
            if name in layer:
                inner = open_text(layer[name]) if type(layer[name]) is str else layer[name]
                if type(inner) is dict:
                    found.append((f"{path}{name}.", inner))
    return found


def gather(layers: Sequence[Layer], columns: Mapping[str, str] = _NO_COLUMNS) -> dict[str, Found]:
    """Collect the best value of each field; among equally good names the outer one wins.

    columns  the user's own names, field -> key or path: they win over every guess
    """
    found: dict[str, Found] = {}
    for path, layer in layers:
        for key, value in layer.items():
            known = meaning(key)
            if known is None or is_missing(value):
                continue
            best = found.get(known.field)
            if best is not None and best.rank <= known.rank:
                continue
            field = known.field
            if field == "feature" and feature_of(value) is None:
                if "url" in found:
                    continue
                field = "url"  # an endpoint may be the provider's own
            found[field] = Found(value, f"{path}{key}", known.rank, known.unit)
    for path, layer in layers if columns else ():
        for field, name in columns.items():
            key = name.removeprefix(path)
            taken = field in found and found[field].rank < 0
            if key in layer and not taken and not is_missing(layer[key]):
                known = meaning(key)
                found[field] = Found(layer[key], f"{path}{key}", -1, known.unit if known else None)
    return found


def envelope(found: Mapping[str, Found], timezone: str, *, decimal_comma: bool | None = False) -> Envelope:
    """Read the collected values. A value that cannot be read is None."""
    values = {field: item.value for field, item in found.items()}
    started_at, latency_ms = _span(found, values, timezone, decimal_comma)
    http_status, status_error = status_of(values.get("status"))
    http_status = status_in(values.get("error")) if http_status is None else http_status
    cache_hit = _is_true(values.get("cache_hit"))
    return Envelope(
        started_at,
        latency_ms,
        http_status,
        failure(http_status, error_code(values.get("error")), status_error, _unsuccessful(values.get("success"))),
        _provider(values),
        label(values.get("request_model")) or _model_of_url(values.get("url")),
        label(values.get("response_model")),
        feature_of(values.get("feature")),
        label(found["feature"].path) if "feature" in found else None,
        _id(values.get("user_id")),
        _id(values.get("conversation_id")),
        _id(values.get("operation_id")),
        _id(values.get("log_id")),
        "0" if cache_hit else _cost(found, values.get("currency"), decimal_comma),
        cache_hit,
        _region(values),
        gateway_retries(values),
    )


def gateway_retries(values: Mapping[str, Json]) -> int | None:
    """Read how often a gateway tried before: as it counts retries and fallbacks, else all attempts, else as nginx's statuses."""
    told = added(*(attempts(values.get(field)) for field in ("gateway_retries", "gateway_fallbacks")))
    if told is not None:
        return told
    made = attempts(values.get("upstream_attempts"))
    return failed_before(values.get("upstream_status")) if made is None else max(made - 1, 0)


def _region(values: Mapping[str, Json]) -> str | None:
    """Read where the call was processed, if the log says so or a provider's URL does."""
    url = values.get("url")
    stated = stated_region(values["region"]) if "region" in values else None
    return stated or (region_of_url(url) if type(url) is str else None)


def _span(
    found: Mapping[str, Found], values: Mapping[str, Json], timezone: str, decimal_comma: bool | None
) -> tuple[int | None, int | None]:
    """Read start and duration; two times give a duration where none is stated, and an end is better than no time."""
    start, end = micros(values.get("started_at"), timezone), micros(values.get("ended_at"), timezone)
    latency = _latency(found.get("latency"), decimal_comma)
    if latency is None and start is not None and end is not None:
        elapsed = round((end - start) / 1000)
        latency = elapsed if 0 <= elapsed <= _LONGEST_CALL_MS else None
    return end if start is None else start, latency


def _latency(item: Found | None, decimal_comma: bool | None) -> int | None:
    """Read a duration in ms. Without a unit: a thousand or more are ms, a fraction under a hundred is seconds."""
    if item is None or type(item.value) is bool:
        return None
    if type(item.value) is str and (spelled := spelled_duration(item.value)) is not None:
        return round(spelled) if spelled <= _LONGEST_CALL_MS else None
    text = plain_number(item.value, decimal_comma=decimal_comma or None) if type(item.value) is str else item.value
    number = amount(text) if type(text) is not str else Decimal(text)
    if number is None:
        return None
    unit = item.unit or ("ms" if number >= 1000 else "s" if number < 100 and number != int(number) else None)
    if unit not in _PER_MS:
        return None
    latency = round(number * _PER_MS[unit])
    return latency if latency <= _LONGEST_CALL_MS else None


def _unsuccessful(success: Json) -> str | None:
    return "error" if success is False or (type(success) is str and success.strip().lower() == "false") else None


def _is_true(value: Json) -> bool:
    return value is True or (type(value) is str and value.strip().lower() in ("true", "hit"))


def _id(value: Json) -> str | None:
    return label(value.get("id") or value.get("name")) if type(value) is dict else label(value)


def _provider(values: Mapping[str, Json]) -> str | None:
    """A host says who served; a name is the logger's word for it."""
    for field, lookup in (("url", provider_of_url), ("provider", provider_of_name)):
        value = values.get(field)
        if type(value) is str and (provider := lookup(value)):
            return provider
    return None


def _model_of_url(url: Json) -> str | None:
    """Read the model or deployment in a provider's URL: Azure and Bedrock requests may name it nowhere else."""
    named = _MODEL_IN_PATH.search(url) if type(url) is str else None
    return label(unquote(named[1])) if named and provider_of_url(url) else None


def _cost(found: Mapping[str, Found], currency: Json, decimal_comma: bool | None) -> str | None:
    """Read the cost if it is in USD: another currency, stated in the name or beside it, is not."""
    item = found.get("cost")
    if item is None or item.unit not in (None, "usd", "cents") or currency not in (None, "USD", "usd", "$"):
        return None
    number = amount(item.value, decimal_comma=decimal_comma)
    if number is None:
        return None
    return decimal_text(number.scaleb(-2) if item.unit == "cents" else number)
