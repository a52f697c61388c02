"""Is each piece of a prompt counted as what it is, from the log to the figures?"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import polars as pl
import pytest

from runs.logs import Message, Record, analysed, chat, said, tokens_of
from tokaudit.result import COMPONENTS
from tokaudit.tokens.definitions import estimate_tool_tokens

SYSTEM = "You sort the mail of a bicycle shop."
EXAMPLES = "Example 1:\nMail: my chain broke\nLabel: repair\n\nExample 2:\nMail: where is my parcel\nLabel: delivery"
WORDS = [
    "brake",
    "chain",
    "gear",
    "pedal",
    "saddle",
    "spoke",
    "tyre",
    "valve",
    "wheel",
    "frame",
    "fork",
    "bell",
    "lamp",
]


def question(number: int) -> str:
    return f"My {WORDS[number % 13]} number {number} makes a noise, what is to be done about the {WORDS[(number * 5 + 1) % 13]}?"


def page(number: int) -> str:
    return f"Page {number * 7 + 3} says that a {WORDS[number % 13]} of kind {number} is oiled, then turned {number + 2} times."


def _bill(record: Record, tokens: int) -> None:
    """Bill input beside the texts."""
    for name in ("prompt_tokens", "total_tokens"):
        record["response"]["usage"][name] += tokens


Chats: TypeAlias = Sequence[Sequence[Message]]


def examples_in_the_system_prompt() -> Chats:
    text = f"{SYSTEM}\n\n{EXAMPLES}\n\nAnswer with the label only."
    return [[said("system", text), said("user", question(n))] for n in range(5)]


def examples_in_every_message() -> Chats:
    return [[said("user", f"{SYSTEM}\n\n{EXAMPLES}\n\nMail: {question(n)}")] for n in range(8)]


def examples_in_one_message() -> Chats:
    return [examples_in_every_message()[0], *([said("user", f"{SYSTEM}\n\nMail: {question(n)}")] for n in range(1, 9))]


TURNS = ("my chain broke", "repair", "my parcel?", "mail")


def example_turns() -> Chats:
    turns = [said(role, text) for role, text in zip(("user", "assistant") * 2, TURNS, strict=True)]
    return [[said("system", SYSTEM), *turns, said("user", question(n))] for n in range(6)]


DELIMITED: dict[str, Callable[[list[str]], str]] = {
    "tags": lambda pages: "".join(f"<document>{p}</document>\n" for p in pages),
    "numbers": lambda pages: "".join(f"[Document {n}]\n{p}\n\n" for n, p in enumerate(pages, 1)),
    "headings": lambda pages: "".join(f"### Source\n{p}\n\n" for p in pages),
    "json": lambda pages: json.dumps([{"title": p[:8], "text": p} for p in pages]) + "\n\n",
}
ROLES = ("system", "user", "tool")


def delimited(role: str, how: str) -> Chats:
    calls = []
    for n in range(6):
        documents = DELIMITED[how]([page(3 * n + place) for place in range(2)])
        system, asked = said("system", SYSTEM), said("user", question(n))
        calls.append(
            {
                "system": [said("system", f"{SYSTEM}\n\n{documents}"), asked],
                "user": [system, said("user", documents + question(n))],
                "tool": [system, asked, {"role": "tool", "tool_call_id": "c", "content": documents}],
            }[role]
        )
    return calls


BARE = [list(dict.fromkeys((7 * n + k * (n % 5 + 1)) % 30 for k in range(3))) for n in range(60)]


def bare_in_the_system_prompt() -> Chats:
    texts = ["\n\n".join([SYSTEM, *map(page, pages)]) for pages in BARE]
    return [[said("system", text), said("user", question(n))] for n, text in enumerate(texts)]


NOT_RETRIEVED: dict[str, Callable[[int], str]] = {
    "the same instructions": lambda n: f"Sort this mail.\n\n{question(n)}\n\nAnswer with one word.",
    "a pasted page": lambda n: f"Please fix this.\n\nChapter 1\n{page(n)}\n\nChapter 2\n{page(n + 50)}",
    "a history in one text": lambda n: (
        f"User: {question(n)}\nAssistant: Which one?\nUser: {question(n + 50)}\nAssistant:"
    ),
    "numbered steps": lambda n: f"1. {question(n)}\n2. {question(n + 20)}\n3. {question(n + 40)}",
}


def always_the_same() -> Chats:
    about = "<context>The shop is open from nine to five and sells no cars.</context>"
    return [[said("system", f"{SYSTEM}\n{about}"), said("user", question(n))] for n in range(12)]


RESULT = "The parcel is in Ghent."


def results_of_tools() -> Chats:
    function = {"name": "look", "arguments": '{"a":1}'}
    called: Any = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
    }
    result = {"role": "tool", "tool_call_id": "call_1", "content": RESULT}
    start = [said("system", SYSTEM), said("user", question(1)), called, result]
    return [start, [*start, said("assistant", "It is in Ghent."), said("user", "And now?")]]


def prefilled() -> Chats:
    return [[said("system", SYSTEM), said("user", question(1)), said("assistant", '{"label":')]]


CASES: dict[str, Chats] = {
    **{
        case.__name__: case()
        for case in (
            examples_in_the_system_prompt, examples_in_every_message, examples_in_one_message, example_turns,
            bare_in_the_system_prompt, always_the_same, results_of_tools, prefilled,
        )
    },
    **{f"{role} {how}": delimited(role, how) for role in ROLES for how in DELIMITED},
    **{what: [[said("system", SYSTEM), said("user", text(n))] for n in range(12)] for what, text in NOT_RETRIEVED.items()},
}  # fmt: skip


@lru_cache(maxsize=1)
def _divided() -> dict[str, list[dict[str, int]]]:
    """Audit all cases in one log, each a feature of its own; return the tokens of the components of each call."""
    log: list[Record] = []
    for case, calls in CASES.items():
        for n, messages in enumerate(calls):
            record = chat(messages, f"Answer {len(log)}", seconds=100 * len(log), user=f"{case} {n}", feature=case)
            _bill(record, sum(tokens_of('look({"a":1})', "look") + 4 for m in messages if "tool_calls" in m))
            log.append(record)
    with analysed(log) as (_, found):
        assert found["tokens_unexplained"].sum() == 0
        names = [name for name in COMPONENTS if name != "format_overhead"]
        tokens = [pl.col(f"tokens_{name}").alias(name) for name in names]
        rows = found.sort("line").select("feature", pl.struct(tokens)).rows()
    return {
        case: [{name: tokens for name, tokens in row.items() if tokens} for feature, row in rows if feature == case]
        for case in CASES
    }


def components(case: str) -> list[dict[str, int]]:
    return _divided()[case]


def test_examples_in_the_system_prompt_are_few_shot() -> None:
    for number, parts in enumerate(components("examples_in_the_system_prompt")):
        assert set(parts) == {"system_prompt", "few_shot", "user_input"}
        assert parts["few_shot"] == pytest.approx(tokens_of(EXAMPLES), abs=2)
        assert parts["user_input"] == tokens_of(question(number))


def test_examples_in_each_users_message_are_few_shot_and_a_users_own_are_not() -> None:
    every = components("examples_in_every_message")
    assert all(set(parts) == {"system_prompt", "few_shot", "user_input"} for parts in every)
    assert "few_shot" not in components("examples_in_one_message")[0]


def test_example_turns_are_few_shot() -> None:
    found = components("example_turns")
    assert [parts["few_shot"] for parts in found] == [tokens_of(*TURNS)] * 6
    assert not any("history" in parts for parts in found)


@pytest.mark.parametrize("how", DELIMITED)
@pytest.mark.parametrize("role", ROLES)
def test_delimited_documents_are_found_in_every_role(role: str, how: str) -> None:
    for number, parts in enumerate(components(f"{role} {how}")):
        assert set(parts) == {"system_prompt", "rag_context", "user_input"}
        assert parts["rag_context"] >= sum(tokens_of(page(3 * number + place)) for place in range(2)) - 2
        assert parts["user_input"] == pytest.approx(tokens_of(question(number)), abs=2)


def test_bare_documents_in_the_system_prompt_are_found() -> None:
    for pages, parts in zip(BARE, components("bare_in_the_system_prompt"), strict=True):
        assert parts["rag_context"] == pytest.approx(sum(map(tokens_of, map(page, pages))), abs=6)
        assert parts["system_prompt"] == pytest.approx(tokens_of(SYSTEM), abs=2)


@pytest.mark.parametrize("what", NOT_RETRIEVED)
def test_what_people_write_is_not_retrieved(what: str) -> None:
    assert not any({"rag_context", "few_shot"} & set(parts) for parts in components(what))


def test_what_is_always_the_same_between_tags_is_an_instruction() -> None:
    assert all(set(parts) == {"system_prompt", "user_input"} for parts in components("always_the_same"))


def test_results_of_tools_are_history_once_they_were_answered() -> None:
    first, second = components("results_of_tools")
    assert first["tool_results"] == tokens_of(RESULT)
    assert "tool_results" not in second
    assert second["user_input"] == tokens_of("And now?")
    assert second["history"] == tokens_of(question(1), 'look({"a":1})', RESULT, "It is in Ghent.")


def test_words_put_into_the_assistants_mouth_are_instructions() -> None:
    (parts,) = components("prefilled")
    assert parts == {"system_prompt": tokens_of(SYSTEM, '{"label":'), "user_input": tokens_of(question(1))}


ORDER = {
    "type": "object",
    "properties": {"order": {"type": "string", "description": "Its number."}},
    "required": ["order"],
}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "look", "description": "Look it up.", "parameters": ORDER}}
]


@pytest.mark.parametrize("off", [-6, 0, 9])
def test_tools_cost_what_the_texts_leave_of_the_bill(off: int) -> None:
    tokens = estimate_tool_tokens(TOOLS, lambda texts: tokens_of(*texts)) + off
    log = [
        chat([said("system", SYSTEM), said("user", question(n))], "Yes.", seconds=100 * n, feature="f")
        for n in range(3)
    ]
    for record in log:
        record["request"]["tools"] = TOOLS
        _bill(record, tokens)
    with analysed(log) as (_, calls):
        assert calls["tokens_tool_schemas"].to_list() == [tokens] * 3
        assert calls["tokens_system_prompt"].to_list() == [tokens_of(SYSTEM)] * 3
        assert calls["tokens_unexplained"].sum() == 0
