"""Is the fast tokeniser the reference, token for token, and offline?"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import socket
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.tokens import tokeniser
from tokaudit.tokens.encodings import ENCODINGS, VOCABULARY_SHA256, encoding_of_model, read_vocabulary
from tokaudit.tokens.tokeniser import encode, encode_by_reference, reference_encoding, token_sizes

SHARED = Path(__file__).resolve().parents[3] / "shared"

CODE = """
def f(x: int) -> dict[str, "Any"]:\n\tif x>=0x1F and not (x % 3):\n        return {"a": [x**2, -x], 'b': f"{x:,.2f}"}  # naïve
SELECT a.*, COUNT(*) FROM "t" AS a LEFT JOIN b USING (id) WHERE a.x <> 'it''s' GROUP BY 1;\r\n
<div class="x-y" onclick='alert(1)'>&nbsp;</div>\n\n\n{"k":[1,2.5e-10,null,true],"ключ":"значение"}\n    }\n  }\n}
curl -X POST https://api.example.com/v1/chat?x=1&y=%20 -H 'Authorization: Bearer sk-AbC123' | jq '.[] | .id'
"""
WORDS = [
    *(
        "the",
        "of",
        "and",
        "I'm",
        "don't",
        "we'll",
        "THEY'RE",
        "he'd",
        "I've",
        "it's",
        "naïve",
        "café",
        "straße",
        "Ελλάδα",
    ),
    *("Москва", "東京", "日本語", "한국어", "العربية", "हिन्दी", "ไทย"),
]
SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>system",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|endofprompt|>",
    "<|start|>",
    "<|call|>",
    "[INST]",
]
SPACES = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u200b", "\x0b", "\x0c", "\x85", "\u2028", "\ufeff"]


@lru_cache(maxsize=1)
def corpus() -> list[str]:
    """Texts of every kind, the same in every run."""
    chance = random.Random(11)
    every_character = [
        chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")
    ]
    texts = ["", " ", "a", "\0", CODE, CODE * 3, *WORDS, *SPECIAL, *SPACES]
    texts += ["".join(chance.choices(every_character, k=chance.randrange(1, 60))) for _ in range(1500)]
    texts += ["".join(every_character[start : start + 997]) for start in range(0, len(every_character), 997)]
    texts += [" ".join(chance.choices(WORDS, k=chance.randrange(1, 80))) for _ in range(400)]
    pieces = (
        WORDS
        + SPECIAL
        + SPACES
        + [CODE[start : start + 17] for start in range(0, 300, 17)]
        + list("0123456789'\"!?.,;:/\\")
    )
    texts += ["".join(chance.choices(pieces, k=chance.randrange(1, 50))) for _ in range(1500)]
    texts += [
        "".join(chance.choice(SPACES) * chance.randrange(1, 90) for _ in range(9)) + chance.choice(WORDS)
        for _ in range(300)
    ]
    texts += [
        character * length for character in " \n\ta1!é漢😀\u3000" for length in (2, 3, 7, 63, 64, 65, 127, 1000, 5000)
    ]
    texts += ["".join(chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789+/=", k=2000)) for _ in range(20)]
    return texts


def assert_equal_tokens(texts: list[str], encoding: str) -> None:
    fast, reference = encode(texts, encoding), encode_by_reference(texts, encoding)
    different = np.flatnonzero(np.diff(fast[1]) != np.diff(reference[1]))
    assert [texts[index] for index in different[:3]] == []
    assert np.array_equal(fast[0], reference[0])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_fast_tokeniser_is_the_reference(encoding: str) -> None:
    assert sum(map(len, corpus())) > 500_000
    assert_equal_tokens(corpus(), encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_on_texts_of_real_logs(encoding: str) -> None:
    logs = [
        SHARED / "data" / name
        for name in ("cassettes/openllmetry-calls.jsonl.gz", "tensorzero/json_inference_examples.jsonl.gz")
    ]
    strings = SHARED / "data/hostile/blns/blns.json"
    if not all(path.exists() for path in (*logs, strings)):
        pytest.skip(f"{SHARED} is not there")
    lines = [
        line
        for path in logs
        for line in gzip.decompress(path.read_bytes())[:1_500_000].decode("utf-8", "replace").split("\n")
    ]
    assert_equal_tokens([*lines, *json.loads(strings.read_text())], encoding)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    texts=st.lists(st.text(max_size=60) | st.sampled_from(SPECIAL + SPACES), max_size=6),
    encoding=st.sampled_from(ENCODINGS),
)
def test_on_any_texts(texts: list[str], encoding: str) -> None:
    assert_equal_tokens(texts, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_tokens_spell_the_text(encoding: str) -> None:
    ids, offsets = encode(corpus(), encoding)
    sizes = token_sizes(encoding)[ids]
    ends = np.concatenate(([0], np.cumsum(sizes)))[offsets]
    assert np.diff(ends).tolist() == [len(text.encode()) for text in corpus()]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("run", [" ", "\n", "\t", "\u3000", "a", "漢", "!"])
def test_endless_runs_neither_panic_nor_hang(run: str, encoding: str) -> None:
    """tiktoken panics on a million spaces; cutting the run costs at most a token for each 100,000."""
    text = run * 400_000
    fast, reference = (len(count([text], encoding)[0]) for count in (encode, encode_by_reference))
    assert abs(fast - reference) <= 4 * 2
    assert fast > 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_special_tokens_are_ordinary_text(encoding: str) -> None:
    _, offsets = encode(["<|endoftext|>", "<|im_start|>"], encoding)
    assert (np.diff(offsets) > 3).all()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_without_the_fast_one_the_reference_counts(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = encode(WORDS, encoding)
    monkeypatch.setitem(sys.modules, "gigatoken", None)
    tokeniser._bulk_encoder.cache_clear()
    try:
        ids, offsets = encode(WORDS, encoding)
        assert tokeniser._bulk_encoder(encoding) is None
    finally:
        tokeniser._bulk_encoder.cache_clear()
    assert np.array_equal(ids, expected[0])
    assert np.array_equal(offsets, expected[1])


def test_what_it_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build = tokeniser._bulk_tokeniser
    monkeypatch.setattr(tokeniser, "_bulk_tokeniser", lambda encoding: built.append(encoding) or build(encoding))
    monkeypatch.setattr(tokeniser, "REMEMBERED_SECONDS", 0.0)
    tokeniser._bulk_encoder.cache_clear()
    try:
        counts = [len(encode(["word " * 100], "cl100k_base")[0]) for _ in range(3)]
    finally:
        tokeniser._bulk_encoder.cache_clear()
    assert len(built) == 3
    assert len(set(counts)) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_vocabulary_is_the_published_one(encoding: str) -> None:
    assert hashlib.sha256(read_vocabulary(encoding)).hexdigest() == VOCABULARY_SHA256[encoding]
    published = SHARED / "data/vocab" / f"{encoding}.tiktoken.gz"
    if published.exists():
        assert gzip.decompress(published.read_bytes()) == read_vocabulary(encoding)


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    for cached in (tokeniser._bulk_encoder, reference_encoding, token_sizes):
        cached.cache_clear()
    for encoding in ENCODINGS:
        assert_equal_tokens(["no network"], encoding)
        assert token_sizes(encoding).sum() > 0


O200K, CL100K, GUESS = ("o200k_base", True), ("cl100k_base", True), ("o200k_base", False)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", O200K),
        ("gpt-4o-2024-08-06", O200K),
        ("gpt-4.1-mini", O200K),
        ("o3-mini", O200K),
        ("gpt-5", O200K),
        ("openai/gpt-4o", O200K),
        ("azure/openai/GPT-4O", O200K),
        ("ft:gpt-4o-mini-2024-07-18:acme::x", O200K),
        ("gpt-oss-120b", O200K),
        ("gpt-4", CL100K),
        ("gpt-4-0125-preview", CL100K),
        ("gpt-3.5-turbo-0125", CL100K),
        ("text-embedding-3-large", CL100K),
        ("text-davinci-003", GUESS),
        ("gpt2", GUESS),
        ("claude-sonnet-4-5", GUESS),
        ("gemini-2.5-pro", GUESS),
        ("", GUESS),
        ("/", GUESS),
        (None, GUESS),
    ],
)
def test_the_encoding_of_a_model(model: str | None, expected: tuple[str, bool]) -> None:
    found = encoding_of_model(model)
    assert (found.encoding, found.exact) == expected
