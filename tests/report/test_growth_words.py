"""Do the sentences say what a law of growth says, and no more?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from report.sample_run import SPECS, a_feature, a_run
from tokaudit.report.view.growth import growth_section
from tokaudit.report.view.growth_words import TOO_FEW, law_sentence, law_words
from tokaudit.result import Feature, GrowthLaw

LINEAR = GrowthLaw("linear", 1000.0, 500.0, None, None, 0.98, 0.02, 9, 900)
CUT = GrowthLaw("saturating", 1000.0, 500.0, 2500.0, 4, 0.99, 0.01, 9, 900)
CONSTANT = GrowthLaw("constant", 1000.0, 0.0, None, None, None, 0.01, 9, 900)


def in_usd(law: GrowthLaw, *, slower: float = 1.0) -> GrowthLaw:
    """Turn a law of tokens into one of cost at $2 a million."""
    return replace(law, base=law.base * 2e-6, per_turn=law.per_turn * 2e-6 / slower)


def a_chat(tokens: GrowthLaw | None, cost: GrowthLaw | None) -> Feature:
    feature = a_feature(SPECS[0])
    return replace(feature, growth=replace(feature.growth, tokens_law=tokens, cost_law=cost))


def test_full_history_grows_with_the_square() -> None:
    text = law_sentence(a_chat(LINEAR, in_usd(LINEAR)))
    assert "about 1,000 tokens plus 500 for each turn before it" in text
    assert "the square of its turns" in text
    assert "about $0.002000 plus $0.001000" in text
    assert "900 calls in 9 turns" in text
    assert "cache" not in text


def test_a_cut_history_has_a_plateau() -> None:
    text = law_sentence(a_chat(CUT, CONSTANT))
    assert "from turn 4 on it stays at about 2,500: history is cut or summed up" in text
    assert "square" not in text


def test_cached_growth_is_named_beside_the_growth() -> None:
    assert "mostly read from a cache" in law_sentence(a_chat(LINEAR, in_usd(CONSTANT)))
    assert "takes the edge off" in law_sentence(a_chat(LINEAR, in_usd(LINEAR, slower=4)))
    assert "cache" not in law_sentence(a_chat(CONSTANT, in_usd(CONSTANT)))


def test_what_is_not_known_is_said() -> None:
    assert law_sentence(a_chat(None, None)) == TOO_FEW
    assert "No cost a turn is known" in law_sentence(a_chat(LINEAR, None))


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (None, "too few turns"),
        (CONSTANT, "stays"),
        (LINEAR, "grows"),
        (CUT, "grows until turn 4"),
        (replace(LINEAR, per_turn=-9.0), "shrinks"),
    ],
)
def test_the_law_in_a_cell(law: GrowthLaw | None, words: str) -> None:
    assert law_words(law) == words


def test_a_change_that_costs_more_is_shown_as_such_and_one_that_changes_nothing_not_at_all() -> None:
    changes = growth_section(a_run()).tables[1]
    assert changes.texts("change") == ("keep the last 4 turns", "summarise every 8 turns")
    assert changes.texts("saving")[1].startswith("−")
    assert any("answers stay the same" in note for note in changes.notes)
    assert any("500 tokens at most" in note for note in changes.notes)
