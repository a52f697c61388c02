"""Does each name in a log lead to its own model by rule, or to none, and with a reason?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.prices.hosts import host_of
from tokaudit.prices.names import (
    NEEDS_ALIAS,
    NO_FINE_TUNE_RATE,
    NO_RATE,
    NO_VARIANT_RATE,
    OPEN_WEIGHTS,
    OWN_MACHINES,
    OWN_RESOURCE,
    PAID_BY_THE_HOUR,
    PROMPT_ROUTER,
    Found,
    resolve,
)
from tokaudit.prices.snapshot import provider_by_id, providers

BEDROCK = "arn:aws:bedrock:us-east-1:123456789012:"
MAKERS = "at its maker's rates"


def found(provider: str | None, model: str) -> tuple[str, str, str] | str:
    """Return who serves, the published id and how it was matched; or why there is none."""
    result = resolve(provider, model)
    return result if isinstance(result, str) else (result.host.id, result.model.id, result.matched_by)


@pytest.mark.parametrize(
    ("provider", "name", "host", "model", "how"),
    [
        ("openai", "gpt-4o", "openai", "gpt-4o", "exact id"),
        (None, "GPT-4o", "openai", "gpt-4o", "exact id"),
        ("openai", "gpt-5.4-mini", "openai", "gpt-5.4-mini", "exact id"),
        ("openai", "gpt-4o-2024-08-06", "openai", "gpt-4o", "declared alias"),
        ("openai", "gpt-4o-2024-05-13", "openai", "gpt-4o-2024-05-13", "exact id"),
        ("openai", "gpt-5.2-20251211", "openai", "gpt-5.2", "dated id"),
        ("openai", "gpt-4-0125-preview", "openai", "gpt-4-turbo", "declared alias"),
        ("openai", "gpt-4o-realtime-preview-2024-12-17", "openai", "gpt-4o-realtime-preview", "dated id"),
        ("anthropic", "claude-sonnet-4-20250514", "anthropic", "claude-sonnet-4-0", "dated id"),
        ("anthropic", "claude-opus-4-1-20250805", "anthropic", "claude-opus-4-1", "dated id"),
        ("anthropic", "claude-3-5-sonnet-latest", "anthropic", "claude-3-5-sonnet", "versioned id"),
        ("anthropic", "claude-2.1", "anthropic", "claude-2", "declared alias"),
        ("google", "gemini-1.5-flash-002", "google", "gemini-1.5-flash", "versioned id"),
        ("google", "gemini-1.5-flash-8b", "google", "gemini-flash-1.5-8b", "declared alias"),
        ("google", "gemini-2.5-flash-lite-preview-09-2025", "google", "gemini-2.5-flash-lite", "dated id"),
        ("google", "gemini-2.5-pro-preview-06-05", "google", "gemini-2.5-pro", "dated id"),
        ("google", "models/gemini-2.5-flash", "google", "gemini-2.5-flash", "Gemini resource, exact id"),
        ("mistral", "mistral-large-2411", "mistral", "mistral-large", "declared alias"),
        ("cohere", "command-r-plus-08-2024", "cohere", "command-r-plus", "declared alias"),
        ("nobody", "gpt-4o", "openai", "gpt-4o", "exact id"),
        ("openai", "claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", "exact id"),
    ],
)
def test_a_name_of_an_api(provider: str | None, name: str, host: str, model: str, how: str) -> None:
    assert found(provider, name) == (host, model, how)


@pytest.mark.parametrize(
    ("provider", "name", "host", "model", "how"),
    [
        (
            "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws",
            "regional.anthropic.claude-sonnet-4-5-20250929-v1:0", "Bedrock profile, dated id",
        ),
        (
            "aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "Bedrock profile, exact id",
        ),
        (
            "anthropic", "anthropic.claude-3-haiku-20240307-v1:0", "aws",
            "regional.anthropic.claude-3-haiku-20240307-v1:0", "dated id",
        ),
        (
            None, f"{BEDROCK}inference-profile/eu.anthropic.claude-3-5-sonnet-20241022-v2:0", "aws",
            "regional.anthropic.claude-3-5-sonnet-20241022-v2:0", "Bedrock ARN, dated id",
        ),
        (
            "bedrock", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", "aws", "amazon.nova-pro-v1:0",
            "Bedrock ARN, exact id",
        ),
        (None, "bedrock/us-east-1/amazon.nova-lite-v1:0", "aws", "amazon.nova-lite-v1:0", "router name, exact id"),
        (
            None, f"bedrock/{BEDROCK}inference-profile/us.amazon.nova-pro-v1:0", "aws", "amazon.nova-pro-v1:0",
            "router name, versioned id",
        ),
        (
            "google", "projects/shop/locations/us-east5/publishers/anthropic/models/claude-3-5-sonnet-v2@20241022", "google",
            "claude-3-5-sonnet", "Vertex resource, dated id",
        ),
        ("vertex_ai", "publishers/google/models/gemini-1.5-pro-002", "google", "gemini-1.5-pro", "Vertex resource, versioned id"),
        ("google", "claude-opus-4-1@20250805", "google", "claude-4-opus", "dated id"),
        ("azure", "gpt-4o-2024-11-20", "azure", "gpt-4o", f"Azure deployment, declared alias, {MAKERS}"),
        ("azure", "gpt-35-turbo-0125", "azure", "gpt-3.5-turbo", f"Azure deployment, declared alias, {MAKERS}"),
        (None, "azure/gpt-4o", "azure", "gpt-4o", f"router name, exact id, {MAKERS}"),
        (None, "vertex_ai/gemini-2.5-pro", "google", "gemini-2.5-pro", "router name, exact id"),
        (None, "openrouter/openai/gpt-4o", "openrouter", "openai/gpt-4o", "router name, exact id"),
        ("openrouter", "anthropic/claude-4.5-sonnet-20250929", "openrouter", "anthropic/claude-sonnet-4.5", "declared alias"),
        ("openrouter", "openai/gpt-oss-20b:free", "openrouter", "openai/gpt-oss-20b:free", "exact id"),
        (None, "anthropic/claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", "router name, exact id"),
        ("groq", "openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b", "exact id"),
        (None, "accounts/fireworks/models/gpt-oss-120b", "fireworks", "gpt-oss-120b", "declared alias"),
        (None, "groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile", "router name, exact id"),
    ],
)  # fmt: skip
def test_a_name_of_a_cloud_or_a_router(provider: str | None, name: str, host: str, model: str, how: str) -> None:
    assert found(provider, name) == (host, model, how)


@pytest.mark.parametrize(
    ("provider", "name", "model"),
    [
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc123", "ft:gpt-4o-mini"),
        ("openai", "ft:gpt-4o-2024-08-06:acme:support:abc123:ckpt-step-90", "ft:gpt-4o"),
        (None, "ft:gpt-3.5-turbo-0125:acme::abc123", "ft:gpt-3.5-turbo-"),
        ("azure", "gpt-4o-mini-2024-07-18.ft-0a1b2c3d", "gpt-4o-mini-2024-07-18.ft-"),
    ],
)
def test_a_fine_tune_has_rates_of_its_own(provider: str | None, name: str, model: str) -> None:
    assert found(provider, name)[1] == model


@pytest.mark.parametrize(
    ("provider", "name", "reason"),
    [
        ("openai", "gpt-4o-mystery", NO_RATE),
        ("openai", "gpt-5.4-mini-turbo", NO_RATE),
        ("anthropic", "claude-sonnet-4-5-huge", NO_RATE),
        ("anthropic", "claude-opus-4-10", NO_RATE),
        ("google", "gemini-1.5-flash-8b-turbo", NO_RATE),
        ("aws", "global.amazon.nova-pro-v1:0", NO_RATE),
        ("aws", "zai.glm-5.3", NO_RATE),
        ("groq", "gpt-4o", NO_RATE),
        ("azure", "our-chat", NO_RATE),
        ("azure", "deepseek-r1", NO_RATE),
        ("openai", "gpt-4o\n", NO_RATE),
        ("openai", "", NO_RATE),
        (None, "/", NO_RATE),
        ("openrouter", "openai/gpt-4o:nitro", NO_VARIANT_RATE),
        ("openrouter", "openai/gpt-4o:online", NO_VARIANT_RATE),
        ("openai", "ft:gpt-4.1-2025-04-14:acme::abc123", NO_FINE_TUNE_RATE),
        ("openai", "ft:gpt-4-0613:acme::abc123", NO_FINE_TUNE_RATE),
        ("azure", "gpt-4o-2024-08-06.ft-0a1b2c3d", NO_FINE_TUNE_RATE),
        ("openai", "davinci:ft-acme-2023-01-01-00-00-00", NO_FINE_TUNE_RATE),
        (None, "llama-3.3-70b-instruct", OPEN_WEIGHTS),
        (None, "openai/gpt-oss-120b", OPEN_WEIGHTS),
        (None, "meta-llama/llama-3.3-70b-instruct", OPEN_WEIGHTS),
        (None, "deepseek-r1", OPEN_WEIGHTS),
        (None, "Qwen/Qwen3-8B", OPEN_WEIGHTS),
        ("our-gateway", "gemma-3-27b-it", OPEN_WEIGHTS),
        (None, "mistral-7b-instruct", OPEN_WEIGHTS),
        (None, "qwen3-max", NO_RATE),
        (None, "kimi-k2.6", OPEN_WEIGHTS),
        ("ollama", "llama3.2", OWN_MACHINES),
        ("vLLM", "gpt-4o", OWN_MACHINES),
        (None, "hosted_vllm/qwen3-8b", OWN_MACHINES),
        (None, f"{BEDROCK}application-inference-profile/a1b2c3", NEEDS_ALIAS),
        ("aws", f"{BEDROCK}provisioned-model/a1b2c3", PAID_BY_THE_HOUR),
        ("aws", f"{BEDROCK}imported-model/a1b2c3", OWN_RESOURCE),
        ("aws", f"{BEDROCK}default-prompt-router/anthropic.claude:1", PROMPT_ROUTER),
        (None, f"bedrock/{BEDROCK}application-inference-profile/a1b2c3", NEEDS_ALIAS),
        ("google", "projects/shop/locations/us-central1/endpoints/123", OWN_RESOURCE),
    ],
)
def test_a_name_without_a_published_price_says_why(provider: str | None, name: str, reason: str) -> None:
    assert found(provider, name) == reason


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        (None, None), ("openai", "openai"), ("azure_openai", "azure"), ("az.ai.openai", "azure"), ("aws.bedrock", "aws"),
        ("gcp.vertex_ai", "google"), ("google.generative-ai", "google"), ("openai.chat", "openai"), ("Mistral AI", "mistral"),
        ("xai", "x-ai"), ("together_ai", "together"), ("somebody", None),
    ],
)  # fmt: skip
def test_a_provider_goes_by_several_names(name: str | None, provider: str | None) -> None:
    assert host_of(name).provider_id == provider


def test_every_published_id_is_found_by_itself_under_its_provider() -> None:
    for provider in providers():
        for model in provider.models:
            result = resolve(provider.id, model.id)
            assert isinstance(result, Found), (provider.id, model.id, result)
            assert (result.host, result.publisher, result.model) == (provider, provider, model)


ADDITIONS = ("-mystery", "x", "-turbo-max", "-distilled", ".1")


def test_a_name_that_says_more_than_a_published_one_is_another_model() -> None:
    for provider in providers():
        known = {model.id.lower() for model in provider.models}
        for model in provider.models:
            # The id of a family of fine-tunes is a beginning of names by intention.
            for addition in ADDITIONS if ".ft-" not in model.id else ():
                result = resolve(provider.id, model.id + addition)
                if isinstance(result, Found):
                    assert model.id.lower() + addition in known | ALIASES


ALIASES = {
    clause.equals.lower()
    for provider in providers()
    for model in provider.models
    for clause in getattr(model.match, "or_", [model.match])
    if hasattr(clause, "equals")
} | {"claude-2.1"}


@given(st.sampled_from([*provider_by_id(), "ollama", "gateway", None]), st.text(max_size=40))
def test_any_text_has_a_model_or_a_reason(provider: str | None, name: str) -> None:
    assert resolve(provider, name)
