"""Tokens of other media than text: they are parts of what is billed, and no call is rejected for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import otel_exports
from readers.golden import fixture_logs, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.usage.any_block import block_usage
from tokaudit.readers.usage.counts import Counts, Producer, usage_of
from tokaudit.readers.usage.embeddings import transcription_usage
from tokaudit.readers.usage.gemini import content_usage, interaction_usage
from tokaudit.readers.usage.langchain import metadata_usage
from tokaudit.readers.usage.langfuse import details_usage
from tokaudit.readers.usage.media import fitted, milliseconds, part, with_media
from tokaudit.readers.usage.openai import chat_usage
from tokaudit.readers.usage.table import row_usage
from tokaudit.readers.values.columns import columns_of
from tokaudit.schema import Call, RejectRecordError, Usage

MEDIA = (
    "input_audio_tokens", "input_image_tokens", "input_video_tokens", "cache_read_audio_tokens",
    "cache_read_image_tokens", "output_audio_tokens", "output_image_tokens", "web_searches", "file_searches", "audio_ms",
)  # fmt: skip


def stated(usage: Usage) -> dict[str, int]:
    found = {name: getattr(usage, name) for name in MEDIA}
    return {name: value for name, value in found.items() if value is not None}


def table(row: dict[str, Any]) -> Usage:
    return row_usage(columns_of(tuple(row)), row, "gpt-4o")


CHAT = {
    "prompt_tokens": 1000,
    "completion_tokens": 300,
    "total_tokens": 1300,
    "prompt_tokens_details": {
        "cached_tokens": 400,
        "audio_tokens": 500,
        "image_tokens": 200,
        "text_tokens": 300,
        "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 250, "image_tokens": 50},
    },
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 120, "image_tokens": 30},
}


def test_openai_counts_media_inside_input_output_and_cache() -> None:
    usage = chat_usage(CHAT, None, is_openai=True)
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1000, 400, 300)
    assert stated(usage) == {
        "input_audio_tokens": 500,
        "input_image_tokens": 200,
        "cache_read_audio_tokens": 250,
        "cache_read_image_tokens": 50,
        "output_audio_tokens": 120,
        "output_image_tokens": 30,
    }
    assert (usage.state, usage.rule) == ("exact", "OpenAI chat: cache inside input, reasoning inside output")


def test_realtime_writes_its_details_in_the_singular() -> None:
    counts = {
        "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
        "input_token_details": {
            "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 54, "audio_tokens": 10, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
    }  # fmt: skip
    usage = chat_usage(counts, None, is_openai=True, api="OpenAI Responses")
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (132, 64, 121)
    assert stated(usage) == {
        "input_audio_tokens": 13,
        "input_image_tokens": 0,
        "cache_read_audio_tokens": 10,
        "cache_read_image_tokens": 0,
        "output_audio_tokens": 91,
    }


def test_a_medium_larger_than_its_whole_is_cut_and_named_not_rejected() -> None:
    details = {"cached_tokens": 0, "audio_tokens": 900, "image_tokens": 200}
    usage = chat_usage({**CHAT, "prompt_tokens_details": details}, None, is_openai=True)
    assert (usage.input_tokens, usage.input_audio_tokens, usage.input_image_tokens) == (1000, 900, 100)
    assert usage.rule.endswith("; media beyond their whole left out")
    spoken = chat_usage({**CHAT, "completion_tokens_details": {"audio_tokens": 301}}, None, is_openai=True)
    assert (spoken.output_audio_tokens, spoken.state) == (300, "exact")


@pytest.mark.parametrize("nonsense", [-1, "many", {}, [1], True, 1.5, float("nan"), 2**40, None])
def test_what_is_no_count_of_a_medium_tells_nothing(nonsense: Any) -> None:
    details = {
        "cached_tokens": 0,
        "audio_tokens": nonsense,
        "image_tokens": nonsense,
        "cached_tokens_details": nonsense,
    }
    usage = chat_usage({**CHAT, "prompt_tokens_details": details, "server_tool_use": nonsense}, None, is_openai=True)
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (1000, 300, "exact")
    assert not {"input_audio_tokens", "input_image_tokens", "cache_read_audio_tokens"} & stated(usage).keys()
    assert part(nonsense) is None


def test_a_block_without_such_details_states_none() -> None:
    assert stated(chat_usage({"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}, None)) == {}
    sglang = {"cached_tokens": 2, "cached_tokens_details": {"device": 2, "host": 0}}
    assert stated(chat_usage({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": sglang}, None)) == {}


def test_gemini_counts_media_by_modality() -> None:
    usage = content_usage({
        "promptTokenCount": 2000, "candidatesTokenCount": 1290, "cachedContentTokenCount": 600, "thoughtsTokenCount": 10,
        "toolUsePromptTokenCount": 100, "totalTokenCount": 3400,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 500}, {"modality": "AUDIO", "tokenCount": 300},
            {"modality": "IMAGE", "tokenCount": 258}, {"modality": "DOCUMENT", "tokenCount": 516},
            {"modality": "VIDEO", "tokenCount": 426},
        ],
        "toolUsePromptTokensDetails": [{"modality": "IMAGE", "tokenCount": 26}, {"modality": "TEXT", "tokenCount": 74}],
        "cacheTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 200}, {"modality": "IMAGE", "tokenCount": 100}, {"modality": "VIDEO"},
        ],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    })  # fmt: skip
    assert (usage.input_tokens, usage.output_tokens) == (2100, 1300)
    assert stated(usage) == {
        "input_audio_tokens": 300,
        "input_image_tokens": 258 + 516 + 26,
        "input_video_tokens": 426,
        "cache_read_audio_tokens": 200,
        "cache_read_image_tokens": 100,
        "output_image_tokens": 1290,
    }


def test_gemini_in_the_spelling_of_the_sdks() -> None:
    usage = content_usage({
        "prompt_token_count": 300, "candidates_token_count": 50, "total_token_count": 350,
        "prompt_tokens_details": [{"modality": "MediaModality.AUDIO", "token_count": 280}, {"modality": ["TEXT"]}, 7],
        "candidates_tokens_details": [{"modality": "audio", "token_count": 50}],
    })  # fmt: skip
    assert stated(usage) == {"input_audio_tokens": 280, "output_audio_tokens": 50}


def test_interactions_count_media_by_modality() -> None:
    usage = interaction_usage({
        "total_input_tokens": 900, "total_output_tokens": 60, "total_cached_tokens": 400, "total_tokens": 960,
        "input_tokens_by_modality": [{"modality": "audio", "tokens": 700}, {"modality": "text", "tokens": 200}],
        "cached_tokens_by_modality": [{"modality": "audio", "tokens": 400}],
        "output_tokens_by_modality": [{"modality": "image", "tokens": 60}],
    }, stateful=False)  # fmt: skip
    assert stated(usage) == {
        "input_audio_tokens": 700,
        "cache_read_audio_tokens": 400,
        "output_image_tokens": 60,
    }


def test_perplexity_bills_reasoning_beside_what_it_answers() -> None:
    counts = {
        "prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 20016,
        "num_search_queries": 18, "reasoning_tokens": 3997,
    }  # fmt: skip
    usage = chat_usage(counts, None)
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_output_tokens) == (33, 11160, 3997)
    assert usage.web_searches == 18


def test_mistral_bills_sound_by_its_seconds() -> None:
    counts = {"prompt_audio_seconds": 203, "prompt_tokens": 4, "completion_tokens": 635, "total_tokens": 639}
    assert chat_usage(counts, None).audio_ms == 203_000
    assert chat_usage({**counts, "prompt_audio_seconds": None}, None).audio_ms is None


def test_transcriptions_count_tokens_or_seconds() -> None:
    by_tokens = {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "input_token_details": {"audio_tokens": 14}}
    assert stated(transcription_usage(by_tokens)) == {"input_audio_tokens": 14}
    usage = transcription_usage({"type": "duration", "seconds": 3.5})
    assert (usage.input_tokens, usage.output_tokens, usage.audio_ms, usage.state) == (0, 0, 3500, "exact")


@pytest.mark.parametrize(
    ("seconds", "length"), [(3, 3000), ("8.470", 8470), (0, 0), (-1, None), (1e12, None), ("x", None)]
)
def test_lengths_of_sound(seconds: Any, length: int | None) -> None:
    assert milliseconds(seconds) == length


def test_langfuse_tells_media_apart_from_the_text_or_inside_it() -> None:
    own = details_usage({"input": 100, "input_image_tokens": 258, "output": 20, "output_image": 10, "total": 388})
    assert (own.input_tokens, own.output_tokens) == (358, 30)
    assert stated(own) == {"input_image_tokens": 258, "output_image_tokens": 10}
    raw = details_usage({
        "prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020,
        "prompt_tokens_details": {"cached_tokens": 900, "image_tokens": 800},
        "server_tool_use": {"web_search_requests": 2},
    })  # fmt: skip
    assert (raw.input_tokens, raw.cache_read_input_tokens) == (1000, 900)
    assert stated(raw) == {"input_image_tokens": 800, "web_searches": 2}


def test_langfuse_counts_googles_cache_by_modality_inside_its_input() -> None:
    usage = details_usage({
        "input": 0, "output": 0, "total": 1050, "input_modality_TEXT": 700, "input_modality_AUDIO": 300,
        "cached_modality_TEXT": 400, "cached_modality_AUDIO": 200, "output_modality_TEXT": 50,
    })  # fmt: skip
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (1000, 600, 50)
    assert stated(usage) == {"input_audio_tokens": 300, "cache_read_audio_tokens": 200}


def test_langchain_names_media_among_its_details() -> None:
    usage = metadata_usage({
        "input_tokens": 300, "output_tokens": 10, "total_tokens": 310, "input_token_details": {"image": 258, "cache_read": 0},
    })  # fmt: skip
    assert stated(usage) == {"input_image_tokens": 258}


def test_tables_name_media_searches_and_seconds() -> None:
    row = {
        "model": "gpt-4o", "input_tokens": "1000", "output_tokens": "50", "cached_tokens": "300",
        "input_image_tokens": "200", "audio_input_tokens": "100", "cached_audio_tokens": "40", "output_image_tokens": "30",
        "web_search_requests": "3", "file_search_calls": "1", "audio_seconds": "12.5",
    }  # fmt: skip
    assert stated(table(row)) == {
        "input_audio_tokens": 100,
        "input_image_tokens": 200,
        "cache_read_audio_tokens": 40,
        "output_image_tokens": 30,
        "web_searches": 3,
        "file_searches": 1,
        "audio_ms": 12_500,
    }
    assert (
        stated(table({**row, "web_search_requests": "true", "audio_seconds": ""}))
        .keys()
        .isdisjoint({"web_searches", "audio_ms"})
    )


def test_a_length_without_a_unit_is_none() -> None:
    row = {"model": "gpt-4o", "input_tokens": 10, "output_tokens": 5, "cached_tokens": 0}
    assert table({**row, "audio_duration": 12}).audio_ms is None
    assert table({**row, "audio_duration_ms": 1250}).audio_ms == 1250
    assert stated(table({**row, "audio": "https://example.org/a.wav", "web_search": "weather in Kiel"})) == {}


def test_a_nested_usage_object_names_them_too() -> None:
    usage = block_usage({
        "input_tokens": 3, "output_tokens": 9, "cache_read_input_tokens": 0, "server_tool_use": {"web_search_requests": 4},
    })  # fmt: skip
    assert usage.web_searches == 4


def test_counts_of_a_producer_may_hold_media() -> None:
    counts = Counts(100, 20, cache_read=50, media={"input_image_tokens": 80, "web_searches": 1, "file_searches": None})
    assert stated(usage_of(counts, Producer("X"))) == {"input_image_tokens": 80, "web_searches": 1}
    cut = usage_of(Counts(100, None, cache_read=50, output_audio=7), Producer("X"))
    assert (cut.output_tokens, cut.output_audio_tokens, cut.state) == (None, 7, "output_lower_bound")


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        (
            {"gen_ai.usage.image.input_tokens": 258, "gen_ai.usage.audio.cache_read.input_tokens": 5},
            {"input_image_tokens": 258, "cache_read_audio_tokens": 5},
        ),
        (
            {"gen_ai.usage.audio.input_tokens": 40, "gen_ai.usage.video.input_tokens": 60},
            {"input_audio_tokens": 40, "input_video_tokens": 60},
        ),
        (
            {
                "gen_ai.usage.details.input_audio_tokens": 10,
                "gen_ai.usage.details.cache_audio_read_tokens": 5,
                "gen_ai.usage.details.web_search_requests": 2,
            },
            {"input_audio_tokens": 10, "cache_read_audio_tokens": 5, "web_searches": 2},
        ),
        ({"gen_ai.usage.image.output_tokens": 30}, {"output_image_tokens": 30}),
        ({"llm.token_count.prompt_details.image": 258}, {"input_image_tokens": 258}),
        ({}, {}),
    ],
)
def test_spans_name_media(attributes: dict[str, Any], found: dict[str, int]) -> None:
    usage = otel_exports.call({**otel_exports.CHAT, "gen_ai.usage.cache_read.input_tokens": 100, **attributes}).usage
    assert (usage.input_tokens, stated(usage)) == (1420, found)


wholes = st.none() | st.integers(0, 1000)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(wholes, wholes, wholes, st.dictionaries(st.sampled_from(MEDIA), st.none() | st.integers(0, 1500)))
def test_parts_fit_into_their_whole_whatever_is_stated(
    asked: int | None, read: int | None, answered: int | None, media: dict[str, int | None]
) -> None:
    usage = with_media(Usage(asked, answered, read), media)
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (asked, answered, read)
    for whole, names in ((asked, MEDIA[:3]), (read, MEDIA[3:5]), (answered, MEDIA[5:7])):
        parts = [getattr(usage, name) or 0 for name in names]
        assert whole is None or sum(parts) <= whole
        assert all(part_ <= (media.get(name) or 0) for name, part_ in zip(names, parts, strict=True))
    assert fitted(usage) == usage
    assert stated(usage).keys() == {name for name, value in media.items() if value is not None}


@pytest.mark.parametrize("log", fixture_logs(), ids=lambda log: f"{log.parent.name}/{log.name}")
def test_parts_of_every_fixture_fit(log: Any) -> None:
    for usage in _usages(log):
        whole_of = dict.fromkeys(MEDIA[:3], usage.input_tokens) | dict.fromkeys(
            MEDIA[3:5], usage.cache_read_input_tokens
        )
        whole_of |= dict.fromkeys(MEDIA[5:7], usage.output_tokens)
        for name, whole in whole_of.items():
            assert whole is None or (getattr(usage, name) or 0) <= whole


def _usages(log: Any) -> list[Usage]:
    found: list[Usage] = []
    for record in records(log):
        try:
            reader = choose(record)
            outcomes = outcomes_of(reader.read(record, ReadOptions())) if reader is not None else ()
        except RejectRecordError:
            continue
        found += [outcome.usage for outcome in outcomes if isinstance(outcome, Call)]
    return found
