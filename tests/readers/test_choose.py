from __future__ import annotations

import pytest

from tokaudit.readers import choose as choosing
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import Reader, ReadOptions, outcomes_of
from tokaudit.readers.registry import READERS
from tokaudit.schema import Call, Record, RejectRecordError

PAIR = {
    "request": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    "response": {"choices": [{"message": {"role": "assistant", "content": "Ho"}}]},
}

NO_CALLS: dict[str, Record] = {
    "empty object": {},
    "line to fine-tune on": {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]},
    "line of a data set": {"input": [{"role": "user", "content": "Hi"}], "output": "Ho"},
    "request alone": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    "question with choices": {"question": "?", "choices": ["a", "b"], "answer": "a"},
    "app log line": {"time": 1772442912, "level": "info", "msg": "started", "model": "m"},
    "token limits": {"model": "m", "max_tokens": 100, "tokens_per_second": 20},
    "secret": {"model": "m", "token": "sk-abcdef"},
    "texts named like counts": {"model": "m", "input": "What?", "output": "That."},
    "error alone": {"error": {"type": "server_error", "message": "x"}},
    "Ollama": {"request": {"model": "m", "messages": []}, "response": {"message": {"content": "Ho"}, "done": True}},
}


@pytest.mark.parametrize("record", NO_CALLS.values(), ids=NO_CALLS.keys())
def test_what_is_no_call_has_no_reader(record: Record) -> None:
    assert choose(record) is None


def reader(name: str, *, claims: bool) -> Reader:
    def read(record: Record, options: ReadOptions) -> Call:
        return Call(name)

    return Reader(name, name, "", lambda record: claims, read)


def test_two_claims_in_a_group_are_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    group = (reader("b", claims=True), reader("no", claims=False), reader("a", claims=True))
    monkeypatch.setattr(choosing, "GROUPS", (group,))
    with pytest.raises(RejectRecordError, match=r"^claimed by two readers: a and b$"):
        choose({})


def test_an_earlier_group_wins_even_over_the_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    platform, body = reader("platform", claims=True), reader("body", claims=True)
    monkeypatch.setattr(choosing, "GROUPS", ((platform,), (body,)))
    assert choose({}, body) is platform


def test_the_hint_is_believed_within_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = reader("first", claims=True), reader("second", claims=True)
    monkeypatch.setattr(choosing, "GROUPS", ((first, second),))
    assert choose({}, second) is second


@pytest.mark.parametrize("hint", [None, *READERS])
def test_a_wrong_hint_does_not_mislead(hint: Reader | None) -> None:
    found = choose(PAIR, hint)
    assert found is not None
    assert found.name == "openai_chat"


def test_columns_named_by_the_user_make_a_row_of_a_table() -> None:
    record = {"when": "2026-03-02T09:15:12Z", "engine_used": "gpt-4o", "eingang": "10", "ausgang": "5"}
    columns = {
        "input_tokens": "eingang",
        "output_tokens": "ausgang",
        "request_model": "engine_used",
        "started_at": "when",
    }
    assert choose(record) is None
    found = choose(record, columns=columns)
    assert found is not None
    (call,) = outcomes_of(found.read(record, ReadOptions(columns=columns)))
    assert isinstance(call, Call)
    assert (call.usage.input_tokens, call.usage.output_tokens) == (10, 5)
    assert (call.request_model, call.started_at) == ("gpt-4o", 1772442912000000)


def test_a_name_given_for_another_field_makes_no_call_of_a_log_line() -> None:
    assert choose({"team": "mail", "msg": "started", "model": "m"}, columns={"feature": "team"}) is None


def test_names_given_hold_for_every_wrapper() -> None:
    record = {**PAIR, "dept": "mail", "info": {"x": 1}, "feature": "triage"}
    found = choose(record)
    assert found is not None
    (call,) = outcomes_of(found.read(record, ReadOptions(columns={"feature": "dept"})))
    assert isinstance(call, Call)
    assert (call.reader, call.feature, call.feature_from) == ("openai_chat", "mail", "dept")


def test_names_and_sentences_are_there_for_the_list_of_readers() -> None:
    assert len({each.name for each in READERS}) == len(READERS)
    assert all(each.title and each.how_to_export.endswith(".") for each in READERS)
