"""Is a JSON text that was written a little beside the standard read, and nothing else?"""

from __future__ import annotations

import json
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.readers.values.json_text import LONGEST_PRINTED, decode_json
from tokaudit.schema import Json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": NaN, "b": [Infinity, -Infinity]}', {"a": None, "b": [None, None]}),
        ('{"a": "cut \\ud83d"}', {"a": "cut \ufffd"}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ("{'prompt_tokens': 3, 'details': None, 'ok': True, 'a': 'it\\'s', 'b': (1, 2)}",
         {"prompt_tokens": 3, "details": None, "ok": True, "a": "it's", "b": [1, 2]}),
        ("[{'role': 'user', 'content': \"it's\"}]", [{"role": "user", "content": "it's"}]),
        ('{"_id": {"$oid": "65f0"}, "n": {"$numberInt": "3"}, "l": {"$numberLong": "-4"}}', {"_id": "65f0", "n": 3, "l": -4}),
        ('{"at": {"$date": {"$numberLong": "1772442912000"}}}', {"at": 1772442912000}),
        ('{"at": {"$date": "2026-03-02T09:15:12Z"}, "c": {"$numberDecimal": "0.000344"}}',
         {"at": "2026-03-02T09:15:12Z", "c": "0.000344"}),
        ('{"$set": {"a": 1}, "x": {"$date": [1]}}', {"$set": {"a": 1}, "x": {"$date": [1]}}),
    ],
)  # fmt: skip
def test_what_other_programs_write_is_read(text: str, expected: Json) -> None:
    assert decode_json(text) == decode_json(text.encode()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "{'a': 1", "{'a': open('x')}", "{'a': 1e999}", '{"a": 1e999}', "hello", "{a: 1}", "START RequestId: 1",
        "[" * 100_000, "{'a': " * 5_000, "{'a': '\\d" + "x" * LONGEST_PRINTED + "'}", b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        decode_json(text)


def test_nothing_of_a_text_is_printed() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert decode_json("{'a': '\\d secret'}") == {"a": "\\d secret"}
    assert not caught


@settings(max_examples=50, deadline=None, derandomize=True)
@given(plain)
def test_json_is_read_as_it_is(value: Json) -> None:
    if '"$' not in json.dumps(value):
        assert decode_json(json.dumps(value)) == value


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.dictionaries(st.text(max_size=5), plain, min_size=1, max_size=3))
def test_what_python_prints_is_read_as_json(value: dict[str, Json]) -> None:
    printed = repr(value)
    if printed.startswith("{'") and "\\ud" not in printed and '"$' not in printed:
        assert decode_json(printed) == value
