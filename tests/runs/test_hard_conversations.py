"""Are conversations found from texts alone, whatever clients do to the history?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import pytest

from runs.hard_conversations import CONVERSATIONS
from runs.planted import Case, Found, found_in_one_log


@lru_cache(maxsize=1)
def _found() -> Mapping[str, Found]:
    return found_in_one_log(CONVERSATIONS, seed=1)


@pytest.mark.parametrize("case", CONVERSATIONS, ids=lambda case: case.__name__)
def test_conversations_are_what_was_planted(case: Case) -> None:
    found = _found()[case.__name__]
    assert found.conversation_pairs() == (1, 1)
    assert found.operation_pairs() == (1, 1)
    assert found.wrongly_superseded() == []


def test_conversations_of_different_cases_stay_apart() -> None:
    cases = [set(found.conversations) for found in _found().values()]
    assert len(set().union(*cases)) == sum(map(len, cases))
