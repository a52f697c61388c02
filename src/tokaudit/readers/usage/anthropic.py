"""How many tokens did an Anthropic usage block bill?

`input_tokens` is the uncached rest only: cache reads and writes are added. Thinking is inside `output_tokens`.
A call of several steps lists them in `iterations`; compaction steps are billed and missing from the top level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tokaudit.readers.usage.token_classes import DO_NOT_ADD_UP, checked
from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, RejectRecordError, Usage

_RULE = "Anthropic: cache reads and writes added to input"
_STEPS_RULE = "Anthropic: sum of the answering model's iterations"
_OTHER_MODEL_RULE = "Anthropic: iterations of another model are not in this call"
_NO_INPUT_RULE = "input tokens not reported"
_NO_OUTPUT_RULE = "output tokens not reported"


def messages_usage(usage: Json, model: Json = None) -> Usage:
    """Read a usage block; model is the one that answered."""
    if type(usage) is not dict:
        return MISSING_USAGE
    top = _block_usage(usage)
    steps = usage.get("iterations")
    return _sum_of_steps(top, steps, model) if type(steps) is list and steps else top


def _block_usage(usage: Mapping[str, Json]) -> Usage:
    uncached, output = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    write_5m, write_1h = _writes(usage)
    if uncached is None:
        return MISSING_USAGE if output is None else Usage(None, output, state="missing", rule=_NO_INPUT_RULE)
    whole = uncached + (read or 0) + (write_5m or 0) + (write_1h or 0)
    details = usage.get("output_tokens_details")
    thinking = count(details.get("thinking_tokens")) if type(details) is dict else None
    # A block without cache fields is from a call that used none: the API always sends them since caching exists.
    return checked(
        Usage(
            whole,
            output,
            read or 0,
            write_5m or 0,
            write_1h or 0,
            thinking,
            state="exact" if output is not None else "output_lower_bound",
            rule=_RULE if output is not None else _NO_OUTPUT_RULE,
        )
    )


def _writes(usage: Mapping[str, Json]) -> tuple[int | None, int | None]:
    """Split cache writes by lifetime; what the split leaves open is kept five minutes, the default."""
    total = count(usage.get("cache_creation_input_tokens"))
    split = usage.get("cache_creation")
    if type(split) is not dict:
        return total, None
    short, long = count(split.get("ephemeral_5m_input_tokens")) or 0, count(split.get("ephemeral_1h_input_tokens")) or 0
    if total is None:
        return short, long
    if short + long > total:
        raise RejectRecordError(DO_NOT_ADD_UP)
    return total - long, long


def _sum_of_steps(top: Usage, steps: Iterable[Json], model: Json) -> Usage:
    """Add up the steps of the answering model. Another model's steps are another price: they are left out and said."""
    blocks = [step for step in steps if type(step) is dict]
    own = [_block_usage(step) for step in blocks if step.get("model") in (None, model)]
    if not own or any(step.input_tokens is None or step.output_tokens is None for step in own):
        return top
    whole = _added(own)
    if _cached(whole) == 0 and _cached(top) > 0:  # steps without cache fields: the top level has them
        return top
    whole = replace(whole, reasoning_output_tokens=top.reasoning_output_tokens)
    others = [step for step in blocks if step.get("model") not in (None, model) and count(step.get("output_tokens"))]
    if others:
        return replace(whole, state="output_lower_bound", rule=_OTHER_MODEL_RULE)
    return checked(whole)


def _added(steps: list[Usage]) -> Usage:
    return Usage(
        sum(step.input_tokens or 0 for step in steps),
        sum(step.output_tokens or 0 for step in steps),
        sum(step.cache_read_input_tokens or 0 for step in steps),
        sum(step.cache_write_5m_input_tokens or 0 for step in steps),
        sum(step.cache_write_1h_input_tokens or 0 for step in steps),
        rule=_STEPS_RULE,
    )


def _cached(usage: Usage) -> int:
    writes = (usage.cache_write_5m_input_tokens or 0) + (usage.cache_write_1h_input_tokens or 0)
    return (usage.cache_read_input_tokens or 0) + writes
