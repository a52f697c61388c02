"""Is this name one of a provider's models, exactly?

genai-prices finds models by clauses such as "starts with claude-sonnet-4-5", which `claude-sonnet-4-5-huge` would meet too. A
clause that names a part of a name is followed here only where the rest is a version, a date or a Bedrock region: a name that
says more is another model, of which no price is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    Provider,
)

from tokaudit.prices.hosts import maker_of_closed
from tokaudit.prices.snapshot import provider_by_id

EXACT, ALIAS, DATED, VERSIONED = "exact id", "declared alias", "dated id", "versioned id"
FINE_TUNE = "fine-tune of a named base"

_DAY = r"(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"
_VERSION = re.compile(
    r"(?:"
    rf"[-@]20\d\d-?{_DAY}"  # -20241022, @20241022, -2024-10-22
    rf"|-{_DAY}"  # -0613, -05-20
    r"|-(?:0[1-9]|1[0-2])-20\d\d"  # -08-2024
    r"|-2[2-9](?:0[1-9]|1[0-2])"  # -2508, a year and a month
    r"|[-@]0\d\d"  # -001, @001
    r"|-v\d+(?::\d+)?|:\d+(?::\d+k)?"  # -v1:0, :0, :0:300k
    r"|[-@](?:latest|default)|-(?:preview|exp|experimental|stable)"
    r")+"
)
"""What may follow a model's name and still mean that model."""
_TAIL = re.compile(rf"{_VERSION.pattern}$")
_DATE = re.compile(r"\d{4}|\d\d-\d\d")
_SEPARATOR = re.compile(r"[-@:.]")
_PLACE = re.compile(
    r"(?:(?:us|eu|apac|jp|au|ca|sa|in|us-gov)\.)?"
    r"(?:(?:amazon|anthropic|cohere|deepseek|google|meta|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\.)?"
)
"""What may stand before it: Bedrock's regions and makers. `global.` has prices of its own, and so clauses of its own."""
_FINE_TUNE_REST = re.compile(r"[\d-]*(?::\S*)?")
_AZURE_FINE_TUNE_REST = re.compile(r"[0-9a-z-]+")
_COMPACT = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[-:]|$)")
_DASHED = re.compile(r"-(20\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?=[-:]|$)")

_ALSO_NAMED = {
    "anthropic": dict.fromkeys(("claude-2.0", "claude-2.1"), "claude-2"),
    "google": {"gemini-1.5-flash-8b": "gemini-flash-1.5-8b"},
    "openai": dict.fromkeys(
        ("omni-moderation-latest", "text-moderation-latest", "text-moderation-stable"), "moderation"
    ),
}
"""Names of the providers' own documentation that the snapshot's clauses leave out.
Source: docs.anthropic.com/en/docs/about-claude/model-deprecations, ai.google.dev/gemini-api/docs/models,
developers.openai.com/api/docs/models (2026-11)."""


