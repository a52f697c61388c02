"""Which API is a body of? Told by the shape of the answer, of a stream's first events, or of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json

Api: TypeAlias = Literal[
    "openai_chat",
    "openai_responses",
    "openai_completions",
    "openai_embeddings",
    "openai_transcriptions",
    "openai_assistants",
    "openai_media",
    "anthropic_messages",
    "gemini",
    "gemini_interactions",
    "bedrock_converse",
    "bedrock_invoke",
    "cohere",
    "ollama",
    "ai_sdk",
]
"""An API with a reader of the same name."""

Body: TypeAlias = Mapping[str, Json]

_WHOLE = ("chat.completion", "response", "thread.run")
"""What OpenAI's list endpoints list; the chunks of a chat stream are `chat.completion.chunk`."""

_FIRST_EVENTS = 3
"""Streams may begin with a ping or an event of the server's own; what they are is told by one of the first few."""


def _is_chat(body: Body) -> bool:
    """Tell chat from legacy completions, whose choices hold `text`; without choices the object's name says it."""
    choices = body.get("choices")
    if type(choices) is not list:
        return False
    if begins(body.get("object"), "chat.completion"):  # the content filter may leave a choice without a message
        return True
    first = choices[0] if choices else None
    return type(first) is dict and (type(first.get("message")) is dict or type(first.get("delta")) is dict)


def _is_completion(body: Body) -> bool:
    choices = body.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    return begins(body.get("object"), ("text_completion", "text.completion")) or (
        type(first) is dict and type(first.get("text")) is str and "message" not in first and "delta" not in first
    )


def _is_response(body: Body) -> bool:
    kinds = ("response", "response.compaction", "realtime.response")
    return body.get("object") in kinds and ("output" in body or "usage" in body)


def _is_embedding(body: Body) -> bool:
    """Tell lists of vectors or of ranks from pages of other objects; loggers often cut the vectors."""
    data = body.get("data", body.get("results"))
    first = data[0] if type(data) is list and data else None
    usage = body.get("usage")
    if type(first) is dict and first.get("object") == "embedding":
        return True
    if type(usage) is not dict or not ("prompt_tokens" in usage or "total_tokens" in usage):
        return False
    is_result = type(first) is dict and ("embedding" in first or "relevance_score" in first)
    return is_result or (body.get("object") == "list" and "model" in body)


def _is_transcription(body: Body) -> bool:
    if type(body.get("text")) is not str:
        return False
    if body.get("task") in ("transcribe", "translate") and "duration" in body:  # a Whisper model's answer in full
        return True
    usage = body.get("usage")
    if type(usage) is not dict:
        return False
    return usage.get("type") in ("tokens", "duration") or "prompt_audio_seconds" in usage  # OpenAI's, Mistral's


def _is_media(body: Body) -> bool:
    """Tell images: they are listed as data or by address, with what the model made of the prompt."""
    data = body.get("data")
    first = data[0] if type(data) is list and data else None
    if type(first) is not dict or "object" in first or "created" not in body:
        return False
    return any(key in first for key in ("b64_json", "revised_prompt")) or first.keys() == {"url"}


def _is_run(body: Body) -> bool:
    return body.get("object") in ("thread.run", "thread.run.step") and "usage" in body


def _is_message(body: Body) -> bool:
    """Tell an answer from the items of that type which Responses take and give: they name no model, usage or end."""
    is_message = body.get("type") == "message" and type(body.get("content")) is list
    return is_message and any(key in body for key in ("model", "usage", "stop_reason"))


def _is_gemini(body: Body) -> bool:
    """Google's keys come in camelCase, and in snake_case from its SDKs; a vector is an object that holds `values`."""
    if any(
        type(body.get(key)) is dict and "input_tokens" not in body[key] for key in ("usageMetadata", "usage_metadata")
    ):
        return True  # LangChain keeps counts of its own under the same name
    candidates = body.get("candidates")
    if type(candidates) is list:
        beside = ("modelVersion", "model_version", "promptFeedback", "prompt_feedback", "responseId", "response_id")
        first = candidates[0] if candidates else None
        return any(key in body for key in beside) or (type(first) is dict and _has_parts(first.get("content")))
    if type(body.get("promptFeedback")) is dict:  # all candidates were blocked
        return True
    vectors = body.get("embeddings", body.get("embedding", body.get("predictions")))
    vector = vectors[0] if type(vectors) is list and vectors else vectors
    if type(vector) is dict and type(vector.get("embeddings")) is dict:
        vector = vector["embeddings"]
    return type(vector) is dict and type(vector.get("values")) is list


def _has_parts(content: Json) -> bool:
    return type(content) is dict and type(content.get("parts")) is list


_GOOGLE_STATUSES = frozenset((
    "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND",
    "ABORTED", "ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "CANCELLED", "DATA_LOSS", "UNKNOWN", "INTERNAL", "UNIMPLEMENTED",
    "UNAVAILABLE", "DEADLINE_EXCEEDED",
))  # fmt: skip


