"""How does spend by feature go into a spreadsheet?

One row a feature and no total row: the columns add up to the totals of the run, exactly. The feature comes first and
everything is quoted, so a name cannot start a cell of its own, in whatever way the file is cut into cells.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from tokaudit.report.safe_text import safe_cell
from tokaudit.report.view.names import by_cost
from tokaudit.result import COMPONENTS, AuditRun, Feature, Period, plain

_TOKENS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)
_COSTS = ("input_cost", "output_cost", "unit_cost", "list_cost", "contracted_cost", "naive_cost")
_COUNTS = ("calls", "operations", "conversations", "unpriced_calls", "unpriced_tokens")
_HEAD = (
    "feature",
    "source",
    "period_start",
    "period_end",
    "currency",
    *_COUNTS,
    *_TOKENS,
    *_COSTS,
    "logged_cost",
    "waste_cost",
    *(f"{kind}_{component}" for component in COMPONENTS for kind in ("tokens", "cost")),
)


def render_csv(run: AuditRun) -> str:
    """Write one row a feature, the dearest first; an unknown value is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(_HEAD)
    for feature in by_cost(run.features):
        writer.writerow(_row(feature, run.period, run.currency))
    return out.getvalue()


def _row(feature: Feature, period: Period, currency: str) -> list[str]:
    return [
        safe_cell(feature.feature),
        safe_cell(feature.source),
        period.start.isoformat(),
        period.end.isoformat(),
        safe_cell(currency),
        *(str(getattr(feature, key)) for key in (*_COUNTS, *_TOKENS)),
        *(_amount(feature, getattr(feature, key)) for key in _COSTS),
        "" if feature.logged_cost is None else str(plain(feature.logged_cost)),
        _amount(feature, feature.waste.cost),
        *(cell for component in COMPONENTS for cell in _component(feature, component)),
    ]


def _component(feature: Feature, key: str) -> tuple[str, str]:
    part = feature.components.get(key)
    return (str(part.tokens), _amount(feature, part.cost)) if part else ("0", _amount(feature, Decimal(0)))


def _amount(feature: Feature, value: Decimal) -> str:
    """Write an exact amount; a feature without any priced call has no known cost."""
    return "" if feature.calls == feature.unpriced_calls > 0 else str(plain(value))
