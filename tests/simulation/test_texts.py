"""Has a written text exactly the tokens that were ordered, and do joined pieces keep theirs?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.simulation.chance import stream
from tokaudit.simulation.composition import compose
from tokaudit.simulation.documents import retrieve, shelf
from tokaudit.simulation.language import LONGEST, SHORTEST, sentences
from tokaudit.simulation.phrases import KINDS
from tokaudit.simulation.scenarios import SCENARIOS, SUPPORT_BOT
from tokaudit.simulation.texts import ENCODING, Author, system_prompt
from tokaudit.tokens.count import count_tokens


def tokens(text: str) -> int:
    return int(count_tokens([text], ENCODING)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_length_exists(kind: str) -> None:
    by_tokens = sentences(kind, ENCODING).by_tokens
    assert list(by_tokens) == list(range(SHORTEST, LONGEST + 1))
    assert all(by_tokens.values())


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    ordered=st.integers(SHORTEST, 900),
    paragraph=st.integers(0, 6),
    seed=st.integers(),
)
def test_a_text_has_the_tokens_ordered(kind: str, ordered: int, paragraph: int, seed: int) -> None:
    text = compose(sentences(kind, ENCODING), ordered, stream(seed), paragraph=paragraph)
    assert tokens(text) == ordered


def test_less_than_a_sentence_is_left_unwritten() -> None:
    assert compose(sentences("answer", ENCODING), SHORTEST - 1, stream(1)) == ""


@settings(max_examples=20, deadline=None)
@given(seed=st.integers())
def test_documents_and_question_keep_their_tokens_when_joined(seed: int) -> None:
    pages, counted = retrieve(shelf(1, SUPPORT_BOT, ENCODING), stream(seed))
    question = Author(seed, SUPPORT_BOT).question()
    assert counted == 1200
    assert tokens(pages) == counted
    assert tokens(pages + question) == counted + tokens(question)


def test_system_prompts_have_the_tokens_ordered() -> None:
    for features in SCENARIOS.values():
        for feature in features:
            assert tokens(system_prompt(3, feature)) == feature.system_tokens


def test_the_question_sizes_pair_up_to_the_mean() -> None:
    author = Author(5, SUPPORT_BOT)
    sizes = [tokens(author.question()) for _ in range(400)]
    assert sum(sizes) == 400 * 200
    assert len(set(sizes)) > 50
    assert all(a + b == 400 for a, b in zip(sizes[::2], sizes[1::2], strict=True))
