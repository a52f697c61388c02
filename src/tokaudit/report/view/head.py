"""Which period, which data, and can they be relied on?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from tokaudit.periods import is_month
from tokaudit.report.format import count, counted, minute, month, share_of
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.formulas import formula
from tokaudit.report.view.names import name, quoted
from tokaudit.report.view.shapes import Fact, Head
from tokaudit.report.words import USAGE_STATES, word
from tokaudit.result import AuditRun, Input, Period

UNPRICED_LIMIT_PERCENT = 1
REJECTED_LIMIT_PERCENT = 1
"""Above these the page opens with a banner: the sums no longer stand for all the traffic."""

_NAMES_IN_BANNER = 3


def head(run: AuditRun) -> Head:
    """Tell the period and the quality of the data."""
    return Head(f"Cost audit, {period_name(run.period)}", period_text(run.period), _facts(run), banners(run))


def period_name(period: Period) -> str:
    """Name the period: a calendar month by its name, anything else by its first and last day."""
    if period.start == period.end:
        return "calls without a date"
    if is_month(period):
        return month(period.start)
    first, last = period.start.date(), (period.end - timedelta(microseconds=1)).date()
    return f"{first}" if first == last else f"{first} to {last}"


def period_text(period: Period) -> str:
    """Write both ends and the zone; calls without a date have neither."""
    if period.start == period.end:
        return "No call in the logs has a date"
    zone = safe_text(period.timezone)
    return f"{minute(period.start)} (included) to {minute(period.end)} (excluded), {zone}"


def banners(run: AuditRun) -> tuple[str, ...]:
    """Warn where the data are too incomplete for the sums to stand for all the traffic."""
    return (*_unpriced(run), *_rejected(run.input), *_unaccounted(run.input))


def usage_text(states: Mapping[str, int]) -> str:
    """Write the share of every usage state that occurs, the known ones in their order."""
    order = [*(key for key in USAGE_STATES if key in states), *sorted(key for key in states if key not in USAGE_STATES)]
    whole = sum(states.values())
    parts = [f"{share_of(states[key], whole)} {word(USAGE_STATES, key).name.lower()}" for key in order if states[key]]
    return safe_text(", ".join(parts), limit=300) or "no call"


def _facts(run: AuditRun) -> tuple[Fact, ...]:
    source, totals = run.input, run.totals
    prices = safe_text(run.generated_from.price_snapshot_date)
    priced = share_of(totals.calls - totals.unpriced_calls, totals.calls)
    lost = f"{counted(totals.unpriced_calls, 'call')}, {count(totals.unpriced_tokens)} tokens without a price"
    return (
        Fact("Money", f"{safe_text(run.currency)} at list price, price table of {prices}"),
        Fact("Sources", f"{counted(source.files, 'file')}{_formats(source)}"),
        Fact("Records read", f"{count(source.records)}", _records(source)),
        Fact("Calls in the period", count(totals.calls), _outside(source)),
        Fact("Priced", f"{priced} of calls", lost if totals.unpriced_calls else "", formula("priced share")),
        Fact("Token usage", usage_text(source.usage_state)),
    )


def _formats(source: Input) -> str:
    formats: Counter[str] = Counter()
    for file in source.sources:
        formats.update(file.formats)
    text = ", ".join(name(key) for key in sorted(formats))
    return f" ({text})" if text else ""


def _records(source: Input) -> str:
    return (
        f"{counted(source.calls, 'call')}, {counted(source.duplicates, 'duplicate')}, "
        f"{count(source.no_calls)} no calls, {count(source.rejected)} rejected, {count(source.blanks)} blank"
    )


def _outside(source: Input) -> str:
    return f"{count(source.out_of_period)} outside of it, {count(source.undated)} without a date"


def _unpriced(run: AuditRun) -> tuple[str, ...]:
    totals = run.totals
    if totals.unpriced_calls * 100 <= totals.calls * UNPRICED_LIMIT_PERCENT:
        return ()
    models = sorted({model.model for model in run.models if model.list_cost is None})
    named = ", ".join(quoted(model) for model in models[:_NAMES_IN_BANNER])
    more = f" and {len(models) - _NAMES_IN_BANNER} more" if len(models) > _NAMES_IN_BANNER else ""
    lost = share_of(totals.unpriced_calls, totals.calls)
    which = f": {named}{more}" if models else ""
    return (f"{lost} of calls ({count(totals.unpriced_calls)}) have no price{which}. Every sum leaves them out.",)


def _rejected(source: Input) -> tuple[str, ...]:
    if source.rejected * 100 <= source.records * REJECTED_LIMIT_PERCENT:
        return ()
    lost = share_of(source.rejected, source.records)
    return (f"{lost} of records ({count(source.rejected)}) could not be read as calls; Data and method says why.",)


def _unaccounted(source: Input) -> tuple[str, ...]:
    missing = source.unaccounted
    return (f"{count(missing)} of {count(source.records)} records are not accounted for.",) if missing else ()
