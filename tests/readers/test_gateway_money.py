"""Do the two calls that every gateway's fixture tells cost what they cost, to the last digit?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from readers.golden import FIXTURES, records
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.schema import Call, Usage

A, B = (1420, 1280, 100), (1114, 1111, 406)
RATES = {A: ("0.40", "0.10", "1.60"), B: ("3", "0.30", "15")}
COSTS = {A: Decimal("0.000344"), B: Decimal("0.0064323")}


def calls(file: str) -> list[Call]:
    reader = FileReader(ReadOptions())
    log = FIXTURES / file
    found = [one for line, record in enumerate(records(log), 1) for one in reader.read(record, Spot(line, line))]
    return [one.telling for one in (*found, *reader.end()) if isinstance(one.telling, Call)]


def cost(usage: Usage) -> Decimal:
    key = (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens)
    uncached, read, output = (Decimal(rate) for rate in RATES[key])  # type: ignore[index]
    return ((key[0] - key[1]) * uncached + key[1] * read + key[2] * output) / 1_000_000  # type: ignore[operator]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("azure_apim_gateway/event-hub.jsonl", {A}),
        ("azure_apim_gateway/log-analytics.jsonl", {A, B}),
        ("cloudflare_ai_gateway/logpush.jsonl", {A}),
        ("databricks_inference_table/payloads.jsonl", {A, B}),
        ("helicone/requests.jsonl", {A, B}),
        ("helicone/clickhouse.jsonl", {A}),
        ("kong_ai/entries.jsonl", {A, B}),
        ("litellm_spend_logs/rows.jsonl", {A, B}),
        ("litellm_spend_logs/dump.csv", {A, B}),
        ("nvidia_flywheel/log.jsonl", {A}),
        ("one_api/logs.jsonl", {A, B}),
        ("openrouter_activity/activity.csv", {A, B}),
        ("openrouter_generation/generations.jsonl", {A, B}),
        ("portkey/export.jsonl", {A, B}),
        ("portkey/stored.jsonl", {A}),
        ("envoy_ai_gateway/access.jsonl", {A, B}),
    ],
)
def test_calls_with_a_cache_split_cost_what_was_billed(file: str, expected: set[tuple[int, int, int]]) -> None:
    found = [call.usage for call in calls(file) if call.usage.state == "exact"]
    keyed = {(usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens): usage for usage in found}
    assert expected <= set(keyed)
    assert {key: cost(keyed[key]) for key in expected} == {key: COSTS[key] for key in expected}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("azure_apim_llm_log/table.jsonl", 1),
        ("cloudflare_ai_gateway/logs.jsonl", 0),
        ("envoy_ai_gateway/access.jsonl", 0),
        ("kong_ai/entries.jsonl", 1),
        ("one_api/logs.jsonl", 0),
        ("portkey/export.jsonl", 2),
        ("helicone/export.csv", 0),
    ],
)
def test_calls_without_one_say_so(file: str, line: int) -> None:
    usage = calls(file)[line].usage
    assert (usage.state, usage.cache_read_input_tokens) == ("cache_split_unknown", None)
