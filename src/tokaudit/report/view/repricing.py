"""What would the period cost now, and at other models; and was paid what had to be paid anyway?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokaudit.report.format import count, counted, dollars, dollars_range, money, money_range
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.names import name, top
from tokaudit.report.view.shapes import Column, Row, Section, Table
from tokaudit.result import Alternative, AuditRun, CommitmentUse, RatesInForce, RepricedModel, Repricing

_TOPIC = "What it costs now"
NOTE_LIMIT = 160
NO_ADVICE = "Data, no advice: neither logs nor price lists show whether another model's answers are good enough."
_MODEL_COLUMNS = (
    Column("model", "Model"),
    Column("calls", "Calls"),
    Column("then", "When made, USD"),
    Column("now", "Now, USD"),
    Column("change", "Change, USD"),
    Column("rates_then", "Rates then", text=True),
    Column("rates", "Rates now", text=True),
)
_OTHER_COLUMNS = (
    Column("from", "Calls of"),
    Column("model", "At the rates of", text=True),
    Column("calls", "Calls"),
    Column("own", "At their own rates, USD"),
    Column("other", "At the other's, USD"),
    Column("expected", "Expected, USD"),
    Column("tokens", "Its tokens for one of theirs"),
    Column("basis", "Basis", text=True),
)
_COMMITMENT_COLUMNS = (
    Column("name", "Commitment"),
    Column("calls", "Calls"),
    Column("committed", "To be paid, USD"),
    Column("used", "Used, USD"),
    Column("shortfall", "Paid and not used, USD"),
)
_RATE_NOTE = "Rates: input / cache read / output, USD a million tokens, of the most used tier and length of prompt."
_COMMITMENT_NOTE = "Used: at contracted rates; of calls that a commitment pays for, at list price."


def repricing_section(run: AuditRun) -> Section:
    """Price the period anew, and set commitments against their use."""
    found = run.repricing
    tables = (_models(found), _others(found), _commitments(run.commitments))
    return Section(
        anchor="now",
        topic=_TOPIC,
        heading=repricing_heading(found),
        sentences=tuple(_sentences(found)),
        tables=tuple(table for table in tables if table.rows),
        closed=True,
    )


def repricing_heading(found: Repricing) -> str:
    """Say what the priced calls cost at the rates of the price snapshot's date."""
    on = safe_text(found.rates_on)
    if not found.by_model or all(model.list_cost is None for model in found.by_model):
        return f"No call has a rate on {on}"
    if found.change == 0:
        return f"At the rates of {on} the same calls cost the same: {dollars(found.list_cost)}"
    word = "more" if found.change > 0 else "less"
    return f"At the rates of {on} the same calls cost {dollars(found.list_cost)}, {dollars(abs(found.change))} {word}"


def _sentences(found: Repricing) -> Iterable[str]:
    if found.unpriced_calls:
        yield f"Left out: {counted(found.unpriced_calls, 'call')} without a rate when made or on that date."
    if found.alternatives:
        yield NO_ADVICE
        yield "By feature they stand in the JSON file, and in tokaudit plan."


def _other_than_then(model: RepricedModel) -> bool:
    return model.rates is not None or model.list_cost != model.list_cost_then


def _models(found: Repricing) -> Table:
    shown, rest = top([model for model in found.by_model if _other_than_then(model)])
    rows = [Row(_model_cells(model), note=_model_note(model)) for model in shown]
    if rest:
        rows.append(
            Row((f"other ({len(rest)})", count(sum(m.calls for m in rest)), "", "", "", "", "in the JSON file"))
        )
    return Table("now-models", "Models that cost otherwise now", _MODEL_COLUMNS, tuple(rows), notes=(_RATE_NOTE,))


def _model_cells(model: RepricedModel) -> tuple[str, ...]:
    then, now = model.list_cost_then, model.list_cost
    return (
        name(model.model),
        count(model.calls),
        money(then),
        money(now),
        money(None if then is None or now is None else now - then),
        _rates(model.rates_then),
        _rates(model.rates),
    )


def _rates(rates: RatesInForce | None) -> str:
    if rates is None:
        return ""
    amounts = (rates.input_usd_per_million, rates.cache_read_usd_per_million, rates.output_usd_per_million)
    since = f" since {safe_text(rates.effective_from)}" if rates.effective_from else ""
    return " / ".join(money(amount) for amount in amounts) + since


