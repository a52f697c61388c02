"""Are usage blocks of unknown origin, and totals beside counts, read for what they say?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readers.platform_calls import A, B, classes
from tokaudit.readers.apis.kept_exchanges import better_usage, billed_usage
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer
from tokaudit.readers.usage.stated_total import usage_with_total
from tokaudit.schema import MISSING_USAGE, Usage

INSIDE, OUTSIDE = Producer("test"), Producer("test", cache="outside")


@pytest.mark.parametrize(
    ("block", "model", "expected"),
    [
        ({"prompt_tokens": 1420, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 1280}}, None, A),
        (
            {
                "input_tokens": 1420,
                "output_tokens": 100,
                "total_tokens": 1520,
                "input_tokens_details": {"cached_tokens": 1280},
            },
            None,
            A,
        ),
        ({"input_tokens": 3, "output_tokens": 406, "cache_read_input_tokens": 1111}, None, B),
        ({"input_tokens": 3, "output_tokens": 4}, "claude-sonnet-4-5", (3, 0, 4, "exact")),
        ({"input_tokens": 3, "output_tokens": 4}, "gpt-4.1", (3, None, 4, "cache_split_unknown")),
        ({"inputTokens": 3, "outputTokens": 406, "totalTokens": 1520, "cacheReadInputTokens": 1111}, None, B),
        (
            {
                "promptTokenCount": 1420,
                "cachedContentTokenCount": 1280,
                "candidatesTokenCount": 60,
                "thoughtsTokenCount": 40,
            },
            None,
            A,
        ),
        ({"prompt_token_count": 10, "candidates_token_count": 2, "total_token_count": 12}, None, (10, 0, 2, "exact")),
        ({}, None, (None, None, None, "missing")),
        ("x", None, (None, None, None, "missing")),
        ({"requests": 1}, None, (None, None, None, "missing")),
    ],
)
def test_the_shape_of_a_block_tells_whose_it_is(block: Any, model: str | None, expected: tuple[Any, ...]) -> None:
    assert classes(block_usage(block, model)) == expected


counts = st.integers(1, 5000)


@given(counts, counts, counts)
def test_a_total_that_fits_the_other_reading_overrules_the_producer(fresh: int, cached: int, output: int) -> None:
    beside = Counts(input=fresh, output=output, cache_read=cached, total=fresh + cached + output)
    inside = Counts(input=fresh + cached, output=output, cache_read=cached, total=fresh + cached + output)
    for producer in (INSIDE, OUTSIDE):
        for stated in (beside, inside):
            usage = usage_with_total(stated, producer)
            assert (usage.input_tokens, usage.cache_read_input_tokens, usage.state) == (fresh + cached, cached, "exact")


def test_a_total_that_holds_more_than_all_counts_is_said() -> None:
    assert usage_with_total(Counts(input=5, output=8, total=20), INSIDE).state == "output_lower_bound"
    assert usage_with_total(Counts(input=5, output=8, total=13), INSIDE).state == "cache_split_unknown"
    assert usage_with_total(Counts(input=5, output=8, total=1), INSIDE).state == "cache_split_unknown"


def test_what_tells_more_is_chosen_and_the_providers_word_wins_a_tie() -> None:
    raw, counted = Usage(1, 1), Usage(2, 2)
    unsplit = Usage(3, 3, state="cache_split_unknown")
    assert better_usage(raw, counted) is raw
    assert better_usage(unsplit, counted) is counted
    assert better_usage(MISSING_USAGE, unsplit) is unsplit
    assert better_usage(raw, MISSING_USAGE) is raw


def test_the_zeros_of_a_failure_report_nothing() -> None:
    assert billed_usage(MISSING_USAGE, Usage(0, 0), 429, "http_429").rule == "failed calls are not billed"
    assert billed_usage(MISSING_USAGE, MISSING_USAGE, None, "timeout").state == "output_lower_bound"
    assert billed_usage(MISSING_USAGE, Usage(5, 0), None, "error").input_tokens == 5
    assert billed_usage(MISSING_USAGE, Usage(0, 0), None, None) == Usage(0, 0)


def test_a_total_says_that_reasoning_lies_beside_the_output() -> None:
    counts = Counts(200, 20, 230, reasoning=10)
    assert usage_with_total(counts, Producer("Any")).output_tokens == 30
    assert usage_with_total(replace(counts, total=220), Producer("Any")).output_tokens == 20
