"""How many tokens did Ollama count? It bills none; its counts size what runs on one's own machines.

Counts that are zero are left out, and some versions left out the prompt's when all of it was cached.
"""

from __future__ import annotations

from collections.abc import Mapping

from tokaudit.readers.values.numbers import count
from tokaudit.schema import MISSING_USAGE, Json, Usage

_RULE = "Ollama: counts of the last line; counts that are left out are zero"
_NO_PROMPT_RULE = "Ollama: the prompt's count is left out: zero, or all of it was cached"
_CUT_RULE = "Ollama: stream cut off before its counts"


def ollama_usage(body: Mapping[str, Json], *, asked: bool, answered: bool) -> Usage:
    """Read the counts of an answer, or of the last line of a stream. Raises RejectRecordError.

    asked     a prompt was sent, or it is not known
    answered  the answer holds text, a tool call or a thought
    """
    prompt, output = count(body.get("prompt_eval_count")), count(body.get("eval_count"))
    if "embeddings" in body or "embedding" in body:
        return MISSING_USAGE if prompt is None else Usage(prompt, output or 0, 0, rule=_RULE)
    if body.get("done") is False:
        return Usage(prompt, output, state="output_lower_bound", rule=_CUT_RULE)
    if output is None:
        output = None if answered else 0
    if prompt is None:
        if asked:
            return MISSING_USAGE if not output else Usage(None, output, state="missing", rule=_NO_PROMPT_RULE)
        prompt = 0
    if output is None:
        return Usage(prompt, None, 0, state="output_lower_bound", rule="output tokens not reported")
    return Usage(prompt, output, 0, rule=_RULE)
