"""Which calls of one trace repeat the usage of the calls below them?

A wrapper and the SDK inside it may both write a call: the same tokens twice. Where a record holds the whole trace this is
decided at once, and what the wrapper alone knew (the provider's id, the cache share) is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from tokaudit.readers.apis.kept_exchanges import better_usage
from tokaudit.schema import Call

_DEEPEST = 200
"""Traces nest a few levels; a circle of parents ends here."""

_TRACE_PATHS = ("tags", "traceName", "session_name", "session_id", "service.name")
"""Where the name of a use case stands that a whole trace or project shares."""

_ALWAYS_OWN = frozenset(("usage", "reader", "span_id", "parent_span_id", "operation_name", "feature", "feature_from"))


def ancestors(span: str, parents: Mapping[str, str | None]) -> Sequence[str]:
    """List the spans above a span, the nearest first."""
    found: dict[str, None] = {}
    above = parents.get(span)
    while above is not None and above not in found and len(found) < _DEEPEST:
        found[above] = None
        above = parents.get(above)
    return list(found)


def without_repeats(calls: Mapping[str, Call], parents: Mapping[str, str | None]) -> dict[str, Call]:
    """Leave out calls that repeat calls below them, and say of each kept one which kept call stands above it.

    calls    span -> call, for the spans that may be calls
    parents  span -> the span above it, for all spans of the trace
    """
    ways = {span: ancestors(span, parents) for span in calls}
    above = {span: next((each for each in way if each in calls and each != span), None) for span, way in ways.items()}
    below: dict[str, list[str]] = {span: [] for span in calls}
    kept = dict(calls)
    for span in sorted(calls, key=lambda each: len(ways[each]), reverse=True):
        inner = [each for each in below[span] if each in kept]
        if inner:
            _settle(span, inner, kept)
        caller = above[span]
        if caller is not None:
            below[caller].extend([span] if span in kept else inner)
    callers = {span: next((each for each in ways[span] if each in kept and each != span), None) for span in kept}
    return {
        span: call if (caller := callers[span]) is None else replace(call, parent_span_id=kept[caller].span_id)
        for span, call in kept.items()
    }


def _settle(span: str, below: Sequence[str], kept: dict[str, Call]) -> None:
    """Decide between a call and the calls below it."""
    whole, parts = kept[span], [kept[each] for each in below]
    if whole.usage.state == "missing":
        if any(part.usage.state != "missing" for part in parts) or len(parts) > 1:
            del kept[span]
        else:
            _keep_inner(span, below[0], kept)
        return
    same = [each for each in below if repeats(whole, kept[each])]
    if len(same) == 1 or (len(below) == 1 and whole.answer and whole.answer == parts[0].answer):
        _keep_inner(span, same[0] if same else below[0], kept)
    elif same or _sums_up(whole, parts) or whole.usage.state == "estimated":
        del kept[span]
        kept |= {each: _with_use_case(part, whole) for each, part in zip(below, parts, strict=True)}
    else:
        for each in below:
            if kept[each].usage.state == "missing":  # the call above tells the tokens of this one
                del kept[each]


def _keep_inner(span: str, inner: str, kept: dict[str, Call]) -> None:
    kept[inner] = filled(kept[inner], kept.pop(span))


def repeats(call: Call, other: Call) -> bool:
    """Say whether two calls count the same tokens."""
    mine, others = call.usage, other.usage
    return (
        mine.input_tokens is not None
        and (mine.input_tokens, mine.output_tokens) == (others.input_tokens, others.output_tokens)
        and bool(mine.input_tokens or mine.output_tokens)
    )


def _sums_up(call: Call, parts: Sequence[Call]) -> bool:
    """Say whether a call counts the tokens of all parts together."""
    return (call.usage.input_tokens, call.usage.output_tokens) == (
        sum(part.usage.input_tokens or 0 for part in parts),
        sum(part.usage.output_tokens or 0 for part in parts),
    )


def filled(call: Call, other: Call) -> Call:
    """Fill what a call does not know from another record of it, and take the usage that tells more."""
    defaults = {field.name: field.default for field in fields(Call) if field.name not in _ALWAYS_OWN}
    missing = {
        name: getattr(other, name)
        for name, default in defaults.items()
        if getattr(call, name) == default and getattr(other, name) != default
    }
    if "response_id" in missing:
        missing["call_id"] = other.call_id
    whole = replace(call, **missing, usage=better_usage(call.usage, other.usage))
    return _with_use_case(whole, other)


def _with_use_case(call: Call, around: Call) -> Call:
    """Take the use case of a wrapper where the call inside has none of its own, but one of the whole trace."""
    if around.feature is None or not (call.feature is None or _of_trace(call)) or _of_trace(around):
        return call
    return replace(call, feature=around.feature, feature_from=around.feature_from)


def _of_trace(call: Call) -> bool:
    return call.feature_from is not None and call.feature_from.endswith(_TRACE_PATHS)
