"""Small OpenAI logs with exact usage, and runs over them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tokaudit.config import Settings
from tokaudit.result import AuditRun, plain
from tokaudit.run import Analysis
from tokaudit.session import analysed_period, audit_paths, ingest_paths
from tokaudit.tokens.chat_format import chat_format_tokens
from tokaudit.tokens.count import count_tokens

Message = dict[str, str]
Record = dict[str, Any]
START = datetime(2026, 9, 1, tzinfo=UTC)


def tokens_of(*texts: str, encoding: str = "o200k_base") -> int:
    return int(count_tokens(texts, encoding).sum())


def said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def chat(
    messages: Sequence[Message],
    answer: str | None,
    *,
    seconds: float,
    model: str = "gpt-4o",
    encoding: str = "o200k_base",
    cached: int = 0,
    feature: str | None = None,
    session: str | None = None,
    user: str | None = None,
    latency_ms: int = 500,
    reasoning: int = 0,
) -> Record:
    """Return the log record of one call, started so many seconds after `START`. answer None: the server failed."""
    tags = {name: value for name, value in (("feature", feature), ("session_id", session)) if value is not None}
    record: Record = {
        "timestamp": (START + timedelta(seconds=seconds)).isoformat(),
        "endpoint": "/v1/chat/completions",
        "status_code": 500 if answer is None else 200,
        "latency_ms": latency_ms,
        "request": {"model": model, "messages": list(messages)},
        **({"metadata": tags} if tags else {}),
        **({"user": user} if user is not None else {}),
    }
    if answer is None:
        return {**record, "response": {"error": {"message": "overloaded", "type": "server_error"}}}
    texts = [message["content"] for message in messages]
    billed = tokens_of(*texts, encoding=encoding) + chat_format_tokens(len(messages))
    output = tokens_of(answer, encoding=encoding) + reasoning
    record["response"] = {
        "id": f"chatcmpl-{seconds}-{feature}-{user}",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": said("assistant", answer), "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": billed,
            "completion_tokens": output,
            "total_tokens": billed + output,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        },
    }
    return record


def write_log(path: Path, records: Sequence[Record]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@contextmanager
def folder_of(*logs: Sequence[Record]) -> Iterator[tuple[Path, list[str]]]:
    """Write each log to a file of its own. Yields (ledger, the files)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield (
            folder / "ledger" / "l.duckdb",
            [str(write_log(folder / f"log-{number}.jsonl", log)) for number, log in enumerate(logs)],
        )


def audited(*logs: Sequence[Record], settings: Settings | None = None, backwards: bool = False) -> AuditRun:
    """Audit logs. backwards: read the last file first."""
    with folder_of(*logs) as (ledger, paths):
        for path in reversed(paths) if backwards else ():
            ingest_paths([path], ledger, settings or Settings())
        return audit_paths(paths, ledger, settings or Settings())[0]


@contextmanager
def analysed(*logs: Sequence[Record], settings: Settings | None = None) -> Iterator[tuple[Analysis, pl.DataFrame]]:
    """Analyse logs. Yields the analysis and its calls, in order of time."""
    with folder_of(*logs) as (ledger, paths):
        ingest_paths(paths, ledger, settings or Settings())
        with analysed_period(ledger, settings or Settings()) as (analysis, calls):
            yield analysis, calls.sort("started_at", "record_id").collect()


def figures(run: AuditRun) -> dict[str, Any]:
    """Return all of a result but the names of the files, the places in them and the number of ledger rows."""
    found = plain(run)
    places = {"files", "sources", "first_rejects"}
    found["input"] = {name: value for name, value in found["input"].items() if name not in places}
    del found["generated_from"]
    for block in (block for ranking in found["blocks"] for block in ranking["blocks"]):
        del block["file"], block["line"]
    return dict(found)
