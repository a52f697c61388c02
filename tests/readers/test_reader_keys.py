"""A reader is asked only about records that have one of its keys: that must never change who reads a record."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, fixture_logs, records
from readers.test_laws import objects, values
from tokaudit.readers import choose as choosing
from tokaudit.readers.choose import choose, claims
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange import pair as exchanges
from tokaudit.readers.exchange import shapes
from tokaudit.readers.exchange.pair import find_pair
from tokaudit.readers.registry import GROUPS
from tokaudit.readers.wrappers import inner_records
from tokaudit.schema import Call, Json, Record, RejectRecordError

KEYED = [reader for group in GROUPS for reader in group if reader.keys is not None]
BILLS = [record for log in sorted((FIXTURES.parent / "bills").glob("*.*")) for record in records(log)]
LOGGED = [record for log in fixture_logs() for record in records(log)]


def inside(value: Json) -> list[Record]:
    """All records that readers are asked about: the value itself, what it wraps, and the items of pages."""
    whole = [value] if isinstance(value, dict) else []
    return [*whole, *(inner for record in whole for inner in inner_records(record)), *(c.record for c in claims(value))]


ASKED = [record for value in (*LOGGED, *BILLS) for record in inside(value)]


def objects_in(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) else []), *(found for each in inner for found in objects_in(each))]


def without(record: Record, keys: frozenset[str]) -> Record:
    return {key: value for key, value in record.items() if key not in keys}


def reader_of_all_asked(record: Record) -> str | None:
    """What `choose` says where every reader is asked about every record."""
    for group in GROUPS:
        names = sorted(reader.name for reader in group if reader.identify(record))
        if len(names) > 1:
            return f"claimed by two readers: {' and '.join(names)}"
        if names:
            return names[0]
    return None


def reader_chosen(record: Record) -> str | None:
    try:
        reader = choose(record)
    except RejectRecordError as reject:
        return str(reject)
    return None if reader is None else reader.name


chimeras = st.lists(st.sampled_from(ASKED), max_size=3)
"""Fixtures of up to three formats, to be made one record."""


@pytest.mark.parametrize("reader", KEYED, ids=lambda reader: reader.name)
def test_a_record_that_a_reader_claims_has_one_of_its_keys(reader: Reader) -> None:
    assert reader.keys
    claimed = [record for record in ASKED if reader.identify(record)]
    assert not any(reader.keys.isdisjoint(record) for record in claimed)


def test_no_platform_and_no_bill_is_asked_about_every_record() -> None:
    assert all(reader.keys for reader in GROUPS[0])


@pytest.mark.parametrize("reader", KEYED, ids=lambda reader: reader.name)
def test_no_record_without_its_keys_is_claimed(reader: Reader) -> None:
    assert reader.keys
    for record in ASKED:
        assert not reader.identify(without(record, reader.keys))


@settings(max_examples=400)
@given(chimeras, objects, st.data())
def test_the_keys_change_no_choice(sources: list[Record], noise: Record, data: st.DataObject) -> None:
    merged: dict[str, Any] = {key: value for source in (noise, *sources) for key, value in source.items()}
    dropped = data.draw(st.sets(st.sampled_from(sorted(merged)), max_size=len(merged) // 2)) if merged else set()
    record = without(merged, frozenset(dropped))
    assert reader_chosen(record) == reader_of_all_asked(record)
    for reader in KEYED:
        assert not reader.identify(without(record, reader.keys or frozenset()))


def test_what_the_fixtures_hold_has_the_reader_that_asking_all_finds() -> None:
    for record in ASKED:
        assert reader_chosen(record) == reader_of_all_asked(record)


def keyed(name: str, asked: list[str], keys: frozenset[str] | None) -> Reader:
    def identify(record: Record) -> bool:
        asked.append(name)
        return False

    def read(record: Record, options: ReadOptions) -> Call:
        return Call(name)

    return Reader(name, name, "", identify, read, keys=keys)


def test_readers_are_asked_once_and_only_about_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    group = (
        keyed("both", asked, frozenset({"a", "b"})),
        keyed("other", asked, frozenset({"c"})),
        keyed("each", asked, None),
    )
    monkeypatch.setattr(choosing, "GROUPS", (group,))
    assert choose({"a": 1, "b": 2, "x": 3}) is None
    assert sorted(asked) == ["both", "each"]
    asked.clear()
    assert choose({"x": 3}, hint=group[1]) is None
    assert asked == ["other", "each"]


# The same for the looks that spare a record the search for bodies.


def test_what_is_wrapped_is_found_outermost_first() -> None:
    record = {"x": 1, "message": {"body": '{"record": {"a": 1}}', "detail": {"b": 2}}, "event": {"c": 3}}
    held = [{"a": 1}, {"b": 2}, {"c": 3}]
    found = list(inner_records(record))
    assert found[:2] == [record["message"], held[2]]
    assert found[2:] == [{"record": held[0]}, held[1], held[0]]
    assert list(inner_records({"x": 1, "model": "m"})) == []


@given(values)
def test_only_objects_with_a_key_of_answers_are_answers(value: Json) -> None:
    for body in (*objects_in(value), *(without(body, shapes.ANSWER_KEYS) for body in objects_in(value))):
        found = next((api for api, fits in shapes._ANSWERS if fits(body)), None)
        assert shapes.api_of_answer(body) == found


def test_no_answer_of_the_fixtures_goes_without_a_key_of_answers() -> None:
    for body in objects_in(LOGGED):
        assert shapes.api_of_answer(body) == next((api for api, fits in shapes._ANSWERS if fits(body)), None)
        assert not any(fits(without(body, shapes.ANSWER_KEYS)) for _, fits in shapes._ANSWERS)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", " {}", '{"a": 1}', "data: {}"])
rows = st.dictionaries(
    st.sampled_from([*shapes.ANSWER_KEYS, "request", "log", "x", "model", "text"]), plain | st.text()
)


@settings(max_examples=300)
@given(rows | objects)
def test_rows_that_are_let_go_hold_no_exchange(record: Record) -> None:
    assert find_pair(record) == exchanges._find(record)


def test_no_fixture_that_is_let_go_holds_an_exchange() -> None:
    for record in (*ASKED, *objects_in(LOGGED)):
        assert find_pair(record) == exchanges._find(record)
