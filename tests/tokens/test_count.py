"""Do the tokens of a text's blocks add up to the text's tokens?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.tokens.count import count_block_tokens, count_tokens
from tokaudit.tokens.encodings import ENCODINGS
from tokaudit.tokens.tokeniser import encode_by_reference, reference_encoding, token_sizes

O200K = "o200k_base"

texts = st.text(alphabet=st.sampled_from("ab  \n\n'sé漢😀1234<|>"), max_size=50) | st.text(max_size=30)


@st.composite
def cut_texts(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Texts, each with borders between characters, the first at 0; borders may coincide or stand at the end."""
    found = draw(st.lists(texts, max_size=5))
    return [(text, [0, *sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))]) for text in found]


def byte_starts(text: str, borders: list[int]) -> list[int]:
    return [len(text[:border].encode()) for border in borders]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(cut=cut_texts(), encoding=st.sampled_from(ENCODINGS))
def test_a_token_belongs_to_the_block_of_its_first_byte(cut: list[tuple[str, list[int]]], encoding: str) -> None:
    starts = [byte_starts(text, borders) for text, borders in cut]
    tokens, blocks = count_block_tokens([text for text, _ in cut], starts, encoding)
    expected = []
    for (text, _), borders, own_tokens in zip(cut, starts, tokens.tolist(), strict=True):
        ids, _ = encode_by_reference([text], encoding)
        first_bytes = np.concatenate(([0], np.cumsum(token_sizes(encoding)[ids])))[:-1]
        ends = [*borders[1:], len(text.encode()) + 1]
        own = [
            int(((first_bytes >= begin) & (first_bytes < end)).sum()) for begin, end in zip(borders, ends, strict=True)
        ]
        expected += own
        assert sum(own) == len(ids) == own_tokens
    assert blocks.tolist() == expected
    assert blocks.sum() == tokens.sum()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(found=st.lists(texts, max_size=6), encoding=st.sampled_from(ENCODINGS))
def test_a_text_counts_the_same_in_any_company(found: list[str], encoding: str) -> None:
    alone = [len(reference_encoding(encoding).encode_ordinary(text)) for text in found]
    assert count_tokens(found, encoding).tolist() == alone
    assert count_block_tokens(found, [[0]] * len(found), encoding)[1].tolist() == alone


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_has_no_tokens(encoding: str) -> None:
    assert count_tokens([], encoding).tolist() == []
    assert count_tokens(["", ""], encoding).tolist() == [0, 0]
    assert [counts.tolist() for counts in count_block_tokens([], [], encoding)] == [[], []]
    assert [counts.tolist() for counts in count_block_tokens(["", "a"], [[0, 0], [0, 1]], encoding)] == [
        [0, 1],
        [0, 0, 1, 0],
    ]


def test_a_token_over_a_border_belongs_to_the_block_before() -> None:
    assert count_block_tokens(["hello world"], [[0, 6]], O200K)[1].tolist() == [2, 0]
    assert count_block_tokens(["hello world"], [[0, 5]], O200K)[1].tolist() == [1, 1]
