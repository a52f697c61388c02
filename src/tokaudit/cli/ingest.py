"""`tokaudit ingest`: logs into the ledger, without a report."""

from __future__ import annotations

from tokaudit.cli import options as o
from tokaudit.cli.audit import notes_on_reading
from tokaudit.cli.terminal import progress, stdout
from tokaudit.report.format import counted
from tokaudit.session import ingest_paths


def ingest(
    paths: o.Paths,
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    settings: o.SettingsFile = None,
    column: o.Columns = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Read logs into the ledger. Reading the same file twice changes nothing; a file that grew is read on.

    Examples: tokaudit ingest logs/ · tokaudit ingest 'logs/2026-01-*.jsonl.gz'
    """
    chosen = o.make_settings(settings=settings, columns=column)
    with progress(quiet=quiet) as shown:
        report = ingest_paths(paths, ledger, chosen, shown)
    notes_on_reading(report, None, quiet=quiet, verbose=verbose)
    stdout().print(
        f"{counted(len(report.file_ids), 'file')} in the ledger {ledger}, {len(report.known)} of them read before"
    )
