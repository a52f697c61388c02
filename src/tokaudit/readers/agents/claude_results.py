"""What did a run of Claude Code spend beyond the answers that its stream shows?

A stream of messages ends with a result that states the tokens of each model. It is the truth: background calls have no
message, and the messages were written before their answers were counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.agents.claude_answers import Answer
from tokaudit.readers.usage.counts import first_count
from tokaudit.readers.usage.media import first_part
from tokaudit.schema import Json, Usage

COUNTED = "Claude Code: counted by the result of the run"
SHARED = "Claude Code: its share, by length, of the output that the result states"
REST = "Claude Code: what the result states beyond the answers before it"


class Spent(NamedTuple):
    """Tokens of one model: uncached input, cache reads, cache writes, output."""

    uncached: int = 0
    read: int = 0
    write: int = 0
    output: int = 0

    def plus(self, other: Spent) -> Spent:
        """Add class by class."""
        return Spent(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def less(self, other: Spent) -> Spent:
        """Subtract class by class; a negative class means that the two do not belong together."""
        return Spent(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def input(self) -> int:
        """All input."""
        return self.uncached + self.read + self.write


class Rest(NamedTuple):
    """Tokens of a model that no answer shows; is_all: the run shows no answer of the model at all."""

    model: str | None
    spent: Spent
    is_all: bool


def spent_by(answers: Sequence[Answer]) -> Spent:
    """Add up what answers state."""
    total = Spent()
    for answer in answers:
        usage = answer.call.usage
        write = (usage.cache_write_5m_input_tokens or 0) + (usage.cache_write_1h_input_tokens or 0)
        read = usage.cache_read_input_tokens or 0
        total = total.plus(Spent((usage.input_tokens or 0) - read - write, read, write, usage.output_tokens or 0))
    return total


def stated(result: Mapping[str, Json], main_model: str | None) -> dict[str | None, Spent]:
    """Read the tokens of each model; a result without them states those of the main model. Raises RejectRecordError."""
    models = result.get("modelUsage")
    if type(models) is dict and models:
        named = {name: _spent(usage) for name, usage in models.items() if type(usage) is dict}
        if any(spent != Spent() for spent in named.values()):
            return dict(named)
    usage = result.get("usage")
    return {main_model: _spent(usage)} if type(usage) is dict else {}


def _spent(usage: Mapping[str, Json]) -> Spent:
    names = (
        ("inputTokens", "input_tokens"),
        ("cacheReadInputTokens", "cache_read_input_tokens"),
        ("cacheCreationInputTokens", "cache_creation_input_tokens"),
        ("outputTokens", "output_tokens"),
    )
    return Spent(*(first_count(usage, *pair) or 0 for pair in names))


def same_model(model: str | None, names: Sequence[str | None]) -> str | None:
    """Find the name under which a result counts a model: the same, or the same but for a date, a cloud or a window.

    >>> same_model("claude-opus-5", ["claude-haiku-4-5", "us.anthropic.claude-opus-5[1m]"])
    'us.anthropic.claude-opus-5[1m]'
    """
    if model in names or model is None:
        return model if model in names else None
    bare = {name: name.partition("[")[0] for name in names if name}
    exact = [name for name, stem in bare.items() if stem == model]
    alike = exact or [name for name, stem in bare.items() if stem and (stem in model or model in stem)]
    return max(alike, key=len) if alike else None


def settle(
    result: Mapping[str, Json], answers: Sequence[Answer], told: dict[str | None, Spent], main_model: str | None
) -> list[Rest]:
    """Correct the answers by the result that follows them; return what remains.

    told  what earlier results of the session have settled, by model; updated. A result counts from the start of its process:
          it may cover earlier ones.
    Raises RejectRecordError, and then corrects nothing.
    """
    models = stated(result, main_model)
    own: dict[str | None, list[Answer]] = {name: [] for name in models}
    for answer in answers:
        name = same_model(answer.call.response_model, list(models))
        if name in own:
            own[name].append(answer)
    is_one_turn = _spent(result["usage"]) in models.values() if type(result.get("usage")) is dict else False
    rests = []
    for name, spent in models.items():
        since, before = spent_by(own[name]), told.get(name, Spent())
        missing = spent.less(since if is_one_turn else since.plus(before))
        if min(missing) < 0:
            missing = spent.less(since)
        if min(missing) < 0:
            continue
        told[name] = before.plus(since).plus(missing)
        left = _give(own[name], missing)
        if left != Spent():
            rests.append(Rest(name, left, is_all=left == spent))
    return rests


def _give(answers: Sequence[Answer], missing: Spent) -> Spent:
    """Give missing output to the answers that were not counted to their end; what is left belongs to other calls."""
    begun = [answer for answer in answers if not answer.is_counted]
    if missing.input or (missing.output and not begun):
        return missing
    shown = sum(answer.shown for answer in begun)
    given = 0
    for answer in begun:
        share = missing.output * answer.shown // shown if shown else 0
        share = missing.output - given if answer is begun[-1] else share
        given += share
        answer.is_counted = True
        answer.call = replace(
            answer.call, usage=_counted(answer.call.usage, share, is_share=0 < missing.output != share)
        )
    return Spent()


def _counted(usage: Usage, share: int, *, is_share: bool) -> Usage:
    if usage.state != "exact":
        return usage
    output = (usage.output_tokens or 0) + share
    if is_share:
        return replace(usage, output_tokens=output, state="estimated", rule=SHARED)
    return replace(usage, output_tokens=output, rule=COUNTED)


def usage_of_rest(rest: Rest, result: Mapping[str, Json]) -> Usage:
    """Write what remains as a usage; the lifetime of cache writes is known where the run's own usage block has as many."""
    total = result.get("usage")
    split = total.get("cache_creation") if type(total) is dict else None
    long = first_count(split, "ephemeral_1h_input_tokens") or 0 if type(split) is dict else 0
    is_split = type(total) is dict and _spent(total).write == rest.spent.write and long <= rest.spent.write
    long = long if is_split else 0
    searches = _searches(rest.model, result) if rest.is_all else None
    spent = rest.spent
    return Usage(spent.input, spent.output, spent.read, spent.write - long, long, rule=REST, web_searches=searches)


def _searches(model: str | None, result: Mapping[str, Json]) -> int | None:
    """Read how often a model searched the web: calls that no answer shows do so for those that one does."""
    models = result.get("modelUsage")
    usage = models.get(model) if type(models) is dict else None
    return first_part(usage, "webSearchRequests") if type(usage) is dict else None
