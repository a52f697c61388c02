from __future__ import annotations

import json
from typing import Any

import pytest

from tokaudit.readers.exchange.kept_bodies import Kept, first_whole, kept_body
from tokaudit.readers.values.durations import elapsed_ms, milliseconds

BODY = {"id": "chatcmpl-1", "choices": []}
EVENT = 'data: {"id":"chatcmpl-1"}\n\n'


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (BODY, Kept(BODY, is_cut=False)),
        (json.dumps(BODY), Kept(BODY, is_cut=False)),
        (json.dumps(BODY)[:20], Kept(None, is_cut=True)),
        (f"{EVENT}data: [DONE]\n\n", Kept([{"id": "chatcmpl-1"}], is_cut=False)),
        (f"event: x\n{EVENT}", Kept([{"id": "chatcmpl-1"}], is_cut=False)),
        (f'{EVENT}data: {{"id":', Kept([{"id": "chatcmpl-1"}], is_cut=True)),
        ("plain text", Kept("plain text", is_cut=False)),
        ("[hidden]", Kept("[hidden]", is_cut=False)),
        ("  ", Kept(None, is_cut=False)),
        (None, Kept(None, is_cut=False)),
    ],
)
def test_a_body_is_whole_or_said_to_be_cut(value: Any, kept: Kept) -> None:
    assert kept_body(value) == kept


def test_of_copies_the_whole_one_is_chosen() -> None:
    whole, cut = json.dumps(BODY), json.dumps(BODY)[:20]
    assert first_whole(cut, whole) == first_whole(whole, cut) == Kept(BODY, is_cut=False)
    assert first_whole("", cut).is_cut
    assert first_whole(None, "") == Kept(None, is_cut=False)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [((2500,), 2500), (("2500.4", 3), 2500), ((-5, "12"), 12), ((None, ""), None), ((10**9,), None)],
)
def test_the_first_duration_that_is_one(stated: tuple[Any, ...], expected: int | None) -> None:
    assert milliseconds(*stated) == expected


def test_times_in_the_wrong_order_give_no_duration() -> None:
    assert (elapsed_ms(1_000_000, 3_500_000), elapsed_ms(2, 1), elapsed_ms(None, 1)) == (2500, None, None)
