"""How does the tool talk to a person? Answers on stdout; progress, notes and errors on stderr."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from tokaudit import session
from tokaudit.errors import TokauditError
from tokaudit.report.format import size
from tokaudit.report.safe_text import clean

PATIENCE_SECONDS = 1.0
"""Progress is shown only for what takes longer."""


def stdout() -> Console:
    """Return the console for answers."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    """Return the console for everything else."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def note(text: str, *, quiet: bool = False) -> None:
    """Tell something that is not the answer."""
    if not quiet:
        stderr().print(Text(clean(text)))


def note_written(path: Path, *, quiet: bool) -> None:
    """Tell which file was written, and how large it is."""
    note(f"Wrote {path} ({size(path.stat().st_size)})", quiet=quiet)


def print_error(error: TokauditError) -> None:
    """Print what is wrong, where, and what to do next."""
    console = stderr()
    console.print(Text(f"error: {clean(error.what)}"))
    if error.where:
        console.print(Text(f"where: {clean(error.where)}"))
    if error.hint:
        console.print(Text(f"hint: {clean(error.hint)}"))


class _Bar:
    """A progress bar that appears once the work has taken longer than a reader's patience."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._step = ""

    def _show(self, step: str, done: float, total: float, *columns: BarColumn | DownloadColumn | TextColumn) -> None:
        if time.monotonic() - self._started < PATIENCE_SECONDS:
            return
        if step != self._step:
            self.close()
            self._step = step
            label = TextColumn("{task.description}")
            self._progress = Progress(label, *columns, TimeRemainingColumn(), console=stderr(), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(step, total=total)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def of_bytes(self, done: int, total: int) -> None:
        # Packed files unpack to more than their size: the bar then grows with them.
        self._show("reading", done, max(total, done), BarColumn(), DownloadColumn())

    def of_step(self, name: str, share: float) -> None:
        self._show(name, share, 1.0, BarColumn())

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


@contextmanager
def progress(*, quiet: bool) -> Iterator[session.Progress]:
    """Show progress on stderr when it is a terminal and the work takes longer than a second."""
    console = stderr()
    if quiet or not console.is_terminal or os.environ.get("TERM") == "dumb":
        yield session.SILENT
        return
    bar = _Bar()
    try:
        yield session.Progress(bar.of_bytes, bar.of_step)
    finally:
        bar.close()
