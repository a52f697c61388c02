"""Are the attempts at one request told from new requests, from texts and times alone?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import pytest

from runs.hard_attempts import ATTEMPTS
from runs.planted import Case, Found, found_in_one_log


@lru_cache(maxsize=1)
def _found() -> Mapping[str, Found]:
    return found_in_one_log(ATTEMPTS, seed=1)


@pytest.mark.parametrize("case", ATTEMPTS, ids=lambda case: case.__name__)
def test_operations_are_what_was_planted(case: Case) -> None:
    found = _found()[case.__name__]
    assert found.operation_pairs() == (1, 1)
    assert found.conversation_pairs() == (1, 1)
    assert found.wrongly_superseded() == []