def is_google_error(body: Json) -> bool:
    """Say whether a body is an error of a Google API: its code is a number, and its status one of gRPC's."""
    error = body.get("error") if type(body) is dict and len(body) == 1 else None
    if type(error) is not dict or type(error.get("code")) is not int:
        return False
    return type(error.get("status")) is str and error["status"] in _GOOGLE_STATUSES


def _is_interaction(body: Body) -> bool:
    usage = body.get("usage")
    own = ("total_thought_tokens", "total_tool_use_tokens", "total_output_tokens")
    is_usage = type(usage) is dict and "total_input_tokens" in usage and any(key in usage for key in own)
    return body.get("object") == "interaction" or is_usage


def _is_converse(body: Body) -> bool:
    output, usage = body.get("output"), body.get("usage")
    return "stopReason" in body and (
        (type(output) is dict and "message" in output) or (type(usage) is dict and "inputTokens" in usage)
    )


def _is_invoke(body: Body) -> bool:
    """Some vendors' bodies name their own counts; the others are known by where the text stands."""
    return (
        ("generation" in body and "stop_reason" in body)
        or "inputTextTokenCount" in body
        or "amazon-bedrock-invocationMetrics" in body
        or any(_lists(body.get(name), *keys) for name, *keys in _VENDOR_LISTS)
        or (type(body.get("completion")) is str and "stop_reason" in body and ("stop" in body or "type" in body))
        or ("embeddings" in body and begins(body.get("response_type"), "embeddings"))
    )


_VENDOR_LISTS = (("outputs", "text", "stop_reason"), ("completions", "data"), ("generations", "text", "finish_reason"))
"""Where Mistral, Jurassic and Command answer to InvokeModel, and what the items hold."""


def _lists(items: Json, *keys: str) -> bool:
    first = items[0] if type(items) is list and items else None
    return type(first) is dict and all(key in first for key in keys)


def _is_cohere(body: Body) -> bool:
    """Version 2 counts under `usage`, beside a message; version 1 under `meta`, beside the version."""
    usage, meta = body.get("usage"), body.get("meta")
    if type(usage) is dict and ("billed_units" in usage or type(usage.get("tokens")) is dict):
        return "billed_units" in usage or type(body.get("message")) is dict
    if type(meta) is dict and ("billed_units" in meta or ("tokens" in meta and "api_version" in meta)):
        return True
    return "generation_id" in body and "finish_reason" in body


def _is_ollama(body: Body) -> bool:
    """Counts of zero are left out: an answer is known by how it is dated, too."""
    counted = "eval_count" in body or "prompt_eval_count" in body
    if counted and ("done" in body or "total_duration" in body):
        return True
    vectors = body.get("embeddings")
    if type(vectors) is list and "total_duration" in body and "model" in body:
        return True
    return body.get("done") is True and _is_dated_line(body)


def _is_dated_line(body: Body) -> bool:
    is_text = type(body.get("response")) is str or type(body.get("message")) is dict
    return is_text and "model" in body and type(body.get("created_at")) is str


def is_ollama_piece(body: Body) -> bool:
    """Say whether a body is a line of an Ollama stream before its last: it holds a piece of text and no counts."""
    return body.get("done") is False and _is_dated_line(body)


_AI_SDK_COUNTS = frozenset(("inputTokens", "outputTokens", "promptTokens", "completionTokens"))


def _is_ai_sdk(body: Body) -> bool:
    """Tell a result of Vercel's AI SDK, or its steps, from the provider's own answers."""
    steps = body.get("steps")
    first = steps[0] if type(steps) is list and steps else None
    if type(first) is dict and "usage" not in body:
        return _is_ai_sdk({**first, "steps": None})
    usage = body.get("usage")
    if type(usage) is not dict:
        return False
    if "finishReason" in body and not _AI_SDK_COUNTS.isdisjoint(usage):
        return True
    return "tokens" in usage and ("embedding" in body or "embeddings" in body)


_ANSWERS: tuple[tuple[Api, Callable[[Body], bool]], ...] = (
    ("openai_chat", _is_chat),
    ("anthropic_messages", _is_message),
    ("openai_responses", _is_response),
    ("gemini", _is_gemini),
    ("bedrock_converse", _is_converse),
    ("openai_completions", _is_completion),
    ("openai_embeddings", _is_embedding),
    ("openai_transcriptions", _is_transcription),
    ("openai_assistants", _is_run),
    ("openai_media", _is_media),
    ("cohere", _is_cohere),
    ("ollama", _is_ollama),
    ("gemini_interactions", _is_interaction),
    ("bedrock_invoke", _is_invoke),
    ("ai_sdk", _is_ai_sdk),
)

_CONVERSE_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop")
_INTERACTION_EVENTS = ("interaction.", "step.start", "step.delta", "content.start", "content.delta")
_COHERE_EVENTS = ("message-start", "content-start", "content-delta", "message-end")


