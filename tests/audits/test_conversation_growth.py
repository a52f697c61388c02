"""Does the audit take the best counterfactual for its saving, and only where it is worth it?"""

from __future__ import annotations

from decimal import Decimal

from audits.facts import a_change, a_chat, a_feature, a_turn, facts, only
from tokaudit.audits.conversation_growth import AUDIT, best_change

WINDOWS = tuple(a_change("keep_last_turns", *variant) for variant in ((8, "0.1"), (4, "1.5"), (2, "2.8")))
CHAT = a_chat(*WINDOWS, a_change("summarise", 4, "-0.2"), a_change("drop_documents", None, "0"))


def test_a_long_chat_is_an_opportunity() -> None:
    finding = only(AUDIT, facts(CHAT))
    assert (finding.state, finding.feature, finding.basis) == ("opportunity", "chat", "modelled")
    saving = finding.saving_usd_per_month
    assert saving is not None
    assert (saving.low, saving.expected, saving.high) == (Decimal("0.1"), Decimal("1.5"), Decimal("2.8"))
    assert finding.evidence["longest_turn"] == 10
    assert finding.action == "Send only the last 4 turns of a conversation"


def test_it_says_what_the_saving_rests_on() -> None:
    evidence = only(AUDIT, facts(CHAT)).evidence
    assert (evidence["change_priced"], evidence["turns"], evidence["calls_changed"]) == ("keep_last_turns", 4, 4)
    assert evidence["cost_now_usd"] - evidence["cost_then_usd"] == Decimal("1.5")
    assert "answers stay the same" in evidence["assumed"]


def test_the_change_that_saves_most_is_taken_not_its_boldest_variant() -> None:
    documents = a_change("drop_documents", None, "1.6", lost=30)
    assert best_change(a_chat(*WINDOWS, documents)) == (documents,)
    finding = only(AUDIT, facts(a_chat(*WINDOWS, documents)))
    assert finding.evidence["cached_tokens_lost"] == 30
    assert finding.action.startswith("Leave retrieved documents out")


def test_a_change_that_costs_more_than_today_is_no_saving() -> None:
    finding = only(AUDIT, facts(a_chat(a_change("keep_last_turns", 4, "-0.5"), a_change("summarise", 4, "-1"))))
    assert (finding.state, finding.saving_usd_per_month, finding.action) == ("informative", None, "")
    assert finding.evidence["cost_then_usd"] == Decimal(6)


def test_the_low_end_is_not_below_nothing() -> None:
    windows = (a_change("keep_last_turns", 8, "-0.3"), a_change("keep_last_turns", 4, "1"))
    saving = only(AUDIT, facts(a_chat(*windows, a_change("keep_last_turns", 2, "2")))).saving_usd_per_month
    assert saving is not None
    assert (saving.low, saving.expected, saving.high) == (0, 1, 2)


def test_the_saving_is_scaled_to_a_month() -> None:
    saving = only(AUDIT, facts(CHAT, month_factor=Decimal(3))).saving_usd_per_month
    assert saving is not None
    assert saving.expected == Decimal("4.5")


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
