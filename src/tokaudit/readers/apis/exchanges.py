"""Which call do a request body and a response body make, whichever API they are of?

For the logs of gateways and tracing platforms, which hold the bodies of the APIs behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tokaudit.readers.apis import (
    ai_sdk,
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere,
    gemini,
    gemini_interactions,
    ollama,
    openai_assistants,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_media,
    openai_responses,
    openai_transcriptions,
)
from tokaudit.readers.apis.logged import CallOf
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.bodies import open_body
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.pair import Layer, Pair
from tokaudit.readers.exchange.shapes import Api
from tokaudit.readers.usage.anthropic import without_others
from tokaudit.schema import Call, Json

CALL_OF: Mapping[Api, CallOf] = {
    "openai_chat": openai_chat.call_of,
    "openai_responses": openai_responses.call_of,
    "openai_completions": openai_completions.call_of,
    "openai_embeddings": openai_embeddings.call_of,
    "openai_transcriptions": openai_transcriptions.call_of,
    "openai_assistants": openai_assistants.call_of,
    "openai_media": openai_media.call_of,
    "anthropic_messages": anthropic_messages.call_of,
    "gemini": gemini.call_of,
    "gemini_interactions": gemini_interactions.call_of,
    "bedrock_converse": bedrock_converse.call_of,
    "bedrock_invoke": bedrock_invoke.call_of,
    "cohere": cohere.call_of,
    "ollama": ollama.call_of,
    "ai_sdk": ai_sdk.call_of,
}
"""How the exchanges of each API are read: a new API is one line here."""


FURTHER_CALLS: Mapping[Api, Callable[[Pair, Call], tuple[Call, ...]]] = {
    "anthropic_messages": anthropic_messages.further_calls,
    "ai_sdk": ai_sdk.further_calls,
}
"""Which calls of other models the answer of a call tells of."""


def call_of_bodies(
    request: Json, response: Json, options: ReadOptions, around: Mapping[str, Json] | None = None
) -> Call | None:
    """Read the two bodies of an exchange, however they are wrapped (text, event stream, HTTP message), as one call.

    around   what the log says beside the bodies, under names that `envelope` knows (`url`, `model`, `status`, `time`)
    Returns  None where the bodies show no exchange of a known API.
    Raises   RejectRecordError.
    """
    calls = calls_of_bodies(request, response, options, around)
    if len(calls) > 1:
        return replace(calls[0], usage=without_others(calls[0].usage))
    return calls[0] if calls else None


def calls_of_bodies(
    request: Json, response: Json, options: ReadOptions, around: Mapping[str, Json] | None = None
) -> tuple[Call, ...]:
    """Read the two bodies as `call_of_bodies` does: the call itself, then those of other models that took part in it."""
    asked, answered = open_body(request), open_body(response)
    if type(asked) is list:
        asked = {"messages": asked}
    layers: tuple[Layer, ...] = (("", around or {}),)
    pair = Pair(asked if type(asked) is dict else {}, answered, answered=True, around=layers)
    api = dialect(pair)
    call_of = CALL_OF.get(api) if api is not None else None
    if api is None or call_of is None:
        return ()
    call = call_of(pair, options)
    further_calls = FURTHER_CALLS.get(api)
    return (call, *further_calls(pair, call)) if further_calls else (call,)
