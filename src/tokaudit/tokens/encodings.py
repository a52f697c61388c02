"""Which tokeniser does a model use, and where is its vocabulary?

The vocabularies of OpenAI's two current encodings stand in `vocab/` (MIT, OpenAI; unzipped sha256 below), so counting
needs no network. Names map to encodings by tiktoken's own table.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from tiktoken.model import encoding_name_for_model

VOCABULARY_SHA256 = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
"""sha256 of the unzipped rank files. Source: tiktoken 0.14, tiktoken_ext/openai_public.py."""

ENCODINGS = tuple(sorted(VOCABULARY_SHA256))
DEFAULT_ENCODING = "o200k_base"
"""For models whose tokeniser is not public: close enough to divide the billed tokens, never to replace them."""

_SAME_VOCABULARY = {"o200k_harmony": "o200k_base"}


@dataclass(frozen=True, slots=True)
class ModelEncoding:
    """exact: the model really bills by this encoding, so visible text must explain the billed tokens."""

    encoding: str
    exact: bool


@lru_cache(maxsize=4096)
def encoding_of_model(model: str | None) -> ModelEncoding:
    """Name the encoding of a model, by its name without a provider prefix (`openai/gpt-4o` is `gpt-4o`).

    >>> encoding_of_model("openai/gpt-4-0125-preview")
    ModelEncoding(encoding='cl100k_base', exact=True)
    >>> encoding_of_model("claude-sonnet-4-5")
    ModelEncoding(encoding='o200k_base', exact=False)
    """
    if model is None:
        return ModelEncoding(DEFAULT_ENCODING, exact=False)
    try:
        name = encoding_name_for_model(model.rsplit("/", 1)[-1].lower())
    except KeyError:
        return ModelEncoding(DEFAULT_ENCODING, exact=False)
    name = _SAME_VOCABULARY.get(name, name)
    if name not in VOCABULARY_SHA256:
        return ModelEncoding(DEFAULT_ENCODING, exact=False)
    return ModelEncoding(name, exact=True)


def read_vocabulary(encoding: str) -> bytes:
    """Return the unzipped rank file of an encoding."""
    return gzip.decompress(files("tokaudit.tokens").joinpath("vocab", f"{encoding}.tiktoken.gz").read_bytes())
