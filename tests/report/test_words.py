from __future__ import annotations

from typing import get_args

from tokaudit.report import words
from tokaudit.result import BRIDGE_LINES, COMPONENTS, Basis, State
from tokaudit.schema import USAGE_STATES, FeatureSource


def test_every_id_of_the_contract_has_a_word_and_a_meaning() -> None:
    for ids, table in (
        (COMPONENTS, words.COMPONENTS),
        (BRIDGE_LINES, words.BRIDGE_LINES),
        (get_args(State), words.STATES),
        (get_args(Basis), words.BASES),
        (USAGE_STATES, words.USAGE_STATES),
        (get_args(FeatureSource), words.FEATURE_SOURCES),
    ):
        assert set(ids) == set(table)
        assert all(entry.name and entry.meaning.endswith(".") for entry in table.values())


def test_an_unknown_id_is_written_as_a_phrase() -> None:
    assert words.word(words.COMPONENTS, "new_kind_of_part").name == "New kind of part"
    assert words.phrase("json_parse_share_usd") == "JSON parse share USD"
