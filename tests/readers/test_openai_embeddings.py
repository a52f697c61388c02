from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.openai_embeddings import READER
from tokaudit.readers.choose import claims
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Call, Part, RejectRecordError

REQUEST: dict[str, Any] = {"model": "text-embedding-3-small", "input": ["One", "Two"]}
RESPONSE: dict[str, Any] = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 12, "total_tokens": 12},
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    outcome = READER.read(record, ReadOptions())
    assert isinstance(outcome, Call)
    return outcome


def test_all_tokens_are_input_and_none_is_cached() -> None:
    call = read({"request": REQUEST, "response": RESPONSE})
    usage = call.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.state) == (12, 0, 0, "exact")
    assert (call.operation_name, call.answer) == ("embeddings", ())


@pytest.mark.parametrize(
    ("usage", "tokens", "state"),
    [
        ({"total_tokens": 12}, 12, "exact"),
        ({"prompt_tokens": 21, "total_tokens": 21, "completion_tokens": 0}, 21, "exact"),
        ({"prompt_tokens": 0, "total_tokens": 0}, 0, "exact"),
        ({}, None, "missing"),
        (None, None, "missing"),
    ],
)
def test_a_total_is_the_input_and_no_usage_is_not_nothing(usage: Any, tokens: int | None, state: str) -> None:
    found = read({"request": REQUEST, "response": {**RESPONSE, "usage": usage}}).usage
    assert (found.input_tokens, found.state) == (tokens, state)


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        ("One", (Part("user", "text", "One", 0),)),
        (["One", "Two"], (Part("user", "text", "One", 0), Part("user", "text", "Two", 1))),
        ([[1, 2], [3]], ()),
        ([1, 2], ()),
        (None, ()),
    ],
)
def test_each_text_is_a_message_and_token_numbers_are_no_texts(texts: Any, parts: tuple[Part, ...]) -> None:
    assert read({"request": {**REQUEST, "input": texts}, "response": RESPONSE}).prompt == parts


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("text-embedding-3-small", "openai"),
        ("voyage-3-lite", "voyageai"),
        ("mistral-embed", "mistral"),
        ("bge-m3", None),
    ],
)
def test_a_family_that_one_provider_alone_serves_names_it(model: str, provider: str | None) -> None:
    assert read({**RESPONSE, "model": model}).provider_name == provider


def test_a_request_may_be_merged_into_the_record() -> None:
    assert [part.text for part in read({**REQUEST, "response": RESPONSE}).prompt] == ["One", "Two"]


def test_a_ranking_is_told_from_an_embedding() -> None:
    request = {"model": "rerank-2", "query": "Where?", "documents": ["Here", {"text": "There"}]}
    items = [{"relevance_score": 0.6, "index": 0}]
    ranked = {"object": "list", "data": items, "model": "rerank-2", "usage": {"total_tokens": 9}}
    call = read({"request": request, "response": ranked})
    assert (call.operation_name, call.usage.input_tokens) == ("rerank", 9)
    assert [part.text for part in call.prompt] == ["Where?", "Here", "There"]


def test_pages_and_vectors_of_a_database_are_no_embeddings() -> None:
    pages: list[dict[str, Any]] = [
        {"object": "list", "data": []},
        {"object": "list", "data": [{"id": "file-1", "object": "file"}], "has_more": False},
        {"data": [{"id": 1, "embedding": [0.1], "text": "stored"}]},
        {"object": "list", "data": [{"object": "model", "id": "gpt-4"}]},
        {"results": [{"relevance_score": 0.5}]},
        {"object": "page", "data": [{"object": "bucket", "usage": {"prompt_tokens": 5}}], "usage": {"total_tokens": 5}},
    ]
    assert not any(READER.identify(page) for page in pages)


def test_a_page_of_whole_answers_is_read_one_by_one() -> None:
    choices, usage = [{"message": {"content": "x"}}], {"prompt_tokens": 1, "completion_tokens": 1}
    chat = {"object": "chat.completion", "id": "a", "choices": choices, "usage": usage}
    for items in ([chat], [chat, {**chat, "id": "b"}]):
        found = list(claims({"object": "list", "data": items}))
        assert [claim.reader and claim.reader.name for claim in found] == ["openai_chat"] * len(items)


def test_a_count_that_is_none_is_refused() -> None:
    with pytest.raises(RejectRecordError, match="token count is negative"):
        READER.read({"request": REQUEST, "response": {**RESPONSE, "usage": {"prompt_tokens": -1}}}, ReadOptions())
