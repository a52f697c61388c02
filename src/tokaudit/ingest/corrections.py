"""Does a prompt end with the complaint that the last answer was of no use?

Programs that check answers send them back: `Your output is not valid JSON. Please try again.` The ledger holds no texts, so
this is told when the texts are read. Both must be there: what was wrong with an answer, and that another is wanted. Words
alone prove nothing (people say them too): `frames.corrections` asks for the pace of a program as well.

Sources (2026-09): instructor, pydantic-ai, LangChain's output parsers, TypeChat, guardrails, aider, SWE-agent, smolagents.
"""

from __future__ import annotations

import re

from tokaudit.schema import Part

LONGEST_CHARACTERS = 8000
"""A complaint lists errors; what is longer brings new material."""
HEAD_CHARACTERS = TAIL_CHARACTERS = 300
"""A complaint begins with what was wrong, and says there or at the end what to do; between them are errors and examples."""

_STEMS = (
    "valid", "pars", "match", "format", "schema", "appl", "conform", "satisf", "error", "malformed", "missing", "empty",
    "truncated", "incomplete", "cut off", "allowed", "expected", "incorrect", "wrong", "introduce", "gültig", "无效",
)  # fmt: skip
"""One of these is in each of the wordings below: most texts are dismissed by looking for them."""

_ANSWER = (
    r"(?:answer|output|response|reply|completion|message|result|json|object|format|edits?|patch|code|diff|block|arguments?"
    r"|tool call|function call|action|query|sql|yaml|xml)"
)
_WHOSE = r"(?:your|the|this|that|previous|last|above|generated|returned|provided|model|llm)"
_NOT = r"(?:not|n't|cannot|fail(?:s|ed)? to|unable to)"
_GOOD = (
    r"(?:valid|pars|match|conform|satisf|adher|compl(?:y|ied)|appl|format|follow|load|decod|accept|contain|introduce|correct"
    r"|well-formed|schema|compile)"
)
_BAD = r"(?:invalid|malformed|incorrect|wrong|incomplete|empty|truncated|cut off|missing|had (?:problems|errors))"
_IN_SENTENCE = r"[^.!?\n]"


def _any_of(*patterns: str) -> re.Pattern[str]:
    """Compile patterns for lower-case text: that is searched in two thirds of the time that ignoring case takes."""
    return re.compile("|".join(patterns))


_WRONG = _any_of(
    rf"\b{_WHOSE}\b{_IN_SENTENCE}{{0,60}}\b{_ANSWER}\b{_IN_SENTENCE}{{0,80}}{_NOT}\b{_IN_SENTENCE}{{0,60}}{_GOOD}",
    rf"\b{_WHOSE}\b{_IN_SENTENCE}{{0,60}}\b{_ANSWER}\b{_IN_SENTENCE}{{0,80}}\b{_BAD}",
    rf"\b(?:in|not )valid (?:\w+ ){{0,2}}{_ANSWER}\b",
    r"\A\W*invalid\b",
    rf"\b(?:can|could|did|was|were|is) ?(?:not|n't)\b{_IN_SENTENCE}{{0,30}}\b(?:pars|decod|match|applied|validat)",
    rf"\b(?:did|does|do) ?(?:not|n't)\b{_IN_SENTENCE}{{0,20}}\b(?:conform|match|comply|adhere|satisfy)",
    rf"\b(?:no|none of the) {_ANSWER}\b{_IN_SENTENCE}{{0,40}}\b(?:can|could|was|were)\b",
    r"\bnot (?:one of|in|among) the (?:allowed|expected|required|requested|valid|permitted|given|correct)\b",
    r"\b(?:json|pars(?:ing|e)|validation|schema|format(?:ting)?|decod(?:e|ing)|syntax|sql)(?: \w+)? (?:error|fail)",
    r"\berror (?:in )?(?:\w+ )?(?:pars|decod|validat)ing\b",
    r"\b(?:failed|fails|failure) (?:to |the |schema |json )*(?:pars|validat|match|decod|conform)",
    r"\bkeine? gültig|\bungültig|无效",
)
_ANOTHER = _any_of(
    rf"\b(?:try|answer|respond|reply|generate|write|return|submit|produce|send|do|call)\b{_IN_SENTENCE}{{0,40}}\bagain\b",
    r"\bretry(?:ing)?\b|\bre-?(?:submit|generate|send|write|do|format|output|call|issue)\b|\brecall the function",
    r"\b(?:fix|correct|repair|amend)\b|\b(?:corrected|revised|fixed|valid) (?:version|json|answer|output|response|object)",
    rf"\b(?:please|must|only|make sure|ensure)\b{_IN_SENTENCE}{{0,40}}\b(?:return|respond|answer|reply|provide|output|give|use"
    r"|include|contain|follow|adhere|match|produce|conform|be)",
    rf"\b(?:return|respond|answer|reply|output|send)\b{_IN_SENTENCE}{{0,40}}\b(?:only|valid|instead|alone|exactly)\b",
    r"\bchoose (?:one|exactly|only|from)\b",
    r"\bbitte\b|\berneut\b|\bnoch einmal\b|请|重新",
)
_WRONG_ARGUMENTS = _any_of(
    r"validation error", r"(?:in|not )valid (?:json|arguments|parameters)", r"does not (?:match|conform)", r"pars(?:e|ing) error"
)  # fmt: skip
"""A tool's result tells what the tool found; it is about the answer itself where its arguments could not be read."""


def is_correction(prompt: tuple[Part, ...], *, continues: bool = False) -> bool:
    """Tell whether a prompt sends an answer back. continues: it goes on from an answer that the provider kept."""
    if not prompt or prompt[-1].role not in ("user", "tool") or prompt[-1].kind != "text":
        return False
    last = prompt[-1]
    if not continues and all(part.role != "assistant" for part in prompt):
        return False
    return complains(last.text, of_tool=last.role == "tool")


def complains(text: str, *, of_tool: bool = False) -> bool:
    """Tell whether a text says that an answer was of no use, and asks for another.

    >>> complains("Your edit could not be applied to the program. Please try again.")
    True
    >>> complains("Can you explain that again in more detail, please?")
    False
    """
    if len(text) > LONGEST_CHARACTERS:
        return False
    head, tail = text[:HEAD_CHARACTERS].lower(), text[HEAD_CHARACTERS:][-TAIL_CHARACTERS:].lower()
    if not any(stem in head for stem in _STEMS):
        return False
    wrong = _WRONG_ARGUMENTS if of_tool else _WRONG
    return bool(wrong.search(head) and (_ANOTHER.search(head) or _ANOTHER.search(tail)))
