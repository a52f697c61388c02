"""Do conversations pay for their own length, because every turn sends the earlier turns again?

The saving is that of the best counterfactual: the period's calls priced with less sent again, cache hits that are lost to it
included. Whether answers stay as good, logs cannot show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tokaudit.audits.contract import Audit, Facts, has_texts, smallest_worth_naming
from tokaudit.result import Counterfactual, Feature, Finding

SMALLEST_SHARE = 0.2
ZERO = Decimal(0)

_ACTIONS = {
    "keep_last_turns": "Send only the last {} turns of a conversation",
    "summarise": "Put a summary in the place of earlier turns every {} turns",
    "drop_documents": "Leave retrieved documents out of the turns that are sent again",
}


def middle(found: Sequence[Counterfactual]) -> Counterfactual:
    """Return the one with the middle saving; of two, the one that saves less."""
    return sorted(found, key=lambda one: one.saving)[(len(found) - 1) // 2]


def best_change(feature: Feature) -> tuple[Counterfactual, ...]:
    """Return the variants of the change that saves most, by the middle of its variants; the least saving first."""
    groups: dict[str, list[Counterfactual]] = {}
    for one in feature.growth.counterfactuals:
        groups.setdefault(one.change, []).append(one)
    best = max(groups.values(), key=lambda found: middle(found).saving, default=[])
    return tuple(sorted(best, key=lambda one: one.saving))


def _finding(feature: Feature, facts: Facts) -> Finding:
    growth, variants = feature.growth, best_change(feature)
    share = growth.resent_share or 0.0
    best = middle(variants) if variants else None
    expected = best.saving if best else ZERO
    resends = share >= SMALLEST_SHARE
    worth = resends and expected > 0 and expected >= smallest_worth_naming(facts)
    low, high = (max(variants[0].saving, ZERO), variants[-1].saving) if variants else (ZERO, ZERO)
    return Finding(
        id=AUDIT.id,
        state="opportunity" if worth else "informative" if resends else "passed",
        feature=feature.feature,
        title="Each turn pays for the turns before it" if resends else "Little of the input is sent again",
        saving_usd_per_month=facts.per_month(low, expected, high) if worth else None,
        basis="modelled",
        evidence={
            "resent_share_of_input": share,
            "history_cost_usd": feature.components["history"].cost,
            "longest_turn": growth.turns[-1].turn,
            "growth_of_input": growth.tokens_law.shape if growth.tokens_law else "too few turns to tell",
            "growth_of_input_cost": growth.cost_law.shape if growth.cost_law else "too few turns to tell",
            **(_evidence(best) if best else {}),
        },
        action=_ACTIONS[best.change].format(best.turns) if worth and best else "",
    )


def _evidence(best: Counterfactual) -> dict[str, object]:
    return {
        "change_priced": best.change,
        "turns": best.turns or "not applicable",
        "calls_changed": best.calls,
        "input_tokens_saved": best.tokens_saved,
        "cached_tokens_lost": best.lost_cached_tokens,
        "cost_now_usd": best.cost_now,
        "cost_then_usd": best.cost_then,
        "assumed": "answers stay the same, and so does all that follows them"
        + (f"; a summary has at most {best.summary_tokens} tokens" if best.summary_tokens else ""),
    }


def run(facts: Facts) -> Iterable[Finding]:
    """Look at each feature with logged conversations of more than one turn."""
    for feature in facts.features:
        if has_texts(feature) and feature.growth.turns and feature.growth.turns[-1].turn > 1:
            yield _finding(feature, facts)


AUDIT = Audit(
    id="conversation_growth",
    title="Conversation growth",
    description="Follows input tokens from turn to turn and prices the period with less of the conversations sent again.",
    why="A chat that re-sends everything costs with the square of its length.",
    run=run,
)
