from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.apis.openai_media import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Call

IMAGE, DRAWN, SPOKEN, STREAMED, *_ = records(FIXTURES / "openai_media" / "exchanges.jsonl")


def read(record: Any, **changes: Any) -> Call:
    changed = {**record, **changes}
    assert choose(changed) is READER
    call = READER.read(changed, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_models_that_bill_tokens_state_them() -> None:
    usage = read(IMAGE).usage
    assert (usage.input_tokens, usage.output_tokens) == (50, 1056)


@pytest.mark.parametrize(("record", "operation"), [(DRAWN, "image"), (SPOKEN, "speech")])
def test_what_is_not_billed_by_tokens_has_none(record: Any, operation: str) -> None:
    call = read(record)
    assert (call.operation_name, call.usage.state, call.usage.input_tokens) == (operation, "missing", None)


def test_a_stream_counts_in_its_last_event() -> None:
    assert read(STREAMED).usage.output_tokens == 101


@pytest.mark.parametrize(
    "body",
    [
        {"created": 1, "data": [{"url": "https://a", "title": "a page"}]},
        {"data": [{"b64_json": "x"}]},
        {"created": 1, "data": [{"object": "model", "url": "x"}]},
        {"created": 1, "data": ["x"]},
        {"created": 1, "data": []},
    ],
)
def test_other_lists_are_no_images(body: dict[str, Any]) -> None:
    assert not READER.identify({"request": {"model": "m", "prompt": "p"}, "response": body})