def _model_note(model: RepricedModel) -> str:
    parts = (model.provider_name, model.why_unpriced)
    return "; ".join(safe_text(part, limit=NOTE_LIMIT) for part in parts if part)


def _others(found: Repricing) -> Table:
    whole = [each for each in found.alternatives if each.feature is None]
    shown, rest = top(whole)
    rows = [Row((name(each.from_model) if each.from_model else "all models", *_other_cells(each))) for each in shown]
    if rest:
        rows.append(Row((f"other ({len(rest)})", "in the JSON file", *("",) * 6)))
    return Table("now-others", "The same calls at other models", _OTHER_COLUMNS, tuple(rows), notes=_notes(shown))


def other_model(each: Alternative) -> str:
    """Name a model with its provider."""
    return f"{name(each.model)} ({name(each.provider_name)})" if each.provider_name else name(each.model)


def _other_cells(each: Alternative) -> tuple[str, ...]:
    ratio = each.tokeniser
    span = f"{ratio.low.normalize():f}–{ratio.high.normalize():f}" if ratio and ratio.low != ratio.high else "1"
    return (
        other_model(each),
        count(each.calls),
        money(each.list_cost),
        money_range(each.cost),
        money(each.cost.expected if each.cost else None),
        span if ratio else "",
        safe_text(ratio.basis) if ratio else "",
    )


def _notes(shown: Sequence[Alternative]) -> tuple[str, ...]:
    """Say each caveat once, with the models it holds for where it does not hold for all."""
    said: dict[str, list[str]] = {}
    for each in shown:
        sources = (each.tokeniser.source,) if each.tokeniser and each.tokeniser.basis != "exact" else ()
        for note in (*each.notes, *(f"tokens by {source}" for source in sources)):
            said.setdefault(note, []).append(name(each.model))
    return tuple(_said(note, models if len(models) < len(shown) else ()) for note, models in said.items())


def _said(note: str, models: Sequence[str]) -> str:
    """Write a caveat as a sentence. models: those it holds for, () = all."""
    text = safe_text(note, limit=4 * NOTE_LIMIT)
    whose = f"{', '.join(dict.fromkeys(models))}: " if models else ""
    return f"{whose}{text[:1].upper()}{text[1:]}."


def _commitments(found: Sequence[CommitmentUse]) -> Table:
    rows = tuple(Row(_commitment_cells(each), note=safe_text(each.source, limit=NOTE_LIMIT)) for each in found)
    return Table("now-commitments", "Commitments", _COMMITMENT_COLUMNS, rows, notes=(_COMMITMENT_NOTE,))


def _commitment_cells(each: CommitmentUse) -> tuple[str, ...]:
    amounts = (each.committed_usd, each.used_usd, each.shortfall_usd)
    return (name(each.name), count(each.calls), *(money(amount) for amount in amounts))


def repricing_lines(run: AuditRun) -> list[str]:
    """Say it in a few lines, for the terminal: the period now, other models asked for, commitments."""
    found = run.repricing
    asked = [each for each in found.alternatives if each.feature is None and each.from_model is None]
    return [
        repricing_heading(found),
        *(other_model_line(each) for each in asked),
        *(_commitment_line(each) for each in run.commitments),
    ]


def other_model_line(each: Alternative) -> str:
    """Say in a line what calls would cost at another model."""
    head = f"{f'Its calls of {name(each.from_model)} at' if each.from_model else 'At'} {other_model(each)}"
    if each.cost is None:
        return f"{head}: not known ({'; '.join(safe_text(note, limit=NOTE_LIMIT) for note in each.notes)})"
    own = f" instead of {dollars(each.list_cost)}" if each.list_cost is not None else ""
    ratio = each.tokeniser
    why = f"; range of its tokeniser: {safe_text(ratio.basis)}" if ratio and ratio.low != ratio.high else ""
    return f"{head}: {dollars_range(each.cost)}{own}, if its answers are good enough{why}"


def _commitment_line(each: CommitmentUse) -> str:
    left = each.shortfall_usd
    end = f", {dollars(left)} paid and not used" if left else ""
    return f"Commitment {name(each.name)}: {dollars(each.used_usd)} used of {dollars(each.committed_usd)}{end}"
