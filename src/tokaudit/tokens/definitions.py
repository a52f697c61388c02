"""What do tool definitions and response schemas cost, by our count?

OpenAI writes tools into the system message as a TypeScript namespace, and a response schema as compact JSON without what
the decoder enforces by itself. The namespace is known from models that were made to repeat it (github.com/hmarr/
openai-chat-tokens, read 2026-11); what stands around it is fitted to the bills of 25 chats with tools and 760 with
schemas that openllmetry and tensorzero recorded. It is exact for flat chats, and a few tokens off for nested schemas, for
strict tools of the Responses API and beside no system message. Other providers write definitions in ways of their own:
for them this only gives a size to begin with, which their bills correct.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

CountTexts = Callable[[Sequence[str]], int]
"""Counts the tokens of some texts together."""

_TOOLS_HEADER = 4
_DESCRIBED_PROPERTY = 1
_BARE_FUNCTION = -1
"""What stands before the namespace; that properties are described; that the first function is not."""

_SEARCH_TOKENS = 280
"""The provider's own web search brings a prompt with it. Measured once: gpt-4.1 with `web_search_preview`, openllmetry."""

_SCHEMA_HEADER = 9
_DESCRIPTION = 2
_ENFORCED = frozenset(("$schema", "required", "additionalProperties"))
"""What stands around a response schema, around its description, and the keywords that are not written out: exact for
758 of 760 recorded chats with five schemas, strict or not."""

TOOL_USE_PROMPTS = (
    ("claude-2|claude-instant", 0),
    ("claude-3-opus", 530),
    ("claude-3-sonnet", 159),
    ("claude-3-haiku", 264),
    ("claude-3.5-haiku", 264),
    ("claude-3.5-sonnet-20240620", 294),
    ("claude", 346),
)
"""Families of models (patterns) and the tokens of the system prompt that Anthropic adds to calls with tools, the first that
fits wins; with tool choice `auto`, since the logs' readers do not keep it (`any` and `tool` differ by 33 to 249). Source:
Anthropic, "Pricing", Tool use pricing, read 2026-11. Claude 2 and older had no tools."""

_NESTING = 12
_DESCRIBED_LEVELS = 2


def estimate_tool_tokens(tools: Any, count: CountTexts) -> int:
    """Estimate the tokens of tool definitions, whichever provider's shape they have."""
    listed = [tool for tool in _listed(tools) if isinstance(tool, Mapping)]
    functions = [function for tool in listed for function in _functions(tool)]
    searches = sum("search" in str(tool.get("type")) and not _functions(tool) for tool in listed)
    tokens = _SEARCH_TOKENS * searches
    if not functions:
        return tokens
    schemas = [_parameters(function) for function in functions]
    described = any(
        isinstance(inner, Mapping) and inner.get("description") for s in schemas for inner in _properties(s).values()
    )
    bare = not functions[0].get("description")
    header = _TOOLS_HEADER + _DESCRIBED_PROPERTY * described + _BARE_FUNCTION * bare
    return tokens + header + count([_namespace(functions, schemas)])


def estimate_schema_tokens(form: Any, count: CountTexts) -> int:
    """Estimate the tokens of a response schema, alone or in the `json_schema` that names and describes it."""
    if not isinstance(form, Mapping) or not form:
        return 0
    inner = form.get("json_schema")
    named = inner if isinstance(inner, Mapping) else form
    schema = named.get("schema")
    if not isinstance(schema, Mapping):
        schema, named = form, {}
    name, description = named.get("name"), named.get("description")
    written = json.dumps(_unenforced(schema, False), ensure_ascii=False, separators=(",", ":"))
    tokens = _SCHEMA_HEADER + count([written])
    if isinstance(name, str):
        tokens += count([f".{name}"])
    if isinstance(description, str):
        tokens += _DESCRIPTION + count([description])
    return tokens


def _listed(tools: Any) -> Sequence[Any]:
    return tools if isinstance(tools, list) else [tools]


def _functions(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Find what a definition declares: OpenAI's function, Anthropic's tool, Bedrock's spec, or Gemini's list of them."""
    many = tool.get("functionDeclarations") or tool.get("function_declarations") or tool.get("tools")
    if isinstance(many, list):
        return [found for inner in many if isinstance(inner, Mapping) for found in _functions(inner)]
    inner = tool.get("function") or tool.get("toolSpec") or tool.get("custom")
    function = inner if isinstance(inner, Mapping) else tool
    return [function] if isinstance(function.get("name"), str) else []


def _parameters(function: Mapping[str, Any]) -> Mapping[str, Any]:
    places = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameter_definitions")
    found: Mapping[str, Any] = next((function[p] for p in places if isinstance(function.get(p), Mapping)), {})
    inner = found.get("json")
    if isinstance(inner, Mapping):
        return inner
    return found if "parameter_definitions" not in function else {"properties": found}


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _namespace(functions: Sequence[Mapping[str, Any]], schemas: Sequence[Mapping[str, Any]]) -> str:
    lines = ["namespace functions {", ""]
    for function, schema in zip(functions, schemas, strict=True):
        lines += _comment(function.get("description"))
        name = function["name"]
        if _properties(schema):
            lines += [f"type {name} = (_: {{", *_fields(schema, schema, 0), "}) => any;", ""]
        else:
            lines += [f"type {name} = () => any;", ""]
    return "\n".join([*lines, "} // namespace functions"])


def _comment(description: Any) -> list[str]:
    return [f"// {line}" for line in description.split("\n")] if isinstance(description, str) and description else []


def _fields(schema: Mapping[str, Any], root: Mapping[str, Any], level: int) -> Iterator[str]:
    required = schema.get("required")
    known = required if isinstance(required, list) else []
    for name, inner in _properties(schema).items():
        if isinstance(inner, Mapping) and level < _DESCRIBED_LEVELS:
            yield from _comment(inner.get("description"))
        yield f"{name}{'' if name in known else '?'}: {_type(inner, root, level)},"


def _type(schema: Any, root: Mapping[str, Any], level: int) -> str:
    """Write a schema as a TypeScript type."""
    schema = _resolved(schema, root)
    if not isinstance(schema, Mapping) or level > _NESTING:
        return "any"
    if isinstance(values := schema.get("enum"), list):
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(many := schema.get(key), list):
            return " | ".join(_type(inner, root, level + 1) for inner in many)
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(str(name) for name in kind)
    kind = str(kind).lower() if kind else "object" if _properties(schema) else "any"
    if kind == "array":
        return f"{_type(schema.get('items'), root, level + 1)}[]"
    if kind == "object" and _properties(schema):
        return "\n".join(["{", *_fields(schema, root, level + 1), "}"])
    return kind


def _resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """Follow a reference into the schema's own definitions."""
    place = schema.get("$ref") if isinstance(schema, Mapping) else None
    if not isinstance(place, str):
        return schema
    found: Any = root
    for key in place.removeprefix("#/").split("/"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _unenforced(schema: Any, is_names: bool) -> Any:
    """Leave out what the decoder enforces by itself. is_names: the keys are names of properties, not keywords."""
    if isinstance(schema, Mapping):
        return {
            key: _unenforced(inner, not is_names and key in ("properties", "$defs", "definitions"))
            for key, inner in schema.items()
            if is_names or key not in _ENFORCED
        }
    return [_unenforced(inner, False) for inner in schema] if isinstance(schema, list) else schema
