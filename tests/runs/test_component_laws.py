"""Do the components of every call add up to what it was billed, in every provider's words?"""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.every_dialect import DIALECTS, Json, random_calls
from runs.logs import analysed, tokens_of
from runs.shared import ROOT, run_of
from tokaudit.result import COMPONENTS

NAMES = [f"tokens_{name}" for name in COMPONENTS]


def assert_components_add_up(calls: pl.DataFrame) -> None:
    known = calls.filter(pl.col("input_tokens").is_not_null())
    off = known.filter(pl.sum_horizontal(NAMES) != pl.col("input_tokens"))
    assert off.select("reader", "line", "input_tokens", *NAMES).rows(named=True) == []
    assert known.select(pl.min_horizontal(pl.min(*NAMES))).item() >= 0
    unknown = calls.filter(pl.col("input_tokens").is_null())
    assert unknown.select(pl.all_horizontal(pl.col(*NAMES).is_null()).all()).item()


@settings(max_examples=2, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_random_calls_of_every_dialect_add_up(seed: int) -> None:
    with analysed(random_calls(seed, 12 * (len(DIALECTS) + 1))) as (_, calls):
        assert calls.height > 11 * (len(DIALECTS) + 1)
        assert calls["reader"].n_unique() == len(DIALECTS) + 1
        assert_components_add_up(calls)
        readable = calls.filter(
            pl.col("input_tokens") > 0, pl.col("messages") == 0, pl.col("reader") == "litellm_spend_logs"
        )
        assert (readable["tokens_unexplained"] == readable["input_tokens"]).all()


def test_the_calls_of_every_format_we_read_add_up() -> None:
    _, calls = run_of(ROOT / "fixtures/readers")
    assert calls["reader"].n_unique() > 40
    assert_components_add_up(calls)


THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA" * 400}


def response(number: int, items: list[Json], billed: int, answer: str) -> Json:
    """Return a call of the Responses API whose answer is a text."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
    body = {
        "id": f"resp_{number}",
        "object": "response",
        "model": "gpt-5",
        "status": "completed",
        "output": [THOUGHT, message],
    }
    usage = {"input_tokens": billed, "output_tokens": 100, "output_tokens_details": {"reasoning_tokens": 90}}
    return {
        "timestamp": f"2026-09-01T10:0{number}:00Z", "endpoint": "/v1/responses", "status_code": 200,
        "request": {"model": "gpt-5", "instructions": "Be brief.", "input": items}, "response": {**body, "usage": usage},
    }  # fmt: skip


def test_reasoning_that_is_sent_back_is_no_text_of_the_prompt() -> None:
    question, answer = {"role": "user", "content": "Why is it so?"}, "Because it is."
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
    first, after = [question], [question, THOUGHT, said, {"role": "user", "content": "And now?"}]
    texts = tokens_of("Be brief.", "Why is it so?")
    later = texts + tokens_of(answer, "And now?")
    log = [response(1, first, texts + 2 * 4 + 2, answer), response(2, after, later + 4 * 4 + 2, "So it stays.")]
    with analysed(log) as (_, calls):
        assert calls["tokens_unexplained"].to_list() == [0, 0]
        assert calls["tokens_history"].to_list() == [0, tokens_of("Why is it so?", answer)]
        assert calls["tokens_format_overhead"].to_list() == [10, 18]
