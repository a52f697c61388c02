from __future__ import annotations

from decimal import Decimal

import pytest

from tokaudit.report import format as written
from tokaudit.result import Range


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.00"),
        ("1", "1.00"),
        ("1234567.891", "1,234,567.89"),
        ("12.345", "12.34"),
        ("0.5", "0.5000"),
        ("0.012345", "0.01234"),
        ("0.99996", "1.00"),
        ("0.000004567", "0.000004567"),
        ("0.0000001", "<0.000001"),
        ("-0.0000001", ">−0.000001"),
        ("-1234.5", "−1,234.50"),
        ("1" + "0" * 40 + ".015", "1" + "0" * 40 + ".02"),
        ("NaN", "?"),
    ],
)
def test_money_has_two_decimals_or_four_digits(value: str, text: str) -> None:
    plain = text.replace("1" + "0" * 40, f"{10**40:,}")
    assert written.money(Decimal(value)) == plain


def test_unknown_money_is_never_zero() -> None:
    assert written.money(None) == "?"
    assert written.dollars(None) == "?"
    assert written.money_range(None) == "?"


def test_prose_puts_the_sign_first() -> None:
    assert written.dollars(Decimal("-3")) == "−$3.00"
    assert written.dollars(Decimal("1E-9")) == "<$0.000001"


def test_ranges_say_one_value_once() -> None:
    one = Decimal(1200)
    assert written.money_range(Range(one, one, Decimal(1900))) == "1,200.00–1,900.00"
    assert written.money_range(Range(one, one, one)) == "1,200.00"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 7, "0%"),
        (7, 7, "100%"),
        (1, 3, "33.3%"),
        (1, 10_000, "<0.1%"),
        (9_999, 10_000, ">99.9%"),
        (-1, 4, "−25.0%"),
        (3, 0, "–"),
        (3, 2, "150.0%"),
    ],
)
def test_shares_never_round_to_nothing_or_everything(part: int, whole: int, text: str) -> None:
    assert written.share_of(part, whole) == text


def test_a_share_that_does_not_apply_is_a_dash() -> None:
    assert written.share(None) == "–"
    assert written.share(float("nan")) == "–"
    assert written.multiple(None) == "–"
    assert written.mean(5, 0) == "–"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("cached_share", 0.5, "50.0%"),
        ("shared_tokens", 3000, "3,000"),
        ("cost_usd", Decimal("1.5"), "$1.50"),
        ("calls_per_hour", 41.256, "41.26"),
        ("streamed", True, "yes"),
        ("limit", None, "?"),
        ("models", ["a", "b\x1b"], "a, b\ufffd"),
        ("by_model", {"a": 1}, "a: 1"),
    ],
)
def test_evidence_is_written_by_its_name_and_type(name: str, value: object, text: str) -> None:
    assert written.evidence(name, value) == text
