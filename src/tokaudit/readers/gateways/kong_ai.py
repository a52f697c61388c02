"""Which calls to models does a log entry of Kong's gateway tell of?

Each AI plugin that asked a model adds a block to `ai`: a transformer's call is billed beside the proxy's. The upstreams
that Kong passed the request on to, the last of which answered, stand in `tries`. Source:
Kong's AI audit log reference; CATALOGUE 13.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import kept_body, without_cut_texts
from tokaudit.readers.exchange.outcome import failure, status_of
from tokaudit.readers.gateways.counted import usage_of_gateway
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.attempts import before_the_last
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import provider_of_name
from tokaudit.readers.values.times import micros
from tokaudit.schema import Aside, Call, Json, Record

NAME = "kong_ai"
_PRODUCER = Producer("Kong", cache="as the provider", reasoning="as the provider")
_MCP = Aside("MCP request")
_NO_MODEL = Aside("request without a model")
_ENTRY_KEYS = ("latencies", "started_at", "tries", "client_ip", "route", "service")
_MAIN = ("proxy", "ai-proxy", "ai-proxy-advanced")


def identify(record: Record) -> bool:
    """Say whether the record is an entry of Kong's logs with what AI plugins did."""
    return type(record.get("ai")) is dict and any(name in record for name in _ENTRY_KEYS)


def read(record: Record, options: ReadOptions) -> Sequence[Call] | Aside:
    """Turn the entry into the calls of its blocks. Raises RejectRecordError."""
    ai = open_object(record.get("ai"))
    blocks = [(name, block) for name, block in ai.items() if type(block) is dict]
    blocks.sort(key=lambda item: item[0] not in _MAIN)
    whole = _entry(record, options)
    calls = [call for name, block in blocks for call in _calls(whole, name, block, ai, options)]
    return calls or (_MCP if "mcp" in ai else _NO_MODEL)


def _is_call(block: Mapping[str, Json]) -> bool:
    """Say whether a plugin asked a model: one that only looked into a cache names none, and counts nothing."""
    meta, usage = open_object(block.get("meta")), open_object(block.get("usage"))
    return any(key in meta for key in ("request_model", "response_model", "provider_name")) or (
        any(name in usage for name in (*_INPUT, *_OUTPUT))
    )


_INPUT = ("prompt_tokens", "prompt_token", "input_tokens")
_OUTPUT = ("completion_tokens", "completion_token", "output_tokens")


def _entry(record: Record, options: ReadOptions) -> Call:
    """Read what the entry says of all its calls."""
    http_status, _ = status_of(open_object(record.get("response")).get("status"))
    request = open_object(record.get("request"))
    names = ((f"{key}.{name}", open_object(record.get(key)).get(name)) for key, name in _NAMED)
    for_whom = attribution(record, options, (), names)
    return Call(
        reader=NAME,
        log_id=label(request.get("id")),
        started_at=micros(record.get("started_at"), "UTC"),
        http_status=http_status,
        error_type=failure(http_status),
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id,
        conversation_id=for_whom.conversation_id,
        gateway_retries=before_the_last(record.get("tries")).retries,
    )


_NAMED = (("consumer", "username"), ("consumer", "custom_id"), ("route", "name"), ("service", "name"))
"""Whom Kong let in, then where it sent the request: the least telling last."""


def _calls(
    whole: Call, name: str, block: Mapping[str, Json], ai: Mapping[str, Json], options: ReadOptions
) -> Iterator[Call]:
    """Read one block: its call, and those of the embeddings with which it looked up documents or cached answers."""
    plugin = label(name) or ""
    call_id = f"kong:{whole.log_id}:{plugin}" if whole.log_id else None
    if _is_call(block):
        is_main = name in _MAIN  # whose call is the one that Kong passed on
        own = replace(whole, call_id=call_id, gateway_retries=whole.gateway_retries if is_main else None)
        yield _call(own, block, ai if is_main else {}, options)
    for key, kind in _LOOK_UPS:
        looked_up = open_object(block.get(key))
        if tokens := first_count(looked_up, "embeddings_tokens"):
            yield replace(
                whole,
                call_id=f"{call_id}:{kind}" if call_id else None,
                provider_name=_provider(looked_up.get("embeddings_provider")),
                request_model=label(looked_up.get("embeddings_model")),
                operation_name="embeddings",
                gateway_retries=None,
                usage=usage_of(Counts(tokens, 0), replace(_PRODUCER, always_states_cache=True)),
            )