class Match(NamedTuple):
    """A model of one provider, and how the name led to it."""

    publisher: Provider
    model: ModelInfo
    how: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One clause that names a part of a name. guards: clauses that must hold beside it."""

    clause: MatchLogic
    model: ModelInfo
    guards: tuple[MatchLogic, ...] = ()


@dataclass(slots=True)
class _Index:
    ids: dict[str, ModelInfo] = field(default_factory=dict)
    aliases: dict[str, ModelInfo] = field(default_factory=dict)
    patterns: list[_Pattern] = field(default_factory=list)


def is_fine_tune(name: str) -> bool:
    """Say whether a name (lower case) is of a model that someone trained further, as OpenAI, Azure and Google write them.

    >>> is_fine_tune("ft:gpt-4o-mini-2024-07-18:acme::abc"), is_fine_tune("gpt-4o")
    (True, False)
    """
    return name.startswith(("ft:", "tunedmodels/")) or ".ft-" in name or ":ft-" in name


def _leaves(clause: MatchLogic) -> Iterator[tuple[MatchLogic, tuple[MatchLogic, ...]]]:
    if isinstance(clause, ClauseOr):
        for part in clause.or_:
            yield from _leaves(part)
    elif isinstance(clause, ClauseAnd):
        for part in clause.and_:
            for leaf, guards in _leaves(part):
                yield leaf, (*guards, *clause.and_)
    else:
        yield clause, ()


@lru_cache(maxsize=128)
def _index(provider_id: str) -> _Index:
    index = _Index()
    for model in provider_by_id()[provider_id].models:
        index.ids.setdefault(model.id.lower(), model)
        for leaf, guards in _leaves(model.match):
            if isinstance(leaf, ClauseEquals) and not guards:
                index.aliases.setdefault(leaf.equals.lower(), model)
            else:
                index.patterns.append(_Pattern(leaf, model, guards))
    for name, model_id in _ALSO_NAMED.get(provider_id, {}).items():
        if model_id in index.ids:
            index.aliases.setdefault(name, index.ids[model_id])
    return index


def _is_version(literal: str, rest: str) -> bool:
    """Say whether what follows a literal is a version; a literal may end within one (`claude-sonnet-4-2025`)."""
    if rest and not _SEPARATOR.match(rest):
        last = [found.start() for found in _SEPARATOR.finditer(literal)][-1:]
        if not last:
            return False
        rest = literal[last[0] :] + rest
    return not rest or _VERSION.fullmatch(rest) is not None


def _covers(literal: str, name: str, *, anywhere: bool, to_end: bool) -> bool:
    start = name.rfind(literal) if to_end else name.find(literal)
    if start < 0 or (start > 0 and not (anywhere and _PLACE.fullmatch(name[:start]))):
        return False
    rest = name[start + len(literal) :]
    return not rest if to_end else _is_version(literal, rest)


def _regex_reach(pattern: str, name: str) -> int:
    """Return how much of a name an anchored expression matches; 0 = none, or the rest is no version."""
    found = re.match(pattern, name) if pattern.startswith("^") else None
    if found is None or not found.group():
        return 0
    return found.end() if _is_version(found.group(), name[found.end() :]) else 0


def _reach(clause: MatchLogic, name: str) -> int:
    """Return how many characters of a name a clause accounts for; 0 = the name is not of this model."""
    if isinstance(clause, ClauseRegex):
        return _regex_reach(clause.regex, name)
    if isinstance(clause, ClauseEquals):
        return len(name) if clause.equals.lower() == name else 0
    if isinstance(clause, ClauseStartsWith):
        literal, anywhere, to_end = clause.starts_with.lower(), False, False
    elif isinstance(clause, ClauseEndsWith):
        literal, anywhere, to_end = clause.ends_with.lower(), True, True
    elif isinstance(clause, ClauseContains):
        literal, anywhere, to_end = clause.contains.lower(), True, False
    else:
        return 0
    return len(literal) if _covers(literal, name, anywhere=anywhere, to_end=to_end) else 0


def _fine_tuned(index: _Index, name: str) -> ModelInfo | None:
    """Find the rates of fine-tunes of a base; a base's own rates never stand in for them."""
    for pattern in index.patterns:
        literal = getattr(pattern.clause, "starts_with", "").lower()
        rest_of = _FINE_TUNE_REST if pattern.model.id.startswith("ft:") else _AZURE_FINE_TUNE_REST
        is_for_tunes = pattern.model.id.startswith("ft:") or ".ft-" in pattern.model.id
        if is_for_tunes and literal and name.startswith(literal) and rest_of.fullmatch(name[len(literal) :]):
            return pattern.model
    return None


def _by_pattern(index: _Index, name: str) -> ModelInfo | None:
    """Find the model whose clause accounts for most of a name; the first of several."""
    best: tuple[int, ModelInfo | None] = (0, None)
    for pattern in index.patterns:
        reach = _reach(pattern.clause, name)
        if reach > best[0] and all(guard.is_match(name) for guard in pattern.guards):
            best = reach, pattern.model
    return best[1]


def _other_spellings(name: str) -> Iterator[tuple[str, str]]:
    yield _COMPACT.sub(r"-\1-\2-\3", name), DATED
    yield _DASHED.sub(r"-\1\2\3", name), DATED
    # Azure names may not hold the dot of gpt-3.5.
    yield re.sub(r"^gpt-35-", "gpt-3.5-", name), ALIAS


def _exactly(index: _Index, name: str) -> tuple[ModelInfo, str] | None:
    if name in index.ids:
        return index.ids[name], EXACT
    if name in index.aliases:
        return index.aliases[name], ALIAS
    return None


def _find(provider_id: str, name: str) -> tuple[ModelInfo, str] | None:
    index = _index(provider_id)
    found = _exactly(index, name)
    if found or is_fine_tune(name):
        tuned = None if found else _fine_tuned(index, name)
        return (tuned, FINE_TUNE) if tuned else found
    for spelling, how in _other_spellings(name):
        if spelling != name and (found := _exactly(index, spelling)):
            return found[0], how
    by_pattern = _by_pattern(index, name)
    return (by_pattern, _how(name)) if by_pattern else None


def _how(name: str) -> str:
    version = _TAIL.search(name)
    if version is None:
        return ALIAS
    return DATED if _DATE.search(version.group()) else VERSIONED


@lru_cache(maxsize=16384)
def match(provider_id: str, name: str) -> Match | None:
    """Find a model by its name (lower case) among those that a provider serves.

    A provider that serves other makers' models without a list of its own (Azure, Vertex) charges what their makers' lists say;
    for open weights, which each host prices by itself, no other list stands in.
    """
    provider = provider_by_id()[provider_id]
    for publisher_id in (provider_id, *(provider.fallback_model_providers or ())):
        if publisher_id != provider_id and not (is_fine_tune(name) or maker_of_closed(name) == publisher_id):
            continue
        found = _find(publisher_id, name)
        if found:
            return Match(provider_by_id()[publisher_id], *found)
    return None
