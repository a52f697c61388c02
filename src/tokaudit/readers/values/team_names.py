"""Does a span's name or a tag name what the team uses the call for?

`summarise` is a use case; `ChatOpenAI`, `chat gpt-4o`, `openai.chat.completions.create` and `LangGraph` are in everybody's
traces, and the tags `prod` and `seq:step:2` in everybody's runs.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.feature_names import feature_of_tags
from tokaudit.readers.values.labels import label
from tokaudit.schema import Json

_VENDORS = (
    r"open_?ai|anthropic|claude|gemini|google|vertex\w*|bedrock|azure|lite_?llm|cohere|mistral\w*|groq|ollama|deepseek|"
    r"fireworks|together|hugging_?face|lang(chain|graph|fuse|smith)|llama_?index|autogen|agno|xai|perplexity|watsonx|nvidia"
)
_PATTERNS = (
    rf"(\w+\.)*({_VENDORS})([ .:].*)?",  # openai.chat.completions.create, LangGraph
    rf"({_VENDORS})[-_](a?completion|chat|call|generation|embedding|llm|messages?|responses?|request|sdk).*",
    rf"({_VENDORS})(embeddings?|llm|chat|client|generativeai\w*|chatcompletion\w*)",
    r"(chat|llm|completions?|generations?|responses?|embeddings?|generate|request|messages?|model)([ .:].*)?",
    r"(generate|stream)_?(content|text|object|response)(_stream)?|text_completion|call_llm|llm_call|model_request|invoke|run",
    r"ai\.\w+.*|invoke_agent.*|execute_tool.*|agent_run.*|invocation \[.*|create_agent.*|handle_response|trace|span|unknown",
    r".*\.(create|acreate|invoke|ainvoke|generate|agenerate|complete|acomplete|chat|achat|predict|stream|parse|run|arun)",
    r"(runnable|agentexecutor|llmchain|chatprompttemplate|prompttemplate|stateg|agent[ .](run|workflow|executor)).*",
    r"[A-Za-z]*(chain|llm|chatmodel|lambda|parser)",
    r"(async)?(lm|models?|messages?|completions?|responses?|embeddings?)\.\w+|.*\.(__call__|forward|kickoff|_call|call)",
    r"(async)?(chat|create)?(completions?|embeddings?|messages?|responses?)(_\d+)?",
)
_LIBRARY = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
_VENDOR_CLASS = re.compile(rf"[A-Z][A-Za-z]*({_VENDORS})[A-Za-z]*", re.IGNORECASE)


def team_name(name: Json, model: str | None = None) -> str | None:
    """Return a span's name where the team chose it; None for a library's, and for one that names the model."""
    found = label(name)
    if found is None or (model and model.lower() in found.lower()):
        return None
    return None if _is_library(found) else found


@lru_cache(maxsize=4096)
def _is_library(name: str) -> bool:
    return _LIBRARY.fullmatch(name) is not None or (" " not in name and _VENDOR_CLASS.fullmatch(name) is not None)


_LIBRARY_TAGS = ("seq:step", "map:key", "graph:step", "langsmith:", "env:", "environment:", "version:")
_STAGES = frozenset(
    (
        *(
            "prod",
            "production",
            "live",
            "staging",
            "stage",
            "preview",
            "preprod",
            "dev",
            "development",
            "local",
            "test",
        ),
        *("testing", "demo", "example", "default", "beta", "canary", "main", "master"),
    )
)
"""Where code runs, not what it is for."""


def team_tag(tags: Json) -> str | None:
    """Find the use case among tags (a list, also as JSON text), without libraries' own and names of stages."""
    listed = open_text(tags) if type(tags) is str else tags
    if type(listed) is not list:
        return None
    return feature_of_tags(tag for tag in listed if type(tag) is str and _may_name(tag))


def _may_name(tag: str) -> bool:
    return not tag.startswith(_LIBRARY_TAGS) and tag.strip().lower() not in _STAGES
