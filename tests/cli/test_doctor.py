"""Does `doctor` say what files are, what they can show, and what to do, without keeping anything?"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cli.test_commands import CONTROL, HOSTILE, one_line_error, pair, tokaudit, write_log
from tokaudit.readers.registry import READERS


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mixed_folder(elsewhere: Path) -> None:
    logs = elsewhere / "logs"
    logs.mkdir()
    log = write_log(logs / "calls.jsonl", [pair(1), pair(2, metadata=None), {"x": 1}])
    (logs / "packed.gz").write_bytes(gzip.compress(log.read_bytes()))
    (logs / "notes.md").write_text("# Notes\n\nNo log.\n")
    (logs / "table.csv").write_text("model,prompt_tokens,completion_tokens\nno-such-model-1,3,1\n")
    result = tokaudit("doctor", logs)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert any(line.endswith("KB), JSON lines") for line in lines)
    assert any(line.endswith("), gzip, JSON lines") for line in lines)
    assert "    holds 2 calls from 2026-03-02 12:00 to 2026-03-03 12:00" in lines
    assert "    shows money, cache split, content, conversations, retries; features in 50.0% of the calls" in lines
    assert any(line.startswith("  to see features: ") for line in lines)
    assert "  2 calls seen before, here or in another file: each counts once" in lines
    assert "  rejected: 1 record: no reader knows this record (line 3)" in lines
    assert "  cannot be audited: neither JSON nor a table of columns" in lines
    assert any(line.startswith("    no price for no-such-model-1 (1 call): no rate is published") for line in lines)
    assert "    no word of the cache in 1 call: priced as if nothing was cached" in lines
    assert lines[-1] == "4 files, 5 calls (2 of them seen before), 2 rejected; 1 file cannot be audited"
    assert not Path(".tokaudit").exists()


def test_what_no_reader_knows_is_named_with_its_columns(elsewhere: Path) -> None:
    table = elsewhere / "table.csv"
    table.write_text("when,llm,gelesen,geschrieben\n2026-03-02,gpt-4o,3,1\n")
    lines = tokaudit("doctor", table).stdout.splitlines()
    assert lines[1:5] == [
        "  cannot be audited: no reader knows this record",
        "  rejected: 1 record (line 2)",
        "  not known: columns when, llm, gelesen, geschrieben",
        "    if they count tokens, say so: --column input_tokens=NAME --column output_tokens=NAME",
    ]
    said = ("--column", "input_tokens=gelesen", "--column", "output_tokens=geschrieben")
    assert "    holds 1 call without a time" in tokaudit("doctor", table, *said).stdout


def test_a_table_of_names_alone_holds_nothing(elsewhere: Path) -> None:
    table = elsewhere / "table.csv"
    table.write_text("ts,model,input_tokens,output_tokens\n")
    assert "  cannot be audited: it holds no records" in tokaudit("doctor", table).stdout.splitlines()


def test_files_that_are_alike_stand_together(elsewhere: Path) -> None:
    logs = elsewhere / "logs"
    logs.mkdir()
    for number in range(1, 8):
        write_log(logs / f"{number}.jsonl", [pair(number)])
    write_log(logs / "8.jsonl", [{"x": 1}, pair(8, metadata=None), {"y": 1}])
    lines = tokaudit("doctor", logs).stdout.splitlines()
    assert lines[0].startswith(f"{logs}/1.jsonl … {logs}/7.jsonl (7 files, ")
    assert "    holds 7 calls from 2026-03-02 12:00 to 2026-03-08 12:00" in lines
    assert sum("recognised by" in line for line in lines) == 2
    assert sum(line.startswith("  to see features: ") for line in lines) == 1
    assert lines[-1] == "8 files, 8 calls, 2 rejected"


def test_many_refused_files_stand_together(elsewhere: Path) -> None:
    logs = elsewhere / "logs"
    logs.mkdir()
    for number in range(6):
        write_log(logs / f"{number}.jsonl", [{"x": 1}, {"x": 2}])
    lines = tokaudit("doctor", logs).stdout.splitlines()
    assert lines[1:4] == ["  cannot be audited: no reader knows this record", "  rejected: 12 records", ""]


def test_json_says_the_same(elsewhere: Path) -> None:
    log = write_log(elsewhere / "calls.jsonl", [pair(1), {"x": 1}])
    (file,) = json.loads(tokaudit("doctor", log, "--json").stdout)["files"]
    (found,) = file["formats"]
    assert (found["reader"], found["calls"], found["first_call"]) == ("openai_chat", 1, "2026-03-02T12:00:00+00:00")
    assert {each["ability"]: each["share"] for each in found["abilities"]}["money"] == 1
    assert file["rejects"] == [{"reason": "no reader knows this record", "count": 1, "first_lines": [2]}]


def test_your_own_rates_count(elsewhere: Path) -> None:
    log = write_log(elsewhere / "calls.jsonl", [{"model": "ours", "prompt_tokens": 3, "completion_tokens": 1}])
    rates = elsewhere / "rates.toml"
    rates.write_text('[[rates]]\nmodel = "ours"\ninput_usd_per_million = "1"\noutput_usd_per_million = "2"\n')
    assert "no price for ours" in tokaudit("doctor", log).stdout
    assert "no price for ours" not in tokaudit("doctor", log, "--prices", rates).stdout


def test_standard_input_and_missing_paths(elsewhere: Path) -> None:
    result = tokaudit("doctor", "-", stdin=json.dumps(pair(1)).encode())
    assert result.exit_code == 0
    assert result.stdout.startswith("<stdin> (")
    one_line_error(tokaudit("doctor", "nosuch.jsonl"))


def test_a_torn_file_is_said_and_is_no_failure(elsewhere: Path) -> None:
    log = elsewhere / "log.gz"
    log.write_bytes(gzip.compress(json.dumps(pair(1)).encode() * 500, mtime=0)[:-9])
    result = tokaudit("doctor", log)
    assert (result.exit_code, "torn or damaged" in result.stdout) == (0, True)


def test_nothing_in_a_log_reaches_the_terminal_raw(elsewhere: Path) -> None:
    records = [{"model": name, "prompt_tokens": 1, "completion_tokens": 1, name: "x"} for name in HOSTILE]
    result = tokaudit("doctor", write_log(elsewhere / "log.jsonl", records))
    assert result.exit_code == 0
    assert CONTROL.search(result.stdout.replace("\n", "")) is None


def test_every_format_says_how_it_is_exported() -> None:
    listed = json.loads(tokaudit("readers", "--json").stdout)["readers"]
    assert sorted(each["name"] for each in listed) == sorted(reader.name for reader in READERS)
    shown = tokaudit("readers").stdout
    for each in listed:
        assert each["how_to_export"].endswith(".")
        assert each["sign"], each["name"]
        assert f"  {each['name']}: " in shown
        assert all(text.endswith(".") for text in (*each["switch_on"].values(), *each["limits"].values()))


def test_why_calls_have_no_price(elsewhere: Path) -> None:
    counted = {"prompt_tokens": 3, "completion_tokens": 1}
    records = [
        {**counted, "model": "no-such-model-1"},
        {**counted, "model": "claude-opus-4-6"},  # whose rate has changed
        counted,
        {"prompt_tokens": 0, "completion_tokens": 0, "model": "no-such-model-2"},
    ]
    shown = tokaudit("doctor", write_log(elsewhere / "log.jsonl", records)).stdout
    assert [line.strip() for line in shown.splitlines() if line.strip().startswith("no price")] == [
        "no price for no-such-model-1 (1 call): no rate is published for a model of this name; give one with --prices",
        "no price for no model (1 call): the log does not name the model",
        "no price for claude-opus-4-6 (1 call): the log does not say on which day the call was made, and the rate changed",
    ]
