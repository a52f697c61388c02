"""Under which key do a bill's name of a model and ours meet?

Bills write display names, dated ids, slugs and SKUs; logs and price lists write ids. Both are put into one plain form: lower
case, without vendor, region, date and punctuation, a Claude's family and version in one order. Equal forms are the same model;
nothing is matched that only looks alike. Snapshots of a model share a form, since a display name does not tell them apart.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MAKER = re.compile(
    r"^(?:openai|anthropic|google|meta|mistral(?:ai)?|deepseek|xai|x-ai|qwen|cohere|amazon|microsoft|moonshot ?ai|z\.?ai|nvidia)"
    r" ?: "
)
_BEDROCK = re.compile(
    r"^(?:(?:us|eu|apac|jp|au|ca|sa|us-gov|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot(?:ai)?|nvidia|openai|qwen|stability|twelvelabs"
    r"|writer|xai|zai)\.(?=[a-z])"
)
_REVISION = re.compile(r"(?:-v\d+)?:\d+(?::\d+k)?$")
_FREE = ":free"
_VARIANT = re.compile(r":[a-z][a-z-]*$")
_FINE_TUNED = re.compile(r"^ft[:-](?P<base>[a-z0-9.-]+)")
_LATEST = re.compile(r"[-@ ](?:latest|default)$")
_GOOGLE_REVISION = re.compile(r"^((?:gemini|imagen|veo|text-embedding|gemini-embedding)\b.*)-00\d$")
_DATES = re.compile(
    r"(?<![\d.])(?:20\d{2}[-_./ ]?(?:0[1-9]|1[0-2])[-_./ ]?(?:0[1-9]|[12]\d|3[01])"  # 2024-08-06, 20241022
    r"|(?:0[1-9]|1[0-2])[-_ ]20\d{2}"  # 08-2024
    r"|(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])"  # 0613, 05-20
    r"|2[3-9](?:0[1-9]|1[0-2]))"  # 2411
    r"(?![\d.])"
)
_POINT_SPELLED = re.compile(r"(?<=\d)p(?=\d)")
_VERSION_LETTER = re.compile(r"(?<![a-z])v(?=\d)")
_PARTS = re.compile(r"[a-z]+|\d+")
_SPELLINGS = {"gpt-35": "gpt-3.5", "gpt35": "gpt-3.5", "meta-llama": "llama"}
_CLAUDE = "claude"
_NO_PART_OF_CLAUDE = frozenset(("claude", "model", "models", "fast"))

_FAMILIES = (
    *(
        "gpt",
        "chatgpt",
        "o1",
        "o3",
        "o4",
        "codex",
        "davinci",
        "babbage",
        "text-embedding",
        "dall-e",
        "whisper",
        "tts",
        "sora",
    ),
    *(
        "claude",
        "gemini",
        "gemma",
        "llama",
        "mistral",
        "mixtral",
        "ministral",
        "codestral",
        "pixtral",
        "magistral",
        "devstral",
    ),
    *(
        "deepseek",
        "qwen",
        "grok",
        "command",
        "nova",
        "titan",
        "kimi",
        "glm",
        "sonar",
        "phi",
        "jamba",
        "omni-moderation",
    ),
    *("imagen", "veo", "voyage", "nemotron", "minimax", "gpt-oss", "computer-use", "rerank", "embed"),
)
_FAMILY = re.compile(r"(?:^|[/. ])(?:{})(?![a-z])".format("|".join(map(re.escape, _FAMILIES))))


@lru_cache(maxsize=16_384)
def model_key(name: str) -> str:
    """Put a model's name into the form in which bills and logs meet.

    >>> model_key("Claude Haiku 4.5"), model_key("us.anthropic.claude-haiku-4-5-20251001-v1:0"), model_key("Claude4.5Haiku")
    ('claude-haiku-4-5', 'claude-haiku-4-5', 'claude-haiku-4-5')
    >>> model_key("GPT-4o mini"), model_key("openai/gpt-4o-mini-2024-07-18"), model_key("gpt-4o")
    ('gpt-4-o-mini', 'gpt-4-o-mini', 'gpt-4-o')
    """
    text = _MAKER.sub("", _PARENTHESES.sub(" ", name.strip().lower()).strip())
    is_free = text.endswith(_FREE)
    tuned = _FINE_TUNED.match(text)
    if tuned:
        return f"ft-{model_key(tuned['base'])}"
    text = text.partition("@")[0] or text
    text = text.rpartition("/")[2] or text
    text = _VARIANT.sub("", _REVISION.sub("", _BEDROCK.sub("", text)))
    for written, meant in _SPELLINGS.items():
        text = meant + text.removeprefix(written) if text.startswith(written) else text
    text = _undated(_LATEST.sub("", text))
    return _joined(text) + ("-free" if is_free else "")


def _undated(text: str) -> str:
    """Take dates and revisions off, unless nothing but a date would remain."""
    plain = _DATES.sub(" ", _GOOGLE_REVISION.sub(r"\1", text))
    return plain if _PARTS.search(plain) else text


def _joined(text: str) -> str:
    parts = _PARTS.findall(_VERSION_LETTER.sub("", _POINT_SPELLED.sub(".", text)))
    if parts and parts[0] == _CLAUDE:
        parts = _claude(parts)
    return "-".join(parts) or text.strip()


def _claude(parts: list[str]) -> list[str]:
    words = sorted(part for part in parts if part.isalpha() and part not in _NO_PART_OF_CLAUDE)
    numbers = [part for part in parts if part.isdigit()]
    if len(numbers) > 1 and numbers[-1] == "0":  # claude-sonnet-4-0 is claude-sonnet-4
        numbers = numbers[:-1]
    tail = ["fast"] if "fast" in parts else []
    return [_CLAUDE, *words, *numbers, *tail]


def names_model(text: str) -> bool:
    """Say whether a text begins like the name of a known family of models, with or without its vendor."""
    return _FAMILY.search(text.strip().lower()) is not None
