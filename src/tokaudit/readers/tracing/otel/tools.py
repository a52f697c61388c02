"""Which tools was the model told of, and which schema had its answer to keep to?"""

from __future__ import annotations

from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.tracing.otel.attributes import listed, opened
from tokaudit.readers.tracing.otel.content import held
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json


def tools_of(span: Span) -> Json:
    """Find the tools that the model was told of."""
    attributes = span.attributes
    parameters = opened(attributes, "llm.invocation_parameters")
    settings, request = opened(attributes, "model_request_parameters"), opened(attributes, "request_data")
    places = (
        _tools(held(attributes, "gen_ai.tool.definitions")),
        _tools(opened(attributes, "gen_ai.request.tools", "gen_ai.agent.tools")),
        _tools(held(attributes, "llm.tools")),
        _tools(listed(attributes, "llm.request.functions")),
        _tools(opened(attributes, "ai.prompt.tools")),
        _tools(attributes.get("model_request_parameters.function_tools")),
        *(
            _tools(place.get(key))
            for place in (settings, parameters, request)
            if type(place) is dict
            for key in _TOOL_KEYS
        ),
    )
    return definitions(*places)


_TOOL_KEYS = ("function_tools", "tools", "functions")


def _tools(value: Json) -> Json:
    """Read definitions: a list whose items may be JSON text, or wrapped as OpenInference does."""
    value = open_text(value) if type(value) is str else value
    if type(value) is not list:
        return None
    found = []
    for item in value:
        inner = item.get("tool", item) if type(item) is dict else item
        schema = inner.get("json_schema", inner) if type(inner) is dict else inner
        found.append(open_text(schema) if type(schema) is str else schema)
    return [{key: _schema(held) for key, held in item.items()} for item in found if type(item) is dict]


def _schema(held: Json) -> Json:
    """Read a schema that Traceloop wrote as JSON text into a definition."""
    return open_text(held) if type(held) is str and held.startswith("{") else held


def schema_of(span: Span) -> Json:
    """Find the JSON schema that the answer had to keep to."""
    attributes = span.attributes
    parameters = opened(attributes, "llm.invocation_parameters")
    asked = parameters.get("response_format") if type(parameters) is dict else None
    if type(asked) is dict and ("json_schema" in asked or "schema" in asked):
        return asked
    stated = opened(
        attributes, "gen_ai.request.structured_output_schema", "llm.request.structured_output_schema", "ai.schema"
    )
    return stated if type(stated) is dict else None
