"""How many tokens did an Anthropic usage block bill?

`input_tokens` is the uncached rest only: cache reads and writes are added. Thinking is inside `output_tokens`.
A call of several steps lists them in `iterations`, each billed at the rate of its own model. The top level sums only some of
them: compactions, advisers and models that declined are missing from it.
Source: CATALOGUE 4.1, from recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.usage.searches import anthropic_searches
from tokaudit.readers.usage.token_classes import DO_NOT_ADD_UP, checked
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.providers import stated_region
from tokaudit.schema import MISSING_USAGE, Json, RejectRecordError, Usage

_RULE = "Anthropic: cache reads and writes added to input"
_STEPS_RULE = "Anthropic: sum of the answering model's iterations"
_OTHER_MODEL_RULE = "Anthropic: iterations of another model, at its own rate"
_OTHERS_MISSING_RULE = "Anthropic: iterations of another model are not in this call"
_DECLINED_RULE = "Anthropic: declined before a fallback; whether that is charged is not stated"
_NO_INPUT_RULE = "input tokens not reported"
_NO_OUTPUT_RULE = "output tokens not reported"

_ADVISER, _FALLBACK = "advisor_message", "fallback_message"
_KINDS = frozenset(("message", "compaction", _ADVISER, _FALLBACK))
_CACHE_KEYS = ("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")
_SNAPSHOT = re.compile(r"[-@]20\d{6}.*$")


class Step(NamedTuple):
    """An iteration that another model than the answering one made: its kind, its model, and its tokens."""

    kind: str
    model: Json
    usage: Usage


def messages_usage(usage: Json, model: Json = None, *, alone: bool = True) -> Usage:
    """Read what the answering model billed.

    model   its name
    alone   nobody asks for `further_steps`: what other models billed is then missing, and said to be
    Raises  RejectRecordError.
    """
    if type(usage) is not dict:
        return MISSING_USAGE
    top = _block_usage(usage)
    own, others = _steps(usage, model)
    whole = _sum_of_steps(top, own) if own else top
    return without_others(whole) if alone and others else whole


def inference_region(usage: Json) -> str | None:
    """Read where the model ran, which newer models state and which can cost more: `us` or `global`."""
    return stated_region(usage["inference_geo"]) if type(usage) is dict and "inference_geo" in usage else None


def without_others(usage: Usage) -> Usage:
    """Say of the answering model's usage that other models' is not told beside it."""
    if usage.state != "exact":
        return usage
    return replace(usage, state="output_lower_bound", rule=_OTHERS_MISSING_RULE)


def further_steps(usage: Json, model: Json = None) -> list[Step]:
    """Read what other models billed for the same answer: advisers, and models that declined before a fallback.

    Raises RejectRecordError.
    """
    own, others = _steps(usage, model) if type(usage) is dict else ([], [])
    has_fallback = any(step.get("type") == _FALLBACK for step in own)
    return [_further_step(step, declined=has_fallback and step.get("type") == "message") for step in others]


def _steps(usage: Mapping[str, Json], model: Json) -> tuple[list[Mapping[str, Json]], list[Mapping[str, Json]]]:
    """Split the iterations into the answering model's and others'; the last message is its, whatever it is called."""
    listed = usage.get("iterations")
    steps: list[Mapping[str, Json]] = [step for step in listed if type(step) is dict] if type(listed) is list else []
    name = _undated(model)
    own = [step for step in steps if _undated(step.get("model")) in (None, name)]
    if steps and not own:
        own = [step for step in steps if step.get("type") != _ADVISER][-1:]
    return own, [step for step in steps if not any(step is mine for mine in own)]


def _undated(model: Json) -> str | None:
    """Read a model's name without its snapshot, which an iteration may leave out."""
    return _SNAPSHOT.sub("", model) if type(model) is str else None


def _further_step(step: Mapping[str, Json], *, declined: bool) -> Step:
    kind = step.get("type")
    usage = _block_usage(step)
    if declined and not usage.output_tokens:
        usage = Usage(None, None, state="missing", rule=_DECLINED_RULE)
    elif usage.state == "exact":
        usage = replace(usage, rule=_OTHER_MODEL_RULE)
    return Step(kind if type(kind) is str and kind in _KINDS else "iteration", step.get("model"), usage)


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
            web_searches=anthropic_searches(usage) if "server_tool_use" in usage else None,
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


def _sum_of_steps(top: Usage, steps: list[Mapping[str, Json]]) -> Usage:
    """Add up steps; where they do not state their cache, the top level does."""
    usages = [_block_usage(step) for step in steps]
    if any(usage.input_tokens is None or usage.output_tokens is None for usage in usages):
        return top
    whole = _added(usages)
    if not any(key in step for step in steps for key in _CACHE_KEYS) and _cached(top):
        whole = replace(
            whole,
            input_tokens=(whole.input_tokens or 0) + _cached(top),
            cache_read_input_tokens=top.cache_read_input_tokens,
            cache_write_5m_input_tokens=top.cache_write_5m_input_tokens,
            cache_write_1h_input_tokens=top.cache_write_1h_input_tokens,
        )
    if whole.reasoning_output_tokens is None:
        whole = replace(whole, reasoning_output_tokens=top.reasoning_output_tokens)
    if top.web_searches is not None:  # counted at the top alone, for all steps
        whole = replace(whole, web_searches=top.web_searches)
    return checked(whole)


def _added(steps: list[Usage]) -> Usage:
    thought = [step.reasoning_output_tokens for step in steps if step.reasoning_output_tokens is not None]
    return Usage(
        sum(step.input_tokens or 0 for step in steps),
        sum(step.output_tokens or 0 for step in steps),
        sum(step.cache_read_input_tokens or 0 for step in steps),
        sum(step.cache_write_5m_input_tokens or 0 for step in steps),
        sum(step.cache_write_1h_input_tokens or 0 for step in steps),
        sum(thought) if thought else None,
        rule=_STEPS_RULE,
    )


def _cached(usage: Usage) -> int:
    writes = (usage.cache_write_5m_input_tokens or 0) + (usage.cache_write_1h_input_tokens or 0)
    return (usage.cache_read_input_tokens or 0) + writes
