"""From which data and by which rules was the report made?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tokaudit.report.format import UNKNOWN, count, counted, dollars, money, share_of, size
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.formulas import formulas
from tokaudit.report.view.names import name, quoted, top
from tokaudit.report.view.shapes import Column, Detail, Fact, Row, Section, Table
from tokaudit.report.words import USAGE_STATES, word
from tokaudit.result import AuditRun, ModelSpend, SourceFile

REJECTS_SHOWN = 10
PATH_LIMIT = 120

_FILE_COLUMNS = (
    Column("file", "File"),
    Column("formats", "Format", text=True),
    Column("bytes", "Size"),
    Column("records", "Records"),
    Column("calls", "Calls"),
    Column("duplicates", "Duplicates"),
    Column("no_calls", "No calls"),
    Column("rejected", "Rejected"),
    Column("blanks", "Blank"),
)
_FILE_NOTES = (
    "Records = calls + duplicates + no calls + rejected + blank.",
    "Calls are those of the files, before the period is cut out of them.",
)
_MODEL_COLUMNS = (
    Column("model", "Model"),
    Column("calls", "Calls"),
    Column("input_tokens", "Input tokens"),
    Column("output_tokens", "Output tokens"),
    Column("list_cost", "List cost, USD"),
    Column("contracted_cost", "Contracted, USD"),
    Column("input_rate", "Input, USD a million"),
    Column("cache_rate", "Cache read, USD a million"),
    Column("output_rate", "Output, USD a million"),
    Column("since", "In force since", text=True),
    Column("source", "Source of the rates", text=True),
)


def method_section(run: AuditRun) -> Section:
    """Account for every record, rate and rule."""
    source = run.input
    details = (
        Detail("files", f"{counted(source.files, 'file')} read", tables=_tables(_files(run), _columns(run))),
        *_days(run),
        *_no_calls(run),
        Detail("rejects", f"{counted(source.rejected, 'rejected record')}", tables=_tables(*_rejects(run))),
        Detail("usage", "Where the token counts come from", tables=_tables(*_usage(run))),
        Detail("models", _models_summary(run), sentences=_unpriced(run), tables=_tables(_models(run))),
        Detail("costs", "Which cost is meant", facts=_costs(run)),
        Detail("formulas", "Formulas", facts=formulas()),
    )
    return Section(
        anchor="method",
        topic="Data and method",
        heading=f"{counted(source.records, 'record')} read, {_accounted(run)}",
        details=details,
        facts=_made_from(run),
        closed=True,
    )


def _accounted(run: AuditRun) -> str:
    source = run.input
    return (
        f"{count(source.unaccounted)} of them not accounted for" if source.unaccounted else "each of them accounted for"
    )


def _tables(*tables: Table) -> tuple[Table, ...]:
    return tuple(table for table in tables if table.rows)


def _files(run: AuditRun) -> Table:
    shown, rest = top(sorted(run.input.sources, key=lambda source: (-source.records, source.file)))
    rows = [Row((safe_text(source.file, limit=PATH_LIMIT), *_file_cells([source]))) for source in shown]
    if rest:
        rows.append(Row((f"other ({len(rest)})", *_file_cells(rest))))
    source = run.input
    figures = (source.records, source.calls, source.duplicates, source.no_calls, source.rejected, source.blanks)
    size_read = size(sum(each.bytes for each in source.sources))
    total = Row(("All files", "", size_read, *(count(figure) for figure in figures)))
    return Table("method-files", "Files", _FILE_COLUMNS, tuple(rows), total, _FILE_NOTES)


def _file_cells(sources: Sequence[SourceFile]) -> tuple[str, ...]:
    formats = sorted({name(key) for source in sources for key in source.formats})
    figures = (
        sum(source.records for source in sources),
        sum(source.calls for source in sources),
        sum(source.duplicates for source in sources),
        sum(source.no_calls for source in sources),
        sum(source.rejected for source in sources),
        sum(source.blanks for source in sources),
    )
    return (", ".join(formats), size(sum(source.bytes for source in sources)), *(count(figure) for figure in figures))


def _columns(run: AuditRun) -> Table:
    """Show which column was taken for what, in files whose columns had to be guessed."""
    pairs = [
        (source.file, field, column)
        for source in sorted(run.input.sources, key=lambda source: source.file)
        for field, column in sorted(source.columns.items())
    ]
    shown, rest = top(pairs, 40)
    rows = [Row((safe_text(file, limit=PATH_LIMIT), name(field), name(column))) for file, field, column in shown]
    if rest:
        rows.append(Row((f"other ({len(rest)})", "", "in the JSON file")))
    columns = (Column("file", "File"), Column("field", "Read as", text=True), Column("column", "Column", text=True))
    return Table("method-columns", "Columns whose meaning was guessed", columns, tuple(rows))


def _days(run: AuditRun) -> tuple[Detail, ...]:
    if len(run.days) < 2:
        return ()
    columns = (Column("date", "Day"), Column("calls", "Calls"), Column("cost", "List cost, USD"))
    rows = tuple(Row((day.date, count(day.calls), money(day.list_cost))) for day in run.days)
    total = Row(("All days", count(sum(day.calls for day in run.days)), money(run.totals.list_cost)))
    table = Table("method-days", "List cost by day", columns, rows, total)
    return (Detail("days", counted(len(run.days), "day"), tables=(table,)),)


def _no_calls(run: AuditRun) -> tuple[Detail, ...]:
    source = run.input
    if not source.no_calls:
        return ()
    kinds = _counts("method-no-calls", "Kinds", ("Kind", "Records"), source.no_calls_by_kind, source.no_calls)
    return (Detail("no-calls", f"{counted(source.no_calls, 'record')} that are no calls", tables=(kinds,)),)


def _rejects(run: AuditRun) -> tuple[Table, Table]:
    source = run.input
    first = source.first_rejects[:REJECTS_SHOWN]
    rows = tuple(
        Row((f"{safe_text(reject.file, limit=PATH_LIMIT)}:{reject.line}", safe_text(reject.reason, limit=PATH_LIMIT)))
        for reject in first
    )
    columns = (Column("place", "File and line"), Column("reason", "Reason", text=True))
    listed = Table("method-first-rejects", f"The first {len(first)}", columns, rows)
    by_reason = _counts("method-rejects", "Reasons", ("Reason", "Records"), source.rejects_by_reason, source.rejected)
    return by_reason, listed


def _usage(run: AuditRun) -> tuple[Table, Table]:
    states = {word(USAGE_STATES, key).name: number for key, number in run.input.usage_state.items()}
    rules = run.input.usage_rules
    return (
        _counts("method-usage", "State of the usage figures", ("State", "Calls"), states, sum(states.values())),
        _counts("method-rules", "Rule by which they were read", ("Rule", "Calls"), rules, sum(rules.values())),
    )


def _counts(mark: str, caption: str, units: tuple[str, str], counts: Mapping[str, int], whole: int) -> Table:
    head, unit = units
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = top(order)
    left = sum(number for _, number in rest)
    rows = [Row((safe_text(key, limit=PATH_LIMIT), count(number), share_of(number, whole))) for key, number in shown]
    if rest:
        rows.append(Row((f"other ({len(rest)})", count(left), share_of(left, whole))))
    columns = (Column("key", head), Column("count", unit), Column("share", "Share"))
    return Table(mark, caption, columns, tuple(rows), Row(("All", count(whole), share_of(whole, whole))))


def _models(run: AuditRun) -> Table:
    shown, rest = top(sorted(run.models, key=_model_order))
    rows = [Row(_model_cells(model), note=_model_note(model)) for model in shown]
    if rest:
        rows.append(Row((f"other ({len(rest)})", *_model_sums(rest), *("",) * 5)))
    total = Row(("All models", *_model_sums(run.models), *("",) * 5))
    return Table("method-models", "Models and the rates they were priced at", _MODEL_COLUMNS, tuple(rows), total)


def _model_note(model: ModelSpend) -> str:
    """Say who publishes the rates, how the log's name led there, and which rules changed them."""
    parts = (model.provider_name, model.matched_by, model.price_rules)
    return "; ".join(safe_text(part, limit=PATH_LIMIT) for part in parts if part)


