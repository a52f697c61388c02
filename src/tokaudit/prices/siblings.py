"""Which other models does a provider offer that do the same kind of work?

Only what the catalogue says is used: who serves a model, whether it is marked as deprecated, and whether its rates were
verified anew. Whether a sibling is good enough for a task no price list can say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache

from genai_prices.types import ModelInfo, Provider

from tokaudit.prices.catalogue import published_rates
from tokaudit.prices.rates import TOKEN_CLASSES
from tokaudit.prices.repricing import is_cheaper
from tokaudit.prices.snapshot import provider_by_id
from tokaudit.prices.tokeniser_ratios import maker

_SPECIAL = (
    "ft:", ".ft-", "embed", "rerank", "tts", "transcribe", "whisper", "voxtral", "voice", "realtime", "live", "audio",
    "image", "video", "omni", "vision", "ocr", "moderation", "guard", "search", "research", "computer-use", "robotics", "code",
    "codex", "cyber", "instruct", "preview", ":free", ":extended", "multi-agent", "rosalind", "banana",
)  # fmt: skip
"""Words in a model's id that say it is for one purpose, or not for everyone: only models with the same words are siblings."""
_COMPLETIONS = re.compile(r"^(ada|babbage|curie|davinci|text-davinci)")


def purpose(model: str) -> tuple[str, ...]:
    """Return the words of an id that say what a model is for; () = any text.

    >>> purpose("gpt-4o-mini-transcribe"), purpose("gpt-4o-mini")
    (('transcribe',), ())
    """
    name = model.lower()
    if _COMPLETIONS.match(name):
        return ("completions",)
    return tuple(word for word in _SPECIAL if word in name)


_VERIFIED_SHARE = 0.2
"""From this share of a provider's models with verified tier rates on, a model without is taken to be off its price page (at
OpenAI, Anthropic, Google and Mistral it is over 0.3 of the models; elsewhere it is single models)."""
_SCHEME = re.compile(r"^(global|regional)\.")
"""Bedrock's two ways to the same model: one does not stand in for the other."""


def _is_current(model: ModelInfo, provider: Provider) -> bool:
    verified = sum(bool(other.price_variants) for other in provider.models)
    verifies = verified > _VERIFIED_SHARE * len(provider.models)
    return not model.deprecated and (bool(model.price_variants) or not verifies)


def _scheme(model: str) -> str | None:
    found = _SCHEME.match(model)
    return found[1] if found else None


def _stands_in(other: ModelInfo, model: str, provider: Provider) -> bool:
    return (
        other.id != model
        and maker(other.id) == maker(model)
        and purpose(other.id) == purpose(model)
        and _scheme(other.id) == _scheme(model)
        and other.context_window is not None
        and _is_current(other, provider)
    )


@lru_cache(maxsize=256)
def siblings(provider_name: str, model: str) -> tuple[str, ...]:
    """Return the ids of a provider's other current models of the same maker and purpose, with a known context length.

    () for a provider or a maker that is not known.
    """
    provider = provider_by_id().get(provider_name)
    if provider is None or maker(model) is None:
        return ()
    return tuple(other.id for other in provider.models if _stands_in(other, model, provider))


@lru_cache(maxsize=256)
def cheaper_siblings(provider_name: str, model: str, day: date) -> tuple[str, ...]:
    """Return the siblings that on a day cost less in some class of tokens and more in none, by their published rates."""
    moment = datetime.combine(day, time(), UTC)

    def rates(name: str) -> Mapping[str, Decimal] | None:
        cards = published_rates(provider_name, name, moment=moment)
        return cards[0].rates if cards else None

    own = rates(model)
    offers = {name: found for name in siblings(provider_name, model) if (found := rates(name))}
    # What is free is a trial, not an offer.
    paid = [name for name, found in offers.items() if found["uncached_input"] > 0 and found["output"] > 0]
    return tuple(name for name in paid if own and is_cheaper(offers[name], own, TOKEN_CLASSES))


def context_window(provider_name: str, model: str) -> int | None:
    """Return the longest prompt a model takes, in its own tokens; None = the catalogue does not say."""
    provider = provider_by_id().get(provider_name)
    found = [other for other in provider.models if other.id == model] if provider else []
    return found[0].context_window if found else None