_LOOK_UPS = (("rag-inject", "embeddings"), ("cache", "cache-embeddings"))


def _call(whole: Call, block: Mapping[str, Json], ai: Mapping[str, Json], options: ReadOptions) -> Call:
    meta, payload, shared = (
        open_object(place) for place in (block.get("meta"), block.get("payload"), ai.get("payload"))
    )
    request = kept_body(payload.get("request", payload.get("request_body", shared.get("request"))))
    response = kept_body(payload.get("response", payload.get("response_body", shared.get("response"))))
    model, served = label(meta.get("request_model")), label(meta.get("response_model"))
    around = {"model": model, "status_code": whole.http_status}
    told = call_of_bodies(request.body, response.body, options, around)
    call = without_cut_texts(
        told or call_of_bodies(request.body, None, options, around) or Call(NAME), request, response
    )
    status = open_object(block.get("cache")).get("cache_status")
    is_hit = type(status) is str and status.lower() == "hit"
    counted = open_object(block.get("usage"))
    call = replace(
        call,
        reader=NAME,
        # A cached answer carries the id of the call that paid for it; an id of the answer is known to other logs too.
        call_id=None if call.response_id and not is_hit else whole.call_id,
        response_id=None if is_hit else call.response_id,
        log_id=whole.log_id,
        started_at=whole.started_at or call.started_at,
        latency_ms=milliseconds(meta.get("llm_latency")),
        provider_name=_provider(meta.get("provider_name")) or call.provider_name,
        request_model=model or call.request_model,
        response_model=served or call.response_model,
        http_status=whole.http_status,
        error_type=call.error_type or whole.error_type,
        feature=whole.feature,
        feature_from=whole.feature_from,
        user_id=whole.user_id or call.user_id,
        conversation_id=whole.conversation_id,
        gateway_retries=whole.gateway_retries,
        gateway_cache_hit=is_hit,
        logged_cost="0" if is_hit else _cost(counted),
    )
    return replace(call, usage=usage_of_gateway(call, _counts(counted), _PRODUCER))


def _provider(name: Json) -> str | None:
    return provider_of_name(name) if type(name) is str else None


def _counts(usage: Mapping[str, Json]) -> Counts:
    """Read the plugin's counts, whose names were once in the singular; all zeros are none."""
    details, output_details = (open_object(usage.get(f"{side}_tokens_details")) for side in ("prompt", "completion"))
    counts = Counts(
        first_count(usage, *_INPUT),
        first_count(usage, *_OUTPUT),
        first_count(usage, "total_tokens"),
        cache_read=first_count(details, "cached_tokens"),
        reasoning=first_count(output_details, "reasoning_tokens"),
    )
    return counts if counts.input or counts.output else Counts()


def _cost(usage: Mapping[str, Json]) -> str | None:
    """Read the cost; Kong writes 0 where it was told no prices."""
    cost = amount(usage.get("cost"))
    return decimal_text(cost) if cost else None


READER = Reader(
    name=NAME,
    title="Kong AI Gateway logs",
    sign="`ai` with a block for each plugin, beside latencies and tries",
    how_to_export="Add one of Kong's logging plugins (file-log, http-log) to the route with the AI plugins.",
    identify=identify,
    keys=frozenset({"ai"}),
    read=read,
    switch_on={
        "money": "Set log_statistics in the AI plugins.",
        "cache split": "Use Kong 3.11 or newer, which logs cached tokens, or log payloads.",
        "content": "Set log_payloads in the AI plugins.",
        "features": "Give each application a consumer of its own in Kong.",
    },
    limits={
        "conversations": "Kong's log holds no session id: conversations are found where payloads are logged.",
        "retries": "Upstreams tried before stand in the entry of the answer, without tokens and cost.",
    },
)
