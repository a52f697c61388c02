"""Do gateways that need only a few examples come out right: Cloudflare, OpenRouter, Kong, Envoy, one-api, Databricks?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, outcomes_of
from tokaudit.readers.gateways.cloudflare_ai_gateway import ENCRYPTED
from tokaudit.schema import Aside, Call, Outcome, Record, RejectRecordError


def first(reader: str, file: str) -> Record:
    record = records(FIXTURES / reader / file)[0]
    return record["data"] if reader == "openrouter_generation" else record


CLOUDFLARE = first("cloudflare_ai_gateway", "logs.jsonl")
ACTIVITY = first("openrouter_activity", "activity.csv")
GENERATION = first("openrouter_generation", "generations.jsonl")
KONG = first("kong_ai", "entries.jsonl")
ENVOY = first("envoy_ai_gateway", "access.jsonl")
ONE_API = first("one_api", "logs.jsonl")
DATABRICKS = first("databricks_inference_table", "payloads.jsonl")
FLYWHEEL = first("nvidia_flywheel", "log.jsonl")


def outcomes(record: Record, **changes: Any) -> list[Outcome]:
    changed = {**record, **changes}
    reader = choose(changed)
    assert reader is not None
    return list(outcomes_of(reader.read(changed, ReadOptions())))


def read(record: Record, **changes: Any) -> Call:
    (call,) = outcomes(record, **changes)
    assert isinstance(call, Call)
    return call


def test_cloudflare_counts_know_no_cache() -> None:
    usage = read(CLOUDFLARE).usage
    assert (usage.input_tokens, usage.output_tokens, usage.state) == (1420, 100, "cache_split_unknown")


def test_cloudflare_heads_are_bodies_only_when_complete() -> None:
    whole = json.dumps({"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]})
    assert read(CLOUDFLARE, request_head=whole, request_head_complete=True).prompt[0].text == "Hi"
    assert read(CLOUDFLARE, request_head=whole, request_head_complete=False).prompt == ()


def test_cloudflare_cached_answers_are_free() -> None:
    call = read(CLOUDFLARE, cached=True)
    assert (call.gateway_cache_hit, call.logged_cost) == (True, "0")


def test_encrypted_logpush_says_what_to_do() -> None:
    for record in records(FIXTURES / "cloudflare_ai_gateway" / "logpush.jsonl")[:1]:
        with pytest.raises(RejectRecordError, match=ENCRYPTED):
            outcomes(record)


def test_openrouter_activity_is_utc_and_exact() -> None:
    call = read(ACTIVITY)
    assert (call.started_at, call.provider_name, call.logged_cost) == (1772442912_000_000, "openrouter", "0.000344")
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens, call.usage.state) == (1420, 1280, "exact")


def test_openrouter_with_an_own_key_costs_the_fee_and_the_inference() -> None:
    assert read(ACTIVITY, cost_total="0.00002", byok_usage_inference="0.0004").logged_cost == "0.00042"
    own = {"total_cost": 0.00002, "upstream_inference_cost": 0.0004}
    assert read(GENERATION, **own, is_byok=True).logged_cost == "0.00042"
    assert read(GENERATION, **own, is_byok=False).logged_cost == "0.00002"


def test_openrouters_free_variant_has_its_own_price() -> None:
    assert read(ACTIVITY, variant="free", model_permaslug="a/b").response_model == "a/b:free"
    assert read(ACTIVITY, variant="free", model_permaslug="a/b:free").response_model == "a/b:free"
    assert read(ACTIVITY, variant="nitro", model_permaslug="a/b").response_model == "a/b"


def test_a_cancelled_generation_is_billed_for_what_came() -> None:
    call = read(ACTIVITY, cancelled="true", tokens_completion="12")
    assert (call.error_type, call.usage.output_tokens, call.usage.state) == ("cancelled", 12, "exact")


def test_openrouter_bills_native_tokens() -> None:
    usage = read(GENERATION).usage
    assert (usage.input_tokens, usage.output_tokens) == (1420, 100)
    assert (GENERATION["tokens_prompt"], GENERATION["tokens_completion"]) == (1380, 98)
    assert read(GENERATION, native_tokens_prompt=None, native_tokens_completion=None).usage.state == "missing"


@pytest.mark.parametrize(
    ("record", "field", "surcharge"), [(ACTIVITY, "cost_cache", "0.0003"), (GENERATION, "cache_discount", -0.0003)]
)
def test_a_cache_that_cost_money_was_written_to(record: Record, field: str, surcharge: Any) -> None:
    assert read(record, **{field: surcharge}).usage.state == "cache_split_unknown"


def test_each_kong_plugin_that_asked_a_model_is_a_call() -> None:
    entry = records(FIXTURES / "kong_ai" / "entries.jsonl")[2]
    calls = outcomes(entry)
    assert [call.call_id for call in calls if isinstance(call, Call)] == [
        "kong:k-3:ai-proxy",
        "kong:k-3:ai-request-transformer",
    ]
    assert [call.usage.input_tokens for call in calls if isinstance(call, Call)] == [1420, 81]


def test_kong_counts_caches_where_the_provider_does() -> None:
    entry = records(FIXTURES / "kong_ai" / "entries.jsonl")[5]
    claude, embedding = outcomes(entry)
    assert isinstance(claude, Call)
    assert isinstance(embedding, Call)
    assert (claude.usage.input_tokens, claude.usage.cache_read_input_tokens) == (1114, 1111)
    assert (embedding.operation_name, embedding.usage.input_tokens, embedding.usage.state) == (
        "embeddings",
        62,
        "exact",
    )


def test_kong_writes_no_cost_as_zero() -> None:
    proxy = KONG["ai"]["proxy"]
    assert read(KONG, ai={"proxy": {**proxy, "usage": {**proxy["usage"], "cost": 0}}}).logged_cost is None


def test_kong_failures_and_others() -> None:
    proxy = {**KONG["ai"]["proxy"], "payload": {}, "usage": {"prompt_tokens": 0, "completion_tokens": 0}}
    failed = read(KONG, ai={"proxy": proxy}, response={"status": 503})
    assert (failed.error_type, failed.usage.input_tokens, failed.usage.state) == ("http_503", 0, "exact")
    assert read(KONG, ai={"proxy": proxy}).usage.state == "missing"
    assert outcomes(KONG, ai={"mcp": {"rpc": []}}) == [Aside("MCP request")]
    assert choose({"ai": {"proxy": {}}}) is None


def test_kong_asks_for_embeddings_to_look_into_its_cache() -> None:
    cache = {"cache_status": "Miss", "embeddings_provider": "openai", "embeddings_model": "text-embedding-3-small"}
    ai = {"proxy": KONG["ai"]["proxy"], "semantic-cache": {"meta": {"plugin_id": "p"}, "cache": cache}}
    assert len(outcomes(KONG, ai=ai)) == 1
    ai["semantic-cache"]["cache"] = {**cache, "embeddings_tokens": 12}
    _, looked_up = outcomes(KONG, ai=ai)
    assert isinstance(looked_up, Call)
    assert (looked_up.operation_name, looked_up.request_model) == ("embeddings", "text-embedding-3-small")
    assert (looked_up.usage.input_tokens, looked_up.usage.output_tokens) == (12, 0)


@pytest.mark.parametrize(
    ("backend", "provider"),
    [
        ("default/openai/route/chat/rule/0/ref/0", "openai"),
        ("anthropic", "anthropic"),
        ("default/our-backend/route/openai", None),
        ("", None),
    ],
)
def test_an_envoy_backend_may_be_named_as_its_provider(backend: str, provider: str | None) -> None:
    assert read(ENVOY, **{"gen_ai.provider.name": backend, ":authority": None}).provider_name == provider


def test_envoy_keys_of_both_generations() -> None:
    old = records(FIXTURES / "envoy_ai_gateway" / "access.jsonl")[2]
    call = read(old)
    assert (call.request_model, call.response_model) == ("smart", "claude-sonnet-4-5")
    assert (call.usage.input_tokens, call.usage.cache_read_input_tokens, call.usage.state) == (1114, 1111, "exact")
    assert read(ENVOY).usage.state == "cache_split_unknown"


def test_envoy_lines_without_a_model_are_no_calls() -> None:
    nothing = {"gen_ai.request.model": None, "gen_ai.usage.input_tokens": None}
    assert outcomes(ENVOY, **nothing) == [Aside("request without a model")]
    assert outcomes(ENVOY, **nothing, **{"mcp.method.name": "tools/call"}) == [Aside("MCP request")]
    assert choose({"gen_ai.request.model": "m", "span": 1}) is None


def test_an_envoy_caller_that_hung_up_pays_to_the_cut() -> None:
    nothing = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None, "gen_ai.usage.total_tokens": None}
    call = read(ENVOY, **nothing, response_code=0, response_flags="DC")
    assert (call.error_type, call.usage.state) == ("disconnect", "output_lower_bound")


def test_quota_is_no_cost() -> None:
    call = read(ONE_API, quota=500_000)
    assert (call.logged_cost, call.feature, call.latency_ms, call.usage.state) == (
        None,
        "tickets",
        2500,
        "cache_split_unknown",
    )


@pytest.mark.parametrize(
    ("kind", "aside"), [(1, "top-up"), ("3", "management"), (4, "system message"), (6, "refund"), (9, "other record")]
)
def test_only_consumption_is_a_call(kind: Any, aside: str) -> None:
    assert outcomes(ONE_API, type=kind) == [Aside(aside)]


def test_new_api_notes_the_cache_as_the_provider_counts_it() -> None:
    openai = read(ONE_API, other=json.dumps({"cache_tokens": 1280}))
    claude = {"model_name": "smart", "prompt_tokens": 3, "completion_tokens": 406}
    anthropic = read(ONE_API, **claude, other=json.dumps({"claude": True, "cache_tokens": 1111}))
    assert (openai.usage.input_tokens, openai.usage.cache_read_input_tokens) == (1420, 1280)
    assert (anthropic.usage.input_tokens, anthropic.usage.cache_read_input_tokens) == (1114, 1111)


@pytest.mark.parametrize(
    ("other", "whole"),
    [
        ({"claude": True, "cache_tokens": 100}, 300),
        ({"usage_semantic": "anthropic", "cache_tokens": 100}, 300),
        ({"cache_tokens": 100, "input_tokens_total": 250}, 250),
        ({"cache_tokens": 100}, 300),
        ({"claude": True, "cache_tokens": 100, "cache_write_tokens": 50}, 350),
    ],
)
def test_new_api_says_how_it_counted_claude(other: dict[str, Any], whole: int) -> None:
    changes = {"model_name": "claude-sonnet-4-5", "prompt_tokens": 200, "completion_tokens": 9}
    usage = read(ONE_API, **changes, other=json.dumps(other)).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens) == (whole, 100)


def test_a_picture_billed_by_the_call_has_no_tokens() -> None:
    assert read(ONE_API, prompt_tokens=0, completion_tokens=0).usage.state == "missing"


def test_new_api_use_time_is_seconds() -> None:
    assert read({key: value for key, value in ONE_API.items() if key != "elapsed_time"}, use_time=3).latency_ms == 3000


def test_both_databricks_tables_name_a_request_alike() -> None:
    usage_row = records(FIXTURES / "databricks_inference_table" / "payloads.jsonl")[6]
    assert read(usage_row).call_id == read(DATABRICKS).call_id == "databricks:db-1"
    assert read(usage_row).usage.state == "cache_split_unknown"
    assert read(DATABRICKS).usage.state == "exact"


def test_classical_models_are_no_language_models() -> None:
    asked = {"request": json.dumps({"dataframe_split": {}}), "response": json.dumps({"predictions": [1]})}
    assert outcomes(DATABRICKS, **asked) == [Aside("request to a model that is no language model")]


def test_flywheel_workloads_are_use_cases() -> None:
    call = read(FLYWHEEL)
    assert (call.feature, call.feature_from, call.started_at) == ("ticket_routing", "workload_id", 1772442912_000_000)
    tool = read(records(FIXTURES / "nvidia_flywheel" / "log.jsonl")[1])
    assert ([part.text for part in tool.answer], tool.usage.state) == (['find_order({"number":17})'], "missing")


@pytest.mark.parametrize(
    "record",
    [
        {"generation_id": "gen-1"},
        {"native_tokens_prompt": 3},
        {"quota": 1, "model_name": "m", "token_name": "t"},
        {"databricks_request_id": "x"},
        {"workload_id": "w", "client_id": "c"},
        {"ai": [], "latencies": {}},
    ],
)
def test_records_that_only_resemble_are_not_known(record: Record) -> None:
    assert choose(record) is None


def test_a_table_with_cloudflares_names_for_tokens_alone_is_a_table() -> None:
    reader = choose({"tokens_in": 1, "tokens_out": 2, "cached": False})
    assert reader is not None
    assert reader.name == "token_table"
