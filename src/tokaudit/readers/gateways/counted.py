"""How many tokens were billed, when a gateway's log holds the answer, the gateway's own counts, or both?"""

from __future__ import annotations

from tokaudit.readers.exchange.outcome import unreported_usage
from tokaudit.readers.gateways.operations import with_cache_of
from tokaudit.readers.usage.counts import Counts, Producer, usage_of
from tokaudit.schema import Call, Usage


def usage_of_gateway(call: Call, counts: Counts, producer: Producer) -> Usage:
    """Prefer the answer's own usage to the gateway's counts; the zeros of a failure report nothing.

    call    as its bodies tell it, with its model and outcome
    Raises  RejectRecordError.
    """
    if call.usage.input_tokens is not None and not _is_nothing(call):
        return call.usage
    if call.error_type is not None and not counts.input and not counts.output:
        return unreported_usage(call.http_status, call.error_type)
    if counts.input is counts.output is counts.total is None:
        return call.usage
    usage = usage_of(counts, producer, call.response_model or call.request_model)
    return with_cache_of(call.operation_name, usage)


def _is_nothing(call: Call) -> bool:
    """A failure without usage was billed nothing, unless the gateway counted something."""
    return call.error_type is not None and not call.usage.input_tokens and not call.usage.output_tokens