def _api_of_event(event: Body) -> Api | None:
    named = _api_of_named_event(event)
    if named is not None:
        return named
    if any(key in event for key in _CONVERSE_EVENTS):
        return "bedrock_converse"
    if "candidates" in event or "usageMetadata" in event or "usage_metadata" in event:
        return "gemini"
    if _is_chat(event):
        return "openai_chat"
    if "done" in event and ("message" in event or "response" in event):
        return "ollama"
    return "openai_completions" if _is_completion(event) else "bedrock_invoke" if _is_invoke(event) else None


def _api_of_named_event(event: Body) -> Api | None:
    """Name the API whose events say what they are."""
    kind = event.get("type")
    if kind == "message_start":
        return "anthropic_messages"
    if begins(kind, "response."):
        return "openai_responses"
    if begins(kind, ("transcript.", "transcription.")):
        return "openai_transcriptions"
    if begins(kind, ("image_generation.", "image_edit.", "speech.audio.")):
        return "openai_media"
    if begins(event.get("object"), "thread."):
        return "openai_assistants"
    if kind in _COHERE_EVENTS or begins(event.get("event_type"), ("stream-", "text-generation")):
        return "cohere"
    return "gemini_interactions" if begins(event.get("event_type"), _INTERACTION_EVENTS) else None


def api_of_events(events: Sequence[Body]) -> Api | None:
    """Name the API of a stream's events; None = none is known."""
    return next((api for event in events[:_FIRST_EVENTS] if (api := _api_of_event(event))), None)


def is_page(body: Json) -> bool:
    """Say whether a list holds whole answers, each of them a call, and not the events of one answer."""
    heads = [item for item in body[:_FIRST_EVENTS] if type(item) is dict] if type(body) is list else []
    if not heads or not all(item.get("object") in _WHOLE and not _is_piece(item) for item in heads):
        return False
    return len({str(item.get("id")) for item in heads}) == len(heads)


def _is_piece(item: Body) -> bool:
    choices = item.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    return type(first) is dict and "delta" in first


ANSWER_KEYS = frozenset((
    "choices", "object", "content", "usage", "data", "results", "usageMetadata", "usage_metadata", "candidates",
    "promptFeedback", "embeddings", "embedding", "predictions", "stopReason", "meta", "generation_id", "eval_count",
    "prompt_eval_count", "done", "generation", "inputTextTokenCount", "amazon-bedrock-invocationMetrics", "completion",
    "steps", "segments",
    *(name for name, *_ in _VENDOR_LISTS),
))  # fmt: skip
"""Every answer has one of these keys: rows of tables and most wrappers are let go by one look."""


def api_of_answer(body: Body) -> Api | None:
    """Name the API of an answer that was not streamed; None = no answer of a known shape."""
    if ANSWER_KEYS.isdisjoint(body):
        return None
    return next((api for api, fits in _ANSWERS if fits(body)), None)


def is_request(body: Json) -> bool:
    """Say whether a body is certainly a request: it lists messages or contents as only the APIs do."""
    if type(body) is dict:
        return type(body.get("messages")) is list or _lists_contents(body.get("contents"))
    return type(body) is list and bool(body) and "role" in body[0] and "content" in body[0]


_ASKED = frozenset(("input", "prompt", "message", "contents", "content", "texts", "query", "instances"))
_VENDOR_KEYS = frozenset(("anthropic_version", "max_gen_len", "max_tokens_to_sample", "inputText", "inferenceConfig"))
"""In requests to Bedrock and Vertex, which name the model in their URL alone."""


def may_be_request(body: Json) -> bool:
    """Say whether a body that stands where requests do is one: a model and what it is asked, under any of the names."""
    if type(body) is not dict:
        return False
    has_model = "model" in body or "modelId" in body
    return (
        (has_model and not _ASKED.isdisjoint(body))
        or not _VENDOR_KEYS.isdisjoint(body)
        or _has_parts(body.get("content"))
    )


def _lists_contents(contents: Json) -> bool:
    first = contents[0] if type(contents) is list and contents else None
    return type(first) is dict and "parts" in first


def api_of_request(request: Body) -> Api | None:
    """Name the API of a request by its body alone; None where it could be of several."""
    if "contents" in request or _has_parts(request.get("content")):
        return "gemini"
    if any(key in request for key in ("inferenceConfig", "toolConfig", "additionalModelRequestFields")) or (
        "modelId" in request and "messages" in request
    ):
        return "bedrock_converse"
    if "anthropic_version" in request or ("system" in request and "messages" in request):
        return "anthropic_messages"
    if is_request(request):
        return None
    if "input" in request:
        model = request.get("model")
        if type(model) is str and "embed" in model[:200].lower():
            return "openai_embeddings"
        only_texts = type(request["input"]) is list and not any(type(item) is dict for item in request["input"])
        return "openai_embeddings" if "encoding_format" in request or only_texts else "openai_responses"
    if not _VENDOR_KEYS.isdisjoint(request):
        return "bedrock_invoke"
    return "openai_completions" if "prompt" in request else None
