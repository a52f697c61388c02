from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.values.numbers import MAX_TOKENS, amount, count, decimal_comma, decimal_text, plain_number
from tokaudit.schema import RejectRecordError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        ("12", 12),
        (" 12 ", 12),
        ("12.0", 12),
        ("1.420", 1420),
        ("1,420", 1420),
        ("1,000", 1000),
        ("1.234.567", 1234567),
        ("1 234 567", 1234567),
        ("1\u202f234", 1234),
        ("1'234", 1234),
        ("1e3", 1000),
        (MAX_TOKENS, MAX_TOKENS),
        (None, None),
        ("", None),
        (" ", None),
        ("null", None),
        ("None", None),
        ("NaN", None),
        ("n/a", None),
        (float("nan"), None),
    ],
)
def test_counts(value: object, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "token count is negative"),
        ("-1", "token count is negative"),
        (-1.0, "token count is negative"),
        (12.5, "token count is not a whole number"),
        ("12.5", "token count is not a whole number"),
        ("12,5", "token count is not a whole number"),
        (MAX_TOKENS + 1, "token count is out of range"),
        ("9" * 400, "token count is out of range"),
        ("9e99", "token count is out of range"),
        (float("inf"), "token count is out of range"),
        (True, "token count is not a number"),
        ([], "token count is not a number"),
        ({}, "token count is not a number"),
        ("twelve", "token count is not a number"),
        ("1,2,3", "token count is not a number"),
        ("٣", "token count is not a number"),
        ("1.000", "token count can be read in two ways"),
    ],
)
def test_what_is_no_count_is_refused_with_a_fixed_reason(value: object, reason: str) -> None:
    with pytest.raises(RejectRecordError, match=f"^{reason}$"):
        count(value)


def test_the_row_decides_what_a_point_before_three_zeros_means() -> None:
    assert count("1.000", ["1.000", "0,5"]) == 1000
    assert count("1.000", ["1.000", "0.5"]) == 1
    assert count("1,000", ["1,000", "0,5"]) == 1


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("1.234,56", None, "1234.56"),
        ("1,234.56", None, "1234.56"),
        ("0,00034", None, "0.00034"),
        ("0.123", None, "0.123"),
        ("1.234", None, None),
        ("1.234", True, "1234"),
        ("1.234", False, "1.234"),
        ("1,234", True, "1.234"),
        ("12,34.5", None, None),
        ("1.2.3", None, None),
        ("3.4e-04", None, "3.4e-04"),
        ("x", None, None),
    ],
)
def test_plain_numbers(text: str, comma: bool | None, expected: str | None) -> None:
    assert plain_number(text, decimal_comma=comma) == expected


def test_a_row_shows_its_decimal_sign_or_not() -> None:
    assert decimal_comma(["1.420", "0,5", "x, y"]) is True
    assert decimal_comma(["1,420", "0.5", "v1.2.3"]) is False
    assert decimal_comma(["1.420", "abc", 0.5, None]) is None
    assert decimal_comma(["0.5", "0,5"]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.000344, "0.000344"),
        (3.4e-7, "0.00000034"),
        (0.00022500000000000002, "0.00022500000000000002"),
        (0.0, "0"),
        (2, "2"),
        ("0.10", "0.1"),
        ("$0.10", "0.1"),
        ("0.10 USD", "0.1"),
        ("0.123456789012345678901234567890", "0.12345678901234567890123456789"),
    ],
)
def test_amounts_are_exact(value: object, expected: str) -> None:
    found = amount(value)
    assert found is not None
    assert decimal_text(found) == expected


@pytest.mark.parametrize(
    "value", [None, -0.5, "-0.5", True, float("nan"), float("inf"), "1e400", 10**30, [], "free", "0.1 EUR"]
)
def test_what_is_no_amount_in_usd_is_unknown(value: object) -> None:
    assert amount(value) is None


@given(st.integers(0, MAX_TOKENS))
def test_every_spelling_of_a_count_is_that_count(number: int) -> None:
    assert count(number) == count(str(number)) == count(float(number)) == count(f"{number:,}") == number


@given(st.decimals(0, 10**6, places=12))
def test_a_decimal_text_reads_back(number: Decimal) -> None:
    text = decimal_text(number)
    assert text is not None
    assert Decimal(text) == number
    assert "e" not in text.lower()
