"""How does a table reach the disk, whole or not at all?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import polars.selectors as cs

from tokaudit.errors import TokauditError, UsageError

_FORMULA = r"^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}\x{2212}])"


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before each text that a spreadsheet would run as a formula: people open CSV files in spreadsheets."""
    return frame.with_columns(_inert(name) for name in frame.select(cs.string()).columns)


def _inert(name: str) -> pl.Expr:
    is_formula = pl.col(name).str.contains(_FORMULA)
    return pl.when(is_formula).then(pl.concat_str(pl.lit("'"), name)).otherwise(name).alias(name)


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    # JSON and CSV have no exact decimals: amounts are written as text.
    return frame.with_columns(cs.decimal().cast(pl.String).str.strip_chars_end("0").str.strip_chars_end("."))


_WRITERS: Mapping[str, Callable[[pl.DataFrame, Path], object]] = {
    ".parquet": lambda frame, path: frame.write_parquet(path),
    ".csv": lambda frame, path: _as_text(without_formulas(frame)).write_csv(path),
    ".jsonl": lambda frame, path: _as_text(frame).write_ndjson(path),
}


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as Parquet, CSV or JSONL by the file's suffix, replacing an older file in one step.

    Raises UsageError for another suffix, TokauditError when the file cannot be written.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(f"cannot tell the format of {path.name!r}", hint=f"end the name with {', '.join(_WRITERS)}")
    draft = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(frame, draft)
        draft.replace(path)
    except OSError as error:
        hint = "choose another file with --out"
        raise TokauditError(f"cannot write the table: {error.strerror or error}", where=str(path), hint=hint) from error
    finally:
        draft.unlink(missing_ok=True)
