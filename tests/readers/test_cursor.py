from __future__ import annotations

from typing import Any

import pytest

from readers.agents import Line, calls, counts, rejects
from tokaudit.readers.agents.cursor import READER, model_of
from tokaudit.readers.choose import choose


def row(write: str, uncached: str, read: str, output: str, total: str, **more: Any) -> Line:
    return {"Date": "2026-03-02T09:15:12.000Z", "User": "ann@example.com", "Kind": "Included", "Model": "gpt-5",
            "Max Mode": "No", "Input (w/ Cache Write)": write, "Input (w/o Cache Write)": uncached, "Cache Read": read,
            "Output Tokens": output, "Total Tokens": total, "Cost": "Included", **more}  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "expected", "state"),
    [
        (("21865", "0", "68608", "3043", "93516"), (90473, 68608, 21865, 0, 3043), "exact"),  # four columns
        (("970", "3", "21440", "785", "23198"), (22413, 21440, 970, 0, 785), "exact"),
        (("1200", "1000", "5000", "300", "6500"), (6200, 5000, 200, 0, 300), "exact"),  # the first holds the second
        (("100", "100", "0", "10", "110"), (100, 0, 0, 0, 10), "exact"),
        (("20", "100", "30", "10", "110"), (100, 30, 20, 0, 10), "exact"),  # the second is all input
        (("10", "20", "30", "40", "999"), (60, 30, 10, 0, 40), "cache_split_unknown"),
        (("1,200", "1,000", "0", "300", "2,500"), (2200, 0, 1200, 0, 300), "exact"),
    ],
)
def test_the_total_says_what_the_columns_mean(cells: tuple[str, ...], expected: tuple[int, ...], state: str) -> None:
    (call,) = calls([row(*cells)])
    assert (counts(call.usage), call.usage.state) == (expected, state)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [("Included", None), ("Free", None), ("-", None), ("", None), ("$0.10", "0.1"), ("0.25", "0.25")],
)
def test_a_cost_is_an_amount_or_none(cost: str, expected: str | None) -> None:
    (call,) = calls([row("0", "3", "0", "4", "7", Cost=cost)])
    assert call.logged_cost == expected


@pytest.mark.parametrize(
    ("kind", "code"), [("Errored, No Charge", "errored"), ("Aborted, Not Charged", "aborted"), ("Free", None)]
)
def test_what_is_not_charged_costs_nothing(kind: str, code: str | None) -> None:
    (call,) = calls([row("0", "100", "0", "40", "140", Kind=kind)])
    assert call.error_type == code
    assert (call.usage.input_tokens, call.logged_cost) == ((0, "0") if code else (100, None))


def test_equal_events_are_two_and_an_overlapping_export_repeats_them() -> None:
    event = row("0", "3", "0", "4", "7")
    other = row("0", "9", "0", "4", "13")
    first, again, third = calls([event, event, other])
    assert len({first.call_id, again.call_id, third.call_id}) == 3
    assert [call.call_id for call in calls([event, event])] == [first.call_id, again.call_id]


def test_an_event_of_the_admin_api_counts_cents() -> None:
    tokens = {"inputTokens": 126, "outputTokens": 450, "cacheWriteTokens": 6112, "cacheReadTokens": 11964}
    event = {"timestamp": "1772442912000", "userEmail": "ann@example.com", "model": "claude-4.5-sonnet",
             "kind": "Usage-based", "requestsCosts": 5, "tokenUsage": {**tokens, "totalCents": 20.18232}}  # fmt: skip
    (call,) = calls([{"usageEvents": [event], "totalUsageEventsCount": 1}])
    assert counts(call.usage) == (18202, 11964, 6112, 0, 450)
    assert (call.logged_cost, call.user_id, call.started_at) == ("0.2018232", "ann@example.com", 1772442912000000)


def test_counts_that_are_none_are_refused() -> None:
    assert rejects([row("-1", "0", "0", "0", "0")]) == ["token count is negative"]


def test_what_is_an_event() -> None:
    assert choose(row("0", "0", "0", "0", "0")) is READER
    assert not READER.identify({"Date": "2026-03-02", "Model": "gpt-5", "Requests": "1"})
    assert not READER.identify({"tokenUsage": {"input": 3}, "timestamp": "x"})


def test_a_model_has_the_name_that_its_maker_gave_it() -> None:
    names = {
        "claude-4.5-sonnet-thinking": "claude-sonnet-4-5", "claude-4-opus": "claude-opus-4",
        "claude-3.7-sonnet": "claude-3-7-sonnet", "claude-4.5-opus-high-thinking": "claude-opus-4-5",
        "gpt-5.1-codex-max-xhigh": "gpt-5.1-codex-max", "gpt-5-high": "gpt-5", "gpt-5": None, "gpt-5-high-fast": None,
        "composer-1": None, "auto": None, "gemini-2.5-flash": None,
    }  # fmt: skip
    assert {name: model_of(name) for name in names} == names
    assert model_of(None) is None
    (call,) = calls([row("0", "3", "0", "4", "7", Model="claude-4.5-sonnet")])
    assert (call.request_model, call.response_model) == ("claude-4.5-sonnet", "claude-sonnet-4-5")


@pytest.mark.parametrize("column", ["Cost", "Cost ($)", "API Cost"])
def test_the_cost_stands_under_several_names(column: str) -> None:
    event = {name: cell for name, cell in row("0", "3", "0", "4", "7").items() if name != "Cost"}
    assert calls([{**event, column: "$0.10"}])[0].logged_cost == "0.1"
