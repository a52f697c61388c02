"""Which texts does a prompt or an answer consist of, in whichever shape a tracing platform kept it?

Platforms keep what an SDK handed them: messages of OpenAI or Anthropic, contents of Gemini, LangChain's objects, the parts
of OpenTelemetry, items of the Responses API, or plain text. A shape that is none of them yields nothing: better no text
than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokaudit.readers.exchange.gemini_parts import add_turn, contents_parts
from tokaudit.readers.exchange.kept_blocks import known_content
from tokaudit.readers.exchange.langchain import is_message, open_message, results_of
from tokaudit.readers.exchange.parts import add_content, add_message, choice_parts, definitions
from tokaudit.readers.exchange.response_items import item_parts, output_parts
from tokaudit.readers.values.embedded import open_text
from tokaudit.schema import Json, Part, Role

_MESSAGE_KEYS = ("messages", "input_messages", "input", "prompts", "prompt", "query", "question", "text", "message")
_SYSTEM_KEYS = (
    "system",
    "instructions",
    "system_instruction",
    "systemInstruction",
    "system_instructions",
    "system_prompt",
)
_TEXT_KEYS = ("text", "completion", "response", "answer", "generated_text", "output_text", "output")
_MESSAGE_SIGNS = ("role", "content", "parts", "tool_calls", "function_call")
_ITEM_KINDS = ("function_call", "function_call_output", "reasoning", "item_reference")
_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
_NO_TEXTS = ("[This value has been dropped because", "weave:///", "role='", 'role="', "{'", "[{'", "[[{'")
"""What stands in the place of a text: a note that it was too long, a reference to an object elsewhere, Python's notation."""

_PLACEHOLDERS = frozenset(("[redacted]", "<redacted>", "__redacted__", "redacted", "[filtered]", "***", "[hidden]"))
"""What tracers write in the place of a text that they were told to keep back."""

_NOTHINGS = ("None", "null")
"""How tracers write that there was no text, such as beside tool calls."""

_DEPTH = 4


def prompt_of(asked: Json) -> tuple[Part, ...]:
    """Read what a model was asked."""
    found = open_text(asked) if type(asked) is str else asked
    parts: list[Part] = []
    _add_asked(parts, found, _DEPTH)
    return _whole(parts)


def answer_of(answered: Json) -> tuple[Part, ...]:
    """Read what a model answered. A text that is JSON of no known shape is an answer in JSON."""
    if type(answered) is str and answered in _NOTHINGS:
        return ()
    found = open_text(answered) if type(answered) is str else answered
    parts: list[Part] = []
    _add_answered(parts, found, _DEPTH)
    if not parts and type(answered) is str and type(found) is dict and not _is_message(found):
        add_content(parts, "assistant", answered, 0)
    return _whole(parts)


def with_system(prompt: tuple[Part, ...], instructions: Json) -> tuple[Part, ...]:
    """Put a system prompt that was kept beside the messages before them, unless they begin with one."""
    found = open_text(instructions) if type(instructions) is str else instructions
    if not prompt or not found or prompt[0].role == "system":
        return prompt
    parts: list[Part] = []
    add_turn(parts, known_content(found), "system", 0)
    return (*parts, *(part._replace(message=part.message + 1) for part in prompt)) if parts else prompt


def tools_of(asked: Json) -> Json:
    """Find the tool definitions in what a model was asked; LangChain's tracer lists them among the messages."""
    found = open_text(asked) if type(asked) is str else asked
    if type(found) is dict:
        config = found.get("config")
        inner = config.get("tools") if type(config) is dict else None
        return definitions(found.get("tools"), found.get("functions"), inner, tools_of(found.get("messages")))
    listed = [item["content"] for item in found if _defines_tool(item)] if type(found) is list else []
    return listed or None


