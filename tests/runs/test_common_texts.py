"""Are calls linked one by one where all of them share their system prompt, first message and answer?

Linking by content must never pair all calls that hold a text: of 20,000 with the same one that would be 400 million pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from runs.hard_conversations import SYSTEM, Message, Record, call, said
from runs.logs import analysed

CONTINUED, REWRITTEN = 4000, 1000
"""Pairs of an opening and the call that goes on from it; pairs of which the second has a new history around common texts."""
HELLO, HOW, WHAT = said("user", "Hello there."), "Hello. How can I help?", "What is it about?"


def _calls() -> Iterator[tuple[list[Message], str]]:
    for number in range(CONTINUED):
        yield [SYSTEM, HELLO], HOW
        yield (
            [SYSTEM, HELLO, said("assistant", HOW), said("user", f"My order is {number}.")],
            f"Order {number} is sent.",
        )
    for number in range(REWRITTEN):
        yield [SYSTEM, HELLO, said("user", f"It is about {number}.")], WHAT
        summary = said("user", f"So far: {number} was asked.")
        yield [SYSTEM, summary, HELLO, said("assistant", WHAT), said("user", f"My bill {number}.")], f"Bill {number}."


def _log() -> list[Record]:
    clock = count(0, 11)
    return [call(prompt, answer, next(clock)) for prompt, answer in _calls()]


def test_10000_calls_that_share_their_beginnings_are_linked_one_by_one() -> None:
    with analysed(_log()) as (_, calls):
        assert calls.height == 2 * (CONTINUED + REWRITTEN)
        assert calls["operation_id"].n_unique() == calls.height
        lengths = calls["conversation_key"].value_counts()["count"].value_counts(name="conversations").sort("count")
        assert lengths.rows() == [(1, 2 * REWRITTEN), (2, CONTINUED)]
        opened = calls.sort("line")["conversation_key"]
        assert (opened.gather_every(2).head(CONTINUED) == opened.gather_every(2, offset=1).head(CONTINUED)).all()
