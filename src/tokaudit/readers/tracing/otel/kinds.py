"""Is a span a call to a model? If not, what is it?

Agents, chains, tools and workflows repeat the usage of the calls below them, so what a span says of its own kind comes
first; counts and models decide only where it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tokaudit.readers.tracing.otel.attributes import Attributes, first_label
from tokaudit.readers.tracing.otel.logfire import is_pending, is_request_of_stream
from tokaudit.readers.tracing.otel.logfire import operation_of as logfire_operation
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.tracing.otel.usage import has_counts, plain_columns
from tokaudit.readers.values.labels import begins


class Kind(NamedTuple):
    """What a span is: a call with an operation's name, or something else with a fixed word for it."""

    operation: str | None
    aside: str = ""


AGENT = Kind(None, "agent span")
TOOL = Kind(None, "tool span")
OTHER = Kind(None, "other span")
_CHAIN = Kind(None, "chain span")
_RETRIEVAL = Kind(None, "retrieval span")
_CHECK = Kind(None, "evaluation span")
_PENDING = Kind(None, "span that has not ended")
_STREAM = Kind(None, "request of a stream (told at its end)")
_CODEX = Kind(None, "Codex span (its log events tell the calls)")

CHAT = Kind("chat")
_COMPLETION = Kind("completion")
_EMBEDDINGS = Kind("embeddings")
_RERANK = Kind("rerank")
_IMAGE = Kind("image")
_SPEECH = Kind("speech")
_TRANSCRIPTION = Kind("transcription")

_KIND_KEYS = (
    "openinference.span.kind",
    "langsmith.span.kind",
    "langfuse.observation.type",
    "traceloop.span.kind",
    "lmnr.span.type",
    "gen_ai.span.kind",
    "gen_ai.span_kind_name",
    "agentops.span.kind",
    "fi.span.kind",
    "mlflow.spanType",
    "genkit:metadata:subtype",
)
"""Attributes in which tracing libraries say what a span is."""

_KINDS: Mapping[str, Kind] = {
    "llm": CHAT,
    "generation": CHAT,
    "chat_model": CHAT,
    "model": CHAT,
    "embedding": _EMBEDDINGS,
    "embedder": _EMBEDDINGS,
    "chain": _CHAIN,
    "flow": _CHAIN,
    "operation": _CHAIN,
    "session": _CHAIN,
    "workflow": _CHAIN,
    "task": _CHAIN,
    "prompt": _CHAIN,
    "parser": _CHAIN,
    "agent": AGENT,
    "tool": TOOL,
    "retriever": _RETRIEVAL,
    "reranker": _RETRIEVAL,
    "memory": _RETRIEVAL,
    "indexer": _RETRIEVAL,
    "guardrail": _CHECK,
    "evaluator": _CHECK,
    "executor": _CHECK,
    "event": OTHER,
}

_OPERATIONS: Mapping[str, Kind] = {
    "chat": CHAT,
    "generate_content": CHAT,
    "generate": CHAT,
    "responses": CHAT,
    "response": CHAT,
    "messages": CHAT,
    "message": CHAT,
    "chat.completions": CHAT,
    "chat_completion": CHAT,
    "chat_completions": CHAT,
    "llm": CHAT,
    "llm_call": CHAT,
    "llm_request": CHAT,
    "inference": CHAT,
    "process_thread_run": CHAT,
    "text_completion": _COMPLETION,
    "completion": _COMPLETION,
    "text_generation": _COMPLETION,
    "embeddings": _EMBEDDINGS,
    "embedding": _EMBEDDINGS,
    "embed": _EMBEDDINGS,
    "rerank": _RERANK,
    "image": _IMAGE,
    "image_generation": _IMAGE,
    "audio": _SPEECH,
    "speech": _SPEECH,
    "text_to_speech": _SPEECH,
    "transcription": _TRANSCRIPTION,
    "speech_to_text": _TRANSCRIPTION,
    "execute_tool": TOOL,
    "create_agent": AGENT,
    "invoke_agent": AGENT,
    "invoke_workflow": _CHAIN,
    "agent_step": AGENT,
    "framework": _CHAIN,
    "vectordb": _RETRIEVAL,
    "retrieval": _RETRIEVAL,
}
"""Values of `gen_ai.operation.name`: the convention's own and those of OpenLIT, Traceloop, Azure's agents and the AI SDK."""

_NO_CALL_WORDS = re.compile(
    r"agent|workflow|chain|crew|flow|task|step|plan|thread|memory|eval|guard|retriev|search|vector|tool|session|run\b"
)
"""Operations that later versions may add: what their names say is enough to know that they call no model themselves."""

