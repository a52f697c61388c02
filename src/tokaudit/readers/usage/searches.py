"""How many searches did the provider bill beside the tokens?

Providers bill tool calls one by one, each in a unit of its own: OpenAI a call that searches, Anthropic and xAI a search,
Google a query, and before Gemini 3 a prompt. Sessions of containers, fetched pages and generated images are in no count here:
they are billed otherwise, or their tokens are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tokaudit.readers.usage.media import Media, part
from tokaudit.readers.values.spelling import either
from tokaudit.schema import Json

TOOL_COUNTS = frozenset((
    "server_tool_use", "server_side_tool_usage_details", "num_search_queries", "tool_calls_details",
))  # fmt: skip
"""Where usage blocks of OpenAI's shape count tool calls."""

_NOTHING: Mapping[str, Json] = {}
_GENERATION = re.compile(r"\bgemini-(\d{1,2})\b")
_FIRST_BY_QUERY = 3


def anthropic_searches(usage: Mapping[str, Json]) -> int | None:
    """Read the web searches that a usage block of Anthropic's counts. OpenRouter and LiteLLM write the same."""
    tools = usage.get("server_tool_use")
    return part(tools.get("web_search_requests")) if type(tools) is dict else None


def counted_searches(usage: Mapping[str, Json], asked: Mapping[str, Json]) -> Media:
    """Read the searches of a usage block of OpenAI's shape; asked: its details of the input. The places never add up.

    xAI counts calls that succeeded, which it bills; the sources that it used are no searches. Perplexity has one place for
    each of its APIs, LiteLLM one for Google's.
    """
    xai = _object(usage.get("server_side_tool_usage_details"))
    perplexity = _object(_object(usage.get("tool_calls_details")).get("search_web"))
    stated = (
        part(xai.get("web_search_calls")),
        anthropic_searches(usage),
        part(usage.get("num_search_queries")),
        part(perplexity.get("invocation")),
        part(asked.get("web_search_requests")),
    )
    web = next((found for found in stated if found is not None), None)
    return {"web_searches": web, "file_searches": part(xai.get("file_search_calls"))}


def searches_in(items: Json) -> Media:
    """Count the searches among the items of a response of OpenAI's.

    Of the web only calls whose action is to search are billed, not those that open a page or look for a text in it; calls
    that state no action are of before there were others. Source: OpenAI, guide to web search: "Search actions incur a tool
    call cost"; price list: file search by the call. Read 2026-10.
    """
    web = files = 0
    for item in items if type(items) is list else ():
        kind = item.get("type") if type(item) is dict else None
        if kind == "web_search_call":
            web += item.get("status") != "failed" and _object(item.get("action")).get("type", "search") == "search"
        elif kind == "file_search_call":
            files += item.get("status") != "failed"
    return {"web_searches": web or None, "file_searches": files or None}


def google_searches(candidates: Json, model: str | None) -> int | None:
    """Count what the candidates of an answer grounded in Google Search are billed for.

    Source: Google, pricing of the Gemini API and guide to grounding, read 2026-09: by the prompt up to Gemini 2.5; since
    Gemini 3 by the query, where empty ones and repetitions do not count.
    """
    queries: set[str] = set()
    for candidate in candidates if type(candidates) is list else ():
        if type(candidate) is dict and ("groundingMetadata" in candidate or "grounding_metadata" in candidate):
            queries.update(queries_of(either(candidate, "groundingMetadata")))
    return billed_by_google(len(queries), model) if queries else None


def queries_of(grounding: Json) -> Iterable[str]:
    """List the queries that an answer was grounded in."""
    listed = either(grounding, "webSearchQueries") if type(grounding) is dict else None
    return [query for query in listed if type(query) is str and query.strip()] if type(listed) is list else []


def billed_by_google(queries: int | None, model: str | None) -> int | None:
    """Turn a count of queries into what is billed; None where the model's name does not tell its generation."""
    generation = _GENERATION.search(model) if model is not None else None
    if queries is None or generation is None:
        return None
    return queries if int(generation[1]) >= _FIRST_BY_QUERY else min(queries, 1)


def _object(value: Json) -> Mapping[str, Json]:
    return value if type(value) is dict else _NOTHING
