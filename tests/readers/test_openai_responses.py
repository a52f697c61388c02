from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.apis.openai_responses import READER
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.response_items import item_parts, output_parts
from tokaudit.schema import Aside, Call, Part, RejectRecordError

REQUEST: dict[str, Any] = {"model": "gpt-4.1-mini", "instructions": "Be brief.", "input": "Hi"}
USAGE: dict[str, Any] = {
    "input_tokens": 1420,
    "input_tokens_details": {"cached_tokens": 1280},
    "output_tokens": 100,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 1520,
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1772442912.5,
    "status": "completed",
    "model": "gpt-4.1-mini-2025-04-14",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ho"}]}],
    "usage": USAGE,
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    outcome = READER.read(record, ReadOptions())
    assert isinstance(outcome, Call)
    return outcome


def answered(**changes: Any) -> dict[str, Any]:
    return {"request": REQUEST, "response": {**RESPONSE, **changes}}


def events(*more: dict[str, Any], last: str | None = "response.completed") -> list[dict[str, Any]]:
    begun = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    ended = [] if last is None else [{"type": last, "response": RESPONSE}]
    return [{"type": "response.created", "response": begun}, *more, *ended]


def test_cache_is_inside_input_and_reasoning_inside_output() -> None:
    usage = read(answered()).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (1420, 1280)
    assert (usage.output_tokens, usage.reasoning_output_tokens, usage.state) == (100, 40, "exact")


def test_instructions_come_before_the_input() -> None:
    assert read(answered()).prompt == (Part("system", "text", "Be brief.", 0), Part("user", "text", "Hi", 1))


def test_the_time_may_be_a_fraction() -> None:
    assert read(answered()).started_at == 1_772_442_912_500_000


WRAPPERS: dict[str, dict[str, Any]] = {
    "texts": {"request": json.dumps(REQUEST), "response": json.dumps(RESPONSE)},
    "cassette": {
        "request": {"method": "POST", "uri": "https://api.openai.com/v1/responses", "body": json.dumps(REQUEST)},
        "response": {"status": {"code": 200, "message": "OK"}, "body": {"string": json.dumps(RESPONSE)}},
    },
    "input and output": {"input": REQUEST, "output": RESPONSE},
    "request merged into the record": {**REQUEST, "response": RESPONSE},
    "response merged into the record": {**RESPONSE, "instructions": "Be brief.", "input": "Hi"},
    "input beside": {"instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}], "response": RESPONSE},
    "event stream": {"request": REQUEST, "response": "".join(f"data: {json.dumps(one)}\n\n" for one in events())},
    "list of events": {"request": REQUEST, "response": events()},
}


@pytest.mark.parametrize("record", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_a_response_is_the_same_in_any_wrapper(record: dict[str, Any]) -> None:
    call, plain = read(record), read(answered())
    assert (call.usage, call.prompt, call.answer, call.response_id) == (
        plain.usage,
        plain.prompt,
        plain.answer,
        plain.response_id,
    )


def test_the_echo_of_the_instructions_alone_is_no_prompt() -> None:
    call = read({**RESPONSE, "instructions": "Be brief.", "tools": [{"type": "web_search"}]})
    assert (call.prompt, call.tools, call.request_model) == ((), None, None)
    assert call.answer == (Part("assistant", "text", "Ho", 0),)


def test_whole_seconds_are_no_latency() -> None:
    assert read({**RESPONSE, "created_at": 1772442912, "completed_at": 1772442913}).latency_ms is None
    assert read({**answered(completed_at=1772442913), "latency_ms": 640}).latency_ms == 640


@pytest.mark.parametrize("where", ["request", "response"])
def test_a_call_knows_the_response_it_goes_on_from(where: str) -> None:
    record = answered()
    record[where] = {**record[where], "previous_response_id": "resp_0"}
    assert read(record).previous_response_id == "resp_0"


@pytest.mark.parametrize("conversation", ["conv_1", {"id": "conv_1"}])
def test_a_conversation_of_the_provider_is_the_session(conversation: Any) -> None:
    assert (
        read({"request": {**REQUEST, "conversation": conversation}, "response": RESPONSE}).conversation_id == "conv_1"
    )
    assert read({**RESPONSE, "conversation": conversation}).conversation_id == "conv_1"


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_what_still_runs_is_no_call_but_has_the_prompt_of_one(status: str) -> None:
    running = {**RESPONSE, "status": status, "background": True, "output": [], "usage": None}
    assert READER.read(running, ReadOptions()) == Aside("unfinished response")
    asked = read({"request": REQUEST, "response": running})
    fetched = read({**RESPONSE, "background": True})
    assert (asked.is_fragment, bool(asked.prompt), asked.usage.state) == (True, True, "missing")
    assert (fetched.is_fragment, fetched.link_id) == (False, asked.link_id)


def test_only_the_last_event_has_the_usage() -> None:
    early = {"type": "response.in_progress", "response": {**RESPONSE, "usage": {"input_tokens": 1, "output_tokens": 1}}}
    assert read({"request": REQUEST, "response": events(early, last=None)}).usage.state == "missing"
    assert read({"request": REQUEST, "response": events(early)}).usage.input_tokens == 1420


def test_a_torn_stream_has_the_pieces_that_came() -> None:
    pieces = [
        {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": text}
        for text in ("H", "o")
    ]
    arguments = {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"a":'}
    begun = {"type": "function_call", "name": "find", "arguments": ""}
    added = {"type": "response.output_item.added", "output_index": 2, "item": begun}
    call = read({"request": REQUEST, "response": events(*pieces, added, arguments, last=None)})
    assert [part[:3] for part in call.answer] == [
        ("assistant", "text", "Ho"),
        ("assistant", "tool_call", 'find({"a":)'),
    ]
    assert (call.error_type, call.is_fragment, begun["arguments"]) == (None, False, "")


def test_counts_noted_beside_a_torn_stream_are_used() -> None:
    call = read({"request": REQUEST, "response": events(last=None), "usage": USAGE})
    assert (call.usage.input_tokens, call.usage.state) == (1420, "exact")


def test_a_stream_that_broke_is_billed_up_to_there() -> None:
    broken = {"type": "error", "code": "server_error", "message": "Sorry, Jane"}
    piece = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "H"}
    call = read({"request": REQUEST, "response": events(piece, broken, last=None)})
    assert (call.error_type, call.usage.state, call.usage.input_tokens) == ("server_error", "output_lower_bound", None)


def test_a_failed_response_is_not_billed_and_a_cancelled_one_may_be() -> None:
    failed = read(answered(status="failed", usage=None, output=[], error={"code": "server_error", "message": "x"}))
    assert (failed.error_type, failed.usage.input_tokens, failed.usage.state) == ("server_error", 0, "exact")
    cancelled = read(answered(status="cancelled", usage=None))
    assert (cancelled.error_type, cancelled.usage.state) == ("cancelled", "output_lower_bound")


def test_the_limit_of_the_output_is_called_as_in_the_chat_api() -> None:
    cut = answered(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert read(cut).finish_reason == "length"
    assert read(answered(status="incomplete", incomplete_details={"reason": "content_filter"})).finish_reason == (
        "content_filter"
    )


def test_a_compaction_bills_what_it_does_not_show() -> None:
    output = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "compaction", "encrypted_content": "gAAA"},
    ]
    compacted = {**RESPONSE, "object": "response.compaction", "output": output}
    call = read({"request": {"model": "gpt-4.1", "input": []}, "response": compacted})
    assert (call.operation_name, call.prompt, call.answer) == ("compaction", (), ())
    assert call.usage.input_tokens == 1420


def test_a_schema_is_kept_and_plain_text_is_none() -> None:
    wanted = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    assert read({"request": {**REQUEST, "text": {"format": wanted}}, "response": RESPONSE}).response_schema == wanted
    plain = {**REQUEST, "text": {"format": {"type": "text"}}}
    assert read({"request": plain, "response": RESPONSE}).response_schema is None


NO_RESPONSES: dict[str, dict[str, Any]] = {
    "chat": {"request": {"model": "m", "messages": []}, "response": {"choices": [{"message": {"content": "x"}}]}},
    "embeddings": {"request": {"model": "m", "input": ["a"]}, "response": {"object": "list", "data": []}},
    "a table row": {"model": "m", "input": "Hi", "output": "Ho", "input_tokens": 1, "output_tokens": 1},
    "an HTTP response": {"object": "response", "status": 200},
    "a list of responses": {"object": "list", "data": [RESPONSE, {**RESPONSE, "id": "resp_2"}]},
}


@pytest.mark.parametrize("record", NO_RESPONSES.values(), ids=NO_RESPONSES.keys())
def test_other_records_are_not_claimed(record: dict[str, Any]) -> None:
    assert not READER.identify(record)


def test_counts_that_exceed_their_whole_are_refused() -> None:
    usage = {**USAGE, "input_tokens_details": {"cached_tokens": 5000}}
    with pytest.raises(RejectRecordError, match="token classes do not add up"):
        READER.read(answered(usage=usage), ReadOptions())


texts = st.text(min_size=1, max_size=6)
items = st.one_of(
    st.builds(lambda text: {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}, texts),
    st.builds(lambda name, sent: {"type": "function_call", "name": name, "arguments": sent, "call_id": "c"}, texts, texts),
    st.builds(lambda sent: {"type": "custom_tool_call", "name": "run", "input": sent}, texts),
    st.builds(lambda query: {"type": "web_search_call", "action": {"type": "search", "query": query}}, texts),
    st.builds(lambda given: {"type": "mcp_call", "name": "m", "arguments": "{}", "output": given}, texts),
    st.just({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hidden"}], "encrypted_content": "g"}),
)  # fmt: skip


@given(st.lists(items, max_size=5))
def test_an_answer_comes_back_word_for_word_in_the_next_prompt(output: list[dict[str, Any]]) -> None:
    assert [part[:3] for part in output_parts(output)] == [part[:3] for part in item_parts(output)]
    assert {part.message for part in output_parts(output)} <= {0}
