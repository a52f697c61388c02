"""Do the token counts of a record include one another, and do they add up?

Producers differ in whether cached input is inside the input and reasoning inside the output. Arithmetic decides where
it can: a part larger than its whole lies outside it, and a stated total fits only one reading.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from tokaudit.schema import RejectRecordError, Usage

DO_NOT_ADD_UP = "token classes do not add up"


class Reading(NamedTuple):
    """All input and all output, and what had to be added to get there.

    unexplained  tokens of the stated total that neither holds; 0 without a total
    """

    input: int
    output: int
    cache_outside: bool
    reasoning_outside: bool
    unexplained: int


def settle(
    input_tokens: int,
    output_tokens: int,
    total: int | None,
    cached: int,
    reasoning: int,
    *,
    cache_outside: bool = False,
    reasoning_outside: bool = False,
    inclusive: bool = False,
) -> Reading:
    """Read counts whose semantics are not known; cached is reads plus writes.

    cache_outside  what to assume where the arithmetic leaves both readings open; reasoning_outside the same
    inclusive      the producer is known to count every part inside: nothing is added
    Raises         RejectRecordError when the total is smaller than its parts.
    """
    if total and total < input_tokens + output_tokens:
        raise RejectRecordError(DO_NOT_ADD_UP)
    if inclusive or not (cached or reasoning):
        return Reading(input_tokens, output_tokens, False, False, total - input_tokens - output_tokens if total else 0)
    caches = (True,) if cached > input_tokens else (cache_outside, not cache_outside) if cached else (False,)
    open_reasoning = (reasoning_outside, not reasoning_outside) if reasoning else (False,)
    reasonings = (True,) if reasoning > output_tokens else open_reasoning
    readings = [
        Reading(whole_input, whole_output, cache, reason, (total - whole_input - whole_output) if total else 0)
        for cache, reason in product(caches, reasonings)
        for whole_input in (input_tokens + cached * cache,)
        for whole_output in (output_tokens + reasoning * reason,)
    ]
    fitting = [reading for reading in readings if reading.unexplained == 0]
    if cache_outside and total and total == input_tokens + output_tokens:
        return readings[0]  # a total made of the two fields alone says nothing about the cache
    return fitting[0] if fitting else readings[0]


def checked(usage: Usage) -> Usage:
    """Return the usage if every part fits into its whole. Raises RejectRecordError."""
    writes = (usage.cache_write_5m_input_tokens or 0) + (usage.cache_write_1h_input_tokens or 0)
    parts = (usage.cache_read_input_tokens or 0) + writes
    if usage.input_tokens is not None and parts > usage.input_tokens:
        raise RejectRecordError(DO_NOT_ADD_UP)
    if usage.output_tokens is not None and (usage.reasoning_output_tokens or 0) > usage.output_tokens:
        raise RejectRecordError(DO_NOT_ADD_UP)
    return usage
