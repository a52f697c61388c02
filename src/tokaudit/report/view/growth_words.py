"""How is a law of growth, or a change of what is sent, said in plain words?"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tokaudit.report.format import count, counted, dollars, minute, number, share
from tokaudit.result import Counterfactual, Feature, GrowthLaw, LongestConversations

SMALL_FACTOR = 2
"""Where tokens grow by so many times what their cost grows by, for one of the first turn, the cache is worth a word."""

TOO_FEW = "Too few turns or calls to tell a law of growth."
_NO_COST = "No cost a turn is known."


def law_words(law: GrowthLaw | None) -> str:
    """Say the law in a table's cell."""
    if law is None:
        return "too few turns"
    if law.shape == "constant":
        return "stays"
    moves = "grows" if law.per_turn > 0 else "shrinks"
    return f"{moves} until turn {count(law.plateau_turn)}" if law.plateau_turn else moves


def law_sentence(feature: Feature) -> str:
    """Say how a call of the feature grows from turn to turn, and what becomes of its cost."""
    tokens, cost = feature.growth.tokens_law, feature.growth.cost_law
    if tokens is None:
        return TOO_FEW
    return f"{_tokens(tokens)} {_cost(tokens, cost) if cost else _NO_COST} {_rests_on(tokens)}"


def _tokens(law: GrowthLaw) -> str:
    base, step = number(round(law.base)), number(round(abs(law.per_turn)))
    if law.shape == "constant":
        return f"The input of a call is about {base} tokens at every turn: conversations do not grow."
    formed = f"The input of a call is about {base} tokens {_sign(law)} {step} for each turn before it"
    if law.plateau is None or law.plateau_turn is None:
        return (
            f"{formed}{', so that of a conversation grows with the square of its turns' if law.per_turn > 0 else ''}."
        )
    why = ": history is cut or summed up" if law.per_turn > 0 else ""
    return f"{formed}; from turn {count(law.plateau_turn)} on it stays at about {number(round(law.plateau))}{why}."


def _sign(law: GrowthLaw) -> str:
    return "plus" if law.per_turn >= 0 else "less"


def _cost(tokens: GrowthLaw, cost: GrowthLaw) -> str:
    grows = tokens.shape != "constant" and tokens.per_turn > 0
    base = dollars(_usd(cost.base))
    if cost.shape == "constant":
        return f"It costs about {base} at every turn{': what is added is mostly read from a cache' if grows else ''}."
    until = ""
    if cost.plateau is not None and cost.plateau_turn is not None:
        until = f", and from turn {count(cost.plateau_turn)} on about {dollars(_usd(cost.plateau))}"
    cached = grows and cost.per_turn > 0 and _faster(tokens, cost)
    why = "; the cache takes the edge off the growth" if cached else ""
    return (
        f"It costs about {base} {_sign(cost)} {dollars(_usd(abs(cost.per_turn)))} for each turn before it{until}{why}."
    )


def _faster(tokens: GrowthLaw, cost: GrowthLaw) -> bool:
    if tokens.base <= 0 or cost.base <= 0:
        return False
    return tokens.per_turn / tokens.base >= SMALL_FACTOR * cost.per_turn / cost.base


def _rests_on(law: GrowthLaw) -> str:
    fits = f" and explains {share(law.r_squared)} of their differences" if law.r_squared is not None else ""
    basis = f"{counted(law.calls, 'call')} in {counted(law.turns, 'turn')}"
    return f"The law rests on {basis}; it misses the turns' means by {share(law.mean_miss_share)}{fits}."


def _usd(value: float) -> Decimal:
    return Decimal(repr(value))


def change_words(change: Counterfactual) -> str:
    """Name a change."""
    if change.change == "keep_last_turns":
        return f"keep the last {counted(change.turns or 0, 'turn')}"
    if change.change == "summarise":
        return f"summarise every {counted(change.turns or 0, 'turn')}"
    return "drop documents from history"


def longest_sentence(longest: LongestConversations | None) -> str:
    """Say what the longest conversations cost."""
    if longest is None:
        return ""
    turns = (
        counted(longest.turns_most, "turn")
        if longest.turns_least == longest.turns_most
        else f"{count(longest.turns_least)} to {counted(longest.turns_most, 'turn')}"
    )
    first = longest.top[0]
    began = f", begun {minute(datetime.fromisoformat(first.first_call_at))} UTC," if first.first_call_at else ""
    return (
        f"The longest 1% of conversations ({count(longest.conversations)} of {count(longest.of_conversations)}, {turns}) made "
        f"{share(longest.calls_share)} of the calls and {share(longest.cost_share)} of the cost, {dollars(longest.list_cost)}; "
        f"the longest{began} cost {dollars(first.list_cost)}."
    )
