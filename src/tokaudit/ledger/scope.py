"""Which calls does a run cover, each once?

See `kept` for how a call that stands in several records is made one, and `chains` for turns that only the provider kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tokaudit.ledger.chains import carry_history, with_history_contents, with_history_counts, with_history_parts
from tokaudit.ledger.kept import CALLS, PARTS, PER_FILE, SELECT_KEPT, USED
from tokaudit.ledger.store import FileRow, Ledger
from tokaudit.ledger.tables import RESPONSE_SCHEMA, TOOLS


@dataclass(frozen=True, slots=True)
class Scope:
    """The files of a run and the calls in them, as frames that are read when needed.

    calls: one row a call (columns of `records`, and file_name). parts: those calls' parts. contents, blocks, sentences: the texts
    they use. passages, quotations: what answers repeat of blocks. places: block_id, file_name, line where a document, example or
    opening block first stood. per_file: file_id, records, calls, fragments, repeats (the rest are duplicates). rejects: file_id,
    line, reason.
    """

    files: tuple[FileRow, ...]
    calls: pl.LazyFrame
    parts: pl.LazyFrame
    contents: pl.LazyFrame
    blocks: pl.LazyFrame
    sentences: pl.LazyFrame
    passages: pl.LazyFrame
    quotations: pl.LazyFrame
    places: pl.LazyFrame
    per_file: pl.DataFrame
    rejects: pl.DataFrame


_CONTENTS = f"""
    SELECT content_id, encoding, tokens FROM contents
    SEMI JOIN (SELECT DISTINCT content_id FROM parts SEMI JOIN {USED} u USING (record_id)) used USING (content_id)"""
_BLOCKS = f"""
    SELECT * FROM blocks
    SEMI JOIN (SELECT DISTINCT content_id FROM parts SEMI JOIN {USED} u USING (record_id)) used USING (content_id)"""

_SENTENCES = f"""
    SELECT * FROM sentences SEMI JOIN (
        SELECT block_id FROM ({_BLOCKS}) UNION
        SELECT content_id FROM parts SEMI JOIN {USED} u USING (record_id) WHERE kind IN ({TOOLS}, {RESPONSE_SCHEMA})
    ) used USING (block_id)"""

_PLACES = """
    SELECT block_id, name AS file_name, line FROM (
        SELECT b.block_id, s.name, c.line, row_number() OVER (PARTITION BY b.block_id ORDER BY s.rank, c.line) AS place
        FROM blocks b JOIN contents c USING (content_id, encoding) JOIN scope s ON s.file_id = c.file_id
        SEMI JOIN (
            SELECT block_id FROM passages UNION SELECT block_id FROM sentences UNION SELECT block_id FROM blocks WHERE is_example
        ) known ON known.block_id = b.block_id
    ) WHERE place = 1"""

_REJECTS = "SELECT r.* FROM rejects r SEMI JOIN scope USING (file_id) ORDER BY file_id, line"


def select_scope(ledger: Ledger, file_ids: Sequence[int] | None) -> Scope:
    """Select the calls of some files, or of the whole ledger (None)."""
    known = {file.file_id: file for file in ledger.files()}
    files = tuple(known.values()) if file_ids is None else tuple(known[file_id] for file_id in file_ids)
    ledger.set_scope([(file.file_id, rank, file.name) for rank, file in enumerate(files)])
    for statement in SELECT_KEPT:
        ledger.run(statement)
    has_chains = carry_history(ledger, CALLS, PARTS)
    return Scope(
        files=files,
        calls=ledger.scan(with_history_counts(CALLS) if has_chains else CALLS),
        parts=ledger.scan(with_history_parts(PARTS) if has_chains else PARTS),
        contents=ledger.scan(with_history_contents(_CONTENTS) if has_chains else _CONTENTS),
        blocks=ledger.scan(_BLOCKS),
        sentences=ledger.scan(_SENTENCES),
        passages=ledger.scan("SELECT * FROM passages"),
        quotations=ledger.scan("SELECT * FROM quotations"),
        places=ledger.scan(_PLACES),
        per_file=ledger.scan(PER_FILE).collect(),
        rejects=ledger.scan(_REJECTS).collect(),
    )
