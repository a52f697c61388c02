"""Do real and published logs come out as known? Needs ../shared beside the repository; else skipped."""

from __future__ import annotations

import gzip
import runpy
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from readers.golden import SHARED, plain, records
from tokaudit.readers.choose import choose
from tokaudit.readers.contract import Reader, ReadOptions, outcomes_of
from tokaudit.schema import Call, Record, RejectRecordError

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"{SHARED} is not there: its logs are not part of the project"
)
SAMPLES, DATA = SHARED / "formats" / "samples", SHARED / "data"


def calls(log: list[Record]) -> Iterator[tuple[str, Call]]:
    hint: Reader | None = None
    for record in log:
        hint = choose(record, hint)
        assert hint is not None
        for call in outcomes_of(hint.read(record, ReadOptions())):
            assert isinstance(call, Call)
            yield hint.name, call


def gzipped(path: Path) -> list[dict[str, Any]]:
    found = []
    with gzip.open(path) as lines:
        for line in lines:
            try:
                found.append(orjson.loads(line))
            except ValueError:
                continue  # broken lines are the parser's business
    return found


@pytest.mark.parametrize(
    ("name", "line", "reader"),
    [("openai-chat-stream-cached.jsonl", 0, "openai_chat"), ("openrouter-chat-response.json", 0, "openai_chat")],
)
def test_call_a(name: str, line: int, reader: str) -> None:
    found, call = list(calls(records_of(name)))[line]
    usage = call.usage
    assert (found, usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (reader, 1420, 1280, 100)
    assert usage.state == "exact"


@pytest.mark.parametrize("name", ["generic-app-log.jsonl", "generic-usage.csv", "generic-usage-eu.csv"])
def test_call_a_without_its_cache(name: str) -> None:
    found, call = next(calls(records_of(name)))
    assert (found, call.usage.input_tokens, call.usage.output_tokens) == ("token_table", 1420, 100)
    assert (call.usage.cache_read_input_tokens, call.usage.state) == (None, "cache_split_unknown")


@pytest.mark.parametrize(
    ("name", "line", "reader"),
    [
        ("anthropic-messages-cached-pairs.jsonl", 0, "anthropic_messages"),
        ("litellm-standard-logging-payload.jsonl", 2, "litellm_payload"),
    ],
)
def test_call_b(name: str, line: int, reader: str) -> None:
    found, call = list(calls(records_of(name)))[line]
    usage = call.usage
    assert (found, usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (reader, 1114, 1111, 406)
    assert usage.state == "exact"


def records_of(name: str) -> list[Record]:
    path = SAMPLES / name
    return [orjson.loads(path.read_bytes())] if path.suffix == ".json" else records(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("anthropic-messages-stream.jsonl", [(1042, 100)]),
        ("anthropic-messages-tool-pair.jsonl", [(599, 68)]),
        ("anthropic-messages-cache-write-then-read.jsonl", [(1592, 4), (1592, 4)]),
        ("anthropic-raw-responses.jsonl",
         [(12, 29), (61067, 1912), (2414, 3200), (2728, 874), (412, 264), (None, None), (51, 1699)]),
        ("azure-openai-chat-pair.jsonl", [(24, 342)]),
        ("openai-chat-pairs.jsonl", [(19, 10), (82, 17), (1117, 46)]),
        ("openai-chat-raw-responses.jsonl",
         [(16, 363), (12, 322), (339, 92), (20, 30), (17, 649), (10, 46), (24, 1668), (11, 392)]),
        ("litellm-standard-logging-payload.jsonl", [(10, 20), (0, 0), (1114, 406)]),
    ],
)  # fmt: skip
def test_published_samples(name: str, expected: list[tuple[int, int]]) -> None:
    assert [(call.usage.input_tokens, call.usage.output_tokens) for _, call in calls(records_of(name))] == expected


def test_the_azure_call_has_the_model_that_answered() -> None:
    _, call = next(calls(records_of("azure-openai-chat-pair.jsonl")))
    assert (call.provider_name, call.response_model) == ("azure", "gpt-4.1-mini-2025-04-14")


def test_a_real_run_has_the_tokens_its_provider_billed() -> None:
    truth = {row["request_id"]: row for row in records(DATA / "acr-run-1" / "truth.csv")}
    seen = 0
    for name, call in calls(gzipped(DATA / "acr-run-1" / "openai.jsonl.gz")):
        expected = truth[call.log_id or ""]
        assert (name, call.provider_name, call.usage.state) == ("openai_chat", "openai", "exact")
        assert (call.usage.input_tokens, call.usage.output_tokens) == tuple(counts_of(expected))
        seen += 1
    assert seen == len(truth) == 4765


def counts_of(row: Record) -> Iterator[int]:
    for names in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")):
        yield int(next(row[name] for name in names if name in row))


def test_three_logs_of_one_month_agree() -> None:
    month = DATA / "workload"
    by_id: dict[str, set[tuple[Any, ...]]] = {}
    logs: list[list[Any]] = [
        gzipped(month / "openai.jsonl.gz"),
        gzipped(month / "litellm.jsonl.gz"),
        records(month / "usage.csv"),
    ]
    for log in logs:
        for _, call in calls(log):
            usage = call.usage
            facts = (
                usage.input_tokens,
                usage.cache_read_input_tokens,
                usage.output_tokens,
                call.request_model,
                call.conversation_id,
            )
            by_id.setdefault(call.log_id or "", set()).add(facts if call.conversation_id else (*facts[:4], None))
    assert len(by_id) == 2500
    differing = {key: facts for key, facts in by_id.items() if len({fact[:4] for fact in facts}) > 1}
    assert differing == {}


def test_recorded_answers_of_many_providers() -> None:
    found: Counter[str] = Counter()
    for record in gzipped(DATA / "cassettes" / "openllmetry-calls.jsonl.gz"):
        reader = choose(record)
        try:
            call = None if reader is None else reader.read(record, ReadOptions())
        except RejectRecordError:
            call = None
        if reader is None or not isinstance(call, Call):
            continue
        found[reader.name] += 1
        if reader.name == "openai_chat":
            assert (call.usage.input_tokens, call.usage.output_tokens) == tuple(counts_of(record["usage"]))
        if reader.name == "anthropic_messages":
            assert call.usage.output_tokens == record["usage"]["output_tokens"]
            assert call.answer
    assert found["openai_chat"] >= 400
    assert found["anthropic_messages"] >= 100


def test_the_hostile_files_are_borne(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_hostile.py", str(tmp_path)])
    runpy.run_path(str(DATA / "hostile" / "make_hostile.py"), run_name="__main__")
    outcomes: Counter[str] = Counter()
    for path in sorted(tmp_path.glob("*.jsonl")):
        if "bomb" in path.name or path.stat().st_size > 4_000_000:
            continue
        for line in path.read_bytes().split(b"\n"):
            try:
                record = orjson.loads(line)
            except ValueError:
                continue
            if type(record) is dict:
                outcomes[hostile_outcome(record)] += 1
    assert outcomes["token count is negative"] == outcomes["token count is not a number"] == 1
    assert outcomes["token_table"] > 300


def hostile_outcome(record: dict[str, Any]) -> str:
    try:
        reader = choose(record)
        if reader is None:
            return "unknown"
        orjson.dumps(plain(reader.read(record, ReadOptions())))
    except RejectRecordError as reject:
        return str(reject)
    return reader.name
