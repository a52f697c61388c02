"""By which formula was each figure of the report computed?"""

from __future__ import annotations

from tokaudit.report.view.shapes import Fact

_FORMULAS = {
    "list cost": "For each call and token class (uncached input, cache read, cache writes, output, reasoning; sound, images and "
    "video apart): tokens × the published rate at the time of the call, and units beside tokens (searches, requests, seconds) × "
    "their fees. Exact decimals, added up, rounded only when written.",
    "price-page sum": "New user input and visible answer of each kept call, once, × the list rate.",
    "multiplier": "List cost ÷ price-page sum.",
    "cost per 1,000 calls": "List cost ÷ priced calls × 1,000.",
    "joint saving": "The period's calls priced as they were minus the same calls priced with every action taken at "
    "once, scaled to a month. Low and high are the ends of the stated assumptions.",
    "waste": "The whole list cost of calls that failed, were replaced by a later attempt, or repeated a question "
    "already answered.",
    "components": "The tokens of a call's parts are counted, then fitted to the billed input tokens by largest "
    "remainder, so that they add up exactly; cached tokens are assigned in prompt order and priced at the cached rate.",
    "sent before": "Input tokens that an earlier call of the conversation had sent (its earlier turns but for the last answer, "
    "and the same instructions before them) ÷ input tokens. Cost without history: list cost − cost of the history component.",
    "priced share": "Priced calls ÷ calls of the period.",
    "overhead share": "1 − user input tokens ÷ input tokens.",
    "payback": "One-off cost ÷ monthly saving net of running cost, over the simulated cases.",
}


def formula(term: str) -> int:
    """Give the number under which a figure's formula is listed; raises ValueError for a term without one."""
    return list(_FORMULAS).index(term) + 1


def formulas() -> tuple[Fact, ...]:
    """List every formula, in the order of its number."""
    return tuple(Fact(term[:1].upper() + term[1:], text, formula=formula(term)) for term, text in _FORMULAS.items())
