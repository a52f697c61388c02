"""What does a span say of who served, how it ended, what it cost, and which records tell of the same call?"""

from __future__ import annotations

from tokaudit.readers.exchange.outcome import error_code, failure, status_in, status_of
from tokaudit.readers.tracing.otel.attributes import Attributes, first, first_label, opened
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.tracing.otel.usage import has_counts
from tokaudit.readers.values.labels import code, label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name, provider_of_url, region_of_url
from tokaudit.schema import Json

_PROVIDERS = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "ai.model.provider",
    "llm.provider",
    "llm.system",
    "llm.vendor",
    "langsmith.metadata.ls_provider",
)
_ADDRESSES = (
    "server.address",
    "gen_ai.openai.api_base",
    "openai.api_base",
    "gen_ai.request.base_url",
    "url.full",
    "http.url",
    "net.peer.name",
)
_SHORT_NAMES = {"az": "azure", "gcp": "google"}
"""First words of the conventions' provider names: `az.ai.openai`, `gcp.vertex_ai`."""

_CLOUD_OF_SCOPE = {"bedrock": "aws", "vertexai": "google"}
"""Libraries for a cloud name the maker of the model as the system."""

_TIERS = (
    "gen_ai.openai.response.service_tier",
    "openai.response.service_tier",
    "gen_ai.response.service_tier",
    "service_tier",
)
_COSTS = (
    "gen_ai.usage.cost", "gen_ai.usage.total_cost", "gen_ai.cost.total_cost", "llm.cost.total", "llm.usage.total_cost",
    "operation.cost", "cost_usd",
)  # fmt: skip
_CURRENCIES = ("gen_ai.usage.cost.currency", "gen_ai.usage.cost_currency", "gen_ai.cost.currency")
_STATUSES = ("http.response.status_code", "http.status_code", "status_code")
_UNTOLD_ERROR = "error"


def link_of(key: str) -> str:
    """Name the link between a span and the log records of its messages."""
    return f"otel:{key}"


def plain_model(model: str | None) -> str | None:
    """Take away what Claude Code adds to a model's name for its long context: `claude-opus-4-6[1m]`."""
    return None if model is None else model.removesuffix("[1m]")


def claude_code_id(attributes: Attributes) -> str | None:
    """Return the identity that Claude Code's spans and log events of one request share."""
    request_id = first_label(attributes, "request_id")
    return None if request_id is None else f"claude_code:{request_id}"


def claude_code_span_id(span: Span) -> str | None:
    """Return that identity for a span of Claude Code; None for any other."""
    return claude_code_id(span.attributes) if span.name.startswith("claude_code.") else None


def latency_ms(started_at: int | None, ended_at: int | None) -> int | None:
    """Return the time between two moments; None where it makes no sense."""
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return round((ended_at - started_at) / 1000)


def provider_of(span: Span) -> str | None:
    """Name who served: a known host says it best, then the cloud a library is for, then the name the library writes."""
    attributes = span.attributes
    for name in _ADDRESSES:
        address = attributes.get(name)
        if type(address) is str and (provider := provider_of_url(address)) is not None:
            return provider
    library = span.scope_name.rpartition(".")[2]
    if library in _CLOUD_OF_SCOPE:
        return _CLOUD_OF_SCOPE[library]
    stated = (label(attributes[name]) for name in _PROVIDERS if name in attributes)
    return next((provider for name in stated if name and (provider := named_provider(name)) is not None), None)


def named_provider(name: str) -> str | None:
    """Find the provider behind a name such as `openai.responses`, `aws.bedrock` or `az.ai.openai`."""
    head = name.lower().partition(".")[0]
    return provider_of_name(name) or provider_of_name(_SHORT_NAMES.get(head, head))


def outcome_of(span: Span) -> tuple[int | None, str | None]:
    """Read HTTP status and error code: from the status, an `error.type`, or an exception that left nothing counted."""
    attributes = span.attributes
    http_status = next((status for name in _STATUSES if (status := status_of(attributes.get(name))[0])), None)
    named = _code(first(attributes, "error.type", "exception.type", "error.code"))
    if named is not None and named.isdigit():
        http_status, named = http_status or status_of(int(named))[0], None
    thrown = next(
        (_code(event.attributes.get("exception.type")) for event in span.events if event.name == "exception"), None
    )
    messages = [event.attributes.get("exception.message") for event in span.events if event.name == "exception"]
    is_thrown = bool(messages) and not has_counts(attributes)
    success = attributes.get("success")
    failed = span.is_error or is_thrown or success is False or success == "false" or "error.type" in attributes
    if not failed:
        return http_status, failure(http_status)
    http_status = http_status or next((status for each in messages if (status := status_in(each))), None)
    return http_status, failure(
        http_status, named, thrown, None if http_status and http_status >= 400 else _UNTOLD_ERROR
    )


def _code(value: Json) -> str | None:
    """Read the class of an error, without the package it is from."""
    found = code(value)
    return found.rpartition(".")[2] or None if found else error_code(value) if type(value) is dict else None


def region_of(attributes: Attributes) -> str | None:
    """Find the region in the address of the provider."""
    stated = (attributes.get(name) for name in _ADDRESSES)
    found = (region_of_url(address) for address in stated if type(address) is str)
    return next((region for region in found if region), None)


def service_tier_of(attributes: Attributes, reported: str | None) -> str | None:
    """Read the tier; Claude Code's fast mode is one."""
    if attributes.get("speed") == "fast":
        return "fast"
    return first_label(attributes, *_TIERS) or reported


def cost_of(attributes: Attributes) -> str | None:
    """Read the cost if it is in USD."""
    currency = first(attributes, *_CURRENCIES)
    if currency is not None and str(currency).upper() != "USD":
        return None
    cost = next((found for name in _COSTS if (found := amount(attributes.get(name))) is not None), None)
    if cost is None:
        details: Json = opened(attributes, "langfuse.observation.cost_details")
        cost = amount(details.get("total")) if type(details) is dict else None
    return None if cost is None else decimal_text(cost)
