"""What is one call, as a reader hands it on?

One `Call` is one HTTP request to a model. Readers take facts only: no prices, no guesses, no grouping. Names are
OpenTelemetry GenAI's: `input_tokens` includes cache reads and writes, `output_tokens` includes reasoning. Unknown is
None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Json: TypeAlias = Any
"""A decoded JSON value. Log records come from outside: nothing about their shape may be assumed."""

Record: TypeAlias = Mapping[str, Json]
"""One decoded log record: a JSON object, or a CSV row as header -> text."""

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
PartKind: TypeAlias = Literal["text", "tool_call", "media"]

UsageState: TypeAlias = Literal["exact", "cache_split_unknown", "output_lower_bound", "estimated", "missing"]
USAGE_STATES: tuple[UsageState, ...] = ("exact", "cache_split_unknown", "output_lower_bound", "estimated", "missing")

FeatureSource: TypeAlias = Literal["tag", "template", "mapped", "none"]


class Part(NamedTuple):
    """One piece of a prompt or an answer, in the order the provider sees it.

    role    who speaks; `developer` is `system`, `function` is `tool`.
    kind    `text` is plain text (tool results too, under role `tool`); `tool_call` is `name(arguments)` as the assistant
            wrote it, without ids; `media` is an image, sound or file, with `text` its URL or its base64 data.
    text    the exact text; for `media` never tokenised.
    message index of the message the part belongs to: a message costs format tokens once, however many parts it has.
    """

    role: Role
    kind: PartKind
    text: str
    message: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens the provider billed for one call. None = the log does not say.

    input_tokens                 all input: uncached + cache reads + cache writes (+ tool-use prompts)
    cache_read_input_tokens      of which read from a cache
    cache_write_5m_input_tokens  of which written to a cache kept for minutes (also: writes of unstated lifetime)
    cache_write_1h_input_tokens  of which written to a cache kept for an hour
    output_tokens                all output: visible + reasoning
    reasoning_output_tokens      of which hidden reasoning
    input_audio_tokens, input_image_tokens, input_video_tokens  of the input, cached ones included
    cache_read_audio_tokens, cache_read_image_tokens  of the cache reads
    output_audio_tokens, output_image_tokens  of the output
    web_searches, file_searches  tool calls that the provider bills beside the tokens
    audio_ms                     length of sound, where the provider bills it by time
    rule                         name of the rule by which the provider's fields were read
    """

    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None = None
    cache_write_5m_input_tokens: int | None = None
    cache_write_1h_input_tokens: int | None = None
    reasoning_output_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    state: UsageState = "exact"
    rule: str = "as reported"
    input_image_tokens: int | None = None
    input_video_tokens: int | None = None
    cache_read_audio_tokens: int | None = None
    cache_read_image_tokens: int | None = None
    output_image_tokens: int | None = None
    web_searches: int | None = None
    file_searches: int | None = None
    audio_ms: int | None = None


MISSING_USAGE = Usage(None, None, state="missing", rule="no usage in the record")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a model and its answer, as the log tells it.

    call_id          what identifies the call in this format, when that is neither of the ids below: equal in every record
                     of the call
    response_id      the provider's id of the answer (`chatcmpl-…`, `msg_…`): equal in every sink of the same call
    log_id           the logger's own id of the record
    started_at       UTC microseconds since 1970, or None
    provider_name    genai-prices id (`openai`, `anthropic`, `azure`, …) when the record tells it, else None
    request_model    as asked; response_model as served (wins for pricing)
    operation_name   chat | embeddings | completion | …
    http_status      None when the log has none; `error_type` None means the call succeeded
    feature          the use case the team itself named (tag, metadata, key, endpoint), `feature_from` says where it stood
    conversation_id  explicit session id; `operation_id` ties retries of one logical request when the log says so
    service_tier     as returned: `default` | `batch` | `flex` | `priority` | …
    region           where it was processed, when the price may depend on it: `us`, `global`, `eu-west-1`, … as returned
    logged_cost      USD as the log claims, exact decimal text
    speakers         names that messages of the prompt carry beside their role: billed, and no text of it
    tools            the tool definitions as sent; response_schema the JSON schema asked for
    previous_response_id  the answer whose conversation the provider itself kept and this call goes on from: its texts are
                     billed here and stand there
    gateway_retries  attempts that the gateway made itself before this answer and that have no record of their own (their
                     tokens and their cost are in no log); None = the record does not say
    gateway_tried    the models or providers that it asked before, in order, where the record names them
    link_id          a key by which records of other tables tell more of this call (a trace, a batch, a span)
    is_fragment      this record tells of calls that carry its link_id and is none itself: an input line of a batch, a trace
    span_id          id of the span that is this call, and parent_span_id of the span above it: a span that repeats the usage
                     of the calls below it is no call
    """

    reader: str
    call_id: str | None = None
    response_id: str | None = None
    log_id: str | None = None
    started_at: int | None = None
    latency_ms: int | None = None
    provider_name: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    operation_name: str = "chat"
    http_status: int | None = None
    error_type: str | None = None
    finish_reason: str | None = None
    feature: str | None = None
    feature_from: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    operation_id: str | None = None
    service_tier: str | None = None
    region: str | None = None
    gateway_cache_hit: bool = False
    usage: Usage = MISSING_USAGE
    logged_cost: str | None = None
    prompt: tuple[Part, ...] = ()
    answer: tuple[Part, ...] = ()
    speakers: tuple[str, ...] = ()
    tools: Json = None
    response_schema: Json = None
    previous_response_id: str | None = None
    gateway_retries: int | None = None
    gateway_tried: str | None = None
    link_id: str | None = None
    is_fragment: bool = False
    span_id: str | None = None
    parent_span_id: str | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """A record of a known format that is no call; kind says what it is: `tool span`, `user message`, `trace`.

    span_id  id of the span that it is, and parent_span_id of the span above it: it may stand between a call and one above
    feature, feature_from, user_id, conversation_id  what the span says of all calls below it
    """

    kind: str
    span_id: str | None = field(default=None, compare=False)
    parent_span_id: str | None = field(default=None, compare=False)
    feature: str | None = field(default=None, compare=False)
    feature_from: str | None = field(default=None, compare=False)
    user_id: str | None = field(default=None, compare=False)
    conversation_id: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be kept. `line` is 1-based (for JSON documents: the line the record starts on)."""

    file: str
    line: int
    reason: str


class RejectRecordError(Exception):
    """Raised by a reader: this record cannot be kept. The message is a fixed reason, never text from the log."""


Outcome: TypeAlias = Call | Aside | RejectRecordError
"""What a record of a known format is; a reject as a value: one of the many calls of a record that cannot be kept."""
