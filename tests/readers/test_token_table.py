from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.tables.token_table import READER
from tokaudit.schema import Aside, Call, Part, RejectRecordError


def read(record: dict[str, Any], **options: Any) -> Call:
    assert choose(record) is READER
    found = READER.read(record, ReadOptions(**options))
    assert isinstance(found, Call)
    return found


def test_a_row_of_text_cells() -> None:
    call = read({"timestamp": "1772442913", "model": "gpt-4.1-mini", "prompt_tokens": "900", "completion_tokens": "50"})
    assert (call.started_at, call.request_model) == (1772442913_000_000, "gpt-4.1-mini")
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.state) == (900, 50, "cache_split_unknown")
    assert call.usage.cache_read_input_tokens is None


@pytest.mark.parametrize("empty", ["", " ", "null", "NaN", "None", None, float("nan"), "\\N", "<NA>", "(null)", "—"])
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


@pytest.mark.parametrize(
    "labels",
    [
        {"date": "Total"}, {"model": "Summe"}, {"date": "Gesamt:"}, {"model": "TOTAL (31 rows)"}, {"feature": "Grand total"},
        {"date": "Gesamtergebnis"}, {"date": "Total général"}, {"feature": "合计"}, {"date": "Average"}, {"model": "Sous-total"},
        {"date": "2026-03-31", "feature": "Totale"}, {},
    ],
)  # fmt: skip
def test_a_row_of_sums_is_no_call(labels: dict[str, str]) -> None:
    row = {
        "date": "",
        "model": "",
        "feature": "",
        "input_tokens": "1.420",
        "output_tokens": "100",
        "cost": "$0,01",
    } | labels
    assert READER.identify(row)
    assert READER.read(row, ReadOptions()) == Aside("totals row")


@pytest.mark.parametrize(
    "row",
    [
        {"date": "2026-03-02", "model": "gpt-4o", "feature": "total", "input_tokens": "1", "output_tokens": "1"},
        {"date": "", "model": "", "id": "r-1", "input_tokens": "1", "output_tokens": "1"},
        {"date": None, "model": None, "input_tokens": 1, "output_tokens": 1},
        {"input_tokens": "1", "output_tokens": "1"},
        {"model": "total-recall-1", "input_tokens": "1", "output_tokens": "1"},
        {"date": "", "model": "gpt-4o", "prompt": "Total", "input_tokens": "1", "output_tokens": "1"},
    ],
)
def test_other_rows_are_calls(row: dict[str, Any]) -> None:
    assert isinstance(READER.read(row, ReadOptions()), Call)


@pytest.mark.parametrize(
    ("counts", "expected", "state"),
    [
        ({"input_tokens": 1420, "total_tokens": 1520}, (1420, 100), "cache_split_unknown"),
        ({"output_tokens": 100, "total_tokens": 1520}, (1420, 100), "cache_split_unknown"),
        ({"uncached_input_tokens": 140, "cache_read_input_tokens": 1280, "output_tokens": 100}, (1420, 100), "exact"),
        ({"uncached_input_tokens": 140, "output_tokens": 100}, (140, 100), "cache_split_unknown"),
        ({"cache_miss_tokens": "140", "cache_hit_tokens": "1280", "completion_tokens": "100"}, (1420, 100), "exact"),
        ({"prompt": 1420, "completion": 100}, (1420, 100), "cache_split_unknown"),
        ({"in": "1420", "out": "100", "cached": "1280"}, (1420, 100), "exact"),
        ({"in": "1420", "out": "100", "cached": "1"}, (1420, 100), "cache_split_unknown"),
        ({"in": "1420", "out": "100", "cached": "true"}, (1420, 100), "cache_split_unknown"),
        ({"input_tokens": 0, "output_tokens": 0}, (0, 0), "exact"),
    ],
)
def test_counts_under_other_names(counts: dict[str, Any], expected: tuple[int, int], state: str) -> None:
    usage = read({"model": "gpt-4.1-mini", **counts}).usage
    assert ((usage.input_tokens, usage.output_tokens), usage.state) == (expected, state)


