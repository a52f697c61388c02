from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tokaudit.report.safe_text import NAME_LIMIT, safe_cell, safe_text

TRIGGERS = "=+-@\t\r\n＝＋－＠"
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_nothing_that_moves_or_hides_text_survives(text: str) -> None:
    for letter in safe_text(text, limit=1000):
        assert unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY_TEXT)
def test_names_are_short_and_can_be_encoded(text: str) -> None:
    assert len(safe_text(text)) <= NAME_LIMIT
    safe_text(text).encode()


@given(ANY_TEXT, st.sampled_from(TRIGGERS))
def test_no_cell_starts_as_a_formula(text: str, trigger: str) -> None:
    for candidate in (text, trigger + text, f" {trigger}{text}", f"\x00{trigger}{text}"):
        assert not safe_cell(candidate).lstrip(" ").startswith(tuple(TRIGGERS))


def test_a_long_name_keeps_both_ends() -> None:
    assert safe_text("a" * 100 + "z") != safe_text("a" * 100 + "y")
    assert "…" in safe_text("a" * 100)


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("search", "Rückfragen zu Verträgen", "検索", "a/b:c [v2]", "naïve 'quoted'"):
        assert safe_text(name) == name
        assert safe_cell(name) == name


def test_escapes_and_direction_marks_become_visible() -> None:
    assert safe_text("a\x1b]8;;x\x07b\u202ec\u200bd\x9b") == "a\ufffd]8;;x\ufffdb\ufffdc\ufffdd\ufffd"
