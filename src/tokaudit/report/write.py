"""How do reports reach the disk whole or not at all?"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tokaudit.errors import TokauditError, UsageError
from tokaudit.report.html import render_html
from tokaudit.report.markdown import render_markdown
from tokaudit.report.table_csv import render_csv
from tokaudit.result import AuditRun, to_json

FORMATS: Mapping[str, Callable[[AuditRun], str]] = {
    "html": render_html,
    "json": to_json,
    "md": render_markdown,
    "csv": render_csv,
}

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


def check_formats(formats: Sequence[str]) -> None:
    """Raise UsageError for a format that cannot be written."""
    unknown = [key for key in formats if key not in FORMATS]
    if unknown:
        raise UsageError(f"unknown report format: {', '.join(unknown)}", hint=f"known: {', '.join(FORMATS)}")


def write_reports(run: AuditRun, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write `<period label>.<format>` for each format, replacing older files.

    All are rendered before the first is written. Raises UsageError for a format or label that cannot be, TokauditError
    when the folder cannot be made or written.
    """
    check_formats(formats)
    if not _FILE_NAME.fullmatch(run.period.label):
        raise UsageError("the period's label cannot be a file name", hint="use letters, digits, dots and hyphens")
    return write_texts(folder, {f"{run.period.label}.{key}": FORMATS[key](run) for key in dict.fromkeys(formats)})


def write_texts(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write file name -> text into a folder, replacing older files. Raises TokauditError when it cannot be written."""
    _make(folder)
    for name, text in texts.items():
        _replace(folder / name, text)
    return [folder / name for name in texts]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable("cannot make the report folder", folder, error) from error


def _replace(path: Path, text: str) -> None:
    """Write beside the target, make sure it is on disk, then take the target's place in one step."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(draft, _NEW_FILE, 0o666), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _unwritable("cannot write the report", path, error) from error
    finally:
        with suppress(OSError):  # the draft is gone when it took its place, and never was when it could not be made
            draft.unlink()


def _unwritable(what: str, path: Path, error: OSError) -> TokauditError:
    reason = error.strerror or type(error).__name__
    return TokauditError(f"{what}: {reason}", where=str(path), hint="choose another folder with --out")