def test_what_goes_in_and_out_of_a_router_is_no_call() -> None:
    assert choose({"ts": "2026-03-02 09:15", "host": "r1", "in": 1420, "out": 100}) is None


def test_a_total_of_claude_may_hold_the_cache_or_not() -> None:
    row = {"model": "claude-sonnet-4-5", "input_tokens": 3, "cache_read_input_tokens": 1111, "total_tokens": 1520}
    assert read(row).usage.output_tokens is None


def test_embeddings_give_no_tokens() -> None:
    call = read({"model": "text-embedding-3-small", "prompt_tokens": 12})
    assert (call.operation_name, call.usage.output_tokens, call.usage.state) == ("embeddings", 0, "exact")


def test_a_cost_alone_is_kept_for_a_known_model_at_a_time_of_day() -> None:
    call = read({"ts": "2026-03-02 09:15", "model": "gpt-4.1-mini", "cost_usd": "0,000344"})
    assert (call.logged_cost, call.usage.state) == ("0.000344", "missing")
    for other in ({"model": "Corolla"}, {"ts": "2026-03-02"}, {"cost_usd": "much"}):
        assert choose({"ts": "2026-03-02 09:15", "model": "gpt-4.1-mini", "cost_usd": "0.01"} | other) is None


def test_a_usage_object_that_python_printed() -> None:
    printed = "CompletionUsage(completion_tokens=100, prompt_tokens=1420, total_tokens=1520, "
    printed += "prompt_tokens_details=PromptTokensDetails(audio_tokens=0, cached_tokens=1280))"
    usage = read({"model": "gpt-4.1-mini", "usage": printed}).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1420, 1280, 100)
    assert choose({"model": "gpt-4.1-mini", "note": "Usage(tokens=many)"}) is None


def test_what_a_session_has_used_so_far_is_not_of_the_call() -> None:
    so_far = {"input_tokens": 9000, "output_tokens": 900}
    row = {"model": "m", "input_tokens": 5, "output_tokens": 6, "session_usage": so_far, "cumulative": so_far}
    assert read(row).usage.input_tokens == 5


@pytest.mark.parametrize(
    ("names", "cells"),
    [
        (("Date", "Time"), ("2026-03-02", "09:15:12")),
        (("Datum", "Uhrzeit"), ("02.03.2026", "9:15:12")),
        (("Day", "time"), ("2026-03-02T00:00:00", "9:15:12 AM")),
        (("Date", "Time"), ("2 March 2026", "9:15:12 a.m.")),
    ],
)
def test_date_and_time_in_two_columns(names: tuple[str, str], cells: tuple[str, str]) -> None:
    row = {"model": "m", "input_tokens": "1", "output_tokens": "1"}
    assert read({**row, **dict(zip(names, cells, strict=True))}).started_at == 1772442912_000_000
    assert read({**row, names[1]: cells[1]}).started_at is None


def test_a_team_stands_in_for_a_use_case() -> None:
    row = {"model": "m", "input_tokens": 1, "output_tokens": 1, "Abteilung": "sales"}
    assert (read(row).feature, read({**row, "feature": "triage"}).feature) == ("sales", "triage")


@pytest.mark.parametrize(
    ("name", "value", "latency"),
    [
        ("latency", "812 ms", 812), ("latency", "1.2s", 1200), ("latency", "1m2.5s", 62500), ("latency", "PT1.2S", 1200),
        ("latency", "0:00:01.200000", 1200), ("Dauer (s)", "1,234", 1234), ("api_latency_ms", "812", 812),
        ("latency", "812", None), ("latency", "2 parsecs", None), ("latency", "99:00:00", None),
    ],
)  # fmt: skip
def test_durations(name: str, value: str, latency: int | None) -> None:
    row = {"model": "m", "input_tokens": "1", "output_tokens": "1", "Kosten": "0,000344", name: value}
    assert read(row).latency_ms == latency