_REQUEST_TYPES: Mapping[str, Kind] = {
    "chat": CHAT,
    "completion": _COMPLETION,
    "rerank": _RERANK,
    "embedding": _EMBEDDINGS,
    "embeddings": _EMBEDDINGS,
}
"""Values of Traceloop's `llm.request.type`."""

_AI_SDK_CALLS: Mapping[str, Kind] = {
    "doGenerate": CHAT,
    "doStream": CHAT,
    "doEmbed": _EMBEDDINGS,
    "doRerank": _RERANK,
}

_MODELS = (
    "gen_ai.request.model",
    "gen_ai.response.model",
    "llm.model_name",
    "embedding.model_name",
    "langfuse.observation.model.name",
)
_AGENT_SIGNS = ("pydantic_ai.all_messages", "all_messages_events", "final_result", "agent_name", "logfire.agent_name")


def kind_of(span: Span) -> Kind:
    """Say what a span is."""
    attributes = span.attributes
    for decide in (_of_tool_vendor, _of_ai_sdk, _of_logfire, _of_stated_kind, _of_operation, _of_request_type):
        kind = decide(span)
        if kind is not None:
            return kind
    if "gen_ai.tool.name" in attributes or "gen_ai.tool.call.id" in attributes:
        return TOOL
    if any(sign in attributes for sign in _AGENT_SIGNS):
        return AGENT
    if begins(attributes.get("gcp.vertex.agent.llm_request"), "{") and span.name == "call_llm":
        return CHAT
    return _of_counts(attributes)


def _of_tool_vendor(span: Span) -> Kind | None:
    """Coding tools write spans of their own beside the log events that tell each request."""
    if span.name.startswith("claude_code."):
        return CHAT if span.name == "claude_code.llm_request" else OTHER
    service = span.resource.get("service.name")
    if begins(service, "codex") or begins(span.scope_name, "codex"):
        return _CODEX
    return None


def _of_ai_sdk(span: Span) -> Kind | None:
    """Read the AI SDK's own name of the operation: `ai.streamText` is the whole, `ai.streamText.doStream` one call."""
    name = first_label(span.attributes, "ai.operationId", "operation.name")
    if name is None or not name.startswith("ai."):
        return None
    operation = name.partition(" ")[0]
    last = operation.rpartition(".")[2]
    return _AI_SDK_CALLS.get(last, TOOL if last == "toolCall" else AGENT)


def _of_logfire(span: Span) -> Kind | None:
    if is_pending(span):
        return _PENDING
    operation = logfire_operation(span)
    if operation is None:
        return None
    return _STREAM if is_request_of_stream(span) else Kind(operation)


def _of_stated_kind(span: Span) -> Kind | None:
    for key in _KIND_KEYS:
        if key in span.attributes:
            stated = first_label(span.attributes, key)
            kind = _KINDS.get(stated.strip('"').lower()) if stated else None  # MLflow writes it as JSON
            if kind is not None:
                return kind
    return None


def _of_operation(span: Span) -> Kind | None:
    """Read the operation; one that is not known is a call if it counts tokens and its name does not deny it."""
    name = first_label(span.attributes, "gen_ai.operation.name", "gen_ai.operation")
    if name is None:
        return None
    name = name.lower()
    if name == "invoke_agent" and _is_remote_agent(span.attributes):
        return CHAT
    kind = _OPERATIONS.get(name)
    if kind is not None:
        return kind
    if _NO_CALL_WORDS.search(name) or not has_counts(span.attributes):
        return OTHER
    return CHAT


def _is_remote_agent(attributes: Attributes) -> bool:
    """An agent that Azure's service runs makes one answer of the Responses API, and nothing below it is traced."""
    is_foundry = attributes.get("gen_ai.provider.name") == "microsoft.foundry"
    return is_foundry and "gen_ai.response.id" in attributes and has_counts(attributes)


def _of_request_type(span: Span) -> Kind | None:
    """Read Traceloop's type of the request, which calls messages and contents completions too."""
    stated = first_label(span.attributes, "llm.request.type")
    kind = _REQUEST_TYPES.get(stated.lower()) if stated else None
    return CHAT if kind is _COMPLETION and not span.name.endswith(("completion", "completions")) else kind


def _of_counts(attributes: Attributes) -> Kind:
    """Judge a span that says nothing of its kind: a model or counts make a call, an agent's name without model none."""
    if any(model in attributes for model in _MODELS):
        return _EMBEDDINGS if "embedding.model_name" in attributes else CHAT
    if has_counts(attributes):
        return AGENT if "gen_ai.agent.name" in attributes else CHAT
    return CHAT if plain_columns(attributes) else OTHER
