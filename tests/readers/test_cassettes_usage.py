"""Are all 850 recorded calls read with the tokens their provider billed? Needs ../shared beside the repository; else skipped.

What is billed is worked out here from each record's own note of the usage, by the semantics of its provider, without the
code under test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from readers.test_cassettes import recorded
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.schema import Call, Record, RejectRecordError

NO_MODEL = "gen-qa-openai-fast-90c5d9e.svc.gcp-starter.pinecone.io"
"""A vector database, which counts reads: no model answered."""

Billed = tuple[int | None, int | None]
Usage = Mapping[str, Any]


def billed(record: Record) -> Billed:
    """All input and all output; what a provider leaves out of a whole is added."""
    usage: Usage = record["usage"]
    if "promptTokenCount" in usage:
        thoughts = usage.get("thoughtsTokenCount", 0)
        return usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0), usage[
            "candidatesTokenCount"
        ] + thoughts
    if "prompt_eval_count" in usage:
        return usage["prompt_eval_count"], usage["eval_count"]
    if "inputTokens" in usage:
        cached = sum(usage.get(f"cache{way}InputTokens") or 0 for way in ("Read", "Write"))
        return usage["inputTokens"] + cached, usage.get("outputTokens")
    if record["host"] == "api.cohere.com":
        return of_cohere(record)
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage.get("completion_tokens", 0)
    if "input_tokens" in usage:
        cached = sum(usage.get(f"cache_{way}_input_tokens") or 0 for way in ("read", "creation"))
        return usage["input_tokens"] + cached, usage["output_tokens"]
    return usage["total_tokens"], 0


def of_cohere(record: Record) -> Billed:
    """Cohere bills its billed units, beside which it states the tokens it used."""
    units = next(iter(found(record["response"], "billed_units")), None) or record["usage"]
    return units.get("input_tokens", 0), units.get("output_tokens", 0)


def found(value: Any, key: str) -> list[Any]:
    if isinstance(value, dict):
        return [value[key]] if key in value else [one for inner in value.values() for one in found(inner, key)]
    return []


def cached_and_thought(record: Record) -> Billed:
    """Cache reads and reasoning, where the usage states them."""
    usage: Usage = record["usage"]
    details = next((usage[key] for key in usage if key in INPUT_DETAILS and usage[key]), {})
    reads = [usage.get(key) for key in ("cache_read_input_tokens", "cacheReadInputTokens", "prompt_cache_hit_tokens")]
    read = next((value for value in (details.get("cached_tokens"), *reads) if value is not None), None)
    details = next((usage[key] for key in usage if key in OUTPUT_DETAILS and usage[key]), {})
    return read, details.get("reasoning_tokens", usage.get("thoughtsTokenCount"))


INPUT_DETAILS = ("prompt_tokens_details", "prompt_token_details", "input_tokens_details")
OUTPUT_DETAILS = ("completion_tokens_details", "completion_token_details", "output_tokens_details")


def call_of(record: Record) -> Call | None:
    """The one call of a record, None where no reader of its API knows it."""
    reader = choose(record)
    if reader is None or reader.name == "token_table":
        return None
    try:
        (call,) = outcomes_of(reader.read(record, ReadOptions()))
    except RejectRecordError:
        return None
    return call if isinstance(call, Call) else None


def test_every_call_is_read_by_the_reader_of_its_api() -> None:
    missing = Counter(record["host"] for record in recorded() if call_of(record) is None)
    assert missing == {NO_MODEL: 1}


def test_every_call_has_the_tokens_its_provider_billed() -> None:
    differing = Counter()
    for record in recorded():
        call = call_of(record)
        if call is not None and (call.usage.input_tokens, call.usage.output_tokens) != billed(record):
            differing[record["host"], call.reader] += 1
    assert differing == {}


def test_every_call_has_the_cache_reads_and_the_reasoning_its_usage_states() -> None:
    differing = Counter()
    for record in recorded():
        call, (read, thought) = call_of(record), cached_and_thought(record)
        if call is None:
            continue
        if read is not None and call.usage.cache_read_input_tokens != read:
            differing[record["host"], "cache"] += 1
        if thought is not None and call.usage.reasoning_output_tokens != thought:
            differing[record["host"], "reasoning"] += 1
    assert differing == {}


def test_every_call_names_its_model_and_its_provider_where_the_record_does() -> None:
    unnamed = Counter(
        record["host"]
        for record in recorded()
        if (call := call_of(record)) is not None and record["model"] and not (call.response_model or call.request_model)
    )
    assert unnamed == {}
    unknown = {
        record["host"] for record in recorded() if (call := call_of(record)) is not None and not call.provider_name
    }
    assert unknown == NO_PROVIDER


NO_PROVIDER = {"localhost:8000", "api.writer.com", "api.writer.com:443"}
"""Models on the own machine have no provider; Writer is none that prices are known of."""
