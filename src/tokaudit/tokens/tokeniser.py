"""How are texts turned into tokens, fast and without the network?

gigatoken does the bulk; tiktoken is the reference (a parity test holds them equal) and the fallback on platforms without
a gigatoken wheel. Both treat special tokens as ordinary text, as the providers do with text in a message.
"""

from __future__ import annotations

import base64
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from time import thread_time
from typing import Any

import numpy as np
import numpy.typing as npt

from tokaudit.tokens.encodings import read_vocabulary

Tokens = tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]
"""(token ids of all texts, offsets): text i has the tokens ids[offsets[i]:offsets[i + 1]]."""

_GIGATOKEN_SCHEME = {"cl100k_base": "gpt4", "o200k_base": "o200k"}

_PATTERNS = {
    "cl100k_base": (
        r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"""
        r"""|\s*[\r\n]|\s+(?!\S)|\s"""
    ),
    "o200k_base": "|".join(
        (
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""\p{N}{1,3}""",
            r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
            r"""\s*[\r\n]+""",
            r"""\s+(?!\S)""",
            r"""\s+""",
        )
    ),
}
"""Split patterns. Source: tiktoken 0.14, tiktoken_ext/openai_public.py (MIT)."""

REMEMBERED_SECONDS = 2.0
"""gigatoken remembers every word it meets, without limit. New words cost time, known ones hardly any: it fills the memory
by at most about 150 MB a second, and begins anew after so many."""

_LONGEST_SPACE_RUN = 100_000
_SPACE_RUN = re.compile(rf"\s{{{_LONGEST_SPACE_RUN}}}")


def _ranks(encoding: str) -> dict[bytes, int]:
    lines = read_vocabulary(encoding).splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}


@lru_cache(maxsize=2)
def reference_encoding(encoding: str) -> Any:
    """Build tiktoken's encoding from the vendored vocabulary."""
    import tiktoken

    return tiktoken.Encoding(encoding, pat_str=_PATTERNS[encoding], mergeable_ranks=_ranks(encoding), special_tokens={})


def _pieces(text: str) -> list[str]:
    # tiktoken's regex engine panics on about a million spaces in a row; cutting one run costs at most a token.
    marks = [match.end() for match in _SPACE_RUN.finditer(text)]
    return [text[start:end] for start, end in zip([0, *marks], [*marks, len(text)], strict=True)] if marks else [text]


def encode_by_reference(texts: Sequence[str], encoding: str) -> Tokens:
    """Tokenise with tiktoken."""
    encode = reference_encoding(encoding).encode_ordinary
    rows = [[token for piece in _pieces(text) for token in encode(piece)] for text in texts]
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return np.fromiter((token for row in rows for token in row), dtype=np.uint32, count=int(offsets[-1])), offsets


def _bulk_tokeniser(encoding: str) -> Any:
    from gigatoken import Tokenizer

    with tempfile.TemporaryDirectory(prefix="tokaudit-") as folder:
        path = os.path.join(folder, f"{encoding}.tiktoken")
        with open(path, "wb") as file:
            file.write(read_vocabulary(encoding))
        return Tokenizer.from_tiktoken(path, pretokenizer=_GIGATOKEN_SCHEME[encoding], special_tokens={})


@lru_cache(maxsize=2)
def _bulk_encoder(encoding: str) -> Callable[[Sequence[str]], Tokens] | None:
    try:
        tokeniser = _bulk_tokeniser(encoding)
    except ImportError:
        return None
    spent = 0.0

    def encode(texts: Sequence[str]) -> Tokens:
        nonlocal tokeniser, spent
        if spent > REMEMBERED_SECONDS:
            tokeniser, spent = _bulk_tokeniser(encoding), 0.0
        begin = thread_time()
        layout = tokeniser.encode_batch(list(texts), parallel=False).layout
        spent += thread_time() - begin
        offsets = np.asarray(layout.offsets.data).astype(np.int64)
        return np.asarray(layout.content.data)[: offsets[-1]], offsets

    return encode


def encode(texts: Sequence[str], encoding: str) -> Tokens:
    """Tokenise each text as ordinary text (special tokens are not special)."""
    bulk = _bulk_encoder(encoding)
    return encode_by_reference(texts, encoding) if bulk is None else bulk(texts)


@lru_cache(maxsize=2)
def token_sizes(encoding: str) -> npt.NDArray[np.int64]:
    """Bytes of each token of the encoding, by token id."""
    # Line n of a rank file holds token n in base64, a space and n: the lengths tell all, so nothing need be decoded.
    text = np.frombuffer(read_vocabulary(encoding), dtype=np.uint8)
    ends = np.flatnonzero(text == ord(" "))
    starts = np.concatenate(([0], np.flatnonzero(text == ord("\n"))[:-1] + 1))
    padding = (text[ends - 1] == ord("=")).astype(np.int64) + (text[ends - 2] == ord("="))
    sizes: npt.NDArray[np.int64] = (ends - starts) * 3 // 4 - padding
    return sizes
