"""What does the region that a call is processed in add to a model's rates?

Only published uplifts; Bedrock's regional and global profiles have rates of their own in the price snapshot, by name.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

Version = tuple[int, int]

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_GPT = re.compile(r"gpt-(\d{1,2})(?:\.(\d{1,2}))?(?![\d.])(?!-image)")


class RegionRule(NamedTuple):
    """A published uplift: every token class costs `factor` times its rate in these regions.

    regions  what the log's region must be, as a whole
    models   takes a version out of the model's id; since: the oldest version to which the uplift applies
    """

    provider_id: str
    regions: re.Pattern[str]
    models: re.Pattern[str]
    since: Version
    factor: Decimal
    source: str


RULES = (
    RegionRule(
        "anthropic", re.compile(r"us"), _CLAUDE, (4, 6), Decimal("1.1"),
        "platform.claude.com, data residency: inference_geo us, Opus 4.6 and later, 2026",
    ),
    RegionRule(
        "google", re.compile(r"(?:us|eu|europe|asia)|[a-z]+-[a-z]+\d+"), _CLAUDE, (4, 5), Decimal("1.1"),
        "platform.claude.com, Claude on Vertex AI: regional and multi-region endpoints, Sonnet 4.5 and later, 2026",
    ),
    RegionRule(
        "openai", re.compile(r"us|eu|au|in|jp"), _GPT, (5, 4), Decimal("1.1"),
        "developers.openai.com, data residency: models released since 2026-03-05, 2026",
    ),
)  # fmt: skip


def _version(pattern: re.Pattern[str], model_id: str) -> Version | None:
    found = pattern.match(model_id.lower())
    return (int(found[1]), int(found[2] or 0)) if found else None


@lru_cache(maxsize=4096)
def region_rule(provider_id: str, model_id: str, region: str | None) -> RegionRule | None:
    """Find the published uplift of a region on a model; None = none is known.

    >>> region_rule("anthropic", "claude-opus-4-6", "us").factor
    Decimal('1.1')
    >>> region_rule("anthropic", "claude-opus-4-5", "us"), region_rule("openai", "gpt-4o", "eu")
    (None, None)
    """
    place = (region or "").strip().lower()
    for rule in RULES:
        version = _version(rule.models, model_id) if rule.provider_id == provider_id else None
        if version is not None and version >= rule.since and rule.regions.fullmatch(place):
            return rule
    return None


def region_words(rule: RegionRule) -> str:
    """Say what a rule does, and who says so."""
    return f"{rule.factor} times the rate in this region ({rule.source})"
