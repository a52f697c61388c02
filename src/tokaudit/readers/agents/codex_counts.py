"""How many tokens did one call of Codex cost, when the session states running totals?"""

from __future__ import annotations

from typing import NamedTuple

from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.schema import Json, Usage

_PRODUCER = Producer("Codex", cache="inside", reasoning="inside", always_states_cache=True)


class Tally(NamedTuple):
    """Tokens by class: all input, of which read from a cache and written to one; all output, of which reasoning."""

    input: int = 0
    read: int = 0
    write: int = 0
    output: int = 0
    reasoning: int = 0

    def less(self, other: Tally) -> Tally:
        """Subtract class by class."""
        return Tally(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


def tally_of(block: Json) -> Tally | None:
    """Read a usage block; None where it does not state input and output. Its total is not read: some add reasoning twice.

    Raises RejectRecordError.
    """
    if type(block) is not dict:
        return None
    whole, output = first_count(block, "input_tokens", "prompt_tokens"), first_count(block, "output_tokens")
    if whole is None or output is None:
        return None
    read = first_count(block, "cached_input_tokens", "cache_read_input_tokens")
    write = first_count(block, "cache_write_input_tokens", "cache_creation_input_tokens")
    return Tally(whole, read or 0, write or 0, output, first_count(block, "reasoning_output_tokens") or 0)


def spent(total: Tally | None, last: Tally | None, before: Tally | None) -> Tally | None:
    """Find what was spent since the running total `before`; None = nothing.

    last  the latest call alone, as the session states it: used where the totals tell nothing, or began anew
    """
    if total is None or before is None:
        found = last if last is not None else total
    else:
        found = total.less(before)
        if min(found) < 0:
            found = last
        elif last is not None and found != Tally() and min(found.less(last)) < 0:
            found = last  # the totals lack a part of the call itself
    return found if found is not None and found != Tally() else None


def usage_of_tally(tally: Tally) -> Usage:
    """Write a tally as a usage: OpenAI counts the cache inside the input and reasoning inside the output."""
    counts = Counts(
        input=tally.input,
        output=tally.output,
        cache_read=tally.read,
        cache_write=tally.write,
        reasoning=tally.reasoning,
    )
    return usage_of(counts, _PRODUCER)
