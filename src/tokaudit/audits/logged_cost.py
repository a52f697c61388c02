"""Where does the cost that the log states differ from ours, and why?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tokaudit.audits.contract import Audit, Facts, LoggedSpend
from tokaudit.frames.logged_cost import CAUSES, OTHER
from tokaudit.result import Finding

SMALLEST_DIFFERENCE = Decimal("0.01")
SMALLEST_SHARE = Decimal("0.01")
"""A cent and 1 %: below, two price lists agree as well as rounding lets them."""
LEAST_EXPLAINED = Decimal("0.5")
AS_GOOD = Decimal("0.99")
"""A second cause that explains as much as the first is named beside it."""
HIDDEN = "hidden_cache_hits"
ZERO = Decimal(0)


class Words(NamedTuple):
    """What a cause is called after the name of a model, and what to do about it."""

    title: str
    action: str


_RECONCILE = "Reconcile with the provider's bill: it says which of the two was charged"
_PRICES = "Give your negotiated rates with --prices if they are yours, else update the logger's price list"
_UPDATE = "Update the logger's price list"

WORDS: Mapping[str, Words] = {
    "rounding": Words("the log rounds the cost of each call", "Log costs with more decimals"),
    "usage_not_exact": Words(
        "our token counts are estimates, so our cost is one", "Log the provider's usage block with each call"
    ),
    "unknown_model_at_0": Words("the log prices it at 0: its price list does not know the model", _UPDATE),
    "cache_not_discounted": Words("the log charges cached input in full", _UPDATE),
    "cache_writes_as_input": Words("the log charges cache writes as plain input", _UPDATE),
    "cache_charged_apart": Words("the log charges cached input twice", _UPDATE),
    "cache_left_out": Words("the log leaves cached input out of the cost", _UPDATE),
    "reasoning_left_out": Words("the log leaves reasoning tokens out of the cost", _UPDATE),
    "reasoning_counted_twice": Words("the log charges reasoning tokens twice", _UPDATE),
    "unit_fees_left_out": Words("the log leaves out what is billed beside tokens, such as web searches", _UPDATE),
    "media_at_text_rates": Words("the log charges sound and images as text", _UPDATE),
    "long_prompt_rate_left_out": Words("the log leaves out the higher rate of long prompts", _UPDATE),
    "contracted_rates": Words(
        "the log's costs are at your contracted rates", "Compare the log with the contracted cost"
    ),
    "batch": Words("the log and our rates disagree on what was a batch, at half price", _RECONCILE),
    "tier": Words("the log prices another service tier", _RECONCILE),
    "region": Words("the log leaves out what the region costs more", _UPDATE),
    "price_change": Words("the log uses rates of another date", _UPDATE),
    "unit_slip": Words("the log's costs are in another unit, such as cents", "Log the cost in US dollars"),
    "cut_off": Words("the log cuts off the decimals of each cost", "Log costs with more decimals"),
    "one_ratio": Words("the log's costs are ours times one factor: a discount or a markup", _PRICES),
    "other_rates": Words("the log prices input and output at other rates", _PRICES),
    HIDDEN: Words(
        "its logged cost reveals cache hits that its usage leaves out; they are used in our cost",
        "Log prompt_tokens_details.cached_tokens with each call",
    ),
    OTHER: Words("the logged cost differs from ours, cause not found", _RECONCILE),
}
"""For each cause that can make a difference."""


def _sum(rows: Sequence[LoggedSpend], name: str) -> Any:
    return sum((getattr(row, name) for row in rows), ZERO)


def _count(rows: Sequence[LoggedSpend], name: str) -> int:
    return int(sum(getattr(row, name) for row in rows))


def explained(rows: Sequence[LoggedSpend]) -> dict[str, Decimal]:
    """Return what of the difference each cause explains, call by call; the simplest cause comes first."""
    return {
        cause: sum((row.difference for row in rows if cause in (row.causes or ())), ZERO)
        for cause in CAUSES
        if cause in WORDS and cause != OTHER
    }


def likely_cause(rows: Sequence[LoggedSpend]) -> tuple[str, Decimal, tuple[str, ...]]:
    """Name the cause that explains most of the difference, what it explains of it, and others that explain as much.

    The cause is `other` when none explains half; then the amount is what the best of them explains.
    """
    amounts, whole = explained(rows), _sum(rows, "difference")
    best = max(amounts.values())
    if best <= LEAST_EXPLAINED * whole:
        return OTHER, best, ()
    first, *others = [cause for cause, amount in amounts.items() if amount >= AS_GOOD * best]
    return first, amounts[first], tuple(others)


def _differs(rows: Sequence[LoggedSpend]) -> bool:
    logged, stated = _sum(rows, "logged_cost"), _sum(rows, "cost_as_stated")
    gap = abs(logged - stated)
    return bool(gap > SMALLEST_DIFFERENCE and gap > SMALLEST_SHARE * max(logged, stated))


def _amounts(rows: Sequence[LoggedSpend]) -> dict[str, Any]:
    compared = [row for row in rows if row.causes is not None]
    return {
        "calls": _count(compared, "calls"),
        "calls_not_compared": _count(rows, "calls") - _count(compared, "calls"),
        "logged_cost_usd": _sum(compared, "logged_cost"),
        "list_cost_usd": _sum(compared, "list_cost"),
    }


def _hidden(rows: Sequence[LoggedSpend]) -> dict[str, Any]:
    calls = _count(rows, "implied_calls")
    return {
        "cost_as_stated_usd": _sum(rows, "cost_as_stated"),
        "implied_cached_tokens": _count(rows, "implied_cached_tokens"),
        "calls_with_implied_cache": calls,
        "share_in_blocks_of_64": _count(rows, "implied_in_blocks") / calls,
        "cost_used": "with the implied cache reads",
    }  # fmt: skip


def _finding(provider: str | None, model: str, rows: Sequence[LoggedSpend]) -> Finding:
    cause, amount, others = likely_cause(rows)
    stated, logged, whole = (_sum(rows, name) for name in ("cost_as_stated", "logged_cost", "difference"))
    evidence = {
        **({} if provider is None else {"provider": provider}),
        "model": model,
        **_amounts(rows),
        "difference_usd": logged - stated,
        **({"ratio": float(stated / logged)} if logged else {}),
        "cause": cause,
        "share_explained": float(amount / whole),
        **({"also_fits": others} if others else {}),
        **(_hidden(rows) if _count(rows, "implied_calls") else {}),
    }
    return Finding(
        id=AUDIT.id,
        state="informative",
        feature=None,
        title=f"{model}: {WORDS[cause].title}",
        saving_usd_per_month=None,
        basis="measured",
        evidence=evidence,
        action=WORDS[cause].action,
    )


def _by_model(rows: Iterable[LoggedSpend]) -> list[tuple[tuple[str | None, str], list[LoggedSpend]]]:
    found: dict[tuple[str | None, str], list[LoggedSpend]] = defaultdict(list)
    for row in rows:
        found[row.provider_name, row.model].append(row)
    return sorted(found.items(), key=lambda item: (-_sum(item[1], "difference"), item[0][1], item[0][0] or ""))


def run(facts: Facts) -> Iterable[Finding]:
    """Compare the two costs of each model, the largest difference first."""
    rows = facts.logged
    if not any(row.causes is not None for row in rows):
        calls = _count(rows, "logged_calls")
        title = "No log states what a call with a known price cost" if calls else "No log states what its calls cost"
        yield Finding(AUDIT.id, "not_applicable", None, title, None, "measured", {}, "")
        return
    apart = [(key, found) for key, found in _by_model(rows) if _differs(found)]
    for (provider, model), found in apart:
        yield _finding(provider, model, found)
    if not apart:
        title = "The costs that the log states agree with ours"
        yield Finding(AUDIT.id, "passed", None, title, None, "measured", _amounts(rows), "")


AUDIT = Audit(
    id="logged_cost",
    title="Logged cost",
    description="Compares the cost that the log states with ours, call by call, and names the cause of the difference:"
    " the way of pricing that leads to the logged amounts.",
    why="Two price lists rarely fail in the same way.",
    run=run,
)
