"""What call do the lines of one answer of Claude Code add up to?

Each content block of an answer is a line of its own, and all lines but the last state the usage as it stood when the answer
began. Some answers never get a line with the final count: then what they show is longer than the tokens they state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.usage.anthropic import messages_usage
from tokaudit.readers.usage.counts import Counts, Producer, first_count, usage_of
from tokaudit.schema import MISSING_USAGE, Call, Json, Usage

NAME = "claude_code"
BEGUN = "Claude Code: counted when the answer began"
NOT_COUNTED = "Claude Code: zeros beside an answer, as gateways that count nothing write them"
MOST_BYTES_A_TOKEN = 8
"""Prose has about four and code fewer: an answer with more than twice that for each token was not counted to its end."""

_FLAT = Producer("Claude Code", cache="outside", always_states_cache=True)
"""Lines of early versions, and copies in other tools' caches, state the counts beside the message."""


@dataclass(slots=True)
class Answer:
    """The lines of one answer so far.

    spot        of the line whose count is the latest
    shown       bytes of everything the answer shows, thinking included
    is_counted  a line with the final count was seen
    is_copy     the lines are a caller's notes of an agent's answers, made while they came in
    run         the session id of a stream of messages, which a result ends; None in a session file
    """

    call: Call
    spot: Spot
    shown: int
    usage: Mapping[str, Json]
    is_counted: bool
    is_copy: bool = False
    run: str | None = None
    lines: set[str] = field(default_factory=set)

    def add(self, later: Answer) -> None:
        """Add a further line. Counts only grow while an answer comes in: the largest is the latest."""
        before, now = self.call.usage.output_tokens, later.call.usage.output_tokens
        self.is_counted |= later.is_counted or (before is not None and now is not None and now != before)
        if now is not None and now >= (before or 0):
            self.call = replace(self.call, usage=later.call.usage)
            self.usage = later.usage
        self.call = replace(
            self.call,
            answer=(*self.call.answer, *later.call.answer),
            finish_reason=later.call.finish_reason or self.call.finish_reason,
        )
        self.spot = later.spot
        self.shown += later.shown
        self.lines |= later.lines

    def count(self, delta: Mapping[str, Json], stop_reason: str | None) -> None:
        """Take the final count from the stream's own event. Raises RejectRecordError."""
        self.usage = {**self.usage, **{key: value for key, value in delta.items() if value is not None}}
        usage = messages_usage(self.usage, self.call.response_model)
        self.call = replace(self.call, usage=usage, finish_reason=stop_reason or self.call.finish_reason)
        self.is_counted = True

    @property
    def seems_cut(self) -> bool:
        """Whether no line has the final count, as far as can be told."""
        output = self.call.usage.output_tokens
        if self.is_counted or output is None or self.call.usage.state != "exact":
            return False
        # What a stream says of an answer is what stood when it began; its result alone has the final count.
        return self.is_copy or self.run is not None or self.shown > MOST_BYTES_A_TOKEN * output

    def told(self) -> Call:
        """Return the call."""
        usage = self.call.usage
        if self.shown and usage.input_tokens == 0 and not usage.output_tokens:
            return replace(self.call, usage=replace(MISSING_USAGE, rule=NOT_COUNTED))
        if not self.seems_cut:
            return self.call
        return replace(self.call, usage=replace(self.call.usage, state="output_lower_bound", rule=BEGUN))


def answer_of_line(message: Mapping[str, Json], beside: Mapping[str, Json], spot: Spot, options: ReadOptions) -> Answer:
    """Read one line: the message, and the object that holds it. Raises RejectRecordError."""
    content = message.get("content")
    blocks = content if type(content) is list else [{"type": "text", "text": content}] if type(content) is str else []
    call = call_of_bodies(None, {**message, "type": "message", "content": blocks}, options) or Call(NAME)
    usage = message.get("usage")
    usage = usage if type(usage) is dict else {}
    if call.usage.state == "missing":
        call = replace(call, usage=_flat_usage(beside))
    return Answer(
        replace(call, reader=NAME, service_tier=_tier(usage, call.service_tier)),
        spot,
        sum(len(part.text.encode()) for part in call.answer) + sum(_thought(block) for block in blocks),
        usage,
        is_counted=message.get("stop_reason") is not None,
    )


def _flat_usage(beside: Mapping[str, Json]) -> Usage:
    counts = Counts(
        input=first_count(beside, "inputTokens", "input_tokens"),
        output=first_count(beside, "outputTokens", "output_tokens"),
        cache_read=first_count(beside, "cacheReadInputTokens", "cache_read_input_tokens"),
        cache_write=first_count(beside, "cacheCreationInputTokens", "cache_creation_input_tokens"),
    )
    return MISSING_USAGE if counts == Counts() else usage_of(counts, _FLAT)


def _tier(usage: Mapping[str, Json], tier: str | None) -> str | None:
    """Fast mode has prices of its own, whatever the tier."""
    return "fast" if usage.get("speed") == "fast" else tier


def _thought(block: Json) -> int:
    thinking = block.get("thinking") if type(block) is dict else None
    return len(thinking.encode(errors="replace")) if type(thinking) is str else 0
