"""How do files get into the ledger, each once?

For each file: is it known, has it grown, or is it new; then its splits are read (in parallel) and committed in one
transaction. A file that cannot be read whole is refused whole and said so; the other files go on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from tokaudit.errors import InputError
from tokaudit.ingest.fingerprints import Fingerprint, Manifest, file_id_of, find_known, fingerprint
from tokaudit.ingest.pool import SMALL_BYTES, run_here, run_in_processes, worker_count
from tokaudit.ingest.sniff import NOTHING_INSIDE, sniff
from tokaudit.ingest.sources import Source, parts_of
from tokaudit.ingest.splits import cut
from tokaudit.ingest.storage.place import Place
from tokaudit.ingest.tally import Tally, sum_of, tally_of
from tokaudit.ingest.unpacking.streams import UnreadableError, reading
from tokaudit.ingest.worker import Result, Task
from tokaudit.ledger.store import FileRow, Ledger
from tokaudit.readers.contract import ReadOptions


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file of which nothing was kept, and why."""

    name: str
    reason: str
    named: bool


@dataclass(slots=True)
class IngestReport:
    """What became of the files: their ids in the ledger, and the ones refused.

    changed: files whose place was read before with other bytes; both readings stay in the ledger. planned: the files of
    this ingest by id, each once, in the order they were named.
    """

    file_ids: list[int] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    planned: dict[int, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    """One file to read. known: its earlier reading, when it has grown; continued: the same if only what is new is read.

    packing: the layers taken off its bytes, None = its offsets are those of the file as it stands.
    """

    source: Source
    file_id: int
    mark: Fingerprint
    framing: str
    packing: str | None
    known: FileRow | None
    stale: tuple[FileRow, ...]

    @property
    def continued(self) -> FileRow | None:
        # Where the records of a document or a table begin is only known from a scan of all: they are read anew.
        is_lines = self.known is not None and self.known.framing == self.framing == "lines"
        return self.known if is_lines else None

    @property
    def start(self) -> int:
        return self.continued.resume_at if self.continued else 0


def options_text(options: ReadOptions) -> str:
    """Write the read options so that equal options have equal text."""
    return json.dumps({"columns": dict(options.columns), "timezone": options.timezone}, sort_keys=True)


def _parts(sources: Sequence[Source], manifest: Manifest, report: IngestReport) -> Iterator[Source]:
    """Yield the files to read, an archive's one by one. An object that was read before need not be opened: it is none."""
    for source in sources:
        version = source.place.version
        if version is not None and manifest.holds(version):
            yield source
            continue
        try:
            with reading():
                parts = parts_of(source)
        except UnreadableError as error:
            report.refused.append(Refusal(source.name, str(error), source.named))
        else:
            yield from parts


def _plan(sources: Sequence[Source], ledger: Ledger, options: str, report: IngestReport) -> Iterator[_Job]:
    manifest = Manifest(ledger.files())
    replaced: set[int] = set()  # by an earlier file of this ingest: the bytes of one may stand at another's place now
    for source in _parts(sources, manifest, report):
        try:
            with reading():
                known = find_known(source.place, manifest, options)
        except UnreadableError as error:
            report.refused.append(Refusal(source.name, str(error), source.named))
            continue
        if known.whole is not None and known.whole.file_id not in replaced:
            _note_known(source, known.whole, ledger, report)
            continue
        # A shorter copy may have been named too: then this is another file, not that one grown.
        grown = known.shorter if known.shorter and known.shorter.file_id not in report.planned else None
        file_id = grown.file_id if grown else file_id_of(known.mark, options)
        if file_id in report.planned:
            report.known.append(source.name)
            continue
        try:
            framing, packing = sniff(source.place)
        except (UnreadableError, InputError) as error:
            report.refused.append(Refusal(source.name, str(error), source.named))
            continue
        report.planned[file_id] = source.name
        if known.changed:
            report.changed.append(source.name)
        stale = tuple(file for file in known.stale if file.file_id not in report.planned)
        replaced.update(file.file_id for file in stale)
        yield _Job(source, file_id, known.mark, framing, packing, grown, stale)


def _note_known(source: Source, file: FileRow, ledger: Ledger, report: IngestReport) -> None:
    report.known.append(source.name)
    if file.file_id in report.planned:
        return
    report.planned[file.file_id] = source.name
    report.file_ids.append(file.file_id)
    if (file.name, file.path) != (source.name, source.place.identity):
        ledger.rename(file.file_id, source.name, source.place.identity)


class _Run:
    """One ingest under way: what was opened, and what went wrong while cutting."""

    def __init__(self, ledger: Ledger, options: ReadOptions, report: IngestReport) -> None:
        self._ledger, self._options, self._report = ledger, options, report
        self._jobs: dict[int, _Job] = {}
        self._failures: dict[int, str] = {}

    def tasks(self, jobs: Iterator[_Job]) -> Iterator[Task]:
        """Cut the files into tasks; a file that breaks on the way is noted and the next one follows."""
        for job in jobs:
            self._jobs[job.file_id] = job
            try:
                splits = cut(job.source.place, job.framing, job.packing, job.start, job.mark.size)
                for index, split in enumerate(splits):
                    yield Task(split, job.file_id, index, self._ledger.spool, self._options)
            except UnreadableError as error:
                self._failures[job.file_id] = str(error)

    def finish(self, results: Iterator[Result]) -> None:
        """Commit each file when its last split is read."""
        for file_id, group in groupby(results, key=lambda result: result.file_id):
            splits = list(group)
            self._commit(self._jobs.pop(file_id), splits)
        for file_id, job in self._jobs.items():
            self._end_without_splits(job, self._failures.get(file_id))

    def _end_without_splits(self, job: _Job, failure: str | None) -> None:
        if failure is None and job.continued:  # what it has grown by is empty, such as an empty gzip member
            self._report.known.append(job.source.name)
            self._report.file_ids.append(job.file_id)
        else:
            self._refuse(job, failure or NOTHING_INSIDE)

    def _refuse(self, job: _Job, reason: str) -> None:
        self._report.refused.append(Refusal(job.source.name, reason, job.source.named))

    def _commit(self, job: _Job, results: list[Result]) -> None:
        failure = self._failures.get(job.file_id) or next((r.failure for r in results if r.failure), None)
        if failure is None and job.known is None:
            failure = _nothing_kept(sum_of(result.tally for result in results))
        if failure is not None:
            self._refuse(job, failure)
        else:
            row = _file_row(job, results, self._options)
            after_line = job.continued.resume_line if job.continued else 0
            bases = _line_bases(_held_before(job), results)
            stale = [file.file_id for file in job.stale]
            self._ledger.append(row, _tables(results), bases, after_line=after_line, instead_of=stale)
            self._report.file_ids.append(job.file_id)
            if job.known:
                self._report.grown.append(job.source.name)
        for path in (path for result in results for paths in result.tables.values() for path in paths):
            path.unlink()


def _nothing_kept(held: Tally) -> str | None:
    """Say why nothing of a file could be kept; None when something was, or when there is nothing in it but blanks."""
    if held.formats or not (held.rejects or held.asides):
        return None
    if not held.rejects:
        ((kind, _),) = held.asides.most_common(1)
        return f"it holds no calls, only {kind}"
    ((reason, _),) = held.rejects.most_common(1)
    return f"{reason}: none of its {held.rejects.total():,} records could be kept"


def _tables(results: Sequence[Result]) -> dict[str, list[Path]]:
    tables: dict[str, list[Path]] = {}
    for result in results:
        for name, paths in result.tables.items():
            tables.setdefault(name, []).extend(paths)
    return tables


def _held_before(job: _Job) -> Tally:
    """Return what stays of an earlier reading that is continued: all but a last line that may have been half a line."""
    known = job.continued
    if known is None:
        return Tally()
    held = Tally(known.lines, known.blanks, Counter(known.formats), Counter(known.asides))
    if known.open_line is not None:
        held.remove(replace(tally_of(known.open_line), rejects=Counter()))
    return held


def _line_bases(held_before: Tally, results: Sequence[Result]) -> dict[int, int]:
    """Return, by split, how many lines of the file come before it."""
    base = held_before.lines
    bases = {}
    for result in results:
        bases[result.index] = base
        base += result.tally.lines
    return bases


def _prefix_size(job: _Job, last: Result) -> int:
    """Return how many raw bytes a grown version of the file begins with."""
    if job.packing or job.framing == "table" or job.source.place.version:
        return job.mark.size
    return last.settled_at  # a line may be half written, a JSON array that grows loses its closing bracket


def _file_row(job: _Job, results: Sequence[Result], options: ReadOptions) -> FileRow:
    last = results[-1]
    columns = dict(job.continued.columns if job.continued else {})
    for result in results:
        columns.update(result.columns)
    held = sum_of((_held_before(job), *(result.tally for result in results)))
    prefix_size = _prefix_size(job, last)
    whole = prefix_size == job.mark.size
    return FileRow(
        file_id=job.file_id,
        name=job.source.name,
        path=job.source.place.identity,
        content_hash=job.mark.content_hash,
        raw_size=job.mark.size,
        prefix_size=prefix_size,
        prefix_hash=job.mark.content_hash if whole else _prefix_hash(job.source.place, prefix_size),
        resume_at=last.settled_at,
        resume_line=held.lines - (last.open_line is not None),
        open_line=last.open_line.text if last.open_line else None,
        lines=held.lines,
        blanks=held.blanks,
        framing=job.framing,
        formats=dict(held.formats),
        asides=dict(held.asides),
        columns=columns,
        options=options_text(options),
    )


def _prefix_hash(place: Place, size: int) -> str:
    return fingerprint(place, [size]).prefix_hashes.get(size, "")


def ingest(
    sources: Sequence[Source], ledger: Ledger, options: ReadOptions, progress: Callable[[int], None] = lambda _: None
) -> IngestReport:
    """Read the files into the ledger. progress is told the unpacked bytes read so far.

    Raises InputError when a worker dies, LedgerError when the ledger cannot be written; what was committed before stays.
    """
    report = IngestReport()
    run = _Run(ledger, options, report)
    tasks = run.tasks(_plan(sources, ledger, options_text(options), report))
    workers = worker_count()
    if workers < 2 or sum(source.size for source in sources) < SMALL_BYTES:
        run.finish(run_here(tasks, progress))
    else:
        run.finish(run_in_processes(tasks, workers, progress))
    order = {file_id: number for number, file_id in enumerate(report.planned)}
    report.file_ids.sort(key=lambda file_id: order[file_id])  # what was known before was noted first
    return report
