"""What does each reader make of each fixture? Golden files stand beside the logs; TOKAUDIT_GOLDEN=write renews them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import orjson

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.schema import Call, Record, RejectRecordError

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures" / "readers"
SHARED = ROOT.parent / "shared"


def fixture_logs() -> list[Path]:
    return sorted(path for path in FIXTURES.rglob("*") if path.suffix in (".jsonl", ".csv"))


def records(log: Path) -> list[Record]:
    text = log.read_text(encoding="utf-8-sig")
    if log.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","))
    return [orjson.loads(line) for line in text.split("\n") if line.strip()]


def outcome(record: Record, hint: Reader | None = None) -> dict[str, Any]:
    """The call with its non-default fields, or why there is none."""
    try:
        reader = choose(record, hint)
        return {"unknown": True} if reader is None else plain(reader.read(record, ReadOptions()))
    except RejectRecordError as reject:
        return {"reject": str(reject)}


def plain(call: Call) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(Call)}
    everything = asdict(call)
    kept = {name: value for name, value in everything.items() if name == "usage" or value != defaults[name]}
    kept["usage"] = {name: value for name, value in kept["usage"].items() if value is not None}
    return json.loads(json.dumps(kept))


def golden_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.expected.json")
