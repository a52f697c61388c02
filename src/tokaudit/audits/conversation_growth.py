"""What does it cost that every turn sends the earlier turns again?"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tokaudit.audits.contract import Audit, Facts, has_texts, smallest_worth_naming
from tokaudit.result import Feature, Finding

SMALLEST_SHARE = 0.2
KEPT_TURNS = (8, 4, 2)
"""Earlier turns that are still sent: careful, usual, short memory."""


def saving_of_window(feature: Feature, kept: int) -> Decimal:
    """Price the history beyond the last `kept` turns.

    A turn then re-sends what the mean turn kept + 1 re-sends today. Cached history is priced as it is today.
    """
    turns = feature.growth.turns
    at_limit = next((turn.history_tokens_mean for turn in turns if turn.turn == kept + 1), None)
    history = feature.components["history"]
    if at_limit is None or not history.tokens:
        return Decimal(0)
    dropped = sum(turn.calls * max(turn.history_tokens_mean - at_limit, 0.0) for turn in turns if turn.turn > kept + 1)
    return history.cost * Decimal(round(min(dropped, history.tokens))) / history.tokens


def _finding(feature: Feature, facts: Facts) -> Finding:
    history = feature.components["history"]
    share = feature.growth.resent_share or 0.0
    # Long conversations may have short turns: then a longer memory can even seem to save more.
    low, expected, high = sorted(saving_of_window(feature, kept) for kept in KEPT_TURNS)
    worth = share >= SMALLEST_SHARE and expected >= smallest_worth_naming(facts) and expected > 0
    return Finding(
        id=AUDIT.id,
        state="opportunity" if worth else "informative" if share >= SMALLEST_SHARE else "passed",
        feature=feature.feature,
        title="Each turn pays for the turns before it"
        if share >= SMALLEST_SHARE
        else "Little of the input is sent again",
        saving_usd_per_month=facts.per_month(low, expected, high) if worth else None,
        basis="modelled",
        evidence={
            "resent_share_of_input": share,
            "history_cost_usd": history.cost,
            "longest_turn": feature.growth.turns[-1].turn,
            "kept_turns_expected": KEPT_TURNS[1],
        },
        action=f"Send only the last {KEPT_TURNS[1]} turns, or a summary of what came before" if worth else "",
    )


def run(facts: Facts) -> Iterable[Finding]:
    """Look at each feature with logged conversations of more than one turn."""
    for feature in facts.features:
        if has_texts(feature) and feature.growth.turns and feature.growth.turns[-1].turn > 1:
            yield _finding(feature, facts)


AUDIT = Audit(
    id="conversation_growth",
    title="Conversation growth",
    description="Follows input tokens from turn to turn and prices the part that was sent before.",
    why="A chat that re-sends everything costs with the square of its length.",
    run=run,
)
