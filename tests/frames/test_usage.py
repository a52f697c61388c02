"""What is known of the tokens where the log does not say?"""

from __future__ import annotations

from typing import Any

import pytest

from frames.literal import frame, rows
from tokaudit.frames.usage import with_estimates, with_settled_usage, with_tokeniser_ratio


def estimates(**columns: list[Any]) -> list[tuple[Any, ...]]:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "input_tokens": [None] * count,
        "output_tokens": [None] * count,
        "usage_state": ["missing"] * count,
        "messages": [2] * count,
        "visible_input_tokens": [100] * count,
        "format_tokens": [11] * count,
        "visible_output_tokens": [40] * count,
    }
    found = with_estimates(frame(**{**defaults, **columns}))
    return [row[1:] for row in rows(found, "record_id", "input_tokens", "output_tokens", "usage_state")]


def test_missing_usage_is_estimated_from_the_texts_and_marked() -> None:
    assert estimates(messages=[2]) == [(111, 40, "estimated")]


def test_where_no_answer_was_logged_the_output_is_a_lower_bound() -> None:
    assert estimates(visible_output_tokens=[0]) == [(111, 0, "output_lower_bound")]
    assert estimates(visible_output_tokens=[0], output_tokens=[7]) == [(111, 7, "estimated")]


def test_without_texts_it_stays_unknown() -> None:
    assert estimates(messages=[0]) == [(None, None, "missing")]


def test_reported_usage_is_never_touched() -> None:
    assert estimates(input_tokens=[7], output_tokens=[0], usage_state=["exact"]) == [(7, 0, "exact")]


def test_of_a_broken_stream_the_input_is_estimated_and_the_output_is_what_was_seen() -> None:
    assert estimates(usage_state=["output_lower_bound"]) == [(111, 40, "output_lower_bound")]
    assert estimates(input_tokens=[90], usage_state=["output_lower_bound"]) == [(90, 40, "output_lower_bound")]


def ratios(**columns: list[Any]) -> list[float]:
    count = len(next(iter(columns.values())))
    defaults: dict[str, list[Any]] = {
        "record_id": list(range(1, count + 1)),
        "request_model": ["claude"] * count,
        "response_model": [None] * count,
        "encoding_is_exact": [False] * count,
        "usage_state": ["exact"] * count,
        "input_tokens": [120] * count,
        "visible_input_tokens": [93] * count,
        "format_tokens": [7] * count,
        "media": [0] * count,
        "messages": [1] * count,
        "definition_tokens": [0] * count,
        "tools_id": [None] * count,
    }
    found = with_tokeniser_ratio(frame(**{**defaults, **columns}))
    return [ratio for _, ratio in rows(found, "record_id", "tokeniser_ratio")]


def test_a_private_tokeniser_is_calibrated_over_all_calls_of_the_model() -> None:
    assert ratios(input_tokens=[120, 130], request_model=["claude", "claude"]) == [1.25, 1.25]
    assert ratios(input_tokens=[120, 130], request_model=["claude", "other"]) == [1.2, 1.3]


def test_what_no_tokeniser_can_explain_is_not_calibrated_away() -> None:
    assert ratios(input_tokens=[201]) == [2.0]
    assert ratios(input_tokens=[9000]) == [2.0]
    assert ratios(input_tokens=[10]) == [0.5]


def test_what_every_call_carries_unseen_is_not_calibrated_away() -> None:
    ours = [100 * n for n in range(1, 13)]
    seen = ratios(visible_input_tokens=ours, format_tokens=[0] * 12, input_tokens=[5000 + n * 13 // 10 for n in ours])
    assert seen == pytest.approx([1.3] * 12)
    few = ratios(visible_input_tokens=ours[:9], format_tokens=[0] * 9, input_tokens=[5000 + n for n in ours[:9]])
    assert few == [2.0] * 9  # too few for a line: the average
    alike = ratios(visible_input_tokens=[100] * 12, format_tokens=[0] * 12, input_tokens=[130] * 12)
    assert alike == pytest.approx([1.3] * 12)


def test_calls_without_definitions_teach_more_than_those_with() -> None:
    definitions = {"definition_tokens": [0] * 10 + [50] * 10, "tools_id": [None] * 10 + [1] * 10}
    assert ratios(input_tokens=[120] * 10 + [190] * 10, **definitions) == pytest.approx([1.2] * 20)


def test_the_providers_own_tool_prompt_is_no_doing_of_the_tokeniser() -> None:
    with_tools: dict[str, list[Any]] = {
        "definition_tokens": [50],
        "tools_id": [1],
        "request_model": ["claude-sonnet-4-5"],
    }
    assert ratios(input_tokens=[346 + 130], **with_tools) == [1.3]
    assert ratios(input_tokens=[100], **with_tools) == [1.0]  # it was not billed
    assert ratios(input_tokens=[90], **with_tools) == [0.9]


def test_a_public_tokeniser_is_taken_as_it_is() -> None:
    assert ratios(encoding_is_exact=[True]) == [1.0]


@pytest.mark.parametrize(
    "without",
    [{"media": [1, 0]}, {"messages": [0, 1]}, {"usage_state": ["estimated", "exact"]}, {"input_tokens": [0, 120]}],
    ids=lambda columns: next(iter(columns)),
)
def test_calls_that_teach_nothing_are_left_out_but_calibrated(without: dict[str, list[Any]]) -> None:
    assert ratios(**{"input_tokens": [999, 120], **without}) == [1.2, 1.2]


def test_with_nothing_to_learn_from_the_ratio_is_one() -> None:
    assert ratios(media=[1]) == [1.0]


def test_an_unknown_cache_split_is_settled_where_it_changes_no_price() -> None:
    states = with_settled_usage(
        frame(
            record_id=[1, 2, 3, 4],
            usage_state=["cache_split_unknown", "cache_split_unknown", "cache_split_unknown", "missing"],
            has_cache_rate=[False, True, None, False],
        )
    )
    assert rows(states, "record_id", "usage_state") == [
        (1, "exact"), (2, "cache_split_unknown"), (3, "cache_split_unknown"), (4, "missing"),
    ]  # fmt: skip
