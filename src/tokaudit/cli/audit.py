"""`tokaudit audit`: logs in, report out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tokaudit.cli import options as o
from tokaudit.cli.terminal import note, note_written, progress, stdout
from tokaudit.errors import GateNotMetError
from tokaudit.ingest.ingest import IngestReport
from tokaudit.report.format import counted, dollars, share
from tokaudit.report.terminal import print_summary
from tokaudit.report.write import write_reports
from tokaudit.result import AuditRun, to_json
from tokaudit.session import audit_paths

_MOST_NAMES = 5


def audit(
    paths: o.Paths,
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    month: o.Month = None,
    since: o.Since = None,
    until: o.Until = None,
    tz: o.Zone = None,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    features: o.FeaturesFile = None,
    column: o.Columns = None,
    compare: o.Compare = None,
    out: o.OutFolder = o.DEFAULT_OUT,
    format: o.Formats = "html,json",
    json: o.AsJson = False,
    fail_over: o.FailOver = None,
    max_rejects: o.MaxRejects = None,
    max_unpriced: o.MaxUnpriced = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Audit logs: what they cost, why, and what to change. Writes an HTML and a JSON report.

    Examples: tokaudit audit logs/ --month 2026-01 · zcat log.gz | tokaudit audit - --prices rates.toml
    """
    gates = _Gates(fail_over, max_rejects, max_unpriced)
    chosen = o.make_settings(
        settings=settings,
        month=month,
        since=since,
        until=until,
        zone=tz,
        prices=prices,
        features=features,
        columns=column,
        compare=compare,
    )
    formats = o.parse_formats(format)
    with progress(quiet=quiet) as shown:
        run, ingested = audit_paths(paths, ledger, chosen, shown)
    notes_on_reading(ingested, run, quiet=quiet, verbose=verbose)
    written = write_reports(run, out, formats)
    show(run, as_json=json)
    note_reports(written, quiet=quiet)
    gates.check(run)


def show(run: AuditRun, *, as_json: bool) -> None:
    """Print the answer."""
    if as_json:
        print(to_json(run), end="")  # noqa: T201 - the answer
    else:
        print_summary(run, stdout())


def note_reports(written: Sequence[Path], *, quiet: bool) -> None:
    """Tell which reports were written, the one to open last."""
    for path in sorted(written, key=lambda path: path.suffix == ".html"):
        note_written(path, quiet=quiet)


def notes_on_reading(report: IngestReport, run: AuditRun | None, *, quiet: bool, verbose: bool) -> None:
    """Tell what became of the files: refused ones always, the rest briefly."""
    shown = report.refused if verbose else report.refused[:_MOST_NAMES]
    for refusal in shown:
        note(f"warning: not read: {refusal.name}: {refusal.reason}")
    if len(report.refused) > len(shown):
        note(f"warning: {len(report.refused) - len(shown)} more files were not read (-v names them)")
    if report.known and not quiet:
        note(
            f"{counted(len(report.known), 'file')} read before, not read again"
            + (f": {', '.join(report.known)}" if verbose else "")
        )
    for name in report.changed:
        note(f"warning: {name} was read before with other contents: in `report`, calls without ids may count twice")
    if report.grown and not quiet:
        note(
            f"{counted(len(report.grown), 'file')} read on from where it ended"
            + (f": {', '.join(report.grown)}" if verbose else "")
        )
    if run and not quiet:
        _note_columns(run)


def _note_columns(run: AuditRun) -> None:
    """Show each column map once, with the files it was used for."""
    maps: dict[str, list[str]] = {}
    for source in run.input.sources:
        if source.columns:
            text = ", ".join(f"{field} = {name!r}" for field, name in source.columns.items())
            maps.setdefault(text, []).append(source.file)
    for text, files in maps.items():
        more = f" and {counted(len(files) - 1, 'more file')}" if len(files) > 1 else ""
        note(f"columns of {files[0]}{more}: {text} (change one with --column FIELD=NAME)")


class _Gates:
    """Limits whose breach is exit code 3. Read before the work, checked after it."""

    def __init__(self, fail_over: str | None, max_rejects: str | None, max_unpriced: str | None) -> None:
        self._most_usd: Decimal | None = o.parse_usd(fail_over) if fail_over is not None else None
        self._most_rejects = o.parse_share(max_rejects) if max_rejects is not None else None
        self._most_unpriced = o.parse_share(max_unpriced) if max_unpriced is not None else None

    def check(self, run: AuditRun) -> None:
        """Raise GateNotMetError for the first gate that is not met."""
        cost, read, totals = run.totals.list_cost, run.input, run.totals
        if self._most_usd is not None and cost > self._most_usd:
            raise GateNotMetError(
                f"the list cost {dollars(cost)} is over {dollars(self._most_usd)}",
                hint=f"--fail-over; to the last decimal it is {cost.normalize():f}",
            )
        rejects = read.rejected / read.records if read.records else 0.0
        if self._most_rejects is not None and rejects > self._most_rejects:
            what = f"{share(rejects)} of the records were rejected, over {share(self._most_rejects)}"
            raise GateNotMetError(what, hint="--max-rejects; the report lists the first ones by file and line")
        unpriced = totals.unpriced_share or 0.0
        if self._most_unpriced is not None and unpriced > self._most_unpriced:
            names = ", ".join(sorted({model.model for model in run.models if model.list_cost is None}))
            lost = f"{counted(totals.unpriced_calls, 'call')} with {counted(totals.unpriced_tokens, 'token')}"
            what = f"{lost} have no price, {share(unpriced)} and over {share(self._most_unpriced)}: {names}"
            raise GateNotMetError(what, hint="give their rates with --prices")
