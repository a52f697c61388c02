"""Are conversations and attempts found in other providers' logs as they are in OpenAI's?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import pytest

from runs import hard_attempts as attempts
from runs import hard_conversations as conversations
from runs.dialects import DIALECTS
from runs.hard_conversations import Record
from runs.planted import Case, Found, found_in_one_log

CASES: tuple[Case, ...] = (
    conversations.over_days_with_a_date_in_the_system_prompt,
    conversations.last_turns_kept,
    conversations.summarised_in_a_user_message,
    conversations.parallel_tool_calls,
    conversations.dropped_tool_messages,
    conversations.branches,
    conversations.same_beginnings_and_answers,
    conversations.calls_missing,
    attempts.timeouts_billed_in_full,
    attempts.errors_with_backoff,
    attempts.corrections_with_the_error,
    attempts.corrected_tool_calls,
    attempts.samples_of_one_prompt,
)

Dialect = Callable[[Record], Record]


@lru_cache(maxsize=len(DIALECTS))
def _found(dialect: Dialect) -> Mapping[str, Found]:
    return found_in_one_log(CASES, 1, dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.__name__)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_links_are_found_in_every_dialect(case: Case, dialect: Dialect) -> None:
    found = _found(dialect)[case.__name__]
    assert found.conversation_pairs() == (1, 1)
    assert found.operation_pairs() == (1, 1)
    assert found.wrongly_superseded() == []
