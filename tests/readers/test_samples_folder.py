"""Is every published sample recognised, and do the two calls that many of them describe cost what they cost?

Needs ../shared beside the repository; else skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

import pytest

from money.pricing import priced
from readers.golden import SHARED
from tokaudit.errors import InputError
from tokaudit.ingest.cutting.decoding import values_of
from tokaudit.ingest.sniff import sniff
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.splits import Split, frames_of
from tokaudit.readers.bills import BILLS
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.file_reader import FileReader, Told
from tokaudit.schema import Aside, Call, RejectRecordError

SAMPLES = SHARED / "formats" / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there: its logs are not part of the project"
)

WHAT_THEY_ARE = {
    "anthropic-admin-cost-report.json": "bill",
    "anthropic-admin-usage-report.json": "bill",
    "anthropic-batch-results.jsonl": "anthropic_batch 4",
    "anthropic-console-cost.csv": "bill",
    "anthropic-console-usage.csv": "bill",
    "anthropic-messages-cache-write-then-read.jsonl": "anthropic_messages 2",
    "anthropic-messages-cached-pairs.jsonl": "anthropic_messages 2",
    "anthropic-messages-stream.jsonl": "anthropic_messages 1",
    "anthropic-messages-tool-pair.jsonl": "anthropic_messages 1",
    "anthropic-raw-responses.jsonl": "anthropic_messages 7",
    "anthropic-server-tools-large-input.json": "anthropic_messages 1",
    "anthropic-stream-input-grows.chunks.jsonl": "anthropic_messages 1",
    "azure-apim-llm-log.jsonl": "azure_apim_llm_log 1",
    "azure-openai-chat-pair.jsonl": "openai_chat 1",
    "bedrock-cloudwatch-events.jsonl": "bedrock_log 2",
    "bedrock-converse-cached-pairs.jsonl": "bedrock_converse 2",
    "bedrock-invocation-log.constructed.jsonl": "bedrock_log 3",
    "bedrock-invokemodel-anthropic-pairs.jsonl": "anthropic_messages 2",
    "braintrust-events.jsonl": "braintrust 1",
    "braintrust-log-payloads-snapshot.jsonl": "braintrust 3",
    "claude-code-old-costUSD.jsonl": "claude_code 2",
    "claude-code-session.jsonl": "claude_code 3",
    "cloudflare-ai-gateway-logs.jsonl": "cloudflare_ai_gateway 1",
    "codex-exec-json.jsonl": "codex 1",
    "codex-rollout.ccusage.jsonl": "codex 2",
    "codex-rollout.jsonl": "codex 2",
    "cohere-raw-responses.jsonl": "cohere 2",
    "cursor-usage-events.csv": "cursor 3",
    "databricks-inference-table.jsonl": "databricks_inference_table 1",
    "datadog-llmobs-span.jsonl": "datadog_llm_obs 1",
    "envoy-ai-gateway-access.jsonl": "envoy_ai_gateway 1",
    "gemini-cli-session.jsonl": "gemini_cli 1",
    "gemini-generatecontent-pairs.jsonl": "gemini 3",
    "gemini-raw-responses.jsonl": "gemini 3, gemini_interactions 2",
    "gemini-stream-shrinking-prompt.jsonl": "gemini 2",
    "generic-app-log.jsonl": "token_table 1",
    "generic-usage-eu.csv": "token_table 1",
    "generic-usage.csv": "token_table 3",
    "helicone-export.csv": "helicone 1",
    "helicone-requests.jsonl": "helicone 2",
    "kong-ai-proxy-log.jsonl": "kong_ai 1",
    "langfuse-observations-blob.jsonl": "langfuse 2",
    "langfuse-observations-ui.csv": "langfuse 2",
    "langfuse-observations-ui.jsonl": "langfuse 3",
    "langsmith-runs.jsonl": "langsmith 1",
    "litellm-spendlogs.csv": "litellm_spend_logs 2",
    "litellm-spendlogs.jsonl": "litellm_spend_logs 1",
    "litellm-standard-logging-payload.jsonl": "litellm_payload 3",
    "llm-logs.json": "simonw_llm 1",
    "mlflow-trace.json": "mlflow 1",
    "nginx-gateway-access.log": "token_table 2",
    "nvidia-flywheel-log.jsonl": "nvidia_flywheel 1",
    "ollama-responses.jsonl": "ollama 3",
    "one-api-logs.jsonl": "one_api 1",
    "openai-batch-input.jsonl": "openai_batch 0+2",
    "openai-batch-output.jsonl": "openai_batch 4",
    "openai-chat-pairs.jsonl": "openai_chat 3",
    "openai-chat-raw-responses.jsonl": "openai_chat 8",
    "openai-chat-stream-cached.jsonl": "openai_chat 1",
    "openai-costs-page.json": "bill",
    "openai-dashboard-completions-usage.csv": "bill",
    "openai-dashboard-cost.csv": "bill",
    "openai-embedding-response.json": "openai_embeddings 1",
    "openai-responses-chained.jsonl": "openai_responses 4",
    "openai-responses-compaction.jsonl": "openai_responses 4",
    "openai-responses-pairs.jsonl": "openai_responses 3",
    "openai-responses-raw.jsonl": "openai_responses 3",
    "openai-responses-stream-cached.jsonl": "openai_responses 1",
    "openai-stored-completions-messages-page.json": "openai_stored_completions 0+1",
    "openai-stored-completions-page.json": "openai_stored_completions 1",
    "openai-usage-completions-page.json": "bill",
    "opencode-message.json": "opencode 1",
    "openrouter-activity-daily.csv": "bill",
    "openrouter-activity.csv": "openrouter_activity 1",
    "openrouter-chat-response.json": "openai_chat 1",
    "openrouter-generation.json": "openrouter_generation 1",
    "otel-python-console-span.jsonl": "otel_spans 1",
    "otlp-ai-sdk-anthropic-5m1h.jsonl": "otlp 1",
    "otlp-ai-sdk-v7.jsonl": "otlp 1",
    "otlp-genai-v1.41.jsonl": "otlp 1",
    "otlp-logs-genai-events-v1.28.jsonl": "otel_logs 0+1",
    "otlp-openinference.jsonl": "otlp 1",
    "otlp-openlit.jsonl": "otlp 1",
    "otlp-openllmetry.jsonl": "otlp 1",
    "otlp-pydantic-ai-cache.jsonl": "otlp 1",
    "otlp-semantic-kernel-events.jsonl": "otlp 1",
    "portkey-export.jsonl": "portkey 1",
    "posthog-events.jsonl": "posthog 1",
    "tensorzero-chat-inference.jsonl": "tensorzero 0+1",
    "tensorzero-model-inference.jsonl": "tensorzero 1",
    "vercel-ai-sdk-v6-spans.jsonl": "otel_spans 2",
    "weave-calls.jsonl": "weave 1",
}
"""File -> readers with their calls (and, after a plus, records that tell more of calls elsewhere); or a bill."""

REFUSED = {"vllm-server.log": "states no tokens per request"}


@lru_cache(maxsize=4)
def told(name: str) -> list[Told]:
    (source,) = find_sources([str(SAMPLES / name)])
    reader, found = FileReader(ReadOptions()), []
    for frame in frames_of(Split(source.place, sniff(source.place).framing)):
        for spot, value in values_of(frame):
            assert not isinstance(value, RejectRecordError)
            found += reader.read(value, spot)
    return [*found, *reader.end()]


def calls(name: str) -> Iterator[Call]:
    return (one.telling for one in told(name) if isinstance(one.telling, Call) and not one.telling.is_fragment)


def summary(found: list[Told]) -> str:
    counts: dict[str, list[int]] = {}
    for one in found:
        if one.reader is not None:
            own = counts.setdefault(one.reader.name, [0, 0])
            if isinstance(one.telling, Call):
                own[one.telling.is_fragment] += 1
    return ", ".join(f"{name} {own}" + (f"+{more}" if more else "") for name, (own, more) in sorted(counts.items()))


def test_every_sample_is_listed() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*WHAT_THEY_ARE, *REFUSED, "SOURCES.md"}


@pytest.mark.parametrize(("name", "what"), WHAT_THEY_ARE.items())
def test_every_sample_is_recognised(name: str, what: str) -> None:
    found = told(name)
    if what == "bill":
        assert {one.reader.name for one in found if one.reader} <= {bill.name for bill in BILLS}
        assert all("tokaudit reconcile" in str(one.telling) for one in found)
        return
    assert [str(one.telling) for one in found if isinstance(one.telling, RejectRecordError)] == []
    assert summary(found) == what


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_what_holds_no_usage_is_refused_with_the_reason(name: str, reason: str) -> None:
    (source,) = find_sources([str(SAMPLES / name)])
    with pytest.raises(InputError, match=reason):
        sniff(source.place)


def cost(call: Call) -> Decimal:
    """The list cost of a call without a date."""
    (found,) = priced([replace(call, started_at=None, service_tier=None)])["list_cost"].to_list()
    assert isinstance(found, Decimal)
    return found


def of_model(model: str, tokens: tuple[int, int]) -> list[tuple[str, Call]]:
    """The calls of a model in all samples whose tokens are these, whatever their cache."""
    return [
        (name, call)
        for name, what in WHAT_THEY_ARE.items()
        if what != "bill"
        for call in calls(name)
        if model in (call.response_model or call.request_model or "")
        and (call.usage.input_tokens, call.usage.output_tokens) == tokens
    ]


def test_call_a_costs_what_it_costs_wherever_its_cache_is_told() -> None:
    found = of_model("gpt-4.1-mini", (1420, 100))
    split = {name for name, call in found if call.usage.state == "exact"}
    assert {cost(call) for _, call in found if call.usage.state == "exact"} == {Decimal("0.000344")}
    assert {call.usage.state for name, call in found if name not in split} == {"cache_split_unknown"}
    assert split >= {
        "helicone-requests.jsonl", "langfuse-observations-blob.jsonl", "langfuse-observations-ui.csv", "portkey-export.jsonl",
        "langfuse-observations-ui.jsonl", "openrouter-chat-response.json", "openrouter-generation.json", "weave-calls.jsonl",
    }  # fmt: skip


def test_call_b_costs_what_it_costs_everywhere() -> None:
    found = of_model("claude-sonnet-4-5", (1114, 406))
    assert {call.usage.state for _, call in found} == {"exact"}
    assert {cost(call) for _, call in found} == {Decimal("0.0064323")}
    assert {name for name, _ in found} == {
        "anthropic-messages-cached-pairs.jsonl", "braintrust-events.jsonl", "datadog-llmobs-span.jsonl",
        "langfuse-observations-ui.csv", "langfuse-observations-ui.jsonl", "langsmith-runs.jsonl", "litellm-spendlogs.csv",
        "litellm-standard-logging-payload.jsonl", "mlflow-trace.json", "otlp-genai-v1.41.jsonl", "otlp-openinference.jsonl",
        "posthog-events.jsonl", "tensorzero-model-inference.jsonl",
    }  # fmt: skip


def test_records_that_are_no_call_say_what_they_are() -> None:
    kinds = {one.telling.kind for name in WHAT_THEY_ARE for one in told(name) if isinstance(one.telling, Aside)}
    assert {"agent span", "tool span", "chain run", "trace", "message chunk", "MCP request"} <= kinds
