"""Is a complaint about the last answer told from what people and tools say?"""

from __future__ import annotations

import pytest

from tokaudit.ingest.corrections import LONGEST_CHARACTERS, complains, is_correction
from tokaudit.schema import Part

COMPLAINTS = (
    "Your edit could not be applied to the program. None of the edits can match the original program. Please try again.",
    "The matched edits do not introduce any change to the code. Please try again.",
    "Your answer is not valid JSON. Answer again, with the JSON object alone.",
    "Your output was invalid: expected an object. Respond only with JSON.",
    "Your previous response was not valid JSON. Please respond with only valid JSON matching the schema.",
    'Validation feedback:\n1 validation error:\n[{"type": "missing", "loc": ["city"]}]\n\nFix the errors and try again.',
    "Validation Error found:\n1 validation error for User\nage is missing\nRecall the function correctly, fix the errors",
    'The JSON object is invalid for the following reason:\n"missing property"\nThe following is a revised JSON object:',
    "I was given the following JSON response, which had problems due to incorrect values.\n{}\nHelp me correct them.",
    "The LLM did not conform to the edit format.\nThe SEARCH section must exactly match an existing block of lines",
    "Your output was not formatted correctly. You must always include one discussion and one command.",
    "Your proposed edit has introduced new syntax error(s). Please read this error message and then retry editing the file.",
    "Could not parse LLM output: `foo`. Please follow the format exactly.",
    "Invalid Format: Missing 'Action:' after 'Thought:'. Try again.",
    "Error parsing JSON: Expecting value: line 1 column 1 (char 0). Please return valid JSON.",
    "That was not valid JSON. Try again and return only JSON.",
    "The previous output failed validation: 'currency' is a required property. Return only corrected JSON.",
    "Your response did not match the required schema. Errors: total must be a number. Please try again.",
    "The response was missing the field 'sum'. Please include all fields.",
    "The output you gave is not one of the allowed labels. Answer with exactly one label.",
    "Invalid label 'foo'. Choose one of: a, b, c and answer again.",
    "Error in code parsing:\nYour code snippet is invalid, because no code was found in it.\nMake sure to provide correct code.",
    "Deine Antwort ist kein gültiges JSON. Bitte antworte erneut nur mit JSON.",
)

OTHERS = (
    "Can you explain that in more detail please?",
    "Thanks, that is all I wanted to know.",
    "Now name what you are not sure of.",
    "Now write the final JSON.",
    "Found: 3 bicycles that match the query.",
    "How do I validate a JSON schema in Python?",
    "My order is missing an item, please help.",
    "Please only answer in French from now on.",
    "What does error 404 mean? Please explain.",
    "I forgot my password, can you reset it again?",
    "Can you write a function that parses JSON?",
    "The invoice total is wrong, I was charged twice. Please correct it.",
)


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_complaint_is_told(text: str) -> None:
    assert complains(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts_are_none(text: str) -> None:
    assert not complains(text)


def test_what_stands_deep_in_a_document_is_no_complaint() -> None:
    document = "The bicycle was built in Leeds. " * 40
    assert not complains(f"{document}{COMPLAINTS[0]}")
    assert not complains(COMPLAINTS[0] + " " * LONGEST_CHARACTERS)


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("1 validation error for Letter: sum is missing. Recall the function correctly, fix the errors.", True),
        ("Error: column x does not exist. Rewrite the query and try again.", False),
    ],
)
def test_a_tools_result_complains_only_of_its_arguments(text: str, *, is_told: bool) -> None:
    assert complains(text, of_tool=True) is is_told


def part(role: str, text: str, message: int) -> Part:
    return Part(role, "text", text, message)  # type: ignore[arg-type]


def test_only_the_last_message_after_an_answer_can_send_it_back() -> None:
    asked, answered = part("user", "Read this letter.", 0), part("assistant", "{", 1)
    complaint = part("user", COMPLAINTS[2], 2)
    assert is_correction((asked, answered, complaint))
    assert not is_correction((asked, answered, complaint, part("assistant", "{}", 3), part("user", "Thanks.", 4)))
    assert not is_correction((asked, complaint))
    assert is_correction((complaint,), continues=True)
    assert not is_correction(())
