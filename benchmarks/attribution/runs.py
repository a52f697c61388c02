"""What did an audit find in a log, and what is the truth, call by call?"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from tokaudit.config import Settings
from tokaudit.export.calls import call_rows
from tokaudit.result import AuditRun
from tokaudit.run import finish
from tokaudit.session import analysed_period, ingest_paths

_TAGS = (
    "metadata", "user", "user_id", "session_id", "session", "conversation_id", "conversation", "tags", "tag",
    "feature", "api_key", "key", "team", "trace_id", "prompt_name", "safety_identifier", "request_tags", "end_user",
    "requester_metadata", "prompt_cache_key", "headers",
)  # fmt: skip
_TAGGED = ("request", "response")


def _stripped(record: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name.lower() not in _TAGS}
    for name in _TAGGED:
        if isinstance(kept.get(name), dict):
            kept[name] = {key: value for key, value in kept[name].items() if key.lower() not in _TAGS}
    return kept


def without_tags(log: Path, folder: Path) -> Path:
    """Write a JSONL log again without what names features, users, sessions and keys; broken lines stay as they are."""
    out = folder / "untagged.jsonl"
    with gzip.open(log, "rb") if log.suffix == ".gz" else log.open("rb") as lines, out.open("wb") as target:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                target.write(line)
                continue
            target.write(json.dumps(_stripped(record) if isinstance(record, dict) else record).encode() + b"\n")
    return out


def calls_of(log: Path, *, strip_tags: bool = False) -> tuple[AuditRun, pl.DataFrame]:
    """Audit one log. Returns (result, calls): the columns of `export calls`, with request_id and conversation_key."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = without_tags(log, folder) if strip_tags else log
        ledger, settings = folder / "ledger.duckdb", Settings()
        ingest_paths([str(path)], ledger, settings)
        with analysed_period(ledger, settings) as (analysis, calls):
            rows = call_rows(calls).collect()
            return finish(analysis, settings), rows.with_columns(request_id="call_id")


def truth_of(path: Path) -> pl.DataFrame:
    """Read a truth file of one row a call: request_id, feature, conversation_id, and attempt and cost_usd if it has them."""
    return pl.read_csv(
        path, infer_schema_length=None, schema_overrides={"request_id": pl.String, "conversation_id": pl.String}
    )
