"""Does the audit name the model, the amounts and the likely cause of a logged cost that is not ours?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from audits.facts import a_feature, facts, only
from tokaudit.audits import logged_cost
from tokaudit.audits.contract import Facts, LoggedSpend
from tokaudit.audits.logged_cost import WORDS
from tokaudit.frames.logged_cost import CAUSES

ZERO = Decimal(0)


def spend(causes: Sequence[str] | None, logged: str, stated: str, model: str = "m", **changes: Any) -> LoggedSpend:
    fields: dict[str, Any] = {
        "provider_name": "openai",
        "model": model,
        "causes": None if causes is None else tuple(causes),
        "calls": 10,
        "logged_calls": 10,
        "logged_cost": Decimal(logged),
        "list_cost": Decimal(stated),
        "cost_as_stated": Decimal(stated),
        "difference": abs(Decimal(logged) - Decimal(stated)),
        "implied_calls": 0,
        "implied_cached_tokens": 0,
        "implied_in_blocks": 0,
    }
    return LoggedSpend(**{**fields, **changes})


NOT_LOGGED = spend(None, "0", "0", calls=7, logged_calls=0)


def period(*rows: LoggedSpend) -> Facts:
    return replace(facts(a_feature()), logged=rows)


def test_a_difference_names_model_amounts_and_cause() -> None:
    found = only(
        logged_cost.AUDIT,
        period(spend(["cache_not_discounted"], "2.10", "1.00"), spend(["agrees"], "5", "5"), NOT_LOGGED),
    )
    assert (found.state, found.feature, found.basis) == ("informative", None, "measured")
    assert found.title == "m: the log charges cached input in full"
    assert found.evidence == {
        "provider": "openai", "model": "m", "calls": 20, "calls_not_compared": 7, "logged_cost_usd": Decimal("7.10"),
        "list_cost_usd": Decimal(6), "difference_usd": Decimal("1.10"), "ratio": pytest.approx(6 / 7.1),
        "cause": "cache_not_discounted", "share_explained": 1.0,
    }  # fmt: skip
    assert found.action


def test_hidden_hits_show_both_costs_and_say_which_is_used() -> None:
    hidden = spend(["hidden_cache_hits"], "1.00", "3.50", list_cost=Decimal(1), implied_calls=10,
                   implied_cached_tokens=2_000_000, implied_in_blocks=9)  # fmt: skip
    found = only(logged_cost.AUDIT, period(hidden))
    assert found.evidence == {
        "provider": "openai", "model": "m", "calls": 10, "calls_not_compared": 0, "logged_cost_usd": Decimal(1),
        "list_cost_usd": Decimal(1), "difference_usd": Decimal("-2.50"), "ratio": 3.5, "cause": "hidden_cache_hits",
        "share_explained": 1.0, "cost_as_stated_usd": Decimal("3.50"), "implied_cached_tokens": 2_000_000,
        "calls_with_implied_cache": 10, "share_in_blocks_of_64": 0.9, "cost_used": "with the implied cache reads",
    }  # fmt: skip
    assert "used in our cost" in found.title
    assert "cached_tokens" in found.action


def test_the_simpler_of_two_causes_is_named_and_the_other_beside_it() -> None:
    found = only(
        logged_cost.AUDIT, period(spend(["batch", "one_ratio"], "1", "2"), spend(["one_ratio"], "0.005", "0.01"))
    )
    assert found.evidence["cause"] == "batch"
    assert found.evidence["also_fits"] == ("one_ratio",)
    assert found.evidence["share_explained"] == pytest.approx(1 / 1.005)


def test_what_explains_more_beats_what_is_simpler() -> None:
    found = only(logged_cost.AUDIT, period(spend(["batch", "one_ratio"], "1", "2"), spend(["one_ratio"], "1", "2")))
    assert found.evidence["cause"] == "one_ratio"
    assert "also_fits" not in found.evidence


def test_a_cause_of_less_than_half_is_none() -> None:
    found = only(logged_cost.AUDIT, period(spend(["batch"], "1", "2"), spend(["other"], "1", "3")))
    assert (found.evidence["cause"], found.evidence["share_explained"]) == ("other", pytest.approx(1 / 3))
    assert found.title == "m: the logged cost differs from ours, cause not found"


def test_a_cost_of_0_has_no_ratio() -> None:
    found = only(logged_cost.AUDIT, period(spend(["unknown_model_at_0"], "0", "2", provider_name=None)))
    assert not {"ratio", "provider"} & set(found.evidence)


@pytest.mark.parametrize(("logged", "stated"), [("0.99", "1.00"), ("100.9", "100"), ("0.001", "0.011"), ("3", "3")])
def test_a_cent_or_1_percent_is_no_difference(logged: str, stated: str) -> None:
    found = only(logged_cost.AUDIT, period(spend(["other"], logged, stated), NOT_LOGGED))
    assert (found.state, found.action) == ("passed", "")
    assert (found.evidence["calls"], found.evidence["calls_not_compared"]) == (10, 7)
    assert found.evidence["logged_cost_usd"] == Decimal(logged)


def test_each_model_has_its_finding_the_largest_difference_first() -> None:
    rows = [spend(["batch"], "1", "2", "a"), spend(["batch"], "1", "4", "b"), spend(["agrees"], "1", "1", "c")]
    assert [found.evidence["model"] for found in logged_cost.AUDIT.run(period(*rows))] == ["b", "a"]


def test_without_logged_costs_there_is_nothing_to_compare() -> None:
    for rows in ([], [NOT_LOGGED], [spend(None, "0", "0")]):
        assert only(logged_cost.AUDIT, period(*rows)).state == "not_applicable"


def test_every_cause_of_a_difference_has_words() -> None:
    assert set(WORDS) == set(CAUSES) - {"agrees"}
    assert all(words.title and words.action for words in WORDS.values())
