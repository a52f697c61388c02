"""Does a span hold the bodies of the provider's API themselves?

Google's Agent Development Kit writes both as JSON, OpenInference those of some libraries, Langfuse whatever the team
hands it. The provider's own usage, ids and texts are in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.apis.kept_exchanges import kept_call
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.langchain import results_of
from tokaudit.readers.exchange.shapes import api_of_answer, is_request
from tokaudit.readers.tracing.otel.attributes import Attributes, opened
from tokaudit.readers.tracing.otel.span import Span
from tokaudit.readers.values.spelling import either
from tokaudit.schema import Call, Json

_BODIES = (
    ("input.value", "output.value"),
    ("langfuse.observation.input", "langfuse.observation.output"),
    ("mlflow.spanInputs", "mlflow.spanOutputs"),
    ("gen_ai.prompt", "gen_ai.completion"),
)
_NOTHING = Call("")


def call_in_bodies(span: Span, options: ReadOptions) -> Call:
    """Read the bodies that a span holds; a call without any fact where it holds none. Raises RejectRecordError."""
    attributes = span.attributes
    if "gcp.vertex.agent.llm_response" in attributes:
        return _of_agent_kit(attributes, options)
    for asked, answered in _BODIES:
        answer = _answer(attributes, answered)
        if answer is not None:
            request = opened(attributes, asked)
            if results_of(answer):
                return kept_call("", request, answer, options)
            return call_of_bodies(request if is_request(request) else {}, answer, options) or _NOTHING
    return _NOTHING


def _answer(attributes: Attributes, name: str) -> Mapping[str, Json] | None:
    """Open an attribute if it is an answer of an API that says what was billed, or a result of LangChain's."""
    held = attributes.get(name)
    if type(held) is str and ("usage" not in held or not held.lstrip().startswith(("{", '"{'))):
        return None
    answer = opened(attributes, name)
    return answer if type(answer) is dict and (results_of(answer) or api_of_answer(answer) is not None) else None


def _of_agent_kit(attributes: Attributes, options: ReadOptions) -> Call:
    """Read the kit's own request and answer, which keep the parts of Gemini's under other names."""
    request = opened(attributes, "gcp.vertex.agent.llm_request")
    answer = opened(attributes, "gcp.vertex.agent.llm_response")
    if type(answer) is not dict or type(either(answer, "usageMetadata")) is not dict:
        return _NOTHING
    asked = dict(request) if type(request) is dict else {}
    config = asked.pop("config", None)
    candidate = {"content": answer.get("content"), "finishReason": either(answer, "finishReason")}
    body = {"candidates": [candidate], "usageMetadata": either(answer, "usageMetadata")}
    return call_of_bodies({**(config if type(config) is dict else {}), **asked}, body, options) or _NOTHING
