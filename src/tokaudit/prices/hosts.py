"""Who served a call, and who made its model, by the names that logs give to both?

A host is a provider of the price snapshot, one's own machines, or unknown. A model's name tells its maker only where nobody
but the maker sells it under that name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from tokaudit.prices.snapshot import provider_by_id

Kind = Literal["provider", "own machines", "unknown"]


class Host(NamedTuple):
    """Who served. provider_id: that of the snapshot, where kind is `provider`."""

    kind: Kind
    provider_id: str | None = None


UNKNOWN = Host("unknown")
OWN = Host("own machines")

_ALSO_CALLED = {
    "anthropic": "claude anthropicai anthropicmessages",
    "aws": "bedrock awsbedrock amazon amazonbedrock bedrockconverse bedrockmantle amazonnova",
    "azure": "azureopenai azureai azureaiopenai azopenai azaiopenai azureaiinference azaiinference azureaifoundry azuretext "
    "azurefoundry",
    "cerebras": "cerebrasai",
    "cloudflare": "workersai cloudflareworkersai",
    "cohere": "coherechat cohereai",
    "fireworks": "fireworksai",
    "github-copilot": "githubcopilot copilot",
    "google": "gemini vertex vertexai vertexaibeta googlevertex googlevertexai googlegenai googlegenerativeai googleaistudio "
    "googlegemini gcp gcpgemini gcpvertexai gcpgenai palm",
    "groq": "groqcloud",
    "mistral": "mistralai",
    "moonshotai": "moonshot",
    "novita": "novitaai",
    "openai": "textcompletionopenai openairesponses openaichat",
    "perplexity": "perplexityai",
    "together": "togetherai",
    "voyageai": "voyage",
    "x-ai": "xai grok",
    "zai": "zaiorg",
    "zhipuai": "zhipu bigmodel",
    "minimax": "minimaxai",
    "ovhcloud": "ovh",
}
"""Names that SDKs, gateways and OpenTelemetry's conventions give to a provider, in letters and digits alone."""

_OWN_MACHINE_WORDS = """
    ollama ollamachat vllm hostedvllm lmstudio llamacpp llamacppserver llamafile localai local localhost selfhosted sglang tgi
    textgenerationinference textgenerationwebui oobabooga xinference koboldcpp mlx mlxlm tensorrtllm triton
    tritoninferenceserver exllama exllamav2 tabbyapi jan gpt4all docker dockermodelrunner onprem onpremises
"""
"""Servers that people run themselves: what a token costs there, no vendor's list says."""
_OWN_MACHINES = frozenset(_OWN_MACHINE_WORDS.split())

ROUTE_PREFIXES = {
    "azure": "azure",
    "azure_ai": "azure",
    "azure_text": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "bedrock_mantle": "aws",
    "vertex_ai": "google",
    "vertex_ai_beta": "google",
    "gemini": "google",
    "groq": "groq",
    "openrouter": "openrouter",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "cerebras": "cerebras",
    "databricks": "databricks",
    "cloudflare": "cloudflare",
    "novita": "novita",
    "github_copilot": "github-copilot",
    "cohere_chat": "cohere",
    "xai": "x-ai",
    "moonshot": "moonshotai",
    "voyage": "voyageai",
    "baseten": "baseten",
    "ovhcloud": "ovhcloud",
    "azure-openai": "azure",
    "amazon-bedrock": "aws",
    "google-vertex": "google",
}
"""Prefixes of model names that say who serves, as LiteLLM and AI SDKs write them; not those that may name a maker only."""

OWN_PREFIXES = frozenset(
    (
        "ollama",
        "ollama_chat",
        "hosted_vllm",
        "vllm",
        "lm_studio",
        "lmstudio",
        "llamafile",
        "local",
        "llama_cpp",
        "xinference",
    )
)
MAKER_PREFIXES = frozenset((
    "openai", "anthropic", "google", "mistral", "mistralai", "deepseek", "x-ai", "cohere", "perplexity", "moonshotai", "meta",
    "meta-llama", "amazon",
))  # fmt: skip
"""Prefixes that name who made a model: OpenRouter writes them whoever serves."""

_CLOSED = (
    ("openai", r"ft:(?:gpt-(?!oss)|o\d|davinci|babbage)"),
    (
        "openai",
        r"gpt-(?!oss|j|neo)|gpt-?35|o[134](?:-|$)|chatgpt-|chat-latest$|codex-mini|computer-use|text-embedding-(?:3|ada)",
    ),
    (
        "openai",
        r"text-(?:davinci|curie|babbage|ada)-|(?:davinci|babbage)-002$|whisper-1$|tts-1|(?:omni|text)-moderation-",
    ),
    ("anthropic", r"claude-"),
    ("google", r"gemini-"),
    ("x-ai", r"grok-(?!1(?:-|$))"),
    ("mistral", r"open-mi[sx]tral"),
    (
        "mistral",
        r"(?!.*\d+b)(?:mistral-(?:large|medium|small|tiny|saba|embed|ocr)|codestral|devstral|magistral|pixtral|voxtral)",
    ),
    ("mistral", r"(?:ministral|pixtral|voxtral|magistral|devstral|mistral)-[a-z0-9-]*-(?:latest|2\d{3})$"),
    ("cohere", r"command(?:-|$)|embed-v4"),
    ("perplexity", r"sonar(?:-|$)|pplx-"),
    ("voyageai", r"voyage-"),
    ("deepseek", r"deepseek-(?:chat|reasoner)(?:-latest)?$"),
    (
        "moonshotai",
        r"moonshot-v1|kimi-(?:latest|thinking-preview)|kimi-k[\d.]+-(?:[a-z-]*turbo|.*highspeed|\d{4}-preview)",
    ),
    ("elevenlabs", r"eleven_"),
    ("typesafe", r"jev-"),
    ("meta", r"muse-(?:spark|wonder)-\d"),
    ("minimax", r"minimax-m[\d.]+-highspeed"),
)
"""Names of models that their makers alone sell, or sell under names of their own."""
_CLOSED_PATTERNS = tuple((maker, re.compile(pattern)) for maker, pattern in _CLOSED)

