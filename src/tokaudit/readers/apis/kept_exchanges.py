"""Which call do the input and the output make that a tracing platform kept?

They may be the bodies of a provider's API, LangChain's objects, or messages of any shape. Bodies and LangChain's objects
tell the usage as the provider stated it, which is preferred to the platform's own count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.bodies import open_body
from tokaudit.readers.exchange.kept_messages import answer_of, prompt_of, tools_of
from tokaudit.readers.exchange.langchain import (
    answer_message,
    response_id,
    response_metadata,
    results_of,
)
from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.exchange.pair import speaks
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.langchain import metadata_usage, tier_of
from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import first_label
from tokaudit.schema import MISSING_USAGE, Call, Json, RejectRecordError, Usage

_KNOWN_BEST = ("missing", "estimated", "output_lower_bound", "cache_split_unknown", "exact")
"""States of usage, the better the later."""

_RAW_USAGE_KEYS = ("usage", "token_usage", "usage_metadata")
_REPEATED = ("instructions", "tools", "text", "previous_response_id")
_FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason")


def kept_call(reader: str, asked: Json, answered: Json, options: ReadOptions, model: str | None = None) -> Call:
    """Read input and output: texts, tools, and what the provider itself said beside its answer.

    model    decides whose usage block it is where the shape does not
    Raises   RejectRecordError.
    """
    opened = open_body(answered)
    call = _of_langchain(reader, opened, model) or _of_bodies(reader, asked, opened, options)
    return replace(
        call,
        prompt=call.prompt or prompt_of(asked),
        answer=call.answer or answer_of(answered),
        tools=call.tools or tools_of(asked),
    )


def _of_bodies(reader: str, asked: Json, answered: Json, options: ReadOptions) -> Call:
    """Read the bodies of an API; an answer that is none of a known API's tells nothing here."""
    call = call_of_bodies(_request(asked, answered), answered, options) if speaks(answered) else None
    return Call(reader) if call is None else replace(call, reader=reader)


def _request(asked: Json, answered: Json) -> Json:
    """The Responses API repeats the settings of a request in its answer; tracers keep the input alone."""
    found = open_text(asked) if type(asked) is str else asked
    if type(found) is dict or type(answered) is not dict or answered.get("object") != "response":
        return asked
    return {"input": found} | {key: answered[key] for key in _REPEATED if answered.get(key)}


def _of_langchain(reader: str, outputs: Json, model: str | None) -> Call | None:
    message = answer_message(outputs)
    if not (message or results_of(outputs)):
        return None
    around = outputs.get("llm_output") if type(outputs) is dict else None
    places = (response_metadata(message), around if type(around) is dict else {}, _generation_info(outputs))
    metadata = message.get("usage_metadata")
    details = metadata.get("input_token_details") if type(metadata) is dict else None
    return Call(
        reader,
        response_id=response_id(message),
        response_model=_first(places, "model_name", "model"),
        finish_reason=_first(places, *_FINISH_KEYS),
        service_tier=_first(places, "service_tier") or tier_of(details),
        usage=_langchain_usage(message, places, _first(places, "model_name", "model") or model),
    )


def _generation_info(outputs: Json) -> Mapping[str, Json]:
    results = results_of(outputs)
    found = results[0].get("generation_info") if results else None
    return found if type(found) is dict else {}


def _first(places: tuple[Mapping[str, Json], ...], *names: str) -> str | None:
    return next((found for place in places if (found := first_label(place, *names))), None)


def _langchain_usage(message: Mapping[str, Json], places: tuple[Mapping[str, Json], ...], model: str | None) -> Usage:
    """Prefer the provider's own block, else LangChain's reading of it."""
    blocks = [place[key] for place in places for key in _RAW_USAGE_KEYS if type(place.get(key)) is dict]
    raw = next((usage for block in blocks if (usage := _block(block, model)).state != "missing"), MISSING_USAGE)
    return better_usage(raw, metadata_usage(message.get("usage_metadata"), model))


def _block(block: Json, model: str | None) -> Usage:
    """Read a block beside the one that counts; what cannot be read there is no reason to reject the call."""
    try:
        return block_usage(block, model)
    except RejectRecordError:
        return MISSING_USAGE


def better_usage(raw: Usage, counted: Usage) -> Usage:
    """Choose what the provider stated, unless the platform tells more."""
    if raw == MISSING_USAGE:
        return counted
    return counted if _KNOWN_BEST.index(counted.state) > _KNOWN_BEST.index(raw.state) else raw


def billed_usage(raw: Usage, counted: Usage, http_status: int | None, error_type: str | None) -> Usage:
    """Choose the usage of a call, which may have failed: a failure's zeros report nothing."""
    usage = better_usage(raw, counted)
    is_zero = not usage.input_tokens and not usage.output_tokens
    if error_type is not None and is_zero:
        return unreported_usage(http_status, error_type)
    return usage
