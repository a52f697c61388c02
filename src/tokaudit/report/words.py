"""What are our terms called, and what do they mean?

Ids are the outer contract's; here they get the words a reader sees. An id without words is written as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A name for a table head or row, and one sentence that defines it."""

    name: str
    meaning: str


COMPONENTS: Mapping[str, Word] = {
    "system_prompt": Word("System prompt", "The instructions sent with every call, fixed text and filled-in values."),
    "tool_schemas": Word("Tool definitions", "The functions offered to the model, sent again with every call."),
    "response_schema": Word("Response schema", "The JSON schema the answer has to follow."),
    "few_shot": Word("Examples", "Fixed example turns that recur in every call of a feature."),
    "rag_context": Word("Documents", "Retrieved or pasted text that is not the user's own."),
    "history": Word("History", "Earlier turns of the conversation, sent again."),
    "tool_results": Word("Tool results", "New output of tools in this call."),
    "user_input": Word("User input", "What is new in this call and comes from the user."),
    "media": Word("Media", "Images, sound and files."),
    "format_overhead": Word("Chat format", "Tokens of the chat format itself, a few for each message."),
    "unexplained": Word("Unexplained", "Billed input tokens that no text in the log explains; shown, never spread."),
}

BRIDGE_LINES: Mapping[str, Word] = {
    "naive": Word("Price-page sum", "New user input and visible answers, once each, at list price."),
    **{line: word for line, word in COMPONENTS.items() if line != "user_input"},
    "reasoning": Word("Reasoning", "Hidden thinking tokens, billed as output."),
    "unit_charges": Word("Unit charges", "Web searches and what else is billed beside tokens."),
    "retries": Word("Retries", "The whole cost of calls that a later attempt replaced."),
    "failed": Word("Failed calls", "The whole cost of calls that ended in an error."),
    "duplicates": Word("Repeated calls", "The whole cost of calls whose question had been answered already."),
}

STATES: Mapping[str, Word] = {
    "opportunity": Word("Opportunity", "The check found something to do."),
    "passed": Word("Passed", "The check found nothing to do."),
    "informative": Word("Informative", "A fact worth knowing, without a saving of its own."),
    "not_applicable": Word("Not applicable", "The logs lack what the check needs."),
    "error": Word("Error", "The check itself failed; its answer is not known."),
}

BASES: Mapping[str, Word] = {
    "measured": Word("Measured", "Read from the log and re-priced; no assumption about behaviour."),
    "modelled": Word("Modelled", "Computed from the log with a model of the change, between a low and a high case."),
    "assumed": Word("Assumed", "Rests on an assumption that the log cannot show; test before you rely on it."),
}

USAGE_STATES: Mapping[str, Word] = {
    "exact": Word("Exact", "The provider's own usage figures are in the log."),
    "cache_split_unknown": Word("Cache split unknown", "Input is exact, its cached part is not known."),
    "output_lower_bound": Word("Output at least", "The answer was cut off in the log; its tokens are a lower bound."),
    "estimated": Word("Estimated", "The log has no usage; tokens were counted from the text."),
    "missing": Word("Missing", "Neither usage nor text; the call counts, its tokens do not."),
}

FEATURE_SOURCES: Mapping[str, Word] = {
    "tag": Word("named in the log", "The team itself tagged the calls."),
    "template": Word("found by its prompt", "Calls that share a prompt template."),
    "mapped": Word("named in the features file", "Renamed by the user's own file."),
    "none": Word("no feature known", "Neither a tag nor a shared template."),
}

COSTS: Mapping[str, Word] = {
    "as_is": Word("As it is", "Today's bill of the feature, a month."),
    "after_first_moves": Word("After the first moves", "After cache, prompt and batch work, before any migration."),
    "cheaper_model": Word("Cheaper model", "The same calls on a smaller model of a provider."),
    "hosted_fine_tune": Word("Hosted fine-tune", "A fine-tuned model served by a provider."),
    "self_hosted": Word("Self-hosted", "A fine-tuned open model on rented or own machines, with its operation."),
}

_WRITTEN = {key: key.upper() for key in ("usd", "json", "gpu", "api", "id", "url")}

TERMS: tuple[Word, ...] = (
    Word("Call", "One HTTP request to a model."),
    Word("Operation", "One logical request with its retries and fallbacks."),
    Word("Conversation", "Calls that extend one another."),
    Word("Turn", "The n-th call of a conversation."),
    Word("Feature", "A use case: a tag of the team, or calls that share a prompt template."),
    Word("Input tokens", "All tokens sent, cached ones included."),
    Word("Output tokens", "All tokens generated, reasoning included."),
    Word("Cached tokens", "Input tokens read from the provider's cache, at its lower rate."),
    Word("List cost", "Tokens times the published rate at the time of the call."),
    Word("Contracted cost", "The same with the rates the user has negotiated."),
    Word("Logged cost", "What the log itself claims the calls cost."),
    Word("Unpriced", "Calls of a model without a known rate: tokens counted, cost unknown and in no sum."),
    Word("Joint saving", "The period re-priced once with every action taken, so that nothing is saved twice."),
)


def word(words: Mapping[str, Word], key: str) -> Word:
    """Look an id up; one that is not there is written without its underscores and has no meaning to add."""
    return words.get(key) or Word(phrase(key), "")


def phrase(key: str) -> str:
    """Write an id or a name with units in it as a phrase.

    >>> phrase("saving_usd_per_month")
    'Saving USD per month'
    """
    text = " ".join(key.replace("_", " ").replace("-", " ").split())
    written = " ".join(_WRITTEN.get(part, part) for part in text.split(" "))
    return written[:1].upper() + written[1:]
