"""Does each way to misread a log or its prices come to its right amount, exact to the last decimal?

One row a trap: what a log says, and what it costs. The amounts are worked out by hand from the published rates (USD per
million tokens): gpt-4.1-mini 0.40, cached 0.10, output 1.60; gpt-4o 2.50 / 1.25 / 10; claude-sonnet-4-5 3, read 0.30, write 3.75
(5 min) and 6 (1 h), output 15, twice and 22.50 above 200,000; claude-opus-4-5 5 / 25; gemini-2.5-flash 0.30 / 2.50;
claude-haiku-4-5 1 / 5.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from money.pricing import calls_of, list_cost, priced

AT = "2026-09-02T09:15:12Z"
Json = dict[str, Any]


def chat(usage: Json | None, model: str = "gpt-4.1-mini-2025-04-14", *, asked: str | None = None, **body: Any) -> Json:
    """An OpenAI-shaped exchange."""
    answer = [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}]
    response = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1788340512,
        "model": model,
        "choices": answer,
    }
    request = {"model": asked or model, "messages": [{"role": "user", "content": "Is it late?"}]}
    return {
        "timestamp": AT,
        "request": request,
        "response": {**response, **({"usage": usage} if usage else {}), **body},
    }


def claude(usage: Json, model: str = "claude-sonnet-4-5-20250929") -> Json:
    """An Anthropic exchange."""
    answer = [{"type": "text", "text": "Yes."}]
    response = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": answer,
                "stop_reason": "end_turn", "usage": usage}  # fmt: skip
    request = {"model": model, "max_tokens": 99, "messages": [{"role": "user", "content": "Is it late?"}]}
    return {"timestamp": AT, "request": request, "response": response}


def gemini(usage: Json, model: str = "gemini-2.5-flash") -> Json:
    """A Gemini exchange."""
    body = {"contents": [{"role": "user", "parts": [{"text": "Is it late?"}]}]}
    answer = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Yes."}]}, "finishReason": "STOP"}],
              "modelVersion": model, "responseId": "r1", "usageMetadata": usage}  # fmt: skip
    url = f"https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent"
    return {"timestamp": AT, "url": url, "request": body, "response": answer}


def openai_usage(prompt: int, completion: int, cached: int | None = 0, **details: int) -> Json:
    read = {} if cached is None else {"cached_tokens": cached}
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
            "prompt_tokens_details": {**read, **details}}  # fmt: skip


def claude_usage(fresh: int, output: int, read: int = 0, short: int = 0, long: int = 0, **more: Any) -> Json:
    written = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
    return {"input_tokens": fresh, "cache_read_input_tokens": read, "cache_creation_input_tokens": short + long,
            "cache_creation": written, "output_tokens": output, **more}  # fmt: skip


TOKEN_FIELDS: dict[str, tuple[Json, str]] = {
    "OpenAI counts the cache inside the input": (chat(openai_usage(1420, 100, 1280)), "0.000344"),
    "cached tokens are not charged as input": (chat(openai_usage(1_000_000, 0, 900_000), "gpt-4o"), "1.375"),
    "Anthropic counts the cache beside it": (claude(claude_usage(3, 406, 1111, 418)), "0.00799980"),
    "a cache may be all of the input": (claude(claude_usage(0, 0, 90_000)), "0.027"),
    "fresh and cached": (claude(claude_usage(10_000, 0, 90_000)), "0.057"),
    "writes for an hour cost twice the input": (claude(claude_usage(0, 0, long=1000)), "0.006"),
    "writes for minutes cost a quarter more": (claude(claude_usage(0, 0, short=1000)), "0.00375"),
    "reasoning stands inside OpenAI's output": (
        chat({**openai_usage(100, 322), "completion_tokens_details": {"reasoning_tokens": 320}}), "0.0005552",
    ),
    "and beside Gemini's": (
        gemini({"promptTokenCount": 100, "candidatesTokenCount": 15, "thoughtsTokenCount": 1801, "totalTokenCount": 1916}),
        "0.00457",
    ),
    "tool-use prompts stand beside Gemini's prompt": (
        gemini({"promptTokenCount": 95, "candidatesTokenCount": 66, "thoughtsTokenCount": 132,
                "toolUsePromptTokenCount": 439, "totalTokenCount": 732}),
        "0.0006552",
    ),
    "a compaction is billed beside the last step": (
        claude(claude_usage(682, 1320, iterations=[
            {"type": "compaction", "input_tokens": 60_385, "output_tokens": 592},
            {"type": "message", "input_tokens": 682, "output_tokens": 1320},
        ]), "claude-opus-4-5-20251101"),
        "0.353135",
    ),
    "server tools make the input larger than any context": (claude(claude_usage(950_648, 0)), "5.703888"),
    "what is no longer there was billed": (chat(openai_usage(139, 15)), "0.0000796"),
    "n answers are one output": (chat({**openai_usage(100, 300), "n": 3}), "0.00052"),
    "predictions that were not taken are output": (
        chat({**openai_usage(100, 300), "completion_tokens_details": {"rejected_prediction_tokens": 120}}), "0.00052",
    ),
}  # fmt: skip

PRICES: dict[str, tuple[Json, str]] = {
    "Azure ignores the model asked for": (
        chat(openai_usage(1_000_000, 0), "gpt-4.1-mini-2025-04-14", asked="gpt-3.5-turbo"), "0.4",
    ),
    "a mini is no full model": (chat(openai_usage(1_000_000, 0), "gpt-4o-mini-2024-07-18"), "0.15"),
    "a batch costs half": (chat(openai_usage(1_000_000, 1_000_000), "gpt-4o", service_tier="batch"), "6.25"),
    "priority costs more": (
        {**chat(openai_usage(1_000_000, 0), "gpt-4o", service_tier="priority"), "timestamp": "2026-11-02T00:00:00Z"}, "4.25",
    ),
    "the tier as returned, not as asked": (
        {**chat(openai_usage(1_000_000, 0), "gpt-4o", service_tier="default"),
         "request": {"model": "gpt-4o", "service_tier": "flex", "messages": [{"role": "user", "content": "Late?"}]}}, "2.5",
    ),
    "200,000 tokens are no long prompt": (claude(claude_usage(200_000, 0)), "0.6"),
    "one more is, from the first token": (claude(claude_usage(200_001, 0)), "1.200006"),
    "a long prompt's cache costs twice too": (claude(claude_usage(100_000, 0, 900_000)), "1.14"),
    "and its answer half more": (claude(claude_usage(200_001, 1000)), "1.222506"),
    "a fine-tuned model has rates of its own": (
        chat(openai_usage(1_000_000, 1_000_000), "ft:gpt-4o-mini-2024-07-18:acme::abc"), "1.5",
    ),
    "searches are billed beside tokens": (
        claude(claude_usage(1000, 0, server_tool_use={"web_search_requests": 3})), "0.033",
    ),
    "an answer that was cut is billed": (
        chat(openai_usage(100, 300), choices=[{"index": 0, "message": {"role": "assistant", "content": "Y"},
                                               "finish_reason": "length"}]), "0.00052",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "usd"), (TOKEN_FIELDS | PRICES).values(), ids=(TOKEN_FIELDS | PRICES).keys())
def test_what_is_billed(record: Json, usd: str) -> None:
    assert list_cost(record) == Decimal(usd)


UNKNOWN: dict[str, Json] = {
    "a name that only begins like a known one": chat(openai_usage(10, 1), "gpt-4o-mystery"),
    "a model nobody publishes": chat(openai_usage(10, 1), "mystery-9000"),
    "another model served than the one asked for": chat(openai_usage(10, 1), "mystery-9000", asked="gpt-4o"),
    "a fine-tune of a model without rates for fine-tunes": chat(openai_usage(10, 1), "ft:gpt-9:acme::abc"),
    "open weights on an unknown host": chat(openai_usage(10, 1), "llama-3.3-70b-instruct"),
    "capacity that is paid by the hour": chat(openai_usage(10, 1), "gpt-4o", service_tier="provisioned_throughput"),
}


@pytest.mark.parametrize("record", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_has_no_price_is_not_free(record: Json) -> None:
    table = priced(calls_of([record]))
    assert table["list_cost"].to_list() == [None]
    assert table["price_source"].item()


def test_missing_usage_is_not_zero() -> None:
    assert list_cost(chat(None)) is None


def test_zero_is_not_missing() -> None:
    assert list_cost(chat(openai_usage(0, 0))) == 0


def test_the_served_models_price_change_splits_the_month() -> None:
    """claude-opus-4-6 lost its long-prompt rates on 2026-03-13 (UTC)."""
    record = claude(claude_usage(300_000, 0), "claude-opus-4-6")
    days = {"2026-03-12T23:59:59Z": "3", "2026-03-13T00:00:00Z": "1.5"}
    found = {at: list_cost({**record, "timestamp": at}) for at in days}
    assert found == {at: Decimal(usd) for at, usd in days.items()}
