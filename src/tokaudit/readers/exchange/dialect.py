"""Which API do a request and a response belong to?

The response decides. Where it is an error, plain text or nothing, the request does, so that each exchange has one
reader.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.exchange.api_urls import api_of_url, asks_no_model
from tokaudit.readers.exchange.outcome import aws_error_code, status_of
from tokaudit.readers.exchange.pair import Pair
from tokaudit.readers.exchange.shapes import (
    Api,
    api_of_answer,
    api_of_events,
    api_of_request,
    is_google_error,
    is_request,
    may_be_request,
)
from tokaudit.readers.values.labels import begins
from tokaudit.schema import Json

_MODEL_KEYS = ("model", "model_name", "modelName", "model_id", "modelId", "deployment")
_STATUS_KEYS = ("status_code", "statusCode", "status", "http_status", "response_status")
_URL_KEYS = ("url", "uri", "path", "endpoint", "host", "request_url", "requestUrl", "request_path", "target_url")


_last: list[tuple[Pair, Api | None]] = []


def dialect(pair: Pair) -> Api | None:
    """Name the API of an exchange; None for one that no reader of bodies knows.

    The last exchange's is remembered: every reader of bodies asks for the same one.
    """
    if not (_last and _last[0][0] is pair):
        _last[:] = [(pair, _dialect(pair))]
    return _last[0][1]


def _dialect(pair: Pair) -> Api | None:
    response = pair.response
    if type(response) is list and response:
        known = api_of_events(response)
        if known is not None or "error" not in response[0]:
            return known
        response = response[0]  # a stream that failed before it began
    if type(response) is dict and response:
        known = api_of_answer(response)
        if known is not None or not ("error" in response or aws_error_code(response) or _has_failed(pair)):
            return known
        if is_google_error(response) and api_of_request(pair.request) == "gemini":
            return "gemini"
    if not (pair.answered and (is_request(pair.request) or may_be_request(pair.request))):
        return None
    return _api_of_unanswered(pair)


def _has_failed(pair: Pair) -> bool:
    """Say whether a status around the bodies is one of a failure: then the answer may be of any shape."""
    stated = (status_of(layer[key])[0] for _, layer in pair.around for key in _STATUS_KEYS if key in layer)
    return any(status is not None and status >= 400 for status in stated)


def _api_of_unanswered(pair: Pair) -> Api | None:
    if any(asks_no_model(layer.get(key)) for _, layer in pair.around for key in _URL_KEYS):
        return None
    of_url = next((api for _, layer in pair.around for key in _URL_KEYS if (api := api_of_url(layer.get(key)))), None)
    if of_url == "bedrock_invoke":  # takes the body of whichever API the model has
        return api_of_request(pair.request) or of_url
    if of_url is not None:
        return of_url
    # Data sets hold messages and texts too: without a URL, only a model shows that this is a call.
    if not (
        "model" in pair.request
        or "modelId" in pair.request
        or any(key in layer for _, layer in pair.around for key in _MODEL_KEYS)
    ):
        return None
    if type(pair.response) is dict and pair.response.get("type") == "error":
        return "anthropic_messages"
    of_body = api_of_request(pair.request)
    return of_body or ("anthropic_messages" if _is_anthropic(pair) else "openai_chat")


def _is_anthropic(pair: Pair) -> bool:
    hosts = (layer.get(key) for _, layer in pair.around for key in ("url", "uri", "host"))
    return any(type(host) is str and "anthropic.com" in host for host in hosts) or _is_claude_without_system_role(
        pair.request
    )


def _is_claude_without_system_role(request: Mapping[str, Json]) -> bool:
    """Anthropic requires max_tokens and takes no system role first; a router's OpenAI-shaped request differs in one."""
    messages = request.get("messages")
    first = messages[0] if type(messages) is list and messages and type(messages[0]) is dict else {}
    return "max_tokens" in request and begins(request.get("model"), "claude") and first.get("role") == "user"
