"""Which calls does a run cover, each once?

A call may stand in several files (doubled lines, two sinks, re-exports): the fullest record wins, then the latest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tokaudit.ledger.store import FileRow, Ledger


@dataclass(frozen=True, slots=True)
class Scope:
    """The files of a run and the calls in them, as frames that are read when needed.

    calls: one row a call (columns of `records`, and file_name). parts: those calls' parts. contents, blocks: the texts they
    use. per_file: file_id, records, calls (the rest are duplicates). rejects: file_id, line, reason.
    """

    files: tuple[FileRow, ...]
    calls: pl.LazyFrame
    parts: pl.LazyFrame
    contents: pl.LazyFrame
    blocks: pl.LazyFrame
    per_file: pl.DataFrame
    rejects: pl.DataFrame


_RANK = "(fullness::BIGINT << 56) + (f.rank << 38) + line"

_KEPT = f"""
    CREATE OR REPLACE TEMP TABLE kept AS
    SELECT arg_max(record_id, {_RANK}) AS record_id FROM records JOIN scope f USING (file_id) GROUP BY call_key"""

_CALLS = """
    SELECT r.*, f.name AS file_name FROM records r JOIN kept USING (record_id) JOIN scope f USING (file_id)"""

_PARTS = "SELECT p.* FROM parts p SEMI JOIN kept USING (record_id)"

_USED = "(SELECT DISTINCT content_id FROM parts SEMI JOIN kept USING (record_id))"
_CONTENTS = f"SELECT content_id, encoding, tokens FROM contents SEMI JOIN {_USED} used USING (content_id)"
_BLOCKS = f"SELECT * FROM blocks SEMI JOIN {_USED} used USING (content_id)"

_PER_FILE = """
    SELECT file_id, count(*) AS records, count(k.record_id) AS calls
    FROM records r JOIN scope USING (file_id) LEFT JOIN kept k USING (record_id) GROUP BY file_id"""

_REJECTS = "SELECT r.* FROM rejects r SEMI JOIN scope USING (file_id) ORDER BY file_id, line"


def select_scope(ledger: Ledger, file_ids: Sequence[int] | None) -> Scope:
    """Select the calls of some files, or of the whole ledger (None)."""
    known = {file.file_id: file for file in ledger.files()}
    files = tuple(known.values()) if file_ids is None else tuple(known[file_id] for file_id in file_ids)
    ledger.set_scope([(file.file_id, rank, file.name) for rank, file in enumerate(files)])
    ledger.run(_KEPT)
    return Scope(
        files=files,
        calls=ledger.scan(_CALLS),
        parts=ledger.scan(_PARTS),
        contents=ledger.scan(_CONTENTS),
        blocks=ledger.scan(_BLOCKS),
        per_file=ledger.scan(_PER_FILE).collect(),
        rejects=ledger.scan(_REJECTS).collect(),
    )
