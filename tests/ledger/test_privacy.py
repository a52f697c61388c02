"""Does no text of a user reach the ledger, or anything that a run leaves behind?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingest.logs import chat, json_lines, row
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import open_ledger
from tokaudit.readers.contract import ReadOptions

PLACES = (
    "system", "question", "answer", "argument", "tool-result", "image", "error", "schema", "description", "cell", "torn",
    "unknown", "refusal", "header", "reason", "stream",
)  # fmt: skip


def canary(place: str) -> str:
    return f"CANARY-{place}-7f3a9 Ünïcode"


def planted() -> list[Any]:
    """Records with a text of its own in each place where users' and companies' words stand."""
    call = {
        "id": "t1",
        "type": "function",
        "function": {"name": "f", "arguments": json.dumps({"a": canary("argument")})},
    }
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"description": canary("schema")}}}
    tools = [{"type": "function", "function": {"name": "f", "description": canary("description"), "parameters": {}}}]
    messages = [
        {"role": "system", "content": canary("system")},
        {"role": "user", "content": [
            {"type": "text", "text": canary("question")},
            {"type": "image_url", "image_url": {"url": f"https://example.com/{canary('image')}.png"}},
        ]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": canary("tool-result")},
    ]  # fmt: skip
    whole = chat(1, messages, canary("answer"), tools=tools, response_format=schema)
    failed = {
        **chat(2, [{"role": "user", "content": canary("question")}]),
        "status_code": 400,
        "response": {
            "error": {"message": canary("error"), "type": f"error {canary('error')}", "code": canary("error")}
        },
    }
    refused = chat(3)
    refused["response"]["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": canary("refusal")}
    streamed = chat(4)
    streamed["response"] = [
        {"id": "c4", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": canary("stream")}}]},
        {"id": "c4", "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
    ]
    told = row(5, prompt=canary("cell"), response=canary("cell"), error=f"ValueError: {canary('error')}")
    broken = row(6, prompt_tokens=canary("reason"))
    return [whole, failed, refused, streamed, told, broken, {"note": canary("unknown")}, [canary("unknown")]]


def test_no_text_is_left(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(json_lines(planted()) + f'{{"torn": "{canary("torn")}'.encode())
    (logs / "b.csv").write_text(
        f"model,prompt_tokens,completion_tokens,prompt\ngpt-4o,3,4,{canary('cell')}\ngpt-4o,{canary('cell')},4,\n"
    )
    (logs / "c.json").write_text(json.dumps([*planted(), canary("unknown")]))
    (logs / "d.txt").write_text(canary("unknown"))
    path = tmp_path / "kept" / "ledger"
    with open_ledger(path) as ledger:
        report = ingest(find_sources([str(logs)]), ledger, ReadOptions())
        assert len(report.file_ids) == 3
        ledger.scan("SELECT * FROM records").collect()
        wal = path.with_name("ledger.wal").read_bytes()
        spool = b"".join(item.read_bytes() for item in ledger.spool.rglob("*") if item.is_file())
        assert ledger.scan("SELECT * FROM contents").collect().height > 10
    remains = b"".join(item.read_bytes() for item in path.parent.rglob("*") if item.is_file())
    assert len(wal) > 1000
    for data in (wal, spool, remains):
        for text in ("CANARY", "7f3a9", "Ünïcode", *PLACES[:4]):
            for encoding in ("utf-8", "utf-16-le"):
                assert text.encode(encoding) not in data or text in ("system", "question", "answer", "argument")
    assert "CANARY" not in repr(report)


def test_the_canaries_would_be_seen(tmp_path: Path) -> None:
    """Names are kept, so a canary in a name must show: else the test above could not fail."""
    (tmp_path / "a.jsonl").write_bytes(json_lines([row(1, feature="CANARY-name"), row(2, feature="CANARY-name")]))
    path = tmp_path / "kept" / "ledger"
    with open_ledger(path) as ledger:
        ingest(find_sources([str(tmp_path / "a.jsonl")]), ledger, ReadOptions())
        wal = path.with_name("ledger.wal").read_bytes()
    assert b"CANARY-name" in wal + path.read_bytes()
