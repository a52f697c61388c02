"""How many tokens did Amazon Bedrock bill?

Whatever the model, Bedrock counts cache reads and writes beside the input, states them where there were any, and leaves no
reasoning out of the output. It states its counts in the body of Converse, in the last event of a stream, in headers, and in
its log. Source: CATALOGUE 2.1: 1,303 = 11 + 264 + 1,028 written; 1,225 = 12 + 185 + 1,028 read.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_CONVERSE = Producer("Bedrock Converse", cache="outside", always_states_cache=True)
_METRICS = Producer("Bedrock", cache="outside", always_states_cache=True)
_HEADER = "x-amzn-bedrock-"
_METRICS_KEY = "amazon-bedrock-invocationMetrics"


def converse_usage(usage: Json) -> Usage:
    """Read the usage block of Converse, and of Nova's own API. Raises RejectRecordError."""
    if type(usage) is not dict:
        return MISSING_USAGE
    return usage_of(
        Counts(
            count(usage.get("inputTokens")),
            count(usage.get("outputTokens")),
            count(usage.get("totalTokens")),
            cache_read=first_count(usage, "cacheReadInputTokens", "cacheReadInputTokenCount"),
            cache_write=first_count(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount"),
            cache_write_1h=_hour_long_writes(usage.get("cacheDetails")),
        ),
        _CONVERSE,
    )


def metered_usage(metrics: Json) -> Usage:
    """Read counts as Bedrock's log and the last event of its streams name them. Raises RejectRecordError."""
    if type(metrics) is not dict:
        return MISSING_USAGE
    return usage_of(
        Counts(
            count(metrics.get("inputTokenCount")),
            count(metrics.get("outputTokenCount")),
            cache_read=count(metrics.get("cacheReadInputTokenCount")),
            cache_write=count(metrics.get("cacheWriteInputTokenCount")),
        ),
        _METRICS,
    )


def header_usage(headers: Mapping[str, str]) -> Usage:
    """Read the counts in the headers of an answer of InvokeModel; names in lower case. Raises RejectRecordError."""
    names = ("input", "output", "cache-read-input", "cache-write-input")
    found = [count(headers.get(f"{_HEADER}{name}-token-count")) for name in names]
    return usage_of(Counts(found[0], found[1], cache_read=found[2], cache_write=found[3]), _METRICS)


def invocation_metrics(body: Json) -> Mapping[str, Json]:
    """Find Bedrock's own counts and times in an answer or in the events of a stream; {} when it states none."""
    events = reversed(body) if type(body) is list else (body,)
    found = (event.get(_METRICS_KEY) for event in events if type(event) is dict)
    return next((metrics for metrics in found if type(metrics) is dict), {})


def _hour_long_writes(details: Json) -> int | None:
    """Add up what was written for an hour; None when the lifetimes are not stated."""
    if type(details) is not list:
        return None
    hours = [item for item in details if type(item) is dict and item.get("ttl") == "1h"]
    return sum(count(item.get("inputTokens")) or 0 for item in hours)
