from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.agents.folders import folder_name
from tokaudit.readers.agents.turns import LINES_KEPT, TURN_LINES, Turns
from tokaudit.schema import Part


def said(text: str) -> tuple[Part, ...]:
    return (Part("user", "text", text, 0),)


def given_back(text: str) -> tuple[Part, ...]:
    return (Part("tool", "text", text, 0),)


def test_a_turn_is_what_was_sent_since_the_answer_before() -> None:
    turns = Turns()
    turns.send("u1", None, said("One"))
    turns.send("u2", "u1", said("more"))
    assert [part.text for part in turns.said("u2").parts] == ["One", "more"]
    turns.reply("a1", "answer")
    turns.send("u3", "a1", said("Two"))
    assert turns.said("u3") == ("answer", said("Two"), None)


def test_results_of_an_answer_belong_to_every_branch_after_it() -> None:
    turns = Turns()
    turns.reply("a1", "answer")
    turns.send("r1", "a1", given_back("1"))
    turns.send("r2", "a1", given_back("2"))
    assert [part.text for part in turns.said("r2").parts] == ["1", "2"]
    assert [part.text for part in turns.said("r1").parts] == ["1", "2"]


def test_tries_that_failed_share_the_name_of_the_first() -> None:
    turns = Turns()
    turns.send("u", None, said("Go"))
    assert turns.fail("e1", "u", "first") == "first"
    assert turns.fail("e2", "e1", "second") == "first"
    assert turns.said("e2") == (None, said("Go"), "first")


def test_what_is_remembered_is_bounded() -> None:
    turns = Turns()
    turns.send("old", None, said("Old"))
    for number in range(LINES_KEPT):
        turns.note(f"n{number}", None)
    assert turns.said("old").parts == ()
    parent = None
    for number in range(TURN_LINES + 10):
        turns.send(f"u{number}", parent, said("x"))
        parent = f"u{number}"
    assert len(turns.said(parent).parts) <= TURN_LINES


@given(st.lists(st.tuples(st.sampled_from("urae"), st.integers(0, 12)), max_size=40))
def test_every_part_of_a_turn_was_sent_after_its_answer(steps: list[tuple[str, int]]) -> None:
    turns = Turns()
    for number, (kind, parent) in enumerate(steps):
        name, before = f"l{number}", f"l{parent}"
        if kind == "u":
            turns.send(name, before, said(name))
        elif kind == "r":
            turns.send(name, before, given_back(name))
        elif kind == "a":
            turns.reply(name, name)
        else:
            turns.note(name, before)
    for number in range(len(steps)):
        found = turns.said(f"l{number}")
        texts = [part.text for part in found.parts]
        assert len(set(texts)) == len(texts)
        assert found.previous not in texts


def test_a_folder_of_any_system() -> None:
    names = [folder_name(path) for path in ("/srv/dev/harbour", "C:\\dev\\harbour", "/srv/harbour/", "/", "", None, 3)]
    assert names == ["harbour", "harbour", "harbour", None, None, None, None]
