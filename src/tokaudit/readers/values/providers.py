"""Which provider does a host, a URL or a provider's name stand for? Ids are those of genai-prices."""

from __future__ import annotations

import re
from functools import lru_cache

from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import Json

_HOSTS = {
    "openai.com": "openai",
    "openai.azure.com": "azure",
    "azure-api.net": "azure",
    "cognitiveservices.azure.com": "azure",
    "services.ai.azure.com": "azure",
    "anthropic.com": "anthropic",
    "amazonaws.com": "aws",
    "googleapis.com": "google",
    "groq.com": "groq",
    "mistral.ai": "mistral",
    "deepseek.com": "deepseek",
    "x.ai": "x-ai",
    "openrouter.ai": "openrouter",
    "together.xyz": "together",
    "together.ai": "together",
    "fireworks.ai": "fireworks",
    "perplexity.ai": "perplexity",
    "cohere.com": "cohere",
    "cohere.ai": "cohere",
    "cerebras.ai": "cerebras",
    "moonshot.ai": "moonshotai",
    "moonshot.cn": "moonshotai",
    "novita.ai": "novita",
    "deepinfra.com": "deepinfra",
    "voyageai.com": "voyageai",
    "z.ai": "zai",
    "bigmodel.cn": "zhipuai",
    "databricks.com": "databricks",
    "azuredatabricks.net": "databricks",
    "api.cloudflare.com": "cloudflare",
    "minimax.io": "minimax",
    "minimaxi.com": "minimax",
    "baseten.co": "baseten",
    "githubcopilot.com": "github-copilot",
}

_NAMES = {
    "openai": "openai",
    "azure": "azure azureopenai azureai",
    "anthropic": "anthropic claude",
    "aws": "aws bedrock awsbedrock amazonbedrock amazon bedrockconverse",
    "google": "google gemini vertex vertexai vertexaibeta googlevertex googlevertexai googlegenai googlegenerativeai gcp "
    "googleaistudio",
    "groq": "groq",
    "mistral": "mistral mistralai",
    "deepseek": "deepseek",
    "x-ai": "xai",
    "openrouter": "openrouter",
    "together": "together togetherai",
    "fireworks": "fireworks fireworksai",
    "perplexity": "perplexity perplexityai",
    "cohere": "cohere coherechat",
    "cerebras": "cerebras",
    "moonshotai": "moonshot moonshotai",
    "novita": "novita novitaai",
    "voyageai": "voyage voyageai",
    "zai": "zai",
    "databricks": "databricks",
    "cloudflare": "cloudflare workersai cloudflareworkersai",
    "minimax": "minimax",
    "baseten": "baseten",
}
_ID_OF = {name: provider for provider, names in _NAMES.items() for name in names.split()}

_ROUTES = {
    "azure": "azure",
    "bedrock": "aws",
    "vertex_ai": "google",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "openrouter": "openrouter",
    "groq": "groq",
    "databricks": "databricks",
    "cloudflare": "cloudflare",
}
"""Model prefixes that name who serves; `openai/` or `anthropic/` may be a router's name for who made the model."""

_BEDROCK_ID = re.compile(
    r"((us|eu|apac|jp|au|ca|sa|us-gov|global)\.)?"
    r"(ai21|amazon|anthropic|cohere|deepseek|meta|mistral|moonshot(ai)?|nvidia|openai|qwen|stability|writer|zai)\.[a-z]\S*"
)
_OWN_NAMES = {"sonar": "perplexity", "@cf/": "cloudflare", "@hf/": "cloudflare", "databricks-": "databricks"}
"""Beginnings of names that one provider alone gives to its models."""

_OPENAI_FAMILIES = (
    *("gpt-", "o1", "o3", "o4", "chatgpt-", "codex-", "computer-use-preview", "davinci-", "babbage-", "text-davinci-"),
    *("ft:gpt-", "ft:o4", "ft:davinci-", "ft:babbage-"),
)


@lru_cache(maxsize=1024)
def provider_of_url(url: str) -> str | None:
    """Find the provider behind a URL or a bare host name."""
    host = url[:300].partition("://")[2] or url[:300]
    host = host.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    labels = host.split(".")
    return next((_HOSTS[name] for n in (4, 3, 2) if (name := ".".join(labels[-n:])) in _HOSTS), None)


_REGIONS = (
    re.compile(r"(?:^|//)(us|eu)\.api\.openai\.com\b"),
    re.compile(r"\baiplatform\.(?:\w+\.)*googleapis\.com/(?:.*/)?locations/([a-z0-9-]+)/"),
    re.compile(r"(?:^|//)([a-z]+-[a-z]+\d+)-aiplatform\.googleapis\.com\b"),
    re.compile(r"\bbedrock-runtime(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d+)\."),
)
"""Hosts and paths that say where a call is processed: OpenAI's data residency, Google's locations, Amazon's regions."""


@lru_cache(maxsize=1024)
def region_of_url(url: str) -> str | None:
    """Find the region that a provider's URL names."""
    found = (pattern.search(url[:500]) for pattern in _REGIONS)
    return next((match[1] for match in found if match), None)


_NO_REGIONS = frozenset(("not_available", "not available", "unknown"))


def stated_region(value: Json) -> str | None:
    """Read a region that a record states; Anthropic writes a word where a model has none."""
    region = label(value) if type(value) is str else None
    return None if region is None or region.lower() in _NO_REGIONS else region


@lru_cache(maxsize=1024)
def provider_of_name(name: str) -> str | None:
    """Find the provider that a name such as `azure_openai` or `vertex-ai` stands for."""
    return _ID_OF.get("".join(c for c in name[:64].lower() if c.isalnum()))


def provider_of_model(model: Json) -> str | None:
    """Find the provider that a model's name states: by a routing prefix (`bedrock/…`), or as only it writes names."""
    if type(model) is not str:
        return None
    if _BEDROCK_ID.fullmatch(model[:300]):
        return "aws"
    own = next((provider for beginning, provider in _OWN_NAMES.items() if model.startswith(beginning)), None)
    return own or (_ROUTES.get(model.partition("/")[0]) if "/" in model else None)


def is_openai_model(model: Json) -> bool:
    """Say whether a model name is of a family that only OpenAI makes (its open-weight models run anywhere)."""
    return begins(model, _OPENAI_FAMILIES) and not begins(model, "gpt-oss")


def google_model(model: str | None) -> str | None:
    """Take the model's name out of Google's name of a resource: `publishers/google/models/gemini-2.5-pro`."""
    if model is None or not ("/models/" in model or model.startswith("models/")):
        return model
    return model.rpartition("models/")[2] or None


_LOCATION = re.compile(r"\blocations/([a-z0-9-]{1,40})/")


def google_location(resource: str | None) -> str | None:
    """Take the region out of Google's name of a resource: `projects/shop/locations/europe-west1/publishers/…`."""
    found = _LOCATION.search(resource) if resource is not None and "locations/" in resource else None
    return found[1] if found else None


def plain_model(model: str | None) -> str | None:
    """Take a model's name out of a resource of Google's; every other name stays, such as `accounts/fireworks/models/…`."""
    if model is not None and ("/publishers/" in model or model.startswith("models/")):
        return google_model(model)
    return model
