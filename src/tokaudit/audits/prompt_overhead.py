"""How much is paid for text that is the same in every call?"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tokaudit.audits.contract import Audit, Facts, has_texts, smallest_worth_naming
from tokaudit.result import Feature, Finding, ModelSpend

FIXED_COMPONENTS = ("system_prompt", "tool_schemas", "response_schema", "few_shot")
SMALLEST_SHARE = 0.2
"""Below a fifth of the input, shortening the fixed text changes little."""
SHORTEST_CACHED_PREFIX = 1024
"""Tokens. OpenAI and Anthropic cache prompts from 1,024 tokens on (prompt-caching guides, read 2026-11)."""
CACHE_HIT_SHARES = (Decimal("0.5"), Decimal("0.75"), Decimal("0.9"))
"""Share of the fixed text that is read from the cache: sparse traffic, usual, steady traffic."""
SHORTENED_SHARES = (Decimal("0.1"), Decimal("0.25"), Decimal("0.5"))
"""Share of the fixed text that editing removes; an assumption, no measurement."""


def _discount(feature: Feature, models: tuple[ModelSpend, ...]) -> Decimal:
    """Return how much cheaper cached input is, over the feature's models by spend (0 = no cached rate)."""
    discounts = [
        (model.list_cost, 1 - model.cache_read_usd_per_million / model.input_usd_per_million)
        for model in models
        if model.model in feature.models
        and model.list_cost
        and model.input_usd_per_million
        and model.cache_read_usd_per_million is not None
    ]
    spend = sum((cost for cost, _ in discounts), Decimal(0))
    return sum((cost * discount for cost, discount in discounts), Decimal(0)) / spend if spend else Decimal(0)


def _finding(feature: Feature, facts: Facts) -> Finding:
    parts = [feature.components[name] for name in FIXED_COMPONENTS]
    fixed_tokens, cached_tokens = sum(p.tokens for p in parts), sum(p.cached_tokens for p in parts)
    cost = sum((p.cost for p in parts), Decimal(0))
    share = fixed_tokens / feature.input_tokens if feature.input_tokens else 0.0
    tokens_per_call = fixed_tokens / feature.calls if feature.calls else 0.0
    evidence = {
        "fixed_tokens_per_call": tokens_per_call,
        "share_of_input": share,
        "cached_share": cached_tokens / fixed_tokens if fixed_tokens else 0.0,
        "cost_usd": cost,
    }
    discount = _discount(feature, facts.models)
    # What was cached cost less: 100 cached tokens at a discount of 0.9 weigh as 10.
    weight = fixed_tokens - cached_tokens * discount
    uncached_cost = cost * (fixed_tokens - cached_tokens) / weight if weight > 0 else Decimal(0)
    can_cache = discount > 0 and tokens_per_call >= SHORTEST_CACHED_PREFIX
    shares = [hit * discount for hit in CACHE_HIT_SHARES] if can_cache else list(SHORTENED_SHARES)
    low, expected, high = (uncached_cost * part for part in shares)
    worth = share >= SMALLEST_SHARE and expected >= smallest_worth_naming(facts) and expected > 0
    action = (
        "Put the fixed text first and unchanged in every prompt, so that the provider caches it"
        if can_cache
        else "Shorten the fixed text: it is too short, or its model has no rate, for prompt caching"
    )
    return Finding(
        id=AUDIT.id,
        state="opportunity" if worth else "passed",
        feature=feature.feature,
        title="The same instructions are paid for in every call"
        if worth
        else "Fixed text is a small part of the input",
        saving_usd_per_month=facts.per_month(low, expected, high) if worth else None,
        basis="modelled" if can_cache else "assumed",
        evidence=evidence,
        action=action if worth else "",
    )


def run(facts: Facts) -> Iterable[Finding]:
    """Look at each feature whose prompts are logged."""
    for feature in facts.features:
        if has_texts(feature):
            yield _finding(feature, facts)


AUDIT = Audit(
    id="prompt_overhead",
    title="Prompt overhead",
    description="Adds up system prompts, tool definitions, schemas and fixed examples, and what of them was cached.",
    why="Fixed text is paid for again in each call unless it is cached, shortened or trained in.",
    run=run,
)
