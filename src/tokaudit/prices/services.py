"""Who provides the service under whose rates a model is priced, and what is it called?"""

from __future__ import annotations

from typing import NamedTuple

from tokaudit.prices.snapshot import provider_by_id


class Service(NamedTuple):
    """A service, and the company that provides and invoices it."""

    provider: str
    name: str


_NAMED_AFTER_THE_SERVICE = {
    "aws": Service("Amazon Web Services", "Amazon Bedrock"),
    "azure": Service("Microsoft", "Microsoft Azure"),
    "cloudflare": Service("Cloudflare", "Workers AI"),
    "github-copilot": Service("GitHub", "GitHub Copilot"),
    "ovhcloud": Service("OVHcloud", "AI Endpoints"),
}
"""Where genai-prices' title names the service and not the company."""


def service_of(provider_name: str) -> Service:
    """Name the service of a genai-prices provider id; a provider that it does not know goes by its own name.

    >>> service_of("openai"), service_of("aws").provider
    (Service(provider='OpenAI', name='OpenAI API'), 'Amazon Web Services')
    """
    published = provider_by_id().get(provider_name)
    title = published.name if published else provider_name
    return _NAMED_AFTER_THE_SERVICE.get(provider_name, Service(title, f"{title} API"))
