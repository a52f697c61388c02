from __future__ import annotations

from typing import Any

import pytest

from tokaudit.readers.apis.openai_transcriptions import READER
from tokaudit.readers.contract import ReadOptions
from tokaudit.schema import Call

TOKENS = {
    "type": "tokens",
    "input_tokens": 14,
    "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
    "output_tokens": 5,
}


def read(record: dict[str, Any]) -> Call:
    assert READER.identify(record)
    outcome = READER.read(record, ReadOptions())
    assert isinstance(outcome, Call)
    return outcome


def test_audio_is_inside_the_input() -> None:
    call = read({"request": {"model": "gpt-4o-transcribe"}, "response": {"text": "Hello", "usage": TOKENS}})
    usage = call.usage
    assert (usage.input_tokens, usage.input_audio_tokens, usage.output_tokens, usage.state) == (14, 10, 5, "exact")
    assert (call.operation_name, call.request_model) == ("transcription", "gpt-4o-transcribe")


def test_what_is_billed_by_the_second_has_no_tokens() -> None:
    usage = read({"text": "Hello", "usage": {"type": "duration", "seconds": 9}}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.audio_ms, usage.state) == (0, 0, 9000, "exact")
    assert "duration" in usage.rule


def test_a_duration_that_is_not_stated_is_not_known() -> None:
    usage = read({"text": "Hello", "usage": {"type": "duration"}}).usage
    assert (usage.input_tokens, usage.audio_ms, usage.state) == (None, None, "missing")


def test_whisper_states_its_length_without_a_usage_block() -> None:
    answer = {"task": "transcribe", "language": "english", "duration": 8.47, "text": "Hello", "segments": []}
    for record in ({"model": "whisper-1", "response": answer}, {"model": "whisper-large-v3", "response": answer}):
        usage = read(record).usage
        assert (usage.input_tokens, usage.audio_ms, usage.state) == (0, 8470, "exact")


def test_mistral_counts_seconds_beside_its_tokens() -> None:
    counts = {"prompt_audio_seconds": 12, "prompt_tokens": 4, "completion_tokens": 35, "total_tokens": 39}
    usage = read({"model": "voxtral-mini-2602", "text": "Hello", "segments": [], "usage": counts}).usage
    assert (usage.input_tokens, usage.output_tokens, usage.audio_ms, usage.state) == (4, 35, 12000, "exact")
    alone = read({"model": "voxtral-mini-2602", "text": "", "usage": {"prompt_audio_seconds": 2}}).usage
    assert (alone.input_tokens, alone.audio_ms, alone.state) == (0, 2000, "exact")


def test_the_last_event_has_all() -> None:
    pieces = [{"type": "transcript.text.delta", "delta": text} for text in ("Hel", "lo")]
    done = {"type": "transcript.text.done", "text": "Hello", "usage": TOKENS}
    record = {"url": "https://api.openai.com/v1/audio/transcriptions", "response": [*pieces, done]}
    assert read(record).usage.output_tokens == 5
    torn = read({**record, "response": pieces})
    assert (torn.answer[0].text, torn.usage.state) == ("Hello", "missing")


@pytest.mark.parametrize(
    "record", [{"text": "Hello"}, {"text": "Hello", "usage": {"input_tokens": 1, "output_tokens": 2}}]
)
def test_any_text_is_no_transcription(record: dict[str, Any]) -> None:
    assert not READER.identify(record)
