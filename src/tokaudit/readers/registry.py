"""Which formats can be read? A new format is one line here.

Formats are asked in groups, since a platform's record holds the bodies of an API, and any record may hold token counts:
the first group with a claim decides.
"""

from __future__ import annotations

from tokaudit.readers.agents import claude_code, codex, cursor, gemini_cli, opencode, qwen_code, simonw_llm
from tokaudit.readers.apis import (
    ai_sdk,
    anthropic_batch,
    anthropic_messages,
    bedrock_batch,
    bedrock_converse,
    bedrock_invoke,
    cohere,
    gemini,
    gemini_batch,
    gemini_interactions,
    http_exchanges,
    ollama,
    openai_assistants,
    openai_batch,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_media,
    openai_responses,
    openai_stored_completions,
    openai_transcriptions,
)
from tokaudit.readers.bills import BILLS
from tokaudit.readers.contract import Reader
from tokaudit.readers.gateways import (
    azure_apim_gateway,
    azure_apim_llm_log,
    azure_diagnostics,
    bedrock_log,
    cloudflare_ai_gateway,
    databricks_inference_table,
    envoy_ai_gateway,
    helicone,
    kong_ai,
    litellm_error_logs,
    litellm_payload,
    litellm_spend_logs,
    nvidia_flywheel,
    one_api,
    openrouter_activity,
    openrouter_generation,
    portkey,
    tensorzero,
    vertex_table,
)
from tokaudit.readers.tables import token_table
from tokaudit.readers.tracing import (
    braintrust,
    datadog_llm_obs,
    jaeger,
    langfuse,
    langsmith,
    mlflow,
    otel_logs,
    otel_spans,
    otlp,
    phoenix,
    posthog,
    weave,
    zipkin,
)

GATEWAYS: tuple[Reader, ...] = (
    litellm_payload.READER,
    bedrock_log.READER,
    vertex_table.READER,
    litellm_spend_logs.READER,
    litellm_error_logs.READER,
    azure_diagnostics.READER,
    azure_apim_gateway.READER,
    azure_apim_llm_log.READER,
    helicone.READER,
    portkey.READER,
    cloudflare_ai_gateway.READER,
    openrouter_activity.READER,
    openrouter_generation.READER,
    kong_ai.READER,
    envoy_ai_gateway.READER,
    one_api.READER,
    databricks_inference_table.READER,
    nvidia_flywheel.READER,
    tensorzero.READER,
)
"""Records of gateways, routers and serving platforms."""

TRACING: tuple[Reader, ...] = (
    otlp.READER,
    otel_logs.READER,
    otel_spans.READER,
    jaeger.READER,
    zipkin.READER,
    phoenix.READER,
    langfuse.READER,
    langsmith.READER,
    mlflow.READER,
    weave.READER,
    braintrust.READER,
    posthog.READER,
    datadog_llm_obs.READER,
)
"""Exports of tracing and observability platforms."""

AGENTS: tuple[Reader, ...] = (
    claude_code.READER,
    codex.READER,
    gemini_cli.READER,
    opencode.READER,
    qwen_code.READER,
    cursor.READER,
    simonw_llm.READER,
)
"""Session files of coding agents and local tools."""

BATCHES: tuple[Reader, ...] = (
    openai_batch.READER,
    openai_stored_completions.READER,
    anthropic_batch.READER,
    gemini_batch.READER,
    bedrock_batch.READER,
)
"""Files and lists of the providers themselves, whose items hold bodies of their APIs."""

PLATFORMS: tuple[Reader, ...] = (*GATEWAYS, *TRACING, *AGENTS, *BATCHES)
"""Known by keys of the platform's own, whatever bodies they hold."""

APIS: tuple[Reader, ...] = (
    openai_chat.READER,
    openai_responses.READER,
    openai_completions.READER,
    openai_embeddings.READER,
    openai_transcriptions.READER,
    openai_assistants.READER,
    openai_media.READER,
    anthropic_messages.READER,
    gemini.READER,
    gemini_interactions.READER,
    bedrock_converse.READER,
    bedrock_invoke.READER,
    cohere.READER,
    ollama.READER,
    ai_sdk.READER,
    http_exchanges.READER,
)
"""Bodies of provider APIs in whatever wrapper, known by the shape of the answer."""

TABLES: tuple[Reader, ...] = (token_table.READER,)
"""Rows of which only the names of their columns are known."""

GROUPS = ((*PLATFORMS, *BILLS), APIS, TABLES)
READERS: tuple[Reader, ...] = (*APIS, *PLATFORMS, *TABLES)
