"""Are limits read as their writer meant them, or refused?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tokaudit.cli.options import parse_share, parse_usd
from tokaudit.errors import UsageError


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5000", "5000"), ("$5,000.50", "5000.50"), ("1,234,567", "1234567"), (" 0.10 ", "0.10"), ("1e-3", "0.001")],
)
def test_amounts_are_read(text: str, amount: str) -> None:
    assert parse_usd(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["0,10", "12,5", "1,23,456", "1.000,00", "-1", "nan", "inf", "", "abc"])
def test_what_is_no_amount_or_means_two_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an amount of USD"):
        parse_usd(text)


@pytest.mark.parametrize(("text", "share"), [("1%", 0.01), ("0.5", 0.5), ("0", 0.0), ("100%", 1.0), (" 2.5% ", 0.025)])
def test_shares_are_read(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["nan", "NaN%", "inf", "-1%", "101%", "50", "", "%", "1,5%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a share"):
        parse_share(text)
