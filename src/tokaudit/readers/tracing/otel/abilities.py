"""What must be switched on at the source so that spans show more, and what can they never show?"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.contract import Ability

SWITCH_ON: Mapping[Ability, str] = {
    "cache split": (
        "Update the instrumentation: versions that follow the GenAI conventions 1.40 or later write cache reads and writes."
    ),
    "content": (
        "Switch on content capture (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true, TRACELOOP_TRACE_CONTENT=true, "
        "or recordInputs and recordOutputs of the AI SDK) and lift the length limit of attributes."
    ),
    "features": "Name the use case on the span: gen_ai.agent.name, a workflow or function name, or an association property.",
    "conversations": "Set gen_ai.conversation.id or session.id on the spans.",
    "money": "Switch sampling off or export before it: spans that were sampled out are missing from every sum.",
}

LIMITS: Mapping[Ability, str] = {
    "retries": "The client libraries retry inside one span, so most retries do not show.",
}
