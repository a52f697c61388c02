from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tables.token_table import READER
from tokaudit.schema import Call, Part, RejectRecordError


def read(record: dict[str, Any], **options: Any) -> Call:
    assert choose(record) is READER
    return READER.read(record, ReadOptions(**options))


def test_a_row_of_text_cells() -> None:
    call = read({"timestamp": "1772442913", "model": "gpt-4.1-mini", "prompt_tokens": "900", "completion_tokens": "50"})
    assert (call.started_at, call.request_model) == (1772442913_000_000, "gpt-4.1-mini")
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.state) == (900, 50, "cache_split_unknown")
    assert call.usage.cache_read_input_tokens is None


@pytest.mark.parametrize("empty", ["", " ", "null", "NaN", "None", None, float("nan")])
def test_an_empty_cell_is_missing_not_zero(empty: Any) -> None:
    call = read({"model": "m", "prompt_tokens": empty, "completion_tokens": empty})
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.state) == (None, None, "missing")
    assert read({"model": "m", "prompt_tokens": 0, "completion_tokens": 0, "cached_tokens": 0}).usage.state == "exact"


def test_a_total_alone_is_not_split() -> None:
    usage = read({"model": "m", "total_tokens": 1520}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (None, None, "missing")


@pytest.mark.parametrize(
    ("status", "tokens", "state", "expected"),
    [
        ("429", ("0", "0"), "exact", (0, 0)),
        ("500", ("", ""), "exact", (0, 0)),
        ("504", ("", ""), "output_lower_bound", (None, None)),
        ("499", ("", ""), "output_lower_bound", (None, None)),
        ("200", ("", ""), "missing", (None, None)),
    ],
)
def test_failed_calls(
    status: str, tokens: tuple[str, str], state: str, expected: tuple[int | None, int | None]
) -> None:
    row = {
        "model": "m",
        "status": status,
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "cached_tokens": tokens[0],
    }
    usage = read(row).usage
    assert usage.state == state
    assert (usage.input_tokens, usage.output_tokens) == expected


@pytest.mark.parametrize(
    ("row", "input_tokens", "state"),
    [
        ({"prompt_tokens": 1420, "cached_tokens": 1280, "model": "gpt-4.1-mini"}, 1420, "exact"),
        ({"input_tokens": 3, "cache_read_input_tokens": 1111, "model": "claude-sonnet-4-5"}, 1114, "exact"),
        ({"input_tokens": 2000, "cache_read_input_tokens": 1111, "model": "claude-sonnet-4-5"}, 3111, "exact"),
        ({"input_tokens": 2000, "cache_read_input_tokens": 1111, "model": "gpt-4o"}, 2000, "exact"),
        ({"input_tokens": 140, "cache_read_input_tokens": 1280, "model": "gpt-4o"}, 1420, "exact"),
        ({"prompt_tokens": 1114, "cached_tokens": 1111, "model": "claude-sonnet-4-5"}, 1114, "cache_split_unknown"),
        (
            {"inputTokens": 11, "cacheWriteInputTokens": 1028, "cacheReadInputTokens": 0, "totalTokens": 1139},
            1039,
            "exact",
        ),
    ],
)
def test_whether_the_cache_is_inside_is_decided_by_counts_then_names(
    row: dict[str, Any], input_tokens: int, state: str
) -> None:
    usage = read({**row, "output_tokens": 100}).usage
    assert (usage.input_tokens, usage.state) == (input_tokens, state)


def test_reasoning_outside_the_output_is_added_when_the_total_shows_it() -> None:
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 28, "thoughtsTokenCount": 244, "totalTokenCount": 281}
    assert read({"model": "gemini-2.5-flash", "usage": counts}).usage.output_tokens == 272


def test_a_nested_log_line() -> None:
    call = read(
        {
            "ts": "2026-03-02T09:15:12+01:00",
            "feature": "triage",
            "llm": {"model": "gpt-4.1-mini", "usage": {"prompt_tokens": 1420, "completion_tokens": 100}},
            "duration_ms": 2500,
        }
    )
    assert (call.request_model, call.feature, call.latency_ms) == ("gpt-4.1-mini", "triage", 2500)
    assert call.started_at == 1772439312_000_000
    assert call.usage.input_tokens == 1420


def test_times_without_zone_are_in_the_zone_of_the_user() -> None:
    row = {"time": "2026-07-01 12:00:00", "model": "m", "prompt_tokens": 1, "completion_tokens": 1}
    assert read(row, timezone="Europe/Berlin").started_at == read({**row, "time": "2026-07-01T10:00:00Z"}).started_at


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"model": "m", "num_model_requests": 5, "input_tokens": 10, "output_tokens": 5}, "row sums several calls"),
        ({"model": "m", "a": {"input_tokens": 1, "output_tokens": 2}, "b": {"input_tokens": 3, "output_tokens": 4}},
         "different token counts in one record"),
        ({"model": "m", "input_tokens": 10, "output_tokens": 5, "total_tokens": 3}, "token classes do not add up"),
        ({"model": "m", "input_tokens": 10, "output_tokens": 5, "reasoning_tokens": -1}, "token count is negative"),
    ],
)  # fmt: skip
def test_what_is_not_one_call_is_refused(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RejectRecordError, match=f"^{reason}$"):
        read(row)


def test_the_same_counts_twice_are_one_call() -> None:
    counts = {"input_tokens": 1, "output_tokens": 2}
    assert read({"model": "m", "response": {"usage": counts}, "usage": counts}).usage.input_tokens == 1


def test_texts_beside_the_counts_are_kept() -> None:
    row = {
        "model": "m",
        "prompt_tokens": "3",
        "completion_tokens": "1",
        "system_prompt": "Be brief.",
        "prompt": "Hi",
        "response": "Ho",
    }
    call = read(row)
    assert call.prompt == (Part("system", "text", "Be brief.", 0), Part("user", "text", "Hi", 1))
    assert call.answer == (Part("assistant", "text", "Ho", 0),)


def test_cells_from_a_careless_decoder_can_still_be_written() -> None:
    call = read(
        {"model": "m\udcff", "prompt_tokens": "3", "completion_tokens": "1", "prompt": "H\udcffi", "feature": "f\udcff"}
    )
    assert (call.request_model, call.prompt[0].text, call.feature) == ("m\ufffd", "H\ufffdi", "f\ufffd")
