"""What do the report's words mean?"""

from __future__ import annotations

from tokaudit.report.view.shapes import Detail, Fact, Section
from tokaudit.report.words import BASES, BRIDGE_LINES, STATES, TERMS, USAGE_STATES, Word


def words_section() -> Section:
    """Define every term; the components of the input are lines of the bridge."""
    lines = BRIDGE_LINES.values()
    details = (
        Detail("words-terms", "Terms", facts=_facts(TERMS)),
        Detail("words-bridge", "Lines of the bridge", facts=_facts(tuple(lines))),
        Detail("words-states", "States of a check", facts=_facts(tuple(STATES.values()))),
        Detail("words-bases", "Basis of a saving", facts=_facts(tuple(BASES.values()))),
        Detail("words-usage", "States of usage", facts=_facts(tuple(USAGE_STATES.values()))),
    )
    return Section("words", "Words", "What the words of this report mean", details=details, closed=True)


def _facts(words: tuple[Word, ...]) -> tuple[Fact, ...]:
    return tuple(Fact(word.name, word.meaning) for word in words)
