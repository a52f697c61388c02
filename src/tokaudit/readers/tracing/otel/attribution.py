"""For what, for whom and in which conversation was a call made, as far as its span says?

What teams name themselves comes first: properties and metadata, then workflows, functions, prompts and agents, then the
service. A span that says nothing takes it from the spans above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tokaudit.readers.exchange.envelope import Found, gather
from tokaudit.readers.exchange.pair import Layer
from tokaudit.readers.tracing.otel.attributes import Attributes, below, first, first_label, opened
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.values.feature_names import feature_of, feature_of_tags
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.team_names import team_name

_PROPERTIES = (
    "traceloop.association.properties",
    "ai.telemetry.metadata",
    "metadata",
    "langfuse.observation.metadata",
    "langfuse.trace.metadata",
    "langsmith.metadata",
    "metadata.spend_logs_metadata",
    "metadata.requester_metadata",
    "ai.settings.runtimeContext",
    "ai.settings.context",
)
"""Where libraries put properties that the team sets, as an object, as JSON text or as keys below."""

_FEATURES = (
    "traceloop.workflow.name",
    "gen_ai.workflow.name",
    "ai.telemetry.functionId",
    "langfuse.observation.prompt.name",
    "gen_ai.prompt.name",
    "traceloop.prompt.key",
    "llm.prompt_template.name",
    "gen_ai.agent.name",
    "logfire.agent_name",
    "agent_name",
    "agent.name",
    "langfuse.trace.name",
    "traceloop.entity.name",
    "langsmith.trace.name",
    "metadata.user_api_key_alias",
    "metadata.user_api_key_team_alias",
)
"""Names of use cases, the more telling ones first."""

_OF_SPANS = frozenset(("langfuse.trace.name", "traceloop.entity.name", "langsmith.trace.name"))
"""Names of spans, which a library may have chosen."""

_TAGS = ("tag.tags", "langfuse.trace.tags", "langsmith.span.tags")
_SERVICES = ("gen_ai.application_name", "openinference.project.name", "service.name")
_NO_SERVICE = re.compile(r"default|unknown(_service.*)?|python\d?|node|app|main|test|.*\.(py|js|ts)")
"""What exporters write for a service that nobody named."""

_USERS = (
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "gen_ai.user.id",
    "gen_ai.request.user",
    "llm.user",
    "user_id",
    "metadata.user_api_key_end_user_id",
)
_CONVERSATIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "conversation.id",
    "gen_ai.thread.id",
    "gcp.vertex.agent.session_id",
    "session_id",
    "thread_id",
    "conversation_id",
)
_SPAN_NAME = "name of the span above"
_LIBRARY_NAMES = re.compile(
    r"ai\.|step \d+$|agent run$|execute_event_loop|invocation$|Runnable|LangGraph$|call_llm|chat |embeddings |"
    r"claude_code\.|openai\.|anthropic\.|spring_ai |orchestrate_tools|session$|(GET|POST|PUT|PATCH|DELETE)$"
)
"""Span names that a library gives to each of its spans: they name no use case."""

_LIBRARIES = ("openinference.", "opentelemetry.instrumentation.", "@arizeai/", "@traceloop/")
_METHOD = re.compile(r"[A-Z]\w*\.\w+")
"""A method of a class: the library's own where it named the span."""


class Attribution(NamedTuple):
    """Who and what for; None = the span does not say.

    tag      the first plain tag, which may name an environment: weaker than a name; tag_from says where it stood
    above    the nearest span above that is no call and has a name of the team's own
    service  the weakest name of the use case; service_from says where it stood
    """

    feature: str | None = None
    feature_from: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    tag: str | None = None
    tag_from: str | None = None
    above: str | None = None
    service: str | None = None
    service_from: str | None = None

    @property
    def use_case(self) -> tuple[str | None, str | None]:
        """The name of the use case and where it stood: as stated, else a tag, the span above, the service."""
        names = (
            (self.feature, self.feature_from),
            (self.tag, self.tag_from),
            (self.above, _SPAN_NAME),
            (self.service, self.service_from),
        )
        return next((named for named in names if named[0] is not None), (None, None))


