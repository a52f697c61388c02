"""How many tokens did Google's Gemini APIs bill?

Input includes what was read from a cache. Thoughts are counted beside the output, and what tools added beside the input;
both are billed, and the total holds them. Zeros are left out of the usage block.
Source: CATALOGUE 2.1, each rule proved by arithmetic on recorded answers: 17,713 + 68 + 821 = 18,602; 13 + 194 + 289 = 496.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from tokaudit.readers.usage.media import add_modality, part, with_media
from tokaudit.readers.usage.searches import billed_by_google
from tokaudit.readers.usage.token_classes import DO_NOT_ADD_UP, checked
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.spelling import either
from tokaudit.schema import MISSING_USAGE, Json, RejectRecordError, Usage

_RULE = "Gemini: cache inside input; thoughts added to output, tool use to input"
_INSIDE_RULE = "Gemini: as the total requires, thoughts or tool use are inside"
_MORE_RULE = "Gemini: the total holds tokens that no field names"
_CUT_RULE = "Gemini: stream cut off before its end"
_STATEFUL_RULE = "Gemini Interactions: the new turn alone, as reported; the history kept by Google is not in it"
_EMBEDDING_RULE = "Gemini embeddings: sum of the texts' counts"
_ONLY_TOTAL = Usage(None, None, state="missing", rule="only a total of tokens")


class _Counts(NamedTuple):
    prompt: int | None
    candidates: int | None
    thoughts: int
    tool_use: int
    cached: int
    total: int | None


def content_usage(usage: Json, *, ended: bool = True) -> Usage:
    """Read a `usageMetadata` block in either spelling; ended: the stream it stood in came to its end.

    Raises RejectRecordError.
    """
    if type(usage) is not dict or not usage:
        return MISSING_USAGE
    candidates = count(either(usage, "candidatesTokenCount"))
    read = _usage(
        _Counts(
            count(either(usage, "promptTokenCount")),
            count(either(usage, "responseTokenCount")) if candidates is None else candidates,
            count(either(usage, "thoughtsTokenCount")) or 0,
            count(either(usage, "toolUsePromptTokenCount")) or 0,
            count(either(usage, "cachedContentTokenCount")) or 0,
            count(either(usage, "totalTokenCount")),
        )
    )
    read = _with_modalities(read, usage, _BY_MODALITY, "tokenCount")
    if ended or read.state != "exact":
        return read
    counted = read.output_tokens or None  # a first piece may come before any count of the output
    return replace(read, output_tokens=counted, state="output_lower_bound", rule=_CUT_RULE)


def interaction_usage(usage: Json, model: str | None = None, *, stateful: bool) -> Usage:
    """Read the usage of an interaction; stateful: it goes on from an earlier one that Google kept.

    model   decides how searches are billed
    Raises  RejectRecordError.
    """
    if type(usage) is not dict or not usage:
        return MISSING_USAGE
    read = _usage(
        _Counts(
            count(usage.get("total_input_tokens")),
            count(usage.get("total_output_tokens")),
            count(usage.get("total_thought_tokens")) or 0,
            count(usage.get("total_tool_use_tokens")) or 0,
            count(usage.get("total_cached_tokens")) or 0,
            count(usage.get("total_tokens")),
        )
    )
    read = _with_modalities(read, usage, _INTERACTION_BY_MODALITY, "tokens")
    if "grounding_tool_count" in usage:
        read = with_media(read, {"web_searches": billed_by_google(_searches(usage["grounding_tool_count"]), model)})
    return replace(read, rule=_STATEFUL_RULE) if stateful and read.state == "exact" else read


def embedding_usage(embeddings: Json) -> Usage:
    """Add up the counts that Vertex states beside each vector; the Gemini API states none. Raises RejectRecordError."""
    if type(embeddings) is not list:
        return MISSING_USAGE
    counts = [_statistics(item) for item in embeddings]
    known = [tokens for tokens in counts if tokens is not None]
    if not known or len(known) < len(counts):
        return MISSING_USAGE
    return Usage(sum(known), 0, 0, rule=_EMBEDDING_RULE)


def _statistics(item: Json) -> int | None:
    inner = item.get("embeddings", item) if type(item) is dict else None
    statistics = inner.get("statistics") if type(inner) is dict else None
    return count(either(statistics, "tokenCount")) if type(statistics) is dict else None


def _usage(counts: _Counts) -> Usage:
    prompt, candidates, total = counts.prompt, counts.candidates, counts.total
    if prompt is None:
        if candidates is None:
            return MISSING_USAGE if total is None else _ONLY_TOTAL
        return Usage(None, candidates + counts.thoughts, state="missing", rule="input tokens not reported")
    if candidates is None:
        if total is None:
            rule = "output tokens not reported"
            return Usage(prompt + counts.tool_use, None, counts.cached, state="output_lower_bound", rule=rule)
        candidates = max(total - prompt - counts.tool_use - counts.thoughts, 0)  # the total is made of these four
    if total and total < prompt + candidates:
        raise RejectRecordError(DO_NOT_ADD_UP)
    return checked(_settled(counts, prompt, candidates))


def _settled(counts: _Counts, prompt: int, candidates: int) -> Usage:
    """Choose where thoughts and tool use stand: beside, unless only another reading meets the total."""
    readings = [
        (prompt + counts.tool_use * tool_beside, candidates + counts.thoughts * thoughts_beside)
        for tool_beside, thoughts_beside in product((True, False), repeat=2)
        if (tool_beside or counts.tool_use <= prompt) and (thoughts_beside or counts.thoughts <= candidates)
    ]
    fitting = next((reading for reading in readings if sum(reading) == counts.total), readings[0])
    usage = Usage(*fitting, counts.cached, reasoning_output_tokens=counts.thoughts, rule=_RULE)
    if fitting != readings[0]:
        return replace(usage, rule=_INSIDE_RULE)
    if counts.total and counts.total > sum(fitting):
        return replace(usage, state="output_lower_bound", rule=_MORE_RULE)
    return usage


_BY_MODALITY = (
    ("input", "promptTokensDetails"),
    ("input", "toolUsePromptTokensDetails"),
    ("cache_read", "cacheTokensDetails"),
    ("output", "candidatesTokensDetails"),
    ("output", "responseTokensDetails"),
)
_INTERACTION_BY_MODALITY = (
    ("input", "input_tokens_by_modality"),
    ("input", "tool_use_tokens_by_modality"),
    ("cache_read", "cached_tokens_by_modality"),
    ("output", "output_tokens_by_modality"),
)
"""Which whole the modalities of a list are of."""
_TEXT = frozenset(("TEXT", "text"))


def _with_modalities(read: Usage, usage: Mapping[str, Json], lists: tuple[tuple[str, str], ...], tokens: str) -> Usage:
    """Add the tokens of other media than text, by the lists of modalities."""
    found: dict[str, int | None] = {}
    for side, name in lists:
        listed = either(usage, name)
        for item in listed if type(listed) is list else ():
            modality = item.get("modality") if type(item) is dict else None
            if type(modality) is str and modality not in _TEXT:
                add_modality(found, side, modality, either(item, tokens))
    return with_media(read, found) if found else read


def _searches(tools: Json) -> int | None:
    """Add up the searches of the web among the counts of tools; None where none is counted."""
    listed = [tool for tool in tools if type(tool) is dict] if type(tools) is list else []
    counts = [part(tool.get("count")) for tool in listed if tool.get("type") == "google_search"]
    known = [number for number in counts if number is not None]
    return sum(known) if known else None
