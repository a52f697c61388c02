"""What do the fields mean that LiteLLM writes into its payloads and into its tables alike?

LiteLLM counts every provider's cache inside `prompt_tokens`. Source: LiteLLM's logging spec and database schema;
CATALOGUE 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.exchange.envelope import gather
from tokaudit.readers.exchange.outcome import error_code, failure, status_of, unreported_usage
from tokaudit.readers.gateways.operations import with_cache_of
from tokaudit.readers.usage.embeddings import duration_usage
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.usage.searches import billed_by_google
from tokaudit.readers.values.attempts import Tried, added, attempts
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.feature_names import feature_of, feature_of_tags
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.providers import provider_of_name, provider_of_url, region_of_url
from tokaudit.schema import MISSING_USAGE, Aside, Json, Record, RejectRecordError, Usage

_OPERATIONS = {
    "embedding": "embeddings",
    "text_completion": "completion",
    "image_generation": "image",
    "rerank": "rerank",
    "transcription": "transcription",
    "speech": "speech",
    "moderation": "moderation",
}

_ASIDES = {
    "mcp": Aside("MCP tool call"),
    "batch": Aside("batch request"),
    "file": Aside("file request"),
    "vector_store": Aside("vector store request"),
    "fine_tuning": Aside("fine-tuning request"),
    "container": Aside("container request"),
    "assistants": Aside("assistant request"),
    "search": Aside("search request"),
}
"""Words in call types of requests that LiteLLM passes on and that are to no model."""


_OTHER_UNITS = frozenset(("image", "rerank", "transcription", "speech"))
_NOT_BY_TOKENS = replace(MISSING_USAGE, rule="LiteLLM: billed by searches, images or sound, not by tokens")


class Outcome(NamedTuple):
    """How a call ended; error_type None means that it succeeded."""

    http_status: int | None
    error_type: str | None


def outcome_of(record: Record, information: Mapping[str, Json]) -> Outcome:
    """Read the status and what `error_information` tells of a failure."""
    http_status, _ = status_of(information.get("error_code"))
    _, failed = status_of(record.get("status"))
    if failed is None:
        return Outcome(http_status, failure(http_status))
    named = error_code(information.get("error_class")) or error_code(_without_package(record.get("error_str")))
    return Outcome(http_status, failure(http_status, named, failed))


def _without_package(error: Json) -> Json:
    """`litellm.RateLimitError: …` names the class after the package."""
    return error.removeprefix("litellm.") if type(error) is str else error


def is_cache_hit(record: Record) -> bool:
    """Say whether LiteLLM's own cache answered; tables write the word, and `None` where there is no cache."""
    hit = record.get("cache_hit")
    return hit is True or (type(hit) is str and hit.lower() == "true")


def tried_before(record: Record, metadata: Mapping[str, Json]) -> Tried:
    """Read how often LiteLLM retried, and from how many groups of models it fell back, before the answer of the row.

    Retries are counted anew in each group: those of the groups before are in no count, and what is told is the least.
    Source: litellm, router.py and router_utils/fallback_event_handlers.py.
    """
    told = added(*(attempts(metadata.get(name)) for name in ("attempted_retries", "attempted_fallbacks")))
    asked = label(metadata.get("original_model_group"))
    return Tried(told, None if asked == label(record.get("model_group")) else asked)


def provider_of(record: Record) -> str | None:
    """Name the provider that LiteLLM called."""
    named, base = record.get("custom_llm_provider"), record.get("api_base")
    found = provider_of_name(named) if type(named) is str else None
    return found or (provider_of_url(base) if type(base) is str else None)


def region_of(record: Record) -> str | None:
    """Find the region in the address that LiteLLM called."""
    base = record.get("api_base")
    return region_of_url(base) if type(base) is str else None


def operation_of(call_type: Json) -> str:
    """Name the operation; LiteLLM's asynchronous functions begin with an `a`."""
    name = call_type if type(call_type) is str else ""
    return _OPERATIONS.get(name) or _OPERATIONS.get(name.removeprefix("a")) or "chat"


def aside_of(record: Record) -> Aside | None:
    """Say what a record is that tells of no model call; None when it tells of one.

    Raises RejectRecordError for the row in which LiteLLM books a whole batch once it is done.
    """
    if label(record.get("mcp_namespaced_tool_name")):
        return _ASIDES["mcp"]
    name = record.get("call_type")
    words = name[:100].lower() if type(name) is str else ""
    aside = next((aside for word, aside in _ASIDES.items() if word in words), None)
    if aside is not None and (count(record.get("prompt_tokens")) or count(record.get("completion_tokens"))):
        raise RejectRecordError("row sums several calls")
    return aside


def feature_named(record: Record, metadata: Mapping[str, Json]) -> tuple[str | None, str | None]:
    """Look where teams name their use cases: metadata of the request, tags, then the alias of key or team."""
    names = ("requester_metadata", "spend_logs_metadata")
    found = gather([(f"metadata.{name}.", open_object(metadata.get(name))) for name in names]).get("feature")
    if found is not None:
        return feature_of(found.value), found.path
    tags = record.get("request_tags")
    tags = open_text(tags) if type(tags) is str else tags
    if type(tags) is list and (name := feature_of_tags(tags)):
        return name, "request_tags"
    for key in ("user_api_key_alias", "user_api_key_team_alias"):
        if alias := label(metadata.get(key)):
            return alias, f"metadata.{key}"
    return None, None


def user_of(record: Record, metadata: Mapping[str, Json]) -> str | None:
    """Name the end user, else the user whose key was used."""
    names = ("end_user", "user_api_key_end_user_id", "user_api_key_user_id", "user")
    return next((found for name in names for place in (record, metadata) if (found := label(place.get(name)))), None)


def session_of(metadata: Mapping[str, Json]) -> str | None:
    """Find the caller's own session id."""
    for place in (open_object(metadata.get("requester_metadata")), metadata):
        for name in ("session_id", "conversation_id", "thread_id"):
            if found := label(place.get(name)):
                return found
    return None


def without_usage(body: Json) -> Json:
    """Return an answer without its usage block: LiteLLM's own counts are read in its place."""
    opened = open_text(body) if type(body) is str else body
    return {**opened, "usage": None} if type(opened) is dict and "usage" in opened else opened


def usage_of_counts(record: Record, details: Mapping[str, Json], started_at: int | None, outcome: Outcome) -> Usage:
    """Read LiteLLM's counts with the provider's details of them; a failure's zeros report nothing.

    Raises RejectRecordError.
    """
    prompt, completion = count(record.get("prompt_tokens")), count(record.get("completion_tokens"))
    operation_name = operation_of(record.get("call_type"))
    if outcome.error_type is not None and not prompt and not completion:
        return unreported_usage(*outcome)
    if operation_name in _OTHER_UNITS and not prompt and not completion:
        heard = duration_usage(details.get("seconds")) if operation_name == "transcription" else _NOT_BY_TOKENS
        return heard if heard.audio_ms is not None else _NOT_BY_TOKENS
    if prompt is None and completion is None:
        usage = chat_usage(details, started_at)
    else:  # no total: LiteLLM's own counts are inclusive, whatever total a provider's block states
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": None}
        usage = chat_usage({**details, **counts}, started_at)
    if usage.state == "missing":
        return usage
    if usage.web_searches is not None and (named := label(record.get("model"))) and "gemini" in named:
        usage = replace(usage, web_searches=billed_by_google(usage.web_searches, named))
    return with_cache_of(operation_name, replace(usage, rule=f"LiteLLM, {usage.rule}"))
