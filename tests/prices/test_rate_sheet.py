"""Does the sheet of a model show the rates that price its calls, through the day?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from tokaudit.prices.names import OPEN_WEIGHTS
from tokaudit.prices.quotes import PriceKey
from tokaudit.prices.rate_sheet import NoRate, RateSheet, last_cut, moments_of, rate_sheets, telling_classes

DAY = moments_of(date(2026, 3, 1))


def sheets(model: str, provider: str | None = None, tier: str | None = None) -> list[RateSheet]:
    found = rate_sheets(PriceKey(provider, model, None, tier, None, None), DAY)
    assert not isinstance(found, NoRate)
    return found


def test_one_sheet_a_stretch_of_the_day() -> None:
    assert [(one.starts_at.hour, one.starts_at.minute) for one in sheets("deepseek-chat")] == [
        (0, 0),
        (0, 30),
        (16, 30),
    ]
    (whole,) = sheets("gpt-4o")
    assert whole.starts_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert not whole.is_contracted


def test_a_row_for_each_range_of_prompt_lengths() -> None:
    (sheet,) = sheets("claude-sonnet-4-5")
    assert [(row.above_input_tokens, row.up_to_input_tokens) for row in sheet.rows] == [(-1, 200_000), (200_000, None)]
    assert [row.listed["uncached_input"] for row in sheet.rows] == [3, 6]


def test_classes_that_cost_as_a_wider_one_are_not_told() -> None:
    (plain,), (spoken,), (heard,) = sheets("gpt-4o"), sheets("gpt-4o-realtime-preview"), sheets("whisper-1")
    assert telling_classes(plain) == ["uncached_input", "cache_read", "output", "web_search", "file_search"]
    assert {"input_audio", "output_audio"} < set(telling_classes(spoken))
    assert telling_classes(heard) == ["audio_second"]
    (free,) = sheets("openai/gpt-oss-20b:free", "openrouter")
    assert telling_classes(free) == ["uncached_input", "output"]
    assert set(free.rows[0].listed.values()) == {Decimal(0)}


def test_no_rate_says_why() -> None:
    assert rate_sheets(PriceKey(None, "llama-3.3-70b", None, None, None, None), DAY) == NoRate(OPEN_WEIGHTS)


def test_the_last_cut_before_a_moment() -> None:
    assert last_cut(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)).minute == 30
    assert last_cut(datetime(2026, 3, 1, 16, 29, tzinfo=UTC)).hour == 10
