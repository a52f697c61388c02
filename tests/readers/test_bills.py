from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readers.golden import FIXTURES, fixture_logs, records
from tokaudit.readers.bills import BILLS
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import ReadOptions, Spot
from tokaudit.readers.file_reader import FileReader
from tokaudit.schema import RejectRecordError

FILES = sorted(path for path in (FIXTURES.parent / "bills").iterdir() if path.is_file())


def reasons(log: Path) -> list[str]:
    reader = FileReader(ReadOptions())
    found = [
        one.telling for line, record in enumerate(records(log), 1) for one in reader.read(record, Spot(line, line))
    ]
    assert all(isinstance(telling, RejectRecordError) for telling in found)
    return [str(telling) for telling in found]


@pytest.mark.parametrize("log", FILES, ids=lambda log: log.name)
def test_every_row_and_page_is_refused_as_a_bill(log: Path) -> None:
    found = reasons(log)
    assert len(found) == len(records(log))
    assert all(reason.startswith("a bill (") and "tokaudit reconcile" in reason for reason in found)


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("openai-usage.json", "OpenAI usage and costs"),
        ("openai-usage.csv", "OpenAI usage and costs"),
        ("openai-usage-empty.csv", "OpenAI usage and costs"),
        ("openai-costs.csv", "OpenAI usage and costs"),
        ("anthropic-usage.csv", "Anthropic usage and costs"),
        ("anthropic-usage-old.csv", "Anthropic usage and costs"),
        ("anthropic-costs.json", "Anthropic usage and costs"),
        ("deepseek-amount.csv", "DeepSeek amounts and costs"),
        ("openrouter-daily.csv", "OpenRouter usage by day"),
        ("litellm-activity.json", "LiteLLM spend by day"),
        ("copilot-credits.csv", "GitHub Copilot usage"),
        ("cloud-focus.csv", "cloud costs"),
    ],
)
def test_the_reason_names_the_bill(file: str, title: str) -> None:
    assert set(reasons(FIXTURES.parent / "bills" / file)) == {
        f"a bill ({title}), not a log of calls: compare it with tokaudit reconcile"
    }


@pytest.mark.parametrize("log", FILES, ids=lambda log: log.name)
def test_no_two_readers_claim_a_bill(log: Path) -> None:
    for record in records(log):
        assert sum(bill.identify(record) for bill in BILLS) <= 1
        choose(record)  # raises when a platform claims it too


def test_no_call_of_any_log_is_a_bill() -> None:
    for log in fixture_logs():
        for record in records(log):
            assert not any(bill.identify(record) for bill in BILLS), log


@pytest.mark.parametrize(
    "record",
    [
        {"object": "page", "data": [{"object": "thread.message"}]},
        {"object": ["bucket"]},
        {"data": [{"starting_at": "2026-03-02T00:00:00Z"}]},
        {"start_time": 1, "model": "gpt-4o", "input_tokens": 5, "output_tokens": 5},
        {"metrics": {"api_requests": 1}},
        {"model": "claude-sonnet-4-5", "uncached_input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 7},
        {"type": "amount", "price": 1, "amount": 2},
    ],
)
def test_what_only_resembles_a_bill_is_none(record: dict[str, Any]) -> None:
    assert not any(bill.identify(record) for bill in BILLS)
