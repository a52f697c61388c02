"""Are tool definitions and response schemas counted as OpenAI bills them?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.tokens.count import count_tokens
from tokaudit.tokens.definitions import CountTexts, estimate_schema_tokens, estimate_tool_tokens

O200K, CL100K = "o200k_base", "cl100k_base"
STRING = {"type": "string"}


def counted(encoding: str = O200K) -> CountTexts:
    return lambda texts: int(count_tokens(texts, encoding).sum())


def tool(name: str, description: str | None, required: list[str] | None = None, /, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required or []}
    told = {} if description is None else {"description": description}
    return {"type": "function", "function": {"name": name, **told, "parameters": schema}}


CITY = {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}
NUMBER = {"type": "number"}
FOOD = {"name": STRING, "healthy": {"type": "boolean"}, "calories": {"type": "integer"}}
TOOLS_BILLED = [
    (CL100K, [tool("get_current_weather", "Get the current weather", ["location"], location=CITY)], 48),
    (CL100K, [tool("get_weather", "Get the current weather", location=STRING)], 32),
    (O200K, [tool("add_numbers", "Add two numbers together.", ["a", "b"], a=NUMBER, b=NUMBER)], 35),
    (O200K, [tool(name, "", ["location"], location=STRING) for name in ("get_weather", "get_news")], 40),
    (CL100K, [tool("food_analysis", "", [*FOOD, "taste_profile"], **FOOD, taste_profile={"type": "array", "items": STRING})], 40),
    (CL100K, [tool("get_current_weather", "Get the current weather in a given location", ["location"], location=CITY,
                   unit={"type": "string", "enum": ["celsius", "fahrenheit"]})], 63),
]  # fmt: skip
"""Tokens that OpenAI billed beside the texts, their format, and 4 for the system message that the tools made by themselves.
Source: chats recorded by openllmetry (Apache-2.0), gpt-3.5-turbo, gpt-4, gpt-4o-mini, gpt-4.1-nano."""


@pytest.mark.parametrize(("encoding", "tools", "billed"), TOOLS_BILLED)
def test_tools_as_they_were_billed(encoding: str, tools: list[Any], billed: int) -> None:
    assert estimate_tool_tokens(tools, counted(encoding)) == billed


def titled(**properties: dict[str, Any]) -> dict[str, Any]:
    return {name: {**inner, "title": name.replace("_", " ").title()} for name, inner in properties.items()}


def form(name: str, properties: dict[str, Any], description: str | None = None, **schema: Any) -> dict[str, Any]:
    whole = {"properties": properties, "required": list(properties), **schema, "type": "object"}
    told = {} if description is None else {"description": description}
    return {"type": "json_schema", "json_schema": {"name": name, **told, "schema": whole}}


LIST, INTEGER = {"type": "array", "items": STRING}, {"type": "integer"}
DRAFT, CLOSED = "http://json-schema.org/draft-07/schema#", {"additionalProperties": False}
EVALUATION = "A joke and your self evaluation of it from 1 to 10"
ENTITIES = ("person", "organization", "location", "miscellaneous")
SCORE = {"type": "number", "description": "The score assigned as a number"}
SCHEMAS_BILLED = [
    (form("joke", {"joke": {"type": "string", "description": "The joke"}}), 31),
    (form("StructuredAnswer", titled(rating=INTEGER, joke=STRING), title="StructuredAnswer", **CLOSED), 48),
    (form("Joke", titled(joke=STRING, rating=INTEGER), EVALUATION, title="Joke"), 63),
    (form("response", {"score": SCORE}, **CLOSED, **{"$schema": DRAFT}), 33),
    (form("response", dict.fromkeys(ENTITIES, LIST), **CLOSED), 70),
]  # fmt: skip
"""Likewise. Source: chats recorded by openllmetry and by tensorzero (both Apache-2.0), gpt-4o, gpt-4o-mini, gpt-4.1-nano."""


@pytest.mark.parametrize(("schema", "billed"), SCHEMAS_BILLED)
def test_response_schemas_as_they_were_billed(schema: dict[str, Any], billed: int) -> None:
    assert estimate_schema_tokens(schema, counted()) == billed


def test_nested_schemas_cost_what_they_say() -> None:
    flat = estimate_tool_tokens([tool("f", "Do it.", place=STRING)], counted())
    street = {"type": "object", "properties": {"street": STRING, "kind": {"enum": ["home", "work"]}}}
    nested = estimate_tool_tokens([tool("f", "Do it.", place=street)], counted())
    listed = estimate_tool_tokens([tool("f", "Do it.", place={"type": "array", "items": street})], counted())
    assert flat < nested < listed <= nested + 2
    root = {"type": "object", "properties": {"place": {"$ref": "#/$defs/Street"}}, "$defs": {"Street": street}}
    named = {"type": "function", "function": {"name": "f", "description": "Do it.", "parameters": root}}
    assert estimate_tool_tokens([named], counted()) == nested
    either = tool("f", "Do it.", place={"anyOf": [STRING, {"type": "null"}]})
    assert flat < estimate_tool_tokens([either], counted()) <= flat + 3


def test_an_optional_property_costs_a_mark_at_most() -> None:
    needed = estimate_tool_tokens([tool("f", "Do it.", ["place"], place=STRING)], counted())
    assert needed <= estimate_tool_tokens([tool("f", "Do it.", place=STRING)], counted()) <= needed + 1


def test_a_tool_may_be_written_in_any_providers_shape() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "An a."}}}
    own = {"name": "f", "description": "Do it."}
    shapes: list[Any] = [
        {"type": "function", "function": {**own, "parameters": schema}}, {**own, "input_schema": schema},
        {"type": "function", **own, "parameters": schema}, {"toolSpec": {**own, "inputSchema": {"json": schema}}},
        {"functionDeclarations": [{**own, "parameters": schema}]}, {**own, "parameter_definitions": schema["properties"]},
    ]  # fmt: skip
    estimates = {estimate_tool_tokens([shape], counted()) for shape in shapes[:5]}
    assert len(estimates) == 1
    assert abs(estimate_tool_tokens([shapes[5]], counted()) - estimates.pop()) <= 1
    assert estimate_tool_tokens({"tools": shapes[3:4]}, counted()) == estimate_tool_tokens(shapes[:1], counted())


def test_the_providers_own_search_brings_a_prompt() -> None:
    searches = estimate_tool_tokens([{"type": "web_search_preview"}], counted())
    both = estimate_tool_tokens([{"type": "web_search_preview"}, tool("f", "Do it.", a=STRING)], counted())
    assert both == searches + estimate_tool_tokens([tool("f", "Do it.", a=STRING)], counted())
    assert searches > 200


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "function", "name", "description", "parameters", "properties", "enum", "items", "anyOf",
                         "$ref", "required", "schema", "json_schema", "const", "a"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(anything)
def test_any_shape_has_an_estimate(value: Any) -> None:
    assert estimate_tool_tokens(value, counted()) >= 0
    assert estimate_schema_tokens(value, counted()) >= 0


def test_a_schema_that_contains_itself_ends() -> None:
    root = {"type": "object", "properties": {"child": {"$ref": "#"}, "many": {"type": "array", "items": {"$ref": "#"}}}}
    named = {"type": "function", "function": {"name": "f", "parameters": root}}
    assert 0 < estimate_tool_tokens([named], counted()) < 100_000
