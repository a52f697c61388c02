"""Which model, and which of its tokens, does a SKU of a cloud charge for?

AWS: `USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global`. Azure: `gpt-4o-mini-0718-cchd-Inp-glbl Tokens`.
Google: `Gemini 2.5 Flash GA Text Input - Predictions`. A SKU is read as words; what is neither a class, a tier, a route nor a
unit is the model. Sources: AWS price list of Bedrock, Azure retail prices of Foundry models, Google's SKU groups of
generative AI, October 2026.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tokaudit.bills.model_names import names_model

_REGION = re.compile(r"^[A-Z]{2,4}\d?\d?-(?:MP:)?(?:[A-Z]{2,4}\d_)?(?=[A-Za-z])")
"""USE1-, EUW1-, APN1-, EU-; sellers on AWS Marketplace write it twice."""
_GLUED = re.compile(
    r"\b(Nova|Titan)(?=[A-Z])|(?<![A-Za-z])(Input|Output|CacheRead|CacheWrite)(?=(?:Input)?Token)|(Input)(?=Token)"
)

_CLASSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<![a-z])(?:{words})(?![a-z])"), name)
    for words, name in (
        (r"cache ?writes?(?: (?:input|inp))?(?: tokens?)?", "cache_write_5m"),
        (
            r"(?:cache ?reads?|cached|cchd|cach|cache|ch|cd)(?: (?:text|txt|audio|aud|image|img))? (?:input|inpt|inp|in)",
            "cache_read",
        ),
        (r"cache ?reads?|cached|cchd|cache hits?|(?:input )?(?:text |audio |image )?(?:input )?caching", "cache_read"),
        (r"input|inpt|inp", "input"),
        (r"output|outpt|outp|opt|out|response", "output"),
    )
)
"""The first that stands in the SKU counts."""
_HOURS = re.compile(r"(?<!\d)1 ?(?:h|hr|hour)\b")
_STORAGE = re.compile(r"\bstorage\b")
_TIERS = (("batch", r"\bbatch\b"), ("priority", r"\b(?:priority|pp)\b"), ("flex", r"\bflex\b"))
_MODALITIES = (("audio", r"\b(?:audio|aud)\b"), ("image", r"\b(?:image|img)\b"), ("video", r"\bvideo\b"))
_THINKING = re.compile(r"\bthinking\b|\breasoning\b")
_ROUTES = (
    ("global", r"\b(?:global|glbl|gl)\b"),
    ("regional", r"\b(?:regional|regnl|rgnl|rgn)\b"),
    ("data zone", r"\b(?:data zone|dzone|dz)\b"),
)
_NOISE = re.compile(
    r"\b(?:tokens?|token count|count|standard|mantle|global|glbl|gl|regional|regnl|rgnl|rgn|data zone|dzone|dz"
    r"|cross region|units?|1m|1k|long ctx|long context|short context|long|short|context|ctx|predictions?|ga"
    r"|text|txt|audio|aud|image|img|video|thinking|reasoning|batch|priority|pp|flex|storage|caching|cache"
    r"|5m|30m|1h|1 hour|hour|on demand|latency optimized|custom model|api"
    r"|for|usage|tuned|requests?|use|and|fine tuned|charge|fee)\b"
)
_SHORT = {"mn": "mini", "nn": "nano"}

_UNITS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (item, re.compile(words, re.IGNORECASE))
    for item, words in (
        ("web_search", r"web.?search|grounding|bing search"),
        ("file_search", r"file.?search"),
        ("code_execution", r"code.?(?:interpreter|execution)|container"),
        ("fine_tuning", r"fine.?tun(?:ing|e)\b(?!.*(?:input|output))|\btraining\b|custom(?:ization)? training"),
        ("storage", r"storage|vector store"),
        ("tax", r"\b(?:tax|vat|gst|sales tax|mwst)\b"),
        ("credit", r"\b(?:credits?|refund|grant|promotional|promotion)\b"),
        ("fee", r"\b(?:fee|subscription|seats?|commitment|provisioned|ptu|reservation|support|minimum)\b"),
        ("image", r"\bdall-?e|\bimages? (?:generation|generated)|imagen"),
        ("audio", r"whisper|\btts\b|transcri|speech|characters"),
    )
)


class Sku(NamedTuple):
    """item: one of `line.ITEMS`. token_class, tier, route, model: None = the SKU does not say."""

    item: str
    model: str | None = None
    token_class: str | None = None
    tier: str | None = None
    route: str | None = None


def item_of(text: str) -> str | None:
    """Name what a description charges for when it is no tokens; None when it does not say."""
    return next((item for item, words in _UNITS if words.search(text)), None)


def token_class(kind: str, modality: str | None, *, is_hour: bool = False, is_thinking: bool = False) -> str:
    """Name the class of `prices.rates.RATED` for input, output, cache_read or cache_write_5m of a modality."""
    if kind == "cache_write_5m":
        return "cache_write_1h" if is_hour else kind
    if kind == "output":
        if is_thinking:
            return "output_reasoning"
        return f"output_{modality}" if modality in ("audio", "image") else "output"
    if kind == "cache_read":
        return f"cache_read_{modality}" if modality in ("audio", "image") else "cache_read"
    return f"input_{modality}" if modality else "uncached_input"


def read_sku(text: str, product: str = "") -> Sku:
    """Take a SKU apart. product: what it is a SKU of, where its own text leaves the family out (`5.4 inp Gl`)."""
    spelled = _GLUED.sub(r"\1\2\3 ", _REGION.sub("", text.strip()))
    plain = " ".join(word for word in re.split(r"[\s\-_,/]+", spelled.lower()) if word)
    found = next(((name, match) for words, name in _CLASSES if (match := words.search(plain))), None)
    tier = next((name for name, words in _TIERS if re.search(words, plain)), None)
    route = next((name for name, words in _ROUTES if re.search(words, plain)), None)
    if found is None or _STORAGE.search(plain):
        item = item_of(text) or ("storage" if _STORAGE.search(plain) else "other")
        return Sku(
            item, _model(plain, product) if item in ("fine_tuning", "audio", "image") else None, None, tier, route
        )
    kind, match = found
    modality = next((name for name, words in _MODALITIES if re.search(words, plain)), None)
    whole = token_class(kind, modality, is_hour=bool(_HOURS.search(plain)), is_thinking=bool(_THINKING.search(plain)))
    return Sku("tokens", _model(plain[: match.start()] + " " + plain[match.end() :], product), whole, tier, route)


def _model(plain: str, product: str) -> str | None:
    for pattern, _ in _CLASSES:
        plain = pattern.sub(" ", plain)
    words = [_SHORT.get(word, word) for word in _NOISE.sub(" ", plain).split()]
    name = " ".join(word for word in words if word.strip(".:"))
    if name[:1].isdigit() and "gpt" in product.lower():
        name = f"gpt {name}"
    return name if name and (names_model(name) or _HAS_NAME.search(name)) else None


_HAS_NAME = re.compile(r"[a-z]{2,}.*\d|\br1\b|\bo\d\b")
