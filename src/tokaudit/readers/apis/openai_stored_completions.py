"""What do the pages of OpenAI's stored completions say? One list has the answers and their usage, another the messages.

The messages of a completion are read as one prompt: they are listed one by one, each with the completion's id and a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from tokaudit.readers.apis import openai_chat
from tokaudit.readers.apis.openai_family import schema_of
from tokaudit.readers.contract import Reader, ReadOptions, Session, Spot, read_alone
from tokaudit.readers.exchange.pair import find_pair
from tokaudit.readers.exchange.parts import definitions, message_parts
from tokaudit.readers.values.labels import label
from tokaudit.schema import Aside, Call, Json, Outcome, Record, RejectRecordError

NAME = "openai_stored_completions"
_MESSAGE_ID = re.compile(r"(chatcmpl-.{1,200})-(\d{1,6})")
_LONGEST_PROMPT = 10_000
"""Messages of one completion that are held: no request has more."""

NOT_A_COMPLETION = "a stored completion without an answer"


def identify(record: Record) -> bool:
    """Say whether the record is an item of either list."""
    if record.get("object") == "chat.completion":
        return "choices" in record and (
            "input_user" in record or ("request_id" in record and "response_format" in record and "metadata" in record)
        )
    return "role" in record and "choices" not in record and _place(record) is not None


def _place(record: Record) -> tuple[str, int] | None:
    """Read the id of a message: of which completion it is, and its number there."""
    message_id = record.get("id")
    found = _MESSAGE_ID.fullmatch(message_id) if type(message_id) is str else None
    return (found[1], int(found[2])) if found else None


def _link(completion_id: str) -> str:
    return f"{NAME}:{completion_id}"


@dataclass(slots=True)
class _Prompts:
    """The messages of the completion that is being listed; another completion's message ends it."""

    options: ReadOptions
    completion_id: str = ""
    spot: Spot | None = None
    messages: dict[int, Record] = field(default_factory=dict)

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        place = _place(record)
        if place is None:
            yield spot, _completion(record, self.options)
            return
        completion_id, number = place
        if completion_id != self.completion_id or len(self.messages) >= _LONGEST_PROMPT:
            yield from self.end()
            self.completion_id, self.spot = completion_id, spot
        else:
            yield spot, Aside("message of a stored completion")
        self.messages[number] = record

    def end(self) -> Iterator[tuple[Spot, Outcome]]:
        if self.messages and self.spot is not None:
            messages = [self._message(self.messages[number]) for number in sorted(self.messages)]
            self.messages = {}
            yield (
                self.spot,
                Call(NAME, link_id=_link(self.completion_id), is_fragment=True, prompt=tuple(message_parts(messages))),
            )

    @staticmethod
    def _message(record: Record) -> Json:
        """Messages of several parts have them beside an empty text."""
        parts = record.get("content_parts")
        return {**record, "content": parts} if type(parts) is list and parts else record


def _completion(record: Record, options: ReadOptions) -> Call:
    """Read the answer as any chat completion; the list adds what was defined and for whom."""
    pair = find_pair(record)
    if pair is None:
        raise RejectRecordError(NOT_A_COMPLETION)
    call = openai_chat.call_of(pair, options)
    return replace(
        call,
        reader=NAME,
        log_id=None,
        provider_name=call.provider_name or "openai",
        user_id=call.user_id or label(record.get("input_user")),
        tools=definitions(record.get("tools"), record.get("functions")),
        response_schema=schema_of(record.get("response_format")),
        link_id=_link(call.response_id) if call.response_id else None,
    )


def open_session(options: ReadOptions) -> Session:
    """Begin the items of one file."""
    return _Prompts(options)


READER = Reader(
    name=NAME,
    title="OpenAI stored completions (the list, and the messages of each)",
    sign="items `chat.completion` with `input_user`, and messages with an id such as `chatcmpl-...-0`",
    how_to_export="Page through GET /v1/chat/completions, and GET /v1/chat/completions/{id}/messages for each of them.",
    switch_on={
        "content": "Save the pages of /messages too: the list has the answers alone.",
        "features": 'Send `metadata: {"feature": "..."}` with the requests.',
        "cache split": "Log the answers themselves: the list may leave the details of the usage out.",
    },
    limits={
        "money": "Only calls made with `store: true` are listed: the rest of the spend is not there.",
        "retries": "Only answers are stored, no failed attempts.",
    },
    identify=identify,
    keys=frozenset({"input_user", "response_format", "role"}),
    read=read_alone(open_session),
    open_session=open_session,
)
