"""How well are planted conversations and operations found? All cases of a list stand in one log, so that they can disturb
each other, and are scored each on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from runs.hard_conversations import Draw, Message, Planted, Record
from runs.logs import analysed
from runs.pairs import pairwise

Case = Callable[[Draw], list[Planted]]


@dataclass(frozen=True, slots=True)
class Found:
    """The calls of a case: what was planted, and what was made of it."""

    planted: tuple[Planted, ...]
    conversations: tuple[int, ...]
    operations: tuple[int, ...]
    wastes: tuple[str | None, ...]

    def conversation_pairs(self) -> tuple[float, float]:
        """Return precision and recall over pairs of calls in one conversation."""
        return pairwise(self.conversations, [one.conversation for one in self.planted])

    def operation_pairs(self) -> tuple[float, float]:
        """Return precision and recall over pairs of attempts at one request."""
        return pairwise(self.operations, [one.operation for one in self.planted])

    def wrongly_superseded(self) -> list[int]:
        """Return the calls, by their place, of which `superseded` is said but not true, or true but not said."""
        return [n for n, one in enumerate(self.planted) if one.is_superseded != (self.wastes[n] == "superseded")]


def _of_shop(message: Message, shop: str) -> Message:
    content = message.get("content")
    ours = message.get("role") in ("system", "user") and isinstance(content, str)
    return {**message, "content": f"{content} ({shop})"} if ours else message


def _told_apart(planted: Sequence[Planted], shop: str) -> list[Planted]:
    """Let fixed words and ids name the case: equal ones are equal within a case only."""

    def renamed(record: Record) -> Record:
        request = dict(record["request"])
        if "messages" in request:
            request["messages"] = [_of_shop(message, shop) for message in request["messages"]]
        else:
            request.update({name: f"{request[name]} ({shop})" for name in ("instructions", "input")})
        response = {name: f"{value}-{shop}" if name == "id" else value for name, value in record["response"].items()}
        told = dict(record.get("metadata", {}))
        for holder, name in ((request, "previous_response_id"), (told, "session_id")):
            if name in holder:
                holder[name] = f"{holder[name]}-{shop}"
        return {**record, "request": request, "response": response, "metadata": told}

    return [replace(one, record=renamed(one.record)) for one in planted]


def found_in_one_log(
    cases: Sequence[Case], seed: int, written: Callable[[Record], Record] = lambda record: record
) -> Mapping[str, Found]:
    """Plant the cases, analyse them, and return what was found of each by its name. written: puts records into a dialect."""
    log: list[tuple[str, Planted]] = []
    for case in cases:
        name = case.__name__
        planted = _told_apart(case(Draw(seed ^ crc32(name.encode()))), name)
        log += [(name, one) for one in planted]
    log.sort(key=lambda pair: pair[1].record["timestamp"])
    with analysed([written(one.record) for _, one in log]) as (_, calls):
        lines = calls.sort("line").select("line", "conversation_key", "operation_id", "waste").rows()
    assert len(lines) == len(log)
    found = {}
    for case in cases:
        own = [(one, row) for (name, one), row in zip(log, lines, strict=True) if name == case.__name__]
        planted, rows = zip(*own, strict=True)
        _, conversations, operations, wastes = zip(*rows, strict=True)
        found[case.__name__] = Found(planted, conversations, operations, wastes)
    return found
