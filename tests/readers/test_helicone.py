from __future__ import annotations

from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.gateways.helicone import READER
from tokaudit.schema import Call, Record

ROW = records(FIXTURES / "helicone" / "requests.jsonl")[0]
NOTE = {"helicone_message": "fetching body from signed_url"}
WITHOUT_BODIES = {"request_body": NOTE, "response_body": NOTE}


def read(record: Record = ROW, /, **changes: Any) -> Call:
    changed = {**record, **changes}
    assert choose(changed) is READER
    call = READER.read(changed, ReadOptions())
    assert isinstance(call, Call)
    return call


def test_counts_leave_the_cache_out_of_the_input() -> None:
    for call in (read(), read(**WITHOUT_BODIES)):
        usage = call.usage
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1420, 1280, 100)
        assert usage.state == "exact"


def test_the_answers_own_usage_decides_for_old_rows_too() -> None:
    assert read(prompt_tokens=1420, prompt_cache_read_tokens=0).usage.cache_read_input_tokens == 1280
    assert (
        read(**WITHOUT_BODIES, prompt_tokens=1420, prompt_cache_read_tokens=None).usage.state == "cache_split_unknown"
    )


@pytest.mark.parametrize(
    ("model", "changes", "output", "state"),
    [
        ("gpt-4.1-mini", {}, 100, "exact"),
        ("o4-mini", {}, 100, "output_lower_bound"),
        ("openai/gpt-5.2", {}, 100, "output_lower_bound"),
        ("o4-mini", {"reasoning_tokens": 64}, 164, "exact"),
        ("o4-mini", {"reasoning_tokens": None}, 100, "exact"),
        ("claude-sonnet-4-5", {}, 100, "exact"),
    ],
)
def test_reasoning_is_known_only_where_it_is_stated(
    model: str, changes: dict[str, Any], output: int, state: str
) -> None:
    usage = read(**WITHOUT_BODIES, response_model=model, **changes).usage
    assert (usage.output_tokens, usage.state) == (output, state)


def test_notes_are_no_texts() -> None:
    assert (read(**WITHOUT_BODIES).prompt, read(**WITHOUT_BODIES).answer) == ((), ())


@pytest.mark.parametrize(
    ("status", "error", "state"),
    [
        (-3, "cancelled", "output_lower_bound"),
        ("-1", "timeout", "output_lower_bound"),
        (-4, "blocked_as_threat", "exact"),
        (429, "http_429", "exact"),
        (-2, None, "missing"),
    ],
)
def test_helicones_own_codes(status: Any, error: str | None, state: str) -> None:
    counts = dict.fromkeys(
        ("prompt_tokens", "completion_tokens", "prompt_cache_read_tokens", "prompt_cache_write_tokens")
    )
    call = read(**WITHOUT_BODIES, response_status=status, **counts)
    assert (call.error_type, call.usage.state) == (error, state)


def test_minus_one_token_is_none() -> None:
    usage = read(**WITHOUT_BODIES, prompt_tokens=-1, completion_tokens="-1").usage
    assert (usage.state, usage.input_tokens) == ("missing", None)


def test_an_answer_of_helicones_cache_is_not_the_call_that_paid_for_it() -> None:
    call = read(cache_reference_id="6f0e3f58-0b7f-4c3a-9d1b-5c1d6f0e3f58", cost=0)
    assert (call.gateway_cache_hit, call.logged_cost, call.response_id, call.log_id) == (True, "0", None, "h-1")


def test_tables_hold_billionths_of_dollars() -> None:
    row = records(FIXTURES / "helicone" / "clickhouse.jsonl")[0]
    assert (row["cost"], read(row).logged_cost, read().logged_cost) == (344000, "0.000344", "0.000344")


def test_quotes_escaped_twice_are_read() -> None:
    row = records(FIXTURES / "helicone" / "export.csv")[0]
    assert row["request_body"].startswith('{""model""')
    call = read(row)
    assert ([part.role for part in call.prompt], call.feature, call.conversation_id) == (
        ["system", "user"],
        "triage",
        "s-1",
    )
    assert (call.usage.input_tokens, call.usage.state, call.latency_ms) == (140, "cache_split_unknown", 2500)


def test_sessions_and_properties() -> None:
    call = read()
    assert (call.feature, call.feature_from, call.conversation_id, call.user_id) == (
        "triage",
        "properties.feature",
        "s-1",
        "u-1",
    )
    named = read(request_properties={"Helicone-Session-Name": "tickets"}, properties=None)
    assert (named.feature, named.feature_from) == ("tickets", "properties.Helicone-Session-Name")


@pytest.mark.parametrize("missing", ["request_created_at", "response_status"])
def test_other_records_are_not_known(missing: str) -> None:
    assert not READER.identify({key: value for key, value in ROW.items() if key != missing})
