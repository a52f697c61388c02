"""Are the tables of a real TensorZero gateway read, with merge markers between their lines? Needs ../shared; else skipped."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from readers.golden import SHARED
from tokaudit.ingest.collector import Collector
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.tensorzero import READER
from tokaudit.schema import Call

TABLES = SHARED / "data" / "tensorzero"
pytestmark = pytest.mark.skipif(
    not TABLES.is_dir(), reason=f"{TABLES} is not there: its tables are not part of the project"
)
MARKERS = ("<<<<<<<", "=======", ">>>>>>>")
CALLS, INPUT, OUTPUT = 1107, 777_688, 49_996
"""What README.md beside the tables says of the cache."""


def lines(name: str) -> Iterator[tuple[int, bytes]]:
    with gzip.open(TABLES / f"{name}.jsonl.gz") as file:
        yield from enumerate(file, 1)


def rows(name: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for _, line in lines(name) if not line.decode().startswith(MARKERS))


def test_merge_markers_are_rejects_and_all_else_is_read() -> None:
    collector = Collector(1, ReadOptions())
    for number, line in lines("model_inference_cache_examples"):
        collector.add(Frame(number * 1000, number, line))
    assert collector.tally.rejects == {"not valid JSON": 6}
    assert collector.tally.formats == {"tensorzero": CALLS}


def test_the_cache_tells_the_tokens_of_all_its_calls() -> None:
    calls = [READER.read(row, ReadOptions()) for row in rows("model_inference_cache_examples")]
    told = [call for call in calls if isinstance(call, Call)]
    assert len(told) == len(calls) == CALLS
    assert sum(call.usage.input_tokens or 0 for call in told) == INPUT
    assert sum(call.usage.output_tokens or 0 for call in told) == OUTPUT
    assert Counter(call.provider_name for call in told) == {"openai": 859, "anthropic": 210, None: 38}


def test_both_sides_of_a_merge_hold_the_same_calls() -> None:
    """Of the 1,107 rows 363 repeat an answer of the provider's: they are counted once, by its id."""
    calls = [READER.read(row, ReadOptions()) for row in rows("model_inference_cache_examples")]
    assert len({call.response_id for call in calls if isinstance(call, Call)}) == 744


@pytest.mark.parametrize(("name", "number"), [("chat", 1580), ("json", 1780)])
def test_inferences_tell_of_calls_and_are_none(name: str, number: int) -> None:
    table = list(rows(f"{name}_inference_examples"))
    told = [READER.read(row, ReadOptions()) for row in table]
    assert len(told) == number
    for row, fragment in zip(table, told, strict=True):
        assert isinstance(fragment, Call)
        assert fragment.is_fragment
        assert fragment.usage.state == "missing"
        assert fragment.feature == row["function_name"]
        assert fragment.conversation_id == row["episode_id"]
        assert fragment.link_id == f"tensorzero:{row['id']}"
        assert fragment.answer or row["output"] in ("[]", '{"raw":null,"parsed":null}')
