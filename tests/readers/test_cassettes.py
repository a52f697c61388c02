"""Do our counts meet what OpenAI billed for real chats of text alone? Needs ../shared beside the repository; else skipped.

openllmetry recorded 850 calls of a dozen providers. Of a chat of text alone nothing is hidden: its texts and the chat
format's own tokens must be the billed input, to the token.
"""

from __future__ import annotations

import gzip
from collections import Counter
from functools import lru_cache

import orjson
import pytest

from readers.golden import SHARED
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Call, Record
from tokaudit.tokens.chat_format import chat_format_tokens
from tokaudit.tokens.count import count_tokens
from tokaudit.tokens.encodings import encoding_of_model

RECORDINGS = SHARED / "data" / "cassettes" / "openllmetry-calls.jsonl.gz"
OPENAI, AZURE = "api.openai.com", "traceloop-stg.openai.azure.com"
DEFINITIONS = ("tools", "functions", "response_format")


@lru_cache(maxsize=1)
def recorded() -> list[Record]:
    if not RECORDINGS.exists():
        reason = f"../{RECORDINGS.relative_to(SHARED.parent)} is absent"
        print(reason)
        pytest.skip(reason)
    with gzip.open(RECORDINGS) as lines:
        return [orjson.loads(line) for line in lines]


def is_chat(record: Record, host: str) -> bool:
    return record["host"] == host and isinstance(record["request"], dict) and "messages" in record["request"]


def is_text_alone(request: Record) -> bool:
    """Nothing is defined, and each message is a role and a text: no name, no tool call, no media, nothing given back."""
    return not any(request.get(name) for name in DEFINITIONS) and all(
        message.keys() == {"role", "content"} and isinstance(message["content"], str) for message in request["messages"]
    )


def gives_answers_back(request: Record) -> bool:
    """Text alone but for empty fields of the API's own answers, sent back as they came."""
    sent = [{key: value for key, value in message.items() if value} for message in request["messages"]]
    return not is_text_alone(request) and is_text_alone({**request, "messages": sent})


def call_of(record: Record) -> Call:
    reader = choose(record)
    assert reader is not None
    (call,) = outcomes_of(reader.read(record, ReadOptions()))
    assert isinstance(call, Call)
    return call


def beyond(call: Call, model: str | None) -> int:
    """Return the billed input less all that we count of it."""
    encoding = encoding_of_model(call.response_model)
    assert encoding.exact
    assert call.usage.input_tokens is not None
    visible = int(count_tokens([part.text for part in call.prompt], encoding.encoding).sum())
    messages = len({part.message for part in call.prompt})
    return call.usage.input_tokens - visible - chat_format_tokens(messages, model)


def text_chats(host: str) -> list[Call]:
    return [call_of(record) for record in recorded() if is_chat(record, host) and is_text_alone(record["request"])]


def test_chats_of_text_alone_are_billed_as_counted() -> None:
    found = text_chats(OPENAI)
    assert Counter(beyond(call, call.response_model) for call in found) == {0: 136}


def test_only_a_family_of_its_own_departs_from_the_plain_rule() -> None:
    departures = Counter(
        (beyond(call, None), str(call.response_model).startswith("gpt-5")) for call in text_chats(OPENAI)
    )
    assert departures == {(0, False): 129, (-1, True): 7}


def test_azure_bills_by_the_same_rules() -> None:
    found = text_chats(AZURE)
    assert Counter(beyond(call, call.response_model) for call in found) == {0: 37}
    assert Counter(beyond(call, None) for call in found) == {0: 36, -1: 1}


def test_answers_given_back_are_billed_as_their_text() -> None:
    found = [
        call_of(record) for record in recorded() if is_chat(record, OPENAI) and gives_answers_back(record["request"])
    ]
    assert Counter(beyond(call, call.response_model) for call in found) == {0: 3}


def test_the_parts_of_a_text_chat_are_its_contents() -> None:
    for host in (OPENAI, AZURE):
        for record in recorded():
            if is_chat(record, host) and is_text_alone(record["request"]):
                sent = [(message["content"], number) for number, message in enumerate(record["request"]["messages"])]
                assert [(part.text, part.message) for part in call_of(record).prompt] == sent
