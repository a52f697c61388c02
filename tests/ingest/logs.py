"""Small logs to ingest, and what a ledger then holds."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tokaudit.ingest.ingest import IngestReport, ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import Ledger, open_ledger
from tokaudit.readers.contract import ReadOptions

SHARED = Path(__file__).resolve().parents[3] / "shared"

Tables = Mapping[str, list[dict[str, Any]]]

ROWS_OF = {
    "files": "SELECT * FROM files",
    "records": "SELECT * FROM records",
    "parts": "SELECT * FROM parts",
    "contents": "SELECT * FROM contents",
    "blocks": "SELECT * FROM blocks",
    "rejects": "SELECT * FROM rejects",
}


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A log line with token counts; it has no id that other files could share unless it is given one."""
    return {
        "ts": f"2026-03-{number % 28 + 1:02d}T12:00:00Z",
        "model": "gpt-4o",
        "prompt_tokens": 10 + number,
        "completion_tokens": number,
        "prompt": f"question {number}",
        "response": f"answer {number}",
        **changes,
    }


def chat(
    number: int, messages: list[dict[str, Any]] | None = None, answer: str = "Yes.", **request: Any
) -> dict[str, Any]:
    """A request and its response in OpenAI's shapes."""
    body = messages or [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"question {number}"}]
    return {
        "timestamp": f"2026-03-{number % 28 + 1:02d}T12:00:00Z",
        "request": {"model": "gpt-4o-2024-08-06", "messages": body, **request},
        "response": {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 20 + number, "completion_tokens": 2, "total_tokens": 22 + number},
        },
    }


def json_lines(records: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def tables_of(ledger: Ledger) -> Tables:
    """All rows, in an order that does not depend on how they were written."""
    return {
        name: sorted((dict(row) for row in ledger.scan(sql).collect().iter_rows(named=True)), key=repr)
        for name, sql in ROWS_OF.items()
    }


def ingested(ledger_path: Path, *paths: Path, options: ReadOptions | None = None) -> tuple[IngestReport, Tables]:
    with open_ledger(ledger_path) as ledger:
        report = ingest(find_sources([str(path) for path in paths]), ledger, options or ReadOptions())
        tables = tables_of(ledger)
    assert_nothing_lost(tables)
    return report, tables


def assert_nothing_lost(tables: Tables) -> None:
    """For every file: each frame has an outcome, and the formats count the same records as the table."""
    records, rejects = (Counter(row["file_id"] for row in tables[name]) for name in ("records", "rejects"))
    for file in tables["files"]:
        own = file["file_id"]
        others = sum(json.loads(file["asides"]).values()) + file["blanks"]
        assert file["lines"] <= records[own] + rejects[own] + others, file["name"]
        assert sum(json.loads(file["formats"]).values()) == records[own], file["name"]
    known = {file["file_id"] for file in tables["files"]}
    assert records.keys() | rejects.keys() <= known
    assert {row["record_id"] for row in tables["parts"]} <= {row["record_id"] for row in tables["records"]}


def digest(tables: Tables) -> str:
    return hashlib.sha256(json.dumps(tables, sort_keys=True, default=str).encode()).hexdigest()


def counts(tables: Tables) -> tuple[int, int]:
    """Records and rejects."""
    return len(tables["records"]), len(tables["rejects"])
