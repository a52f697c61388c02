"""What does a stated total say of counts whose producer may have meant them otherwise?

A tracing platform's rule for its counts holds for its newest SDK; older ones handed on what the provider said. A total that
fits only the other reading overrules the rule, and one that holds more than all counts says that some are missing.
"""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.usage.counts import Counts, Producer, usage_of
from tokaudit.schema import Usage


def usage_with_total(counts: Counts, producer: Producer, model: str | None = None) -> Usage:
    """Turn counts into exclusive token classes, told by their total where it decides. Raises RejectRecordError."""
    if counts.input is None or counts.output is None or not counts.total:
        return usage_of(counts, producer, model)
    cached, reasoning = (counts.cache_read or 0) + _written(counts), counts.reasoning or 0
    shown = counts.input + counts.output + (counts.tool_use_input or 0)
    if reasoning and producer.reasoning == "inside" and counts.total == shown + reasoning:
        producer = replace(producer, reasoning="outside")
    elif cached and producer.cache == "inside" and counts.total == shown + cached:
        producer = replace(producer, cache="outside")
    elif cached and producer.cache == "outside" and counts.total == shown and cached <= counts.input:
        producer = replace(producer, cache="inside")
    usage = usage_of(counts, producer, model)
    return _with_missing(usage, counts.total, producer)


def _written(counts: Counts) -> int:
    split = (counts.cache_write_5m or 0) + (counts.cache_write_1h or 0)
    return max(counts.cache_write or 0, split)


def _with_missing(usage: Usage, total: int, producer: Producer) -> Usage:
    told = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    if usage.state not in ("exact", "cache_split_unknown") or total <= told:
        return usage
    rule = f"{producer.name}: the total holds tokens that no field names"
    return replace(usage, state="output_lower_bound", rule=rule)
