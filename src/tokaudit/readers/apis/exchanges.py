"""Which call do a request body and a response body make, whichever API they are of?

For the logs of gateways and tracing platforms, which hold the bodies of the APIs behind them.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.apis import anthropic_messages, openai_chat
from tokaudit.readers.apis.logged import CallOf
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.bodies import open_body
from tokaudit.readers.exchange.dialect import dialect
from tokaudit.readers.exchange.pair import Layer, Pair
from tokaudit.readers.exchange.shapes import Api
from tokaudit.schema import Call, Json

CALL_OF: Mapping[Api, CallOf] = {
    "openai_chat": openai_chat.call_of,
    "anthropic_messages": anthropic_messages.call_of,
}
"""How the exchanges of each API are read: a new API is one line here."""


def call_of_bodies(
    request: Json, response: Json, options: ReadOptions, around: Mapping[str, Json] | None = None
) -> Call | None:
    """Read the two bodies of an exchange, however they are wrapped (text, event stream, HTTP message).

    around   what the log says beside the bodies, under names that `envelope` knows (`url`, `model`, `status`, `time`)
    Returns  None where the bodies show no exchange of a known API.
    Raises   RejectRecordError.
    """
    asked, answered = open_body(request), open_body(response)
    if type(asked) is list:
        asked = {"messages": asked}
    layers: tuple[Layer, ...] = (("", around or {}),)
    pair = Pair(asked if type(asked) is dict else {}, answered, answered=True, around=layers)
    api = dialect(pair)
    call_of = CALL_OF.get(api) if api is not None else None
    return None if call_of is None else call_of(pair, options)