def _model_order(model: ModelSpend) -> tuple[bool, float, str, str]:
    cost = model.list_cost
    return (cost is None, -float(cost) if cost else 0.0, model.model, model.provider_name or "")


def _model_cells(model: ModelSpend) -> tuple[str, ...]:
    return (
        name(model.model),
        count(model.calls),
        count(model.input_tokens),
        count(model.output_tokens),
        money(model.list_cost),
        money(model.contracted_cost),
        money(model.input_usd_per_million),
        money(model.cache_read_usd_per_million),
        money(model.output_usd_per_million),
        safe_text(model.price_effective_from or UNKNOWN),
        safe_text(model.price_source, limit=PATH_LIMIT),
    )


def _model_sums(models: Sequence[ModelSpend]) -> tuple[str, ...]:
    return (
        count(sum(model.calls for model in models)),
        count(sum(model.input_tokens for model in models)),
        count(sum(model.output_tokens for model in models)),
        _sum(model.list_cost for model in models),
        _sum(model.contracted_cost for model in models),
    )


def _sum(costs: Iterable[Decimal | None]) -> str:
    known = [cost for cost in costs if cost is not None]
    return money(sum(known, Decimal(0))) if known else UNKNOWN


def _models_summary(run: AuditRun) -> str:
    lost = sum(model.list_cost is None for model in run.models)
    return f"{counted(len(run.models), 'model')}" + (f", {count(lost)} without a price" if lost else "")


def _unpriced(run: AuditRun) -> tuple[str, ...]:
    models = sorted({model.model for model in run.models if model.list_cost is None})
    shown, rest = top(models)
    named = ", ".join(quoted(model) for model in shown) + (f" and {len(rest)} more" if rest else "")
    return (f"Without a price: {named}. Their tokens are counted; their cost is in no sum.",) if models else ()


def _costs(run: AuditRun) -> tuple[Fact, ...]:
    totals = run.totals
    priced = totals.calls > totals.unpriced_calls
    logged = "the log names none" if totals.logged_cost is None else "as the log claims"
    return (
        Fact("List cost", dollars(totals.list_cost if priced else None), "published rates; this report's figures"),
        Fact("Contracted cost", dollars(totals.contracted_cost if priced else None), "with negotiated rates"),
        Fact("Logged cost", dollars(totals.logged_cost), logged),
        Fact("Billed cost", UNKNOWN, "stands only on the provider's invoice"),
    )


def _made_from(run: AuditRun) -> tuple[Fact, ...]:
    made = run.generated_from
    return (
        Fact("Rows in the ledger", count(made.ledger_rows)),
        Fact("Price table of", safe_text(made.price_snapshot_date)),
        Fact("Settings", safe_text(made.settings_hash)),
        Fact("Made by", f"{safe_text(run.tool.name)} {safe_text(run.tool.version)}"),
    )
