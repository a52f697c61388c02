"""Are documents and examples found by their marks, and nothing else taken for them?"""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.ingest.blocks import block_key, cut_blocks

DOCUMENT, EXAMPLE = "document", "example"
FIRST = "The warranty of a frame runs for five years and does not cover the paint or damage done by salt."
SECOND = "A brake pad is worn once its groove is gone. Both pads of a wheel are replaced at the same time."
LONG = " ".join([FIRST, SECOND, FIRST])


def marked(text: str) -> list[tuple[str, str | None]]:
    """Return the pieces of a text, stripped, each with what it was taken for."""
    blocks = cut_blocks(text)
    ends = [*(block.start for block in blocks[1:]), len(text)]
    kinds = [DOCUMENT if block.is_document else EXAMPLE if block.is_example else None for block in blocks]
    return [(text[b.start : end].strip(), kind) for b, end, kind in zip(blocks, ends, kinds, strict=True)]


def of_kind(text: str, kind: str) -> list[str]:
    return [piece for piece, found in marked(text) if found == kind]


QUESTION = "How long is the warranty?"
TWO_DOCUMENTS = {
    "numbered in brackets": f"[Document 1]\n{FIRST}\n\n[Document 2]\n{SECOND}\n\n{QUESTION}",
    "numbered with a title": f"Answer.\n\nDocument 1: Warranty\n{FIRST}\n\nDocument 2: Brakes\n{SECOND}\n\n{QUESTION}",
    "ruled": f"--- Source 1 ---\n{FIRST}\n\n--- Source 2 ---\n{SECOND}\n\n{QUESTION}",
    "headings": f"### Source\n{FIRST}\n\n### Source\n{SECOND}\n\n{QUESTION}",
    "named headings": f"### Source: warranty.md\n{FIRST}\n\n### Source: brakes.md\n{SECOND}\n\n{QUESTION}",
    "named in brackets": f"[Source: warranty.md]\n{FIRST}\n\n[Source: brakes.md]\n{SECOND}\n\n{QUESTION}",
    "ids": f"Passage #17\n{FIRST}\n\nPassage #4\n{SECOND}\n\nQuestion: {QUESTION}",
    "long numbers only": f"Use these.\n\n[1] {LONG}\n\n[2] {LONG}\n\n{QUESTION}",
    "tags": f"<documents>\n<document index='1'>\n{FIRST}\n</document>\n<document>{SECOND}</document>\n</documents>\n\n{QUESTION}",
    "labelled list": f"Context:\n1. {FIRST}\n2. {SECOND}\n\nQuestion: {QUESTION}",
    "labelled paragraphs": f"Context:\n{FIRST}\n\n{SECOND}\n\nQuestion: {QUESTION}",
    "heading and question": f"## Context\n{FIRST}\n\n{SECOND}\n\n## Question\n{QUESTION}",
    "announced": f"Answer with the following documents only.\n\n{FIRST}\n\n{SECOND}\n\nQuestion: {QUESTION}",
    "ruled off": f"Context information is below.\n------\n{FIRST}\n\n{SECOND}\n------\nAnswer this.\nQuery: {QUESTION}",
    "search results": json.dumps([{"title": "Warranty", "text": FIRST}, {"url": "https://a.b", "snippet": SECOND}]),
    "indented search results": json.dumps([{"page_content": page, "metadata": {}} for page in (FIRST, SECOND)], indent=1),
    "search results inside": json.dumps({"results": [{"title": "a", "content": page} for page in (FIRST, SECOND)]}),
}  # fmt: skip


@pytest.mark.parametrize("text", TWO_DOCUMENTS.values(), ids=TWO_DOCUMENTS)
def test_both_documents_are_found_and_the_question_is_none(text: str) -> None:
    found = of_kind(text, DOCUMENT)
    assert len(found) == 2
    assert FIRST in found[0]
    assert SECOND in found[1]
    assert all(QUESTION not in piece for piece in found)
    assert of_kind(text, EXAMPLE) == []


NO_DOCUMENTS = {
    "a numbered list": "Do this:\n1. Be brief.\n2. Be kind.\n3. Cite nothing.\n\nThanks.",
    "a pasted page": f"Please fix my text.\n\nChapter 1\n{LONG}\n\nChapter 2\n{LONG}",
    "a contract": f"Is this fair?\n\nArticle 1\n{FIRST}\n\nArticle 2\n{SECOND}",
    "references": "My paper ends so:\n\n[1] Smith, 2001.\n[2] Jones, 2004.\n[3] Ng, 2010.",
    "a told dialogue": "User: hello\nAssistant: hi\nUser: how long is it?\nAssistant:",
    "a history as JSON": json.dumps([{"role": "user", "content": FIRST}, {"role": "assistant", "content": SECOND}]),
    "records as JSON": json.dumps([{"id": 1, "text": FIRST}, {"id": 2, "text": SECOND}]),
    "one mention": "Document 1 is missing, please send it.",
    "an instruction on documents": "Answer with the documents below. Be brief.",
    "a broken list": '[{"title": "a", "text": "b"}, {"title": ',
}


