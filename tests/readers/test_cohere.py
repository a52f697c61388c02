from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.apis.cohere import READER
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.usage.cohere import cohere_usage
from tokaudit.schema import Call

counts = st.integers(0, 5000)
V1 = {"generation_id": "g1", "text": "Arr.", "finish_reason": "COMPLETE",
      "meta": {"billed_units": {"input_tokens": 58, "output_tokens": 119}, "tokens": {"input_tokens": 69}}}  # fmt: skip


def read(record: dict[str, Any]) -> Call:
    assert choose(record) is READER
    call = READER.read(record, ReadOptions())
    assert isinstance(call, Call)
    return call


@given(counts, counts, counts, counts)
def test_billed_units_are_the_bill_whatever_was_sent(billed: int, said: int, sent: int, cached: int) -> None:
    units = {"input_tokens": billed, "output_tokens": said}
    usage = cohere_usage({"billed_units": units, "tokens": {"input_tokens": sent}, "cached_tokens": cached})
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (billed, said, 0)


def test_without_billed_units_what_was_sent_is_not_called_exact() -> None:
    usage = cohere_usage({"tokens": {"input_tokens": 1683, "output_tokens": 62}})
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (1683, 62, "cache_split_unknown")


def test_searches_are_no_tokens() -> None:
    answer = {
        "id": "k1",
        "results": [{"index": 0, "relevance_score": 1}],
        "meta": {"billed_units": {"search_units": 1}},
    }
    call = read({"request": {"model": "rerank-v3.5", "query": "a", "documents": ["b"]}, "response": answer})
    assert (call.operation_name, call.usage.state, call.usage.input_tokens) == ("rerank", "missing", None)


def test_version_1_and_its_stream_tell_the_same() -> None:
    events = [
        {"event_type": "stream-start", "generation_id": "g1"},
        {"event_type": "text-generation", "text": "Arr."},
        {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": V1},
    ]
    asked = {"model": "command-r", "message": "Hi"}
    assert read({"request": asked, "response": V1}) == read({"request": asked, "response": events})


def test_version_1_sends_preamble_history_documents_then_the_message() -> None:
    asked = {
        "model": "command-r", "message": "Where?", "preamble": "Sort.", "documents": ["Late parcels."],
        "chat_history": [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Ho"}],
    }  # fmt: skip
    prompt = read({"request": asked, "response": V1}).prompt
    assert [(part.role, part.text) for part in prompt] == [
        ("system", "Sort."), ("user", "Hi"), ("assistant", "Ho"), ("user", "Late parcels."), ("user", "Where?"),
    ]  # fmt: skip


def test_bodies_from_bedrock_count_in_headers() -> None:
    body = {key: value for key, value in V1.items() if key != "meta"}
    headers = {"x-amzn-bedrock-input-token-count": "7", "x-amzn-bedrock-output-token-count": "2"}
    call = read({"request": {"message": "Hi"}, "response": {"status": 200, "headers": headers, "body": body}})
    assert (call.provider_name, call.usage.input_tokens, call.usage.output_tokens) == ("aws", 7, 2)


@pytest.mark.parametrize(
    "record", [{"usage": {"tokens": 3}}, {"meta": {"tokens": {"a": 1}}}, {"usage": {"tokens": {"input": 1}}}]
)
def test_what_is_not_its_own_is_left(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
