"""Are tokens of one vendor turned into tokens of another as a range that is sourced, and exact where both count alike?"""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.prices.tokeniser_ratios import (
    SOURCES,
    TEXT_KINDS,
    TOKENS,
    UNKNOWN,
    maker,
    published_ratio,
    tokeniser_family,
    tokeniser_ratio,
)
from tokaudit.simulation.language import sentences
from tokaudit.simulation.phrases import KINDS
from tokaudit.tokens.count import count_tokens

ONE = Decimal(1)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o-mini", "o200k_base"),
        ("openai/gpt-oss-20b", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("claude-3-5-sonnet-20241022", "claude"),
        ("claude-opus-4-20250514", "claude"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude"),
        ("claude-opus-4-7", "claude_4_7"),
        ("anthropic/claude-sonnet-5", "claude_4_7"),
        ("claude-2.1", None),
        ("gemini-2.5-flash", "gemma3"),
        ("gemini-1.5-pro", "gemma2"),
        ("gemini-4-argon", None),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", "llama3"),
        ("llama-4-scout", "llama4"),
        ("mixtral-8x7b-32768", "mistral_v3"),
        ("mistral-small-2603", "tekken"),
        ("qwen2.5-72b-instruct", "qwen"),
        ("qwen3.5-plus", None),
        ("deepseek-chat", "deepseek"),
        ("deepseek-r1-distill-llama-70b", "llama3"),
        ("grok-4", None),
        ("my-own-model", None),
    ],
)
def test_a_model_is_known_by_its_tokeniser_or_not_at_all(model: str, family: str | None) -> None:
    assert tokeniser_family(model) == family


def test_every_family_has_a_count_of_every_kind_of_text_and_a_source() -> None:
    assert set(TOKENS) == set(SOURCES)
    assert all(len(counts) == len(TEXT_KINDS) for counts in TOKENS.values())


def test_models_that_count_alike_have_no_range() -> None:
    for pair in (("gpt-4o", "gpt-5-mini"), ("claude-3-haiku", "claude-sonnet-4-5"), ("grok-4", "grok-4")):
        ratio = published_ratio(*pair)
        assert (ratio.low, ratio.expected, ratio.high, ratio.basis) == (ONE, ONE, ONE, "exact")


def test_a_measured_ratio_spans_all_kinds_of_text() -> None:
    ratio = published_ratio("gpt-4", "gpt-4o")
    assert (ratio.low, ratio.expected, ratio.high, ratio.basis) == (
        Decimal("0.596"), Decimal("0.999"), Decimal("1.006"), "measured",
    )  # fmt: skip


def test_anthropics_own_word_on_its_newer_tokeniser_holds() -> None:
    ratio = published_ratio("claude-opus-4-6", "claude-opus-4-7")
    assert ONE <= ratio.low <= ratio.high <= Decimal("1.35")


def test_an_unknown_tokeniser_is_assumed_and_wide() -> None:
    ratio = published_ratio("gpt-4o", "grok-4")
    assert (ratio.low, ratio.high, ratio.basis) == (*UNKNOWN, "assumed")
    kin = published_ratio("gpt-4o", "gpt-6-sol")
    assert kin.basis == "assumed"
    assert ratio.low < kin.low <= kin.high < ratio.high


def test_the_assumed_range_holds_for_all_known_tokenisers() -> None:
    for source, target in permutations(TOKENS, 2):
        for old, new in zip(TOKENS[source], TOKENS[target], strict=True):
            assert UNKNOWN[0] < Decimal(new) / old < UNKNOWN[1]


def test_the_log_s_own_texts_narrow_the_range() -> None:
    table = published_ratio("claude-sonnet-4-5", "gpt-4o")
    ratio = tokeniser_ratio("claude-sonnet-4-5", "gpt-4o", Decimal("1.25"))
    assert (ratio.low, ratio.expected, ratio.high) == (Decimal("0.760"), Decimal("0.800"), Decimal("0.840"))
    assert ratio.basis == "calibrated"
    assert table.low < ratio.low < ratio.high < table.high


def test_a_calibration_that_contradicts_the_table_is_not_believed() -> None:
    # Texts that the log cuts off look like a tokeniser that makes twice as many tokens.
    assert tokeniser_ratio("claude-sonnet-4-5", "gpt-4o", Decimal("1.99")) == published_ratio(
        "claude-sonnet-4-5", "gpt-4o"
    )


MODELS = (
    "gpt-4o",
    "gpt-4",
    "claude-sonnet-4-5",
    "claude-opus-4-7",
    "gemini-2.5-pro",
    "grok-4",
    "mistral-small-2603",
    "x",
)


@given(st.sampled_from(MODELS), st.sampled_from(MODELS), st.none() | st.decimals("0.5", "2", places=4))
def test_the_expected_ratio_lies_within_its_range(source: str, target: str, billed: Decimal | None) -> None:
    ratio = tokeniser_ratio(source, target, billed)
    assert Decimal(0) < ratio.low <= ratio.expected <= ratio.high


def test_the_vendored_vocabularies_still_make_english_alike() -> None:
    texts = [sentence for kind in KINDS for sentence, _ in sentences(kind, "o200k_base").all[:200]]
    old, new = (int(count_tokens(texts, name).sum()) for name in ("cl100k_base", "o200k_base"))
    ratio = published_ratio("gpt-4", "gpt-4o")
    assert ratio.low <= Decimal(new) / old <= ratio.high


def test_who_made_a_model_is_told_whoever_serves_it() -> None:
    assert maker("anthropic.claude-3-haiku-20240307-v1:0") == maker("claude-sonnet-4-5") == "anthropic"
    assert maker("openai/gpt-oss-20b") == "openai"
    assert maker("something") is None
