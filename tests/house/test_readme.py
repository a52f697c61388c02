"""Does the worked example of a new format work as it stands there?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.registry import READERS
from tokaudit.schema import Usage

GUIDE = Path(__file__).resolve().parents[2] / "src" / "tokaudit" / "readers" / "README.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_new_reader_reads_its_fixture_and_no_other_claims_it() -> None:
    names: dict[str, Any] = {"__name__": "acme"}
    exec(compile(block("python"), "README.md", "exec"), names)
    record = json.loads(block("json"))
    reader = names["READER"]
    assert reader.identify(record)
    assert [other.name for other in READERS if other.name != "token_table" and other.identify(record)] == []
    call = reader.read(record, ReadOptions())
    assert call.usage == Usage(1420, 100, 1280, rule="Acme: cache inside input")
    assert (call.started_at, call.feature, call.request_model) == (1772442912000000, "search", "gpt-4.1-mini")
