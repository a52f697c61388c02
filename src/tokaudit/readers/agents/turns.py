"""What was said since the answer before, in a session file whose lines name the line they follow?

Such a file is a tree: a user may go back and ask again, an agent's lines stand between those of its caller, and the results
of tools that ran at once hang on different lines of one answer. Each answer is told with its own turn and the id of the
answer before it, so that a session of any length is read in one pass.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from tokaudit.schema import Part

LINES_KEPT = 20_000
"""Lines further back are forgotten: who goes back so far begins anew, as far as the prompt is known."""
ANSWERS_KEPT = 64
"""Answers whose tool results are kept: more agents than that do not work at once."""
TURN_LINES, TURN_TEXT = 1_000, 8 << 20
"""The longest turn, in lines and characters, that is more than any model reads: of a longer one the end is kept."""
TEXT_KEPT = 32 << 20


class Sent(NamedTuple):
    """A line that was sent, after those before it in its turn."""

    number: int
    parts: tuple[Part, ...]
    before: Sent | None
    lines: int
    text: int


class Turn(NamedTuple):
    """What led to a line: the id of the answer before it, what was sent since, and the first failed try since."""

    previous: str | None = None
    sent: Sent | None = None
    failed_try: str | None = None


class Said(NamedTuple):
    """What an answer answers: the id of the answer before it, the texts sent since, and the first failed try, if any."""

    previous: str | None
    parts: tuple[Part, ...]
    failed_try: str | None


_NOTHING = Turn()
Value = TypeVar("Value")


class _Kept(Generic[Value]):
    """The latest values by key, at most so many and with so much text in all."""

    def __init__(self, most: int) -> None:
        self._values: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._most = most
        self._text = 0

    def get(self, key: str | None, default: Value) -> Value:
        found = self._values.get(key) if key is not None else None
        return default if found is None else found[0]

    def put(self, key: str, value: Value, text: int) -> None:
        self._text += text - (self._values.pop(key)[1] if key in self._values else 0)
        self._values[key] = value, text
        while len(self._values) > self._most or (self._text > TEXT_KEPT and len(self._values) > 1):
            _, (_, forgotten) = self._values.popitem(last=False)
            self._text -= forgotten


class Turns:
    """The turns of one file. A line is named by its id; an unknown or absent parent begins a conversation."""

    def __init__(self) -> None:
        self._turns: _Kept[Turn] = _Kept(LINES_KEPT)
        self._results: _Kept[Sent | None] = _Kept(ANSWERS_KEPT)
        self._count = 0

    def said(self, parent: str | None) -> Said:
        """Return what an answer that follows `parent` answers. The results of all tools of the answer before belong to it."""
        turn = self._turns.get(parent, _NOTHING)
        sent = {one.number: one.parts for one in (*_chain(self._results.get(turn.previous, None)), *_chain(turn.sent))}
        return Said(turn.previous, tuple(part for _, parts in sorted(sent.items()) for part in parts), turn.failed_try)

    def send(self, line: str, parent: str | None, parts: tuple[Part, ...]) -> None:
        """Add a line that is sent to the model."""
        turn = self._turns.get(parent, _NOTHING)
        self._count += 1
        self._turns.put(line, turn._replace(sent=self._after(turn.sent, parts)), sum(len(part.text) for part in parts))
        if turn.previous and any(part.role == "tool" for part in parts):
            results = self._after(self._results.get(turn.previous, None), parts)
            self._results.put(turn.previous, results, results.text)

    def _after(self, before: Sent | None, parts: tuple[Part, ...]) -> Sent:
        text = sum(len(part.text) for part in parts)
        if before is None or before.lines >= TURN_LINES or before.text >= TURN_TEXT:
            return Sent(self._count, parts, None, 1, text)
        return Sent(self._count, parts, before, before.lines + 1, before.text + text)

    def reply(self, line: str, answer: str) -> None:
        """Add a line of an answer: what follows it is the next turn."""
        self._turns.put(line, Turn(answer), 0)

    def fail(self, line: str, parent: str | None, name: str) -> str:
        """Add a try that failed; return the name of the first failed try of the turn."""
        turn = self._turns.get(parent, _NOTHING)
        first = turn.failed_try or name
        self._turns.put(line, turn._replace(failed_try=first), 0)
        return first

    def note(self, line: str, parent: str | None) -> None:
        """Add a line that is not sent: what follows it follows its parent."""
        self._turns.put(line, self._turns.get(parent, _NOTHING), 0)

    def begin(self, line: str) -> None:
        """Let a conversation begin anew after a line."""
        self._turns.put(line, _NOTHING, 0)


def _chain(sent: Sent | None) -> Iterator[Sent]:
    while sent is not None:
        yield sent
        sent = sent.before
