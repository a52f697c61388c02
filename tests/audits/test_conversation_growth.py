"""Does the audit price the history beyond a window, and only that?"""

from __future__ import annotations

from decimal import Decimal

from audits.facts import a_feature, a_turn, facts, only
from tokaudit.audits.conversation_growth import AUDIT, saving_of_window

# Ten turns of 100 new tokens each, one conversation: turn n re-sends (n - 1) x 100 tokens, 4,500 in all.
CHAT = a_feature(
    tokens={"history": 4500, "user_input": 1000}, turns=[a_turn(n, 1, 100.0 * (n - 1)) for n in range(1, 11)]
)


def test_a_long_chat_is_an_opportunity() -> None:
    finding = only(AUDIT, facts(CHAT))
    assert (finding.state, finding.feature, finding.basis) == ("opportunity", "chat", "modelled")
    saving = finding.saving_usd_per_month
    assert saving is not None
    # Kept 8: turn 10 drops 100. Kept 4: turns 6 to 10 drop 100 to 500. Kept 2: turns 4 to 10 drop 100 to 700.
    assert (saving.low, saving.expected, saving.high) == (Decimal("0.1"), Decimal("1.5"), Decimal("2.8"))
    assert finding.evidence["longest_turn"] == 10
    assert finding.action


def test_the_saving_is_scaled_to_a_month() -> None:
    saving = only(AUDIT, facts(CHAT, month_factor=Decimal(3))).saving_usd_per_month
    assert saving is not None
    assert saving.expected == Decimal("4.5")


def test_a_window_longer_than_every_conversation_saves_nothing() -> None:
    assert saving_of_window(CHAT, 9) == saving_of_window(CHAT, 30) == 0


def test_the_range_is_in_order_even_where_late_turns_are_short() -> None:
    means = [0, 50, 100, 500, 1000, 1000, 1000, 1000, 0, 900]
    feature = a_feature(tokens={"history": 5550}, turns=[a_turn(n, 1, mean) for n, mean in enumerate(means, start=1)])
    assert saving_of_window(feature, 8) > saving_of_window(feature, 4) == 0
    saving = only(AUDIT, facts(feature)).saving_usd_per_month
    assert saving is not None
    assert (saving.low, saving.expected, saving.high) == (Decimal(0), Decimal("0.9"), Decimal("4.8"))


def test_short_chats_re_send_little_and_pass() -> None:
    feature = a_feature(tokens={"history": 100, "user_input": 900}, turns=[a_turn(1, 5, 0.0), a_turn(2, 1, 100.0)])
    finding = only(AUDIT, facts(feature))
    assert (finding.state, finding.saving_usd_per_month, finding.action) == ("passed", None, "")


def test_history_without_a_saving_worth_naming_is_informative() -> None:
    feature = a_feature(tokens={"history": 500, "user_input": 500}, turns=[a_turn(1, 5, 0.0), a_turn(2, 5, 100.0)])
    assert only(AUDIT, facts(feature)).state == "informative"


def test_single_turns_and_unlogged_prompts_are_not_applicable() -> None:
    single = a_feature(turns=[a_turn(1, 10, 0.0)])
    unlogged = a_feature(tokens={"unexplained": 1000}, turns=[a_turn(1, 5, 0.0), a_turn(2, 5, 0.0)])
    assert list(AUDIT.run(facts(single, unlogged, a_feature()))) == []
