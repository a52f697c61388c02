"""What does one command do, from paths to result?

Opens the ledger, reads what is new, analyses, and hands back values; writing and printing are the caller's business.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tokaudit.bills.line import Bill, BillOptions
from tokaudit.bills.read import read_bills
from tokaudit.config import Settings
from tokaudit.doctor import FileFound, found_in
from tokaudit.errors import InputError, NoCallsError
from tokaudit.ingest.ingest import IngestReport, ingest
from tokaudit.ingest.sources import STDIN, STDIN_NAME, Source, find_sources, parts_of
from tokaudit.ingest.storage.place import LocalFile
from tokaudit.ingest.survey import Seen, survey
from tokaudit.ingest.unpacking.streams import DAMAGED, UnreadableError
from tokaudit.ledger.store import Ledger, open_ledger
from tokaudit.readers.contract import ReadOptions
from tokaudit.reconcile.reconcile import Asked, lines_of, reconcile, requested_period, with_days_around
from tokaudit.reconcile.result import Reconciliation
from tokaudit.result import AuditRun
from tokaudit.run import Analysis, analyse, finish


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far a command is: of_bytes(done, all) while reading, of_step(name, share) after."""

    of_bytes: Callable[[int, int], None] = lambda _done, _all: None
    of_step: Callable[[str, float], None] = lambda _name, _share: None


SILENT = Progress()


def _sources(paths: Sequence[str], folder: Path) -> list[Source]:
    """Expand the paths; standard input is copied to a private working folder, which goes when the work is done."""
    found = find_sources([path for path in paths if path != STDIN])
    if STDIN in paths:
        copy = folder / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        found.append(Source(LocalFile(copy, STDIN_NAME), STDIN_NAME, copy.stat().st_size, named=True))
    return found


def _read(ledger: Ledger, paths: Sequence[str], settings: Settings, progress: Progress) -> IngestReport:
    options = ReadOptions(columns=settings.columns, timezone=settings.log_timezone)
    sources = _sources(paths, ledger.spool.parent)
    total = sum(source.size for source in sources)
    report = ingest(sources, ledger, options, lambda done: progress.of_bytes(done, total))
    if report.refused and not report.file_ids:
        raise _refused_error(report)
    return report


def _refused_error(report: IngestReport) -> InputError:
    first = report.refused[0]
    more = f" (and {len(report.refused) - 1} more files)" if len(report.refused) > 1 else ""
    is_damaged = first.reason.endswith(DAMAGED)
    hint = "export or copy the file again" if is_damaged else "see which formats are read: tokaudit readers"
    return InputError(f"no calls could be read: {first.reason}{more}", where=first.name, hint=hint)


def ingest_paths(
    paths: Sequence[str], ledger_path: Path, settings: Settings, progress: Progress = SILENT
) -> IngestReport:
    """Read logs into the ledger. Raises InputError when none of the files could be read."""
    with open_ledger(ledger_path) as ledger:
        return _read(ledger, paths, settings, progress)


def audit_paths(
    paths: Sequence[str], ledger_path: Path, settings: Settings, progress: Progress = SILENT
) -> tuple[AuditRun, IngestReport]:
    """Read logs and audit the calls in them, whatever else the ledger holds."""
    with open_ledger(ledger_path) as ledger:
        report = _read(ledger, paths, settings, progress)
        analysis = analyse(ledger, report.file_ids, settings, progress.of_step)
        refused = [(refusal.name, refusal.reason) for refusal in report.refused]
        return finish(analysis, settings, refused), report


def doctor_paths(paths: Sequence[str], settings: Settings, progress: Progress = SILENT) -> tuple[FileFound, ...]:
    """Say of each file what it is and what it can show. Nothing is stored. Raises InputError for a path that is none."""
    options = ReadOptions(columns=settings.columns, timezone=settings.log_timezone)
    with TemporaryDirectory(prefix="tokaudit-") as folder:
        sources = _sources(paths, Path(folder))
        total, done, seen = sum(source.size for source in sources), 0, Seen()

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress.of_bytes(done, total)

        return tuple(
            found_in(survey(part, options, advance, seen), settings.prices)
            for source in sources
            for part in _parts(source)
        )


def _parts(source: Source) -> list[Source]:
    try:
        return parts_of(source)
    except (OSError, UnreadableError):
        return [source]  # the survey of it will say what is wrong


def _existing(ledger_path: Path) -> Path:
    if not ledger_path.exists():
        hint = "read logs first: tokaudit audit PATH, or name another file with --ledger"
        raise NoCallsError("there is no ledger yet", where=str(ledger_path), hint=hint)
    return ledger_path


def report_period(ledger_path: Path, settings: Settings, progress: Progress = SILENT) -> AuditRun:
    """Audit a period of the whole ledger."""
    with open_ledger(_existing(ledger_path)) as ledger:
        return finish(analyse(ledger, None, settings, progress.of_step), settings)


@contextmanager
def analysed_period(
    ledger_path: Path, settings: Settings, progress: Progress = SILENT
) -> Iterator[tuple[Analysis, pl.LazyFrame]]:
    """Open a period of the whole ledger, with one row a call (valid inside the block only)."""
    with open_ledger(_existing(ledger_path)) as ledger:
        analysis = analyse(ledger, None, settings, progress.of_step)
        yield analysis, pl.scan_parquet(list(analysis.call_files), glob=False)


def reconcile_bills(
    paths: Sequence[str],
    ledger_path: Path,
    settings: Settings,
    options: BillOptions,
    *,
    scope: str | None = None,
    progress: Progress = SILENT,
) -> tuple[Reconciliation, tuple[Bill, ...]]:
    """Set the ledger against bills. scope: only this project of the bill. Raises InputError for a bill that cannot be read."""
    bills = tuple(read_bills(paths, options))
    lines = lines_of(bills, scope)
    requested = requested_period(settings, lines)
    around = with_days_around(settings, requested, lines)
    try:
        with analysed_period(ledger_path, around, progress) as (_, calls):
            return reconcile(calls, bills, Asked(requested, scope, settings.prices)), bills
    except NoCallsError as error:
        raise NoCallsError("the ledger holds no calls of the bill's days", hint=error.hint) from error
