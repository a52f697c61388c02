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
from tokaudit.readers.contract import Reader, ReadOptions, Spot, outcomes_of
from tokaudit.readers.file_reader import FileReader, Telling
from tokaudit.schema import Aside, Call, Record, RejectRecordError

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures" / "readers"
SHARED = ROOT.parent / "shared"


def fixture_logs() -> list[Path]:
    found = (path for path in FIXTURES.rglob("*") if path.suffix in (".jsonl", ".csv", ".json"))
    return sorted(path for path in found if not path.name.endswith(".expected.json"))


def records(log: Path) -> list[Record]:
    text = log.read_text(encoding="utf-8-sig")
    if log.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.partition("\n")[0] else ","))
    if log.suffix == ".json":
        return [orjson.loads(text)]
    return [orjson.loads(line) for line in text.split("\n") if line.strip()]


def outcome(record: Record, hint: Reader | None = None) -> dict[str, Any]:
    """The call with its non-default fields, or why there is none."""
    try:
        reader = choose(record, hint)
        if reader is None:
            return {"unknown": True}
        found = [described(each) for each in outcomes_of(reader.read(record, ReadOptions()))]
        return found[0] if len(found) == 1 else {"outcomes": found}
    except RejectRecordError as reject:
        return {"reject": str(reject)}


def described(telling: Telling) -> dict[str, Any]:
    if isinstance(telling, Call):
        return plain(telling)
    return {"aside": telling.kind} if isinstance(telling, Aside) else {"reject": str(telling)}


def told(log: Path) -> list[dict[str, Any]]:
    """What a whole file tells, in the order of its lines."""
    reader = FileReader(ReadOptions())
    found = [one for line, record in enumerate(records(log), 1) for one in reader.read(record, Spot(line, line))]
    found += reader.end()
    ordered = sorted(found, key=lambda one: one.spot.line)
    unknown = [one.reader is None and isinstance(one.telling, RejectRecordError) for one in ordered]
    return [
        {"line": one.spot.line} | ({"unknown": True} if is_unknown else described(one.telling))
        for one, is_unknown in zip(ordered, unknown, strict=True)
    ]


def plain(call: Call) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(Call)}
    everything = asdict(call)
    kept = {name: value for name, value in everything.items() if name == "usage" or value != defaults[name]}
    kept["usage"] = {name: value for name, value in kept["usage"].items() if value is not None}
    return json.loads(json.dumps(kept))


def golden_of(log: Path) -> Path:
    return log.with_name(f"{log.name}.expected.json")
