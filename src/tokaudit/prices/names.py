"""Under whose rates does a model of this name stand?

A name may be a plain id, a path of a cloud's resource, an ARN, or an id behind the prefix of a router. Each is taken apart by
rule; nothing is guessed, and a name that leads to no price says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from genai_prices.types import ModelInfo, Provider

from tokaudit.prices import hosts
from tokaudit.prices.hosts import Host
from tokaudit.prices.matching import is_fine_tune, match
from tokaudit.prices.snapshot import provider_by_id

NO_RATE = "no rate is published for a model of this name"
OPEN_WEIGHTS = "open weights: the log does not say which host served it"
OWN_MACHINES = "served on your own machines: give a rate with --prices"
PAID_BY_THE_HOUR = "capacity that is paid by the hour, not per token"
NEEDS_ALIAS = "an inference profile of your own: name its model with an alias in --prices"
OWN_RESOURCE = "an endpoint or custom model of your own: give a rate with --prices"
NO_FINE_TUNE_RATE = "a fine-tuned model without a published rate: give a rate with --prices"
NO_VARIANT_RATE = "a router's variant of a model (after the colon) without a published rate"
PROMPT_ROUTER = "a prompt router: the log does not say which model answered"


class Found(NamedTuple):
    """A model's place in the price snapshot.

    host        who served, under whose name the rates stand
    publisher   whose list holds the model: the host's own, or its maker's where the host charges that
    matched_by  how the name led there
    """

    host: Provider
    publisher: Provider
    model: ModelInfo
    matched_by: str


class _Named(NamedTuple):
    """A plain name out of a resource, whom it shows to have served (None = it does not), and what it stood in."""

    name: str
    host: str | None = None
    context: str = ""


_BEDROCK_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:[^:]*:[^:]*:(.+)")
_BEDROCK_KINDS = {
    "application-inference-profile": NEEDS_ALIAS,
    "provisioned-model": PAID_BY_THE_HOUR,
    "provisioned-model-throughput": PAID_BY_THE_HOUR,
    "custom-model": OWN_RESOURCE,
    "custom-model-deployment": OWN_RESOURCE,
    "imported-model": OWN_RESOURCE,
    "marketplace-model-endpoint": OWN_RESOURCE,
    "marketplace": OWN_RESOURCE,
    "prompt-router": PROMPT_ROUTER,
    "default-prompt-router": PROMPT_ROUTER,
}
_VERTEX_MODEL = re.compile(r"(?:.*/)?publishers/([^/]+)/models/([^/:]+)(?::[a-z]+)?")
_VERTEX_OWN = re.compile(r"projects/[^/]+/locations/[^/]+/(?:endpoints|models)/.+")
_AWS_REGION = re.compile(r"(?:us|eu|ap|sa|ca|me|af|il|mx)(?:-[a-z]+)+-\d+")
_GEO_PROFILE = re.compile(r"(?:us|eu|apac|jp|au|ca|sa|in|us-gov|global)\.")
_ROUTER_VARIANT = re.compile(r"[^:]+/[^:]+:(?:free|nitro|floor|online|extended|thinking|beta|exacto|batch)")


def _resource(name: str) -> _Named | str:
    """Take a plain name out of an ARN or a path; a text = it stands for no published model, and why."""
    if name.startswith("arn:"):
        return _arn(name)
    if vertex := _VERTEX_MODEL.fullmatch(name):
        return _Named(vertex[2], "google", "Vertex resource")
    if _VERTEX_OWN.fullmatch(name):
        return OWN_RESOURCE
    if name.startswith("models/"):
        return _Named(name.removeprefix("models/"), "google", "Gemini resource")
    return _Named(name)


def _arn(name: str) -> _Named | str:
    bedrock = _BEDROCK_ARN.fullmatch(name)
    if bedrock is None:
        return OWN_RESOURCE
    kind, _, rest = bedrock[1].partition("/")
    if kind in ("foundation-model", "inference-profile") and rest:
        return _Named(rest, "aws", "Bedrock ARN")
    return _BEDROCK_KINDS.get(kind, OWN_RESOURCE)


def _serves(host: Host, prefix: str) -> bool:
    """Say whether a prefix is the host's own name, or a maker's that its names may carry."""
    return prefix in hosts.MAKER_PREFIXES or hosts.host_of(prefix) == host


def _routed(name: str) -> tuple[str, str] | None:
    """Take a router's prefix off a name: who serves, and the rest. LiteLLM may put a region or an API before it."""
    prefix, _, rest = name.partition("/")
    host = hosts.ROUTE_PREFIXES.get(prefix)
    if host is None or not rest:
        return None
    while "/" in rest and (_AWS_REGION.fullmatch(rest.partition("/")[0]) or rest.startswith(("converse/", "invoke/"))):
        rest = rest.partition("/")[2]
    return host, rest


def _attempts(host: Host, name: str) -> Iterator[_Named | str]:
    """Yield where to look a plain name up, the surest first; a text = it stands for no published model, and why."""
    prefix, _, rest = name.partition("/")
    routed = _routed(name)
    if host.kind == "provider":
        yield _Named(name, host.provider_id)
        if rest and _serves(host, prefix):
            yield _Named(rest, host.provider_id, "router name")
    if routed:
        inner = _resource(routed[1])
        yield inner if isinstance(inner, str) else _Named(inner.name, routed[0], "router name")
    if host.kind == "unknown" or host.provider_id in hosts.DIALECTS:
        yield from _attempts_by_name(name, prefix, rest)


def _attempts_by_name(name: str, prefix: str, rest: str) -> Iterator[_Named]:
    only = hosts.only_host_of(name)
    if only:
        yield _Named(name, only)
    maker = hosts.maker_of_closed(name)
    if maker:
        yield _Named(name, maker)
    maker = hosts.maker_of_closed(rest) if rest and prefix in hosts.MAKER_PREFIXES else None
    if maker:
        yield _Named(rest, maker, "router name")


def _context(named: _Named) -> str:
    if named.host == "aws" and not named.context and _GEO_PROFILE.match(named.name):
        return "Bedrock profile"
    return named.context or ("Azure deployment" if named.host == "azure" else "")


def _look_up(named: _Named) -> Found | None:
    found = match(named.host, named.name) if named.host else None
    if found is None or named.host is None:
        return None
    words = [word for word in (_context(named), found.how) if word]
    if found.publisher.id != named.host:
        words.append("at its maker's rates")
    return Found(provider_by_id()[named.host], found.publisher, found.model, ", ".join(words))


def _why(host: Host, name: str) -> str:
    if is_fine_tune(name.rpartition("/")[2]):
        return NO_FINE_TUNE_RATE
    if _ROUTER_VARIANT.fullmatch(name):
        return NO_VARIANT_RATE
    if host.kind == "unknown" and hosts.is_open_weights(name):
        return OPEN_WEIGHTS
    return NO_RATE


@lru_cache(maxsize=16384)
def resolve(provider_name: str | None, model: str) -> Found | str:
    """Find the published model that a log's names stand for; a text = there is none, and why."""
    host = hosts.host_of(provider_name)
    name = model.lower()
    prefix, _, rest = name.partition("/")
    if host.kind == "own machines" or (prefix in hosts.OWN_PREFIXES and rest):
        return OWN_MACHINES
    named = _resource(name)
    if isinstance(named, str):
        return named
    for attempt in (named,) if named.host else _attempts(host, name):
        found = attempt if isinstance(attempt, str) else _look_up(attempt)
        if found:
            return found
    return _why(Host("provider", named.host) if named.host else host, named.name)