@pytest.mark.parametrize("text", NO_DOCUMENTS.values(), ids=NO_DOCUMENTS)
def test_what_people_write_is_no_document_and_no_example(text: str) -> None:
    assert {kind for _, kind in marked(text)} == {None}


TWO_EXAMPLES = {
    "numbered": "Classify.\n\nExample 1:\nText: good\nLabel: yes\n\nExample 2:\nText: bad\nLabel: no\n\nBe brief.",
    "headings": "Classify.\n\n### Example 1\ngood is yes\n\n### Example 2\nbad is no\n\nBe brief.",
    "pairs": "Answer so.\n\nQ: good?\nA: yes\n\nQ: bad?\nA: no\n\nBe brief.",
    "pairs before the question": "Q: good?\nA: yes\n\nQ: bad?\nA: no\n\nQ: fair?\nA:",
    "input and output": "Input: good\nOutput: yes\n\nInput: bad\nOutput: no\n\nInput: fair\nOutput:",
    "tags": "Classify.\n<example>good: yes</example>\n<example>bad: no</example>\n\nBe brief.",
    "a tagged list": "Classify.\n<examples>\n<example>good: yes</example>\n<example>bad: no</example>\n</examples>\n\nBe brief.",
}


@pytest.mark.parametrize("text", TWO_EXAMPLES.values(), ids=TWO_EXAMPLES)
def test_both_examples_are_found_and_the_rest_is_none(text: str) -> None:
    found = of_kind(text, EXAMPLE)
    assert len(found) == 2
    assert "good" in found[0]
    assert "bad" in found[1]
    assert not any(word in piece for piece in found for word in ("brief", "fair", "Classify"))
    assert of_kind(text, DOCUMENT) == []


def test_documents_and_examples_stand_side_by_side() -> None:
    text = f"Example 1: a\n\nExample 2: b\n\n<doc>{FIRST}</doc>\n<doc>{SECOND}</doc>\n\nWhy?"
    assert [kind for _, kind in marked(text)] == [EXAMPLE, EXAMPLE, DOCUMENT, DOCUMENT, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('<document index="1">\n{}\n</document>', '<document index="12">\n{}\n</document>'),
        ("[Document 1]\n{}", "[Document 3]\n{}"), ("### Source 2: a\n{}", "### Source 9: a\n{}"), ("[1] {}", "[2] {}"),
        ("Document 1: a\n{}", "Document 2: a\n{}"), ("1. {}", "2. {}"),
        ("<documents>\n<document index='1'>{}</document>", "<document index='2'>{}</document>\n</documents>"),
    ],
)  # fmt: skip
def test_a_document_is_the_same_wherever_it_stands(one: str, other: str) -> None:
    keys = [block_key(text.format(FIRST).encode(), is_document=True) for text in (one, other)]
    assert keys[0] == keys[1] != block_key(one.format(SECOND).encode(), is_document=True)
    assert block_key(one.encode()) != block_key(other.encode())


fragments = st.sampled_from(
    ["[Document 1]\n", "\n[Document 2]\n", "\n### Source\n", "\n[1] ", "\n[2] ", "\nExample 1:", "\nExample 2:", "\nQ: ", "\nA: ",
     "\n\n", "\n------\n", "documents below:\n", "\nQuestion: ", '[{"title": "a", "text": "b"}', ', {"url": 1, "text": "c"}', "]",
     "<doc>", "</doc>", "<example>", "</example>", "word ", "é漢😀", "## Context\n", "\n## Question\n"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(fragments | st.text(max_size=6), max_size=24).map("".join))
def test_any_mixture_is_cut_without_gaps(text: str) -> None:
    blocks = cut_blocks(text)
    starts = [block.start for block in blocks]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert not any(block.is_document and block.is_example for block in blocks)


@pytest.mark.parametrize(
    "text",
    ['[{"' * 60_000, '[{"a": ' * 40_000, '[{"title": "a", "text": "b"},' * 20_000, "\n[1] a" * 40_000, "\nDocument 1" * 40_000,
     "\nQ: a\nA: b" * 30_000, "\nExample 1" * 40_000, "documents below:\n" * 20_000, "below documents " * 20_000, "\n#" * 90_000,
     "\n---\n" * 40_000, "following documents:\n-----\n" * 9_000, "\n[Document" * 40_000, "[ " * 100_000],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_hostile_texts_are_cut_quickly(text: str) -> None:
    begin = time.perf_counter()
    cut_blocks(text)
    assert time.perf_counter() - begin < 3
