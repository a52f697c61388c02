"""How many tokens did Cohere bill?

Billed units are the bill: `tokens` count the text as the model saw it, with Cohere's own prompt around it, and `cached_tokens`
are among those. Source: CATALOGUE 2.1: 39 billed of 1,683 sent, of which 992 cached.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_RULE = "Cohere: billed units; tokens sent and cached ones are not the bill"
_SENT_RULE = "Cohere: tokens sent, since billed units are not reported"
_OTHER_UNITS = Usage(None, None, state="missing", rule="Cohere: billed by searches or images, not by tokens")


def cohere_usage(usage: Json) -> Usage:
    """Read `usage` of version 2 of the API, or `meta` of version 1. Raises RejectRecordError."""
    if type(usage) is not dict:
        return MISSING_USAGE
    billed, sent = usage.get("billed_units"), usage.get("tokens")
    if type(billed) is dict and billed:
        return _billed(billed)
    if type(sent) is dict and count(sent.get("input_tokens")) is not None:
        output = count(sent.get("output_tokens")) or 0
        return Usage(count(sent.get("input_tokens")), output, state="cache_split_unknown", rule=_SENT_RULE)
    return MISSING_USAGE


def _billed(units: Mapping[str, Json]) -> Usage:
    prompt, output = count(units.get("input_tokens")), count(units.get("output_tokens"))
    if prompt is None and output is None:
        return _OTHER_UNITS
    return Usage(prompt or 0, output or 0, 0, rule=_RULE)
