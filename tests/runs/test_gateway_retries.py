"""What becomes of attempts that a gateway made itself, from the ledger to the exports and the report?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.logs import Record, analysed, audited, chat, said
from tokaudit.export.calls import call_rows
from tokaudit.report.view.page import build_page
from tokaudit.result import AuditRun, to_json

COLUMNS = ("gateway_retries", "gateway_tried")


def asked(number: int, retries: int | None, **tags: str) -> Record:
    record = chat(
        [said("user", f"Where is parcel {number}?")], "On its way.", seconds=600 * number, feature="faq", **tags
    )  # type: ignore[arg-type]
    headers = {} if retries is None else {"x-litellm-attempted-retries": str(retries)}
    return {**record, "response_headers": headers}


def shown(run: AuditRun) -> str:
    return repr(build_page(run))


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.lists(st.none() | st.integers(0, 9), min_size=1, max_size=6))
def test_counts_stay_as_logged_and_unknown_ones_unknown(told: Sequence[int | None]) -> None:
    log = [asked(number, retries) for number, retries in enumerate(told)]
    with analysed(log) as (_, calls):
        exported = call_rows(calls.lazy()).collect()
        assert exported["gateway_retries"].to_list() == list(told)
        assert exported.schema["gateway_retries"] == pl.Int64
        assert exported["attempt"].to_list() == [1] * len(told)
    run = audited(log)
    waste, known = run.features[0].waste, [retries for retries in told if retries is not None]
    assert waste.gateway_retries == (sum(known) if known else None)
    assert waste.gateway_retried_calls == (sum(retries > 0 for retries in known) if known else None)
    assert (waste.gateway_retries_cost, waste.cost, run.totals.operations) == (None, 0, len(told))


def test_they_are_told_at_an_unknown_cost() -> None:
    run = audited([asked(0, 2), asked(1, 1), asked(2, None)])
    assert "2 calls took 3 earlier attempts that the gateway made itself." in shown(run)
    (finding,) = [found for found in run.findings if found.id == "failed_and_retried_calls"]
    assert (finding.state, finding.evidence["gateway_retries"], finding.evidence["gateway_retries_cost_usd"]) == (
        "informative", 3, None,
    )  # fmt: skip
    assert '"gateway_retries_cost": null' in to_json(run).replace('":null', '": null')


@pytest.mark.parametrize("retries", [None, 0])
def test_where_there_were_none_the_report_does_not_speak_of_them(retries: int | None) -> None:
    assert "made itself" not in shown(audited([asked(0, retries), asked(1, retries)]))


def test_whoever_was_asked_before_is_named() -> None:
    row = {
        "id": "gen-1", "created_at": "2026-09-01T00:00:00Z", "model": "openai/gpt-4o", "total_cost": 0.001,
        "provider_name": "OpenAI", "native_tokens_prompt": 100, "native_tokens_completion": 10,
        "provider_responses": [{"provider_name": "Azure", "status": 429}, {"provider_name": "OpenAI", "status": 200}],
    }  # fmt: skip
    with analysed([row]) as (_, calls):
        assert call_rows(calls.lazy()).select(COLUMNS).collect().rows() == [(1, "Azure")]


def test_tries_that_the_log_ties_to_their_answer_are_not_hidden() -> None:
    base = {
        "user_id": 7, "content": "", "username": "acme", "token_name": "tickets", "model_name": "gpt-4o", "quota": 1,
        "channel": 3, "request_id": "r-1",
    }  # fmt: skip
    failed = {**base, "id": 1, "created_at": 1_756_684_800, "type": 5, "prompt_tokens": 0, "completion_tokens": 0,
              "other": '{"status_code": 429, "error_code": "rate_limit"}'}  # fmt: skip
    answered = {**base, "id": 2, "created_at": 1_756_684_802, "type": 2, "prompt_tokens": 100, "completion_tokens": 10,
                "other": '{"admin_info": {"use_channel": ["3", "5", "9"]}}'}  # fmt: skip
    for log, hidden in (([failed, answered], 1), ([answered], 2)):
        (feature,) = audited(log).features
        assert (feature.operations, feature.waste.gateway_retries) == (1, hidden)
