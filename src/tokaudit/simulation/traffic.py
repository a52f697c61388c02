"""Which calls are made in the month, in the order of their time?"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush, merge
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from tokaudit.schema import Json
from tokaudit.simulation.chance import Draw, stream
from tokaudit.simulation.conversations import Conversation, Text, Turn, conversations, identifier
from tokaudit.simulation.prompts import Layout, Preamble, Prompt, preamble, prompts, total
from tokaudit.simulation.record import Exchange, line
from tokaudit.simulation.scenario import Feature, Scenario

Fate: TypeAlias = Literal["kept", "superseded", "failed"]

_CLIENT_TIMEOUT_MS = 10_000
"""The client waits so long for an answer, then sends the same prompt again."""
_CACHE_LIFE_MS, _CACHE_FROM, _CACHE_STEP = 300_000, 1024, 128
"""A prefix lives 5 minutes, from 1,024 tokens on, in steps of 128. Source: OpenAI, prompt caching, read 2026-11."""


class PlantedCall(NamedTuple):
    """One line of the log and what is true of it.

    started_at    milliseconds since 1970
    turn          1 is the first of its conversation
    layout        its billed input tokens, piece by piece; empty for a failed call
    cached_tokens of which the provider read so many from its cache, counted from the front
    """

    started_at: int
    feature: str
    fate: Fate
    turn: int
    layout: Layout
    cached_tokens: int
    output_tokens: int
    line: bytes


class _Attempt(NamedTuple):
    """One call of a turn. wait_ms: from its start to the start of the next call."""

    fate: Fate
    status: int
    answer: Text | None
    latency_ms: int
    wait_ms: int


def _attempts(turn: Turn, draw: Draw) -> Iterator[_Attempt]:
    backoff_ms = int(500 + draw() * 2500)
    if turn.error_status is not None:
        latency_ms = int(80 + draw() * 4000)
        yield _Attempt("failed", turn.error_status, None, latency_ms, latency_ms + backoff_ms)
    if turn.late_answer is not None:
        latency_ms = int(_CLIENT_TIMEOUT_MS + draw() * 8000)
        yield _Attempt("superseded", 200, turn.late_answer, latency_ms, _CLIENT_TIMEOUT_MS + backoff_ms)
    latency_ms = int(400 + turn.answer.tokens * (8 + draw() * 8))
    yield _Attempt("kept", 200, turn.answer, latency_ms, latency_ms + turn.pause_ms)


def _cached(feature: Feature, seen_tokens: int, waited_ms: int) -> int:
    if not feature.caches or seen_tokens < _CACHE_FROM or waited_ms > _CACHE_LIFE_MS:
        return 0
    return seen_tokens // _CACHE_STEP * _CACHE_STEP


def _metadata(feature: Feature, conversation: Conversation) -> Json:
    session = {} if conversation.session_id is None else {"session_id": conversation.session_id}
    return {"feature": feature.name, **session}


def _exchanges(
    feature: Feature, front: Preamble, conversation: Conversation, draw: Draw
) -> Iterator[tuple[int, Prompt, _Attempt, int, int]]:
    """Yield (turn, prompt, attempt, its start, its cached tokens) of each call of a conversation."""
    now, waited_ms = conversation.starts_at, 0
    for number, (turn, prompt) in enumerate(prompts(front, conversation), start=1):
        seen_tokens = prompt.seen_tokens
        for attempt in _attempts(turn, draw):
            cached = _cached(feature, seen_tokens, waited_ms) if attempt.answer else 0
            yield number, prompt, attempt, now, cached
            now += attempt.wait_ms
            waited_ms += attempt.wait_ms
            if attempt.answer:
                # The question itself is new in every turn, so its cache entry is left out.
                seen_tokens, waited_ms = prompt.front_tokens, attempt.wait_ms


def _calls(
    scenario: Scenario, feature: Feature, front: Preamble, conversation: Conversation, draw: Draw
) -> Iterator[PlantedCall]:
    metadata = _metadata(feature, conversation) if scenario.tagged else None
    for order, (turn, prompt, attempt, now, cached) in enumerate(_exchanges(feature, front, conversation, draw)):
        layout = prompt.layout if attempt.answer else ()
        output_tokens = attempt.answer.tokens if attempt.answer else 0
        exchange = Exchange(
            id=identifier(scenario.seed, feature.name, "call", conversation.number, order),
            started_at=now,
            latency_ms=attempt.latency_ms,
            status=attempt.status,
            messages=prompt.messages,
            answer=attempt.answer.text if attempt.answer else None,
            input_tokens=total(layout),
            cached_tokens=cached,
            output_tokens=output_tokens,
        )
        written = line(feature, exchange, conversation.user, metadata)
        yield PlantedCall(now, feature.name, attempt.fate, turn, layout, cached, output_tokens, written)


def _feature_calls(scenario: Scenario, feature: Feature) -> Iterator[PlantedCall]:
    """Yield a feature's calls by time. Only conversations that overlap are held."""
    front, draw = preamble(scenario.seed, feature), stream(scenario.seed, feature.name, "calls")
    waiting: list[tuple[int, int, PlantedCall, Iterator[PlantedCall]]] = []

    def push(number: int, rest: Iterator[PlantedCall]) -> None:
        if (call := next(rest, None)) is not None:
            heappush(waiting, (call.started_at, number, call, rest))

    def pop() -> PlantedCall:
        _, number, call, rest = heappop(waiting)
        push(number, rest)
        return call

    for conversation in conversations(scenario, feature):
        while waiting and waiting[0][0] <= conversation.starts_at:
            yield pop()
        push(conversation.number, _calls(scenario, feature, front, conversation, draw))
    while waiting:
        yield pop()


def planted_calls(scenario: Scenario) -> Iterator[PlantedCall]:
    """Yield every call of the month by time, with what is true of it. Memory does not grow with the volume."""
    return merge(*(_feature_calls(scenario, feature) for feature in scenario.features), key=attrgetter("started_at"))


def calls(scenario: Scenario) -> Iterator[bytes]:
    """Yield the lines of the log."""
    return (call.line for call in planted_calls(scenario))
