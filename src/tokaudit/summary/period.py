"""What does the whole period cost, by model and by day, and what was read?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from tokaudit.ledger.scope import Scope
from tokaudit.ledger.store import FileRow
from tokaudit.result import DaySpend, Input, ModelSpend, RejectedLine, SourceFile, Totals
from tokaudit.stages import PARTIAL_KEYS, Partials
from tokaudit.summary.features import Row, bridge, money, ratio, sums, tokens, waste_of

FIRST_REJECTS = 10
NO_USAGE = "the log holds neither token counts nor texts to estimate them from"
_MILLION = 6


def _rows(table: pl.DataFrame) -> list[Row]:
    return list(table.iter_rows(named=True))


def totals_of(partials: Partials) -> Totals:
    """Add up the period."""
    calls = _rows(partials["calls"])
    steps = bridge(calls, _rows(partials["components"]))
    common = sums(calls)
    return Totals(
        conversations=tokens(calls, "opened_conversations"),
        waste_cost=waste_of(calls).cost,
        naive_cost=steps[0].cost,
        multiplier=ratio(common["list_cost"], steps[0].cost),
        bridge=steps,
        unpriced_share=_unpriced_share(common),
        **common,
    )


def _unpriced_share(sums: Mapping[str, Any]) -> float | None:
    tokens = sums["input_tokens"] + sums["output_tokens"]
    shares = (ratio(sums["unpriced_calls"], sums["calls"]), ratio(sums["unpriced_tokens"], tokens))
    return max((share for share in shares if share is not None), default=None)


def _per_million(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rate.scaleb(_MILLION)


def _price_source(row: Row) -> str:
    has_rate = row["input_rate"] is not None
    return NO_USAGE if has_rate and not row["is_priced"] else row["price_source"]


def models_of(partials: Partials) -> tuple[ModelSpend, ...]:
    """Add up each model and rate, the most expensive first, unpriced ones last."""
    table = partials["models"].drop("feature")
    keys = [name for name in PARTIAL_KEYS["models"] if name != "feature"]
    rows = _rows(table.group_by(keys).agg(pl.all().sum()).sort(keys, nulls_last=True))
    found = [
        ModelSpend(
            provider_name=row["provider_name"],
            model=row["model"],
            calls=row["calls"],
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            list_cost=row["list_cost"] if row["is_priced"] else None,
            contracted_cost=row["contracted_cost"] if row["is_priced"] else None,
            logged_cost=row["logged_cost"] if row["logged_calls"] else None,
            price_source=_price_source(row),
            price_effective_from=row["price_effective_from"].isoformat() if row["price_effective_from"] else None,
            matched_by=row["matched_by"],
            price_rules=row["price_rules"],
            input_usd_per_million=_per_million(row["input_rate"]),
            cache_read_usd_per_million=_per_million(row["cache_rate"]),
            output_usd_per_million=_per_million(row["output_rate"]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda m: (m.list_cost is None, -(m.list_cost or 0), m.model, m.price_source)))


def days_of(partials: Partials) -> tuple[DaySpend, ...]:
    """Add up each day; calls without a time have none."""
    rows = _rows(partials["days"].filter(pl.col("date").is_not_null()).sort("date"))
    return tuple(DaySpend(row["date"].isoformat(), row["calls"], money([row["list_cost"]])) for row in rows)


def _source_files(scope: Scope) -> list[SourceFile]:
    kept = {row["file_id"]: row for row in _rows(scope.per_file)}
    rejects = Counter(scope.rejects["file_id"].to_list())
    return [
        SourceFile(
            file=file.name,
            formats=file.formats,
            columns=file.columns,
            bytes=file.raw_size,
            records=sum(file.formats.values()) + sum(file.asides.values()) + rejects[file.file_id] + file.blanks,
            calls=kept.get(file.file_id, _NONE)["calls"],
            duplicates=_duplicates(kept.get(file.file_id, _NONE)),
            no_calls=sum(_no_calls(file, kept.get(file.file_id, _NONE)).values()),
            rejected=rejects[file.file_id],
            blanks=file.blanks,
        )
        for file in scope.files
    ]


_NONE: Row = {"records": 0, "calls": 0, "fragments": 0, "repeats": 0}
_FRAGMENT, _REPEAT = "tells more of a call", "span that repeats the calls below it"


def _duplicates(kept: Row) -> int:
    return int(kept["records"] - kept["calls"] - kept["fragments"] - kept["repeats"])


def _no_calls(file: FileRow, kept: Row) -> Counter[str]:
    return +Counter({**file.asides, _FRAGMENT: kept["fragments"], _REPEAT: kept["repeats"]})


def _refused_file(name: str, size: int = 0) -> SourceFile:
    return SourceFile(name, {}, {}, size, 1, 0, 0, 0, 1, 0)


def input_of(
    scope: Scope, partials: Partials, refused: Sequence[tuple[str, str]], *, out_of_period: int, undated: int
) -> Input:
    """Describe what was read. refused: (file, reason) of files of which nothing could be kept; each is one reject."""
    sources = [*_source_files(scope), *(_refused_file(name) for name, _ in refused)]
    names = {file.file_id: file.name for file in scope.files}
    rejects = [RejectedLine(name, 1, reason) for name, reason in refused]
    rejects += [
        RejectedLine(names[row["file_id"]], row["line"], row["reason"])
        for row in _rows(scope.rejects.head(FIRST_REJECTS))
    ]
    by_reason = Counter(scope.rejects["reason"].to_list()) + Counter(reason for _, reason in refused)
    usage = _rows(partials["usage"])
    kept = {row["file_id"]: row for row in _rows(scope.per_file)}
    no_calls = sum((_no_calls(file, kept.get(file.file_id, _NONE)) for file in scope.files), Counter[str]())
    return Input(
        files=len(sources),
        records=sum(source.records for source in sources),
        calls=sum(source.calls for source in sources),
        duplicates=sum(source.duplicates for source in sources),
        no_calls=no_calls.total(),
        rejected=sum(source.rejected for source in sources),
        blanks=sum(source.blanks for source in sources),
        no_calls_by_kind=dict(sorted(no_calls.items())),
        rejects_by_reason=dict(sorted(by_reason.items())),
        first_rejects=tuple(rejects[:FIRST_REJECTS]),
        out_of_period=out_of_period,
        undated=undated,
        usage_state=_counts(usage, "usage_state"),
        usage_rules=_counts(usage, "usage_rule"),
        sources=tuple(sources),
    )


def _counts(rows: Sequence[Row], name: str) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row[name]] += row["calls"]
    return dict(sorted(found.items()))