def _whole(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts, or none of them where one is no text: half a prompt is a wrong prompt."""
    return () if any(_is_no_text(part.text) for part in parts) else tuple(parts)


def _is_no_text(text: str) -> bool:
    return text.startswith(_NO_TEXTS) or (len(text) < 16 and text.strip().lower() in _PLACEHOLDERS)


def _defines_tool(item: Json) -> bool:
    content = item.get("content") if type(item) is dict and item.get("role") == "tool" else None
    return type(content) is dict and content.get("type") == "function" and type(content.get("function")) is dict


def _is_message(value: Json) -> bool:
    return type(value) is dict and (is_message(value) or any(sign in value for sign in _MESSAGE_SIGNS))


def _add_asked(parts: list[Part], asked: Json, depth: int) -> None:
    if depth == 0:
        return
    if type(asked) is str:
        add_content(parts, "user", asked, 0)
    elif type(asked) is list:
        if asked and type(asked[0]) is list and not _is_pair(asked[0]):
            asked = asked[0]  # LangChain nests the messages of one prompt
        _add_items(parts, asked)
    elif type(asked) is dict:
        _add_request(parts, asked, depth)


def _add_request(parts: list[Part], asked: Mapping[str, Json], depth: int) -> None:
    """Read an object: a message, a request, or the arguments of the function that sent it."""
    for system in _system_texts(asked):
        add_turn(parts, known_content(system), "system", 0)
    first = 1 if parts else 0
    if "contents" in asked:
        parts.extend(contents_parts(asked["contents"], first))
    elif key := next((key for key in _MESSAGE_KEYS if asked.get(key) and key not in ("text",)), None):
        _add_listed(parts, asked[key], depth)
    elif _is_message(asked):
        _add_items(parts, [asked])
    elif type(asked.get("kwargs")) is dict and asked["kwargs"]:
        _add_asked(parts, asked["kwargs"], depth - 1)
    elif type(asked.get("args")) is list and len(asked["args"]) == 1:
        _add_asked(parts, asked["args"][0], depth - 1)


def _add_listed(parts: list[Part], listed: Json, depth: int) -> None:
    """Append the messages of a request behind its system prompt."""
    inner: list[Part] = []
    _add_asked(inner, open_text(listed) if type(listed) is str else listed, depth - 1)
    shift = 1 if parts else 0
    parts.extend(part._replace(message=part.message + shift) for part in inner)


def _system_texts(asked: Mapping[str, Json]) -> Iterable[Json]:
    config = asked.get("config")
    for place in (asked, config if type(config) is dict else {}):
        for key in _SYSTEM_KEYS:
            if place.get(key):
                yield place[key]
                return


def _add_items(parts: list[Part], items: Iterable[Json]) -> None:
    for index, item in enumerate(items):
        if not _defines_tool(item):
            _add_item(parts, item, index)


def _is_pair(item: Json) -> bool:
    """`["human", "Hi"]` is a message of LangChain's prompt templates."""
    return type(item) is list and len(item) == 2 and type(item[0]) is str and item[0] in _ROLES and type(item[1]) is str


def _add_item(parts: list[Part], item: Json, index: int, role: Role | None = None) -> None:
    """Append one message in any of the shapes; role overrules what the message says of itself."""
    if type(item) is str:
        add_content(parts, role or "user", item, index)
    elif _is_pair(item):
        add_content(parts, _ROLES[item[0]], item[1], index)
    elif type(item) is not dict:
        return
    elif item.get("type") in _ITEM_KINDS:
        parts.extend(item_parts([item], index))
    elif type(item.get("parts")) is list and not _are_typed(item["parts"]):
        add_turn(parts, item, role or "user", index)
    else:
        message = open_message(item)
        content = known_content(item["parts"] if "parts" in item else message.get("content", message.get("text")))
        named = role or _role(message.get("role"), parts)
        add_message(parts, {**message, "content": content, "tool_calls": _calls(message)}, index, named)


def _are_typed(parts: list[Json]) -> bool:
    """The parts of OpenTelemetry say their type, those of Gemini do not."""
    return any(type(part) is dict and type(part.get("type")) is str for part in parts)


def _role(named: Json, before: list[Part]) -> Role:
    """Read a role; LangChain's JavaScript tracer writes the name of the tool in its place."""
    if type(named) is not str:
        return "user"
    called = any(part.kind == "tool_call" and part.text.startswith(f"{named}(") for part in before)
    return _ROLES.get(named.lower(), "tool" if called else "user")


def _calls(message: Mapping[str, Json]) -> Json:
    """List the tool calls of a message in OpenAI's form; Datadog's have no `function`."""
    listed = message.get("tool_calls")
    if type(listed) is not list:
        return None
    return [call if type(call) is not dict or "function" in call else {"function": call} for call in listed]


def _add_answered(parts: list[Part], answered: Json, depth: int) -> None:
    if depth == 0:
        return
    if type(answered) is str:
        add_content(parts, "assistant", answered, 0)
    elif type(answered) is list:
        _add_answers(parts, answered, depth)
    elif type(answered) is dict:
        _add_answer_object(parts, answered, depth)


def _add_answers(parts: list[Part], answers: list[Json], depth: int) -> None:
    first = answers[0] if answers else None
    if type(first) is list:
        _add_answers(parts, first, depth)
    elif type(first) is dict and type(first.get("message")) is dict:
        parts.extend(choice_parts(answers))
    elif _is_item(first):
        parts.extend(output_parts(answers))
    elif _is_message(first):
        for index, item in enumerate(answers):
            if type(item) is dict and _role(open_message(item).get("role") or "assistant", []) == "assistant":
                _add_item(parts, item, index, "assistant")
    else:
        add_message(parts, {"content": known_content(answers)}, 0, "assistant")


def _is_item(value: Json) -> bool:
    """Items of the Responses API have a status or a type of their own; typed content blocks have neither."""
    return type(value) is dict and (value.get("type") == "message" or value.get("type") in _ITEM_KINDS)


def _add_answer_object(parts: list[Part], answered: Mapping[str, Json], depth: int) -> None:
    if generations := results_of(answered):
        for index, result in enumerate(generations):
            _add_item(parts, result.get("message", result.get("text")), index, "assistant")
    elif type(answered.get("choices")) is list:
        parts.extend(choice_parts(answered["choices"]))
    elif type(answered.get("candidates")) is list:
        for index, candidate in enumerate(answered["candidates"]):
            if type(candidate) is dict:
                add_turn(parts, candidate.get("content"), "assistant", index)
    elif type(answered.get("content")) is dict and "parts" in answered["content"]:
        add_turn(parts, answered["content"], "assistant", 0)
    elif _is_message(answered):
        _add_item(parts, answered, 0, "assistant")
    else:
        keys = ("message", "messages", "output", *_TEXT_KEYS)
        inner = next((answered[key] for key in keys if answered.get(key)), None)
        _add_answered(parts, inner, depth - 1)
