"""How many tokens has each text, and each block of it?

A token belongs to the block in which its first byte lies, so the tokens of a text's blocks add up to the text's tokens,
exactly, from one tokenisation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tokaudit.tokens.tokeniser import encode, token_sizes

Counts = npt.NDArray[np.int64]


def count_tokens(texts: Sequence[str], encoding: str) -> Counts:
    """Count the tokens of each text.

    >>> count_tokens(["hello world", ""], "o200k_base").tolist()
    [2, 0]
    """
    if not texts:
        return np.zeros(0, dtype=np.int64)
    _, offsets = encode(texts, encoding)
    return np.diff(offsets)


def count_block_tokens(texts: Sequence[str], starts: Sequence[Sequence[int]], encoding: str) -> tuple[Counts, Counts]:
    """Count the tokens of each text, and of each of its blocks.

    starts: for each text the first UTF-8 byte of each of its blocks, rising, the first one 0.
    Returns (tokens of each text, tokens of each block, texts one after the other).

    >>> [c.tolist() for c in count_block_tokens(["ab cd ef"], [[0, 2]], "o200k_base")]
    [[3], [1, 2]]
    """
    if not texts:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ids, offsets = encode(texts, encoding)
    ends = np.cumsum(token_sizes(encoding)[ids])
    # Byte positions run on through all texts: text i begins where the last token of text i - 1 ends.
    text_start = np.concatenate(([0], ends))[offsets[:-1]]
    first_bytes = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    lengths = np.fromiter((len(s) for s in starts), dtype=np.int64, count=len(starts))
    flat = np.fromiter((byte for s in starts for byte in s), dtype=np.int64, count=int(lengths.sum()))
    block_start = np.repeat(text_start, lengths) + flat
    first_token = np.searchsorted(first_bytes, block_start, side="left")
    # The first block of a text owns everything from the text's first token on.
    is_first = np.zeros(len(flat), dtype=bool)
    is_first[np.cumsum(lengths) - lengths] = True
    first_token[is_first] = offsets[:-1][lengths > 0]
    return np.diff(offsets), np.diff(np.concatenate((first_token, [len(ids)])))