def attribution_of(span: Span, columns: Mapping[str, str]) -> Attribution:
    """Read what a span itself says; columns are the user's own names of attributes, by field."""
    attributes = span.attributes
    found = gather(tuple(_layers(attributes)))
    feature, feature_from = _feature(attributes, found.get("feature"))
    if "feature" in columns:
        named = _named({**span.resource, **attributes}, (columns["feature"],))
        feature, feature_from = named if named[0] is not None else (feature, feature_from)
    service, service_from = _service(span)
    return Attribution(
        feature,
        feature_from,
        _id(attributes, (*_chosen(columns, "user_id"), *_USERS), found.get("user_id")),
        _id(attributes, (*_chosen(columns, "conversation_id"), *_CONVERSATIONS), found.get("conversation_id")),
        *_tagged(attributes),
        None,
        service,
        service_from,
    )


def _feature(attributes: Attributes, stated: Found | None) -> tuple[str | None, str | None]:
    if stated is not None and (name := feature_of(stated.value)) is not None:
        return name, stated.path
    return _named(attributes, _FEATURES)


def _chosen(columns: Mapping[str, str], field: str) -> tuple[str, ...]:
    return (columns[field],) if field in columns else ()


def _id(attributes: Attributes, names: tuple[str, ...], found: Found | None) -> str | None:
    return first_label(attributes, *names) or (label(found.value) if found else None)


def inherited(own: Attribution, parent: Attribution, parent_name: str | None) -> Attribution:
    """Fill in what a span does not say from the span above it; parent_name is the team's own name of that span."""
    if own.feature is None:
        own = own._replace(feature=parent.feature, feature_from=parent.feature_from)
    if own.tag is None:
        own = own._replace(tag=parent.tag, tag_from=parent.tag_from)
    return own._replace(
        user_id=own.user_id or parent.user_id,
        conversation_id=own.conversation_id or parent.conversation_id,
        above=parent_name or parent.above,
    )


def own_name(span: Span) -> str | None:
    """Return a span's name unless a library gives it to each of its spans."""
    name = span.name
    if not name or _LIBRARY_NAMES.match(name) or (span.scope_name.startswith(_LIBRARIES) and _METHOD.fullmatch(name)):
        return None
    return feature_of(team_name(name))


def _layers(attributes: Attributes) -> Iterator[Layer]:
    """Yield the objects in which teams name things themselves, last the attributes under plain names."""
    for place in _PROPERTIES:
        held = opened(attributes, place)
        if type(held) is dict:
            yield f"{place}.", held
        keys = below(attributes, f"{place}.")
        if keys:
            yield f"{place}.", keys
    yield "", {key: value for key, value in attributes.items() if "." not in key and key not in _NOT_TEAMS}


_NOT_TEAMS = frozenset(
    (
        "model",
        "metadata",
        "model_name",
        "task",
        "function",
        "endpoint",
        "name",
        "tag",
        "speed",
        "label",
        "component",
        "app",
    )
)
"""Plain names that libraries use too."""


def _named(attributes: Attributes, names: tuple[str, ...]) -> tuple[str | None, str | None]:
    for name in names:
        stated = attributes.get(name)
        found = feature_of(team_name(stated) if name in _OF_SPANS else stated)
        if found is not None:
            return found, name
    return None, None


def _tagged(attributes: Attributes) -> tuple[str | None, str | None]:
    for name in _TAGS:
        tags = opened(attributes, name)
        if type(tags) is str:
            tags = [tag.strip() for tag in tags.split(",")]
        found = feature_of_tags(tags) if type(tags) is list else None
        if found is not None:
            return found, name
    return None, None


def _service(span: Span) -> tuple[str | None, str | None]:
    for name in _SERVICES:
        for place in (span.resource, span.attributes):
            found = feature_of(first(place, name))
            if found is not None and not _NO_SERVICE.fullmatch(found.lower()):
                return found, name
    return None, None
