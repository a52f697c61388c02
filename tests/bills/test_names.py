from __future__ import annotations

import pytest

from tokaudit.bills.kinds.openai import line_item
from tokaudit.bills.model_names import model_key, names_model
from tokaudit.bills.skus import item_of, read_sku


@pytest.mark.parametrize(
    ("bill", "log"),
    [
        ("Claude Haiku 4.5", "claude-haiku-4-5-20251001"),
        ("Claude Sonnet 3.5", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("Claude Sonnet 4.5 (Amazon Bedrock Edition)", "claude-sonnet-4-5@20250929"),
        ("claude4.6opus", "anthropic/claude-opus-4.6"),
        ("Claude Sonnet 4", "claude-sonnet-4-0"),
        ("GPT-4o mini", "gpt-4o-mini-2024-07-18"),
        ("gpt 4o 0513", "gpt-4o-2024-05-13"),
        ("gpt-35-turbo", "gpt-3.5-turbo-0125"),
        ("openai/gpt-4o", "azure/gpt-4o"),
        ("OpenAI: GPT-4.1 Nano", "gpt-4.1-nano"),
        ("ft-gpt-4o-2024-08-06", "ft:gpt-4o-2024-08-06:acme::abc"),
        ("Gemini 2.5 Flash", "models/gemini-2.5-flash"),
        ("gemini-2.0-flash", "google/gemini-2.0-flash-001"),
        ("Mistral Large", "mistral-large-2411"),
        ("llama-v3p1-8b-instruct", "meta-llama/llama-3.1-8b-instruct"),
        ("nova lite", "us.amazon.nova-lite-v1:0"),
        ("deepseek-r1", "deepseek/deepseek-r1-0528"),
        ("command-r", "command-r-08-2024"),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
    ],
)
def test_a_bills_name_and_ours_meet(bill: str, log: str) -> None:
    assert model_key(bill) == model_key(log)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4"),
        ("gpt-5.4-mini", "gpt-5"),
        ("gpt-4.1", "gpt-41"),
        ("claude-opus-4-1", "claude-opus-4"),
        ("claude-sonnet-4-5", "claude-sonnet-5"),
        ("claude-3-5-haiku", "claude-3-haiku"),
        ("openai/gpt-oss-120b:free", "openai/gpt-oss-120b"),
        ("ft:gpt-4o-2024-08-06:acme::abc", "gpt-4o-2024-08-06"),
        ("llama-3.1-8b", "llama-3.1-80b"),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("o1", "o1-mini"),
        ("davinci", "davinci-002"),
        ("o1", "o3"),
        ("text-embedding-3-small", "text-embedding-3-large"),
    ],
)
def test_what_only_looks_alike_does_not_meet(left: str, right: str) -> None:
    assert model_key(left) != model_key(right)


@pytest.mark.parametrize("name", ["", "  ", "2026-03-02", "—", "日本", "a" * 5000, "():", "ft:"])
def test_any_name_has_a_key(name: str) -> None:
    assert model_key(name) == model_key(name)
    assert names_model(name) is False


@pytest.mark.parametrize(
    ("sku", "item", "token_class", "tier", "key"),
    [
        ("USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global", "tokens", "cache_read", None, "claude-opus-4-6"),
        ("USE1-Claude4Sonnet-cache-write-input-token-count-1-hour", "tokens", "cache_write_1h", None, "claude-sonnet-4"),
        ("USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-global", "tokens", "cache_write_5m", None, "claude-opus-4-8"),
        ("USE1-NovaLite-input-tokens-batch", "tokens", "uncached_input", "batch", "nova-lite"),
        ("USE1-MP:USE1_OutputTokenCount-Units", "tokens", "output", None, None),
        ("gpt-4o-mini-0718-cchd-Inp-glbl Tokens", "tokens", "cache_read", None, "gpt-4-o-mini"),
        ("GPT 5 Mini outpt Glbl 1M Tokens", "tokens", "output", None, "gpt-5-mini"),
        ("5.4 mn Batch inp Gl 1M Tokens", "tokens", "uncached_input", "batch", "gpt-5-4-mini"),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", "tokens", "output_reasoning", None, "gemini-2-5-flash"),
        ("Gemini 2.5 Flash GA Input Text Caching", "tokens", "cache_read", None, "gemini-2-5-flash"),
        ("Gemini 2.5 Flash Audio Input - Predictions", "tokens", "input_audio", None, "gemini-2-5-flash"),
        ("Gemini 3 Flash Text Input Caching Storage", "storage", None, None, None),
        ("Provisioned Throughput 1 month", "fee", None, None, None),
    ],
)  # fmt: skip
def test_skus(sku: str, item: str, token_class: str | None, tier: str | None, key: str | None) -> None:
    found = read_sku(sku, "Azure OpenAI GPT5")
    assert (found.item, found.token_class, found.tier) == (item, token_class, tier)
    assert (model_key(found.model) if found.model else None) == key


@pytest.mark.parametrize(
    ("text", "item", "model", "token_class", "tier"),
    [
        ("gpt-4.1-mini-2025-04-14, input", "tokens", "gpt-4.1-mini-2025-04-14", "uncached_input", None),
        ("gpt-4.1-mini-2025-04-14, cached input", "tokens", "gpt-4.1-mini-2025-04-14", "cache_read", None),
        ("gpt-4o-2024-08-06, batch, output", "tokens", "gpt-4o-2024-08-06", "output", "batch"),
        ("gpt-audio-mini-2025-12-15 audio, input", "tokens", "gpt-audio-mini-2025-12-15", "input_audio", None),
        ("gpt-image-1 text, cached input", "tokens", "gpt-image-1", "cache_read", None),
        ("gpt-image-1 image, output", "tokens", "gpt-image-1", "output_image", None),
        ("ft-gpt-4o-2024-08-06, input", "tokens", "ft-gpt-4o-2024-08-06", "uncached_input", None),
        ("web search tool calls", "web_search", None, "web_search", None),
        ("file search tool calls", "file_search", None, "file_search", None),
        ("code interpreter sessions", "code_execution", None, None, None),
        ("gpt-4o", "tokens", "gpt-4o", None, None),
        ("a new kind of line", "other", None, None, None),
    ],
)
def test_line_items(text: str, item: str, model: str | None, token_class: str | None, tier: str | None) -> None:
    assert line_item(text) == (item, model, token_class, tier)


def test_items() -> None:
    assert [item_of(text) for text in ("VAT 19%", "Refund", "Seats", "gpt-4o, input")] == ["tax", "credit", "fee", None]