_OPEN = re.compile(
    r"(?:^|[/.:_-])(?:meta-)?(?:llama|code-?llama|gpt-oss|gemma|qwen|qwq|qvq|mixtral|mi(?:ni)?stral|phi-?\d|deepseek|glm|"
    r"chatglm|kimi|minimax|nemotron|falcon|yi-|vicuna|wizardlm|dolphin|hermes|olmo|granite|command-r-v|starcoder|internlm|"
    r"internvl|smollm|solar|zephyr|bge-|e5-|gte-|nomic-embed|all-minilm|mxbai|jina-|whisper-(?:large|medium|small)|"
    r"stable-?lm|gpt-j|gpt-neo|bloom|mpt-|baichuan|devstral|voxtral|pixtral|magistral|apertus|dbrx|exaone|aya-|c4ai|grok-1)"
)
_API_ONLY = re.compile(
    r"(?:.*/)?(?:qwen[\d.]*-(?:vl-)?(?:max|plus|turbo|flash|long)|glm-4-(?:plus|air|long|flash|assistant))"
)
"""Names of the families above that are no weights, but an API of their makers (Alibaba, Zhipu)."""
_HAS_SIZE = re.compile(r"(?:^|[-_/:x])\d+(?:\.\d+)?b(?:[-_:@]|$)")

DIALECTS = frozenset(("openai", "anthropic"))
"""Providers whose API shape others speak: a log that names one of them may mean the shape."""

_OWN_NAMES = (
    (
        "aws",
        re.compile(
            r"(?:(?:us|eu|apac|jp|au|ca|sa|in|us-gov|global)\.)?"
            r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot(?:ai)?|nvidia|openai|qwen|stability|"
            r"writer|zai)\.[a-z]"
        ),
    ),
    ("cloudflare", re.compile(r"@(?:cf|hf)/")),
    ("databricks", re.compile(r"databricks-|system\.ai\.")),
    ("fireworks", re.compile(r"accounts/fireworks/")),
)
"""Names that only one provider gives to models, whoever made them."""


def _letters(name: str) -> str:
    return "".join(c for c in name[:64].lower() if c.isalnum())


@lru_cache(maxsize=1)
def _id_of() -> dict[str, str]:
    found = {_letters(provider_id): provider_id for provider_id in provider_by_id()}
    return {**{name: provider for provider, names in _ALSO_CALLED.items() for name in names.split()}, **found}


@lru_cache(maxsize=4096)
def host_of(provider_name: str | None) -> Host:
    """Say whom a log's word for a provider means: `azure_openai`, `gcp.vertex_ai`, `openai.chat`, `ollama`, …

    >>> host_of("gcp.vertex_ai").provider_id, host_of("openai.chat").provider_id
    ('google', 'openai')
    >>> host_of("vLLM").kind, host_of("our gateway").kind, host_of(None).kind
    ('own machines', 'unknown', 'unknown')
    """
    if not provider_name:
        return UNKNOWN
    parts = provider_name.strip().split(".")
    for count in range(len(parts), 0, -1):
        name = _letters(".".join(parts[:count]))
        if name in _OWN_MACHINES:
            return OWN
        if name in _id_of():
            return Host("provider", _id_of()[name])
    return UNKNOWN


@lru_cache(maxsize=4096)
def maker_of_closed(name: str) -> str | None:
    """Name the provider that alone sells a model of this name (lower case); None = the name does not tell.

    >>> maker_of_closed("gpt-4o-mini"), maker_of_closed("gpt-oss-120b"), maker_of_closed("deepseek-r1")
    ('openai', None, None)
    """
    return next((maker for maker, pattern in _CLOSED_PATTERNS if pattern.match(name)), None)


def is_open_weights(name: str) -> bool:
    """Say whether a name (lower case) is of weights that anyone may serve, at any price."""
    if maker_of_closed(name) or _API_ONLY.match(name):
        return False
    return bool(_OPEN.search(name) or _HAS_SIZE.search(name))


def only_host_of(name: str) -> str | None:
    """Name the provider that alone writes model names in this way (lower case): Bedrock's `vendor.model`, `@cf/…`, …"""
    return next((provider for provider, pattern in _OWN_NAMES if pattern.match(name)), None)
