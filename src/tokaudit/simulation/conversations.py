"""Who asks what, and how often? Every turn, retry and error of the month, before it is logged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from tokaudit.errors import UsageError
from tokaudit.simulation.arrivals import arrivals
from tokaudit.simulation.chance import Draw, lots, pick, stream
from tokaudit.simulation.documents import Shelf, retrieve, shelf
from tokaudit.simulation.scenario import Feature, Scenario, queries
from tokaudit.simulation.texts import ENCODING, Author
from tokaudit.tokens.count import count_tokens

_SESSION_SHARE = 0.9
"""Share of the conversations that carry a session id."""
_CONVERSATIONS_PER_USER = 3
_ERRORS = (429, 429, 500)
_PAUSE_MS = (20_000, 300_000)
"""How long somebody reads and writes before the next turn. With it, a conversation of 8 turns ends within the hour."""


class Text(NamedTuple):
    """A text and its tokens."""

    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One query. late_answer: one that came after the client had given up; error_status: what was answered first."""

    question: Text
    documents: Text
    answer: Text
    late_answer: Text | None
    error_status: int | None
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one person. starts_at in milliseconds since 1970."""

    number: int
    starts_at: int
    user: str
    session_id: str | None
    turns: tuple[Turn, ...]


def identifier(*key: object, size: int = 12) -> str:
    """Make an id of 2 x size hex digits."""
    return blake2b(":".join(map(str, key)).encode(), digest_size=size).hexdigest()


def _persistence(mean: float, most: int) -> float:
    """Find the chance of one more turn by which conversations have a mean, given that none is longer than `most`."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(middle**turn for turn in range(most)) < mean else (low, middle)
    return high


def turn_counts(feature: Feature, total: int, draw: Draw) -> bytes:
    """Draw the turns of each conversation until they add up to the total; the last conversation is cut to fit."""
    persistence, counts = _persistence(float(feature.mean_turns), feature.most_turns), bytearray()
    while total:
        turns = 1
        while turns < feature.most_turns and draw() < persistence:
            turns += 1
        counts.append(min(turns, total))
        total -= counts[-1]
    return bytes(counts)


def _turns(author: Author, shelf: Shelf, draw: Draw, late: bool, errors: list[bool]) -> Iterator[Turn]:
    questions, answers = [author.question() for _ in errors], [author.answer() for _ in errors]
    late_answers = [author.answer(late=True)] if late else []
    texts = [*questions, *answers, *late_answers]
    counted = [Text(*pair) for pair in zip(texts, count_tokens(texts, ENCODING).tolist(), strict=True)]
    for turn, failed in enumerate(errors):
        yield Turn(
            question=counted[turn],
            documents=Text(*retrieve(shelf, draw)),
            answer=counted[len(errors) + turn],
            late_answer=counted[-1] if late and turn == 0 else None,
            error_status=pick(draw, _ERRORS) if failed else None,
            pause_ms=int(_PAUSE_MS[0] + draw() * (_PAUSE_MS[1] - _PAUSE_MS[0])),
        )


def conversations(scenario: Scenario, feature: Feature) -> Iterator[Conversation]:
    """Yield the conversations of a feature in the order in which they begin.

    Raises UsageError when more retries are wanted than there are first turns to retry.
    """
    total, seed = queries(scenario, feature), scenario.seed
    counts = turn_counts(feature, total, stream(seed, feature.name, "turns"))
    retries = round(feature.retry_share * total)
    if retries > len(counts):
        hint = f"a share of up to {len(counts) / total:.2f} is possible with {feature.mean_turns} turns a conversation"
        raise UsageError(f"{retries} retries do not fit on {len(counts)} first questions", hint=hint)
    late = lots(stream(seed, feature.name, "retries"), retries, len(counts))
    errors = lots(stream(seed, feature.name, "errors"), round(feature.error_share * total), total)
    starts = arrivals(scenario, len(counts), stream(seed, feature.name, "arrivals"))
    author, pages, draw = Author(seed, feature), shelf(seed, feature, ENCODING), stream(seed, feature.name, "people")
    for number, (turns, is_late, start) in enumerate(zip(counts, late, starts, strict=True)):
        has_session = draw() < _SESSION_SHARE
        yield Conversation(
            number=number,
            starts_at=start,
            user=f"u{int(draw() * (len(counts) / _CONVERSATIONS_PER_USER + 1)) + 1}",
            session_id=identifier(seed, feature.name, "session", number, size=16) if has_session else None,
            turns=tuple(_turns(author, pages, draw, is_late, [next(errors) for _ in range(turns)])),
        )
