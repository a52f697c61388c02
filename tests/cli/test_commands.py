"""Do the commands do what the README says, from arguments to exit code?"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from tokaudit.cli.main import COMMANDS, app

ROOT = Path(__file__).parents[2]
MONTH = ROOT / "fixtures" / "support-bot-2026-09.jsonl.gz"
RATES = ROOT / "fixtures" / "support-bot-2026-09.rates.toml"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def tokaudit(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def pair(number: int, **changes: Any) -> dict[str, Any]:
    """A chat call of 12 + 5 tokens on the n-th day of March 2026."""
    record = {
        "id": f"req_{number}",
        "timestamp": f"2026-03-{1 + number % 28:02d}T12:00:00Z",
        "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": f"Question {number}?"}]},
        "response": {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": 12,
                "completion_tokens": 5,
                "total_tokens": 17,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
        },
        "status_code": 200,
        "metadata": {"feature": "faq"},
    }
    return record | changes


def write_log(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def one_line_error(result: Result, code: int = 1) -> str:
    """Check that a failure is said in three lines at most, without a traceback; return them."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert 1 <= len(lines) <= 3
    assert lines[0].startswith("error: ")
    assert lines[-1].startswith("hint: ")
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.parametrize("command", [command.__name__ for command in COMMANDS])
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(command: str) -> None:
    result = tokaudit(command, "--help")
    assert result.exit_code == 0
    assert f"tokaudit {command}" in result.stdout
    assert "Example" in result.stdout
    assert f"`tokaudit {command}" in (ROOT / "README.md").read_text()


def test_the_readme_audits_the_fixture(elsewhere: Path) -> None:
    result = tokaudit("audit", MONTH, "--prices", RATES)
    assert result.exit_code == 0, result.output
    for amount in ("3.30", "1.50", "3.60", "2.14", "0.42", "11.03"):
        assert amount in result.stdout
    assert result.stderr.splitlines()[-1].startswith("Wrote reports/2026-09.html (")
    assert sorted(path.name for path in Path("reports").iterdir()) == ["2026-09.html", "2026-09.json"]
    first = Path("reports/2026-09.json").read_bytes(), Path("reports/2026-09.html").read_bytes()
    again = tokaudit("audit", MONTH, "--prices", RATES)
    assert again.stdout == result.stdout
    assert "read before" in again.stderr
    assert (Path("reports/2026-09.json").read_bytes(), Path("reports/2026-09.html").read_bytes()) == first


def test_the_sample_report_is_that_of_the_fixture(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    log, rates = MONTH.relative_to(ROOT), RATES.relative_to(ROOT)
    result = tokaudit("audit", log, "--prices", rates, "--ledger", elsewhere / "l.duckdb", "--out", elsewhere, "-q")
    assert result.exit_code == 0
    for name in ("2026-09.html", "2026-09.json"):
        assert (elsewhere / name).read_bytes() == (ROOT / "reports" / name).read_bytes(), (
            "run the README's first command"
        )


def test_json_on_stdout_is_the_json_file(elsewhere: Path) -> None:
    log = write_log(elsewhere / "log.jsonl", [pair(n) for n in range(28)])
    result = tokaudit("audit", log, "--json", "-q")
    assert result.stdout == Path("reports/2026-03-01_2026-03-28.json").read_text()
    run = json.loads(result.stdout)
    assert run["totals"]["list_cost"] == "0.00224"
    assert run["totals"]["calls"] == 28
    assert result.stderr == ""


def test_a_month_is_complete_when_calls_stand_on_its_first_and_last_day(elsewhere: Path) -> None:
    days = ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"]
    log = write_log(elsewhere / "log.jsonl", [pair(n, timestamp=f"{day}T08:00:00Z") for n, day in enumerate(days)])
    run = json.loads(tokaudit("audit", log, "--json").stdout)
    assert run["period"]["label"] == "2026-02"
    assert run["totals"]["calls"] == 2
    assert run["input"]["out_of_period"] == 2


def test_days_and_months_are_those_of_the_zone(elsewhere: Path) -> None:
    log = write_log(elsewhere / "log.jsonl", [pair(1, timestamp="2026-03-31T23:30:00Z")])
    run = json.loads(tokaudit("audit", log, "--json", "--tz", "Europe/Berlin", "--month", "2026-04").stdout)
    assert [day["date"] for day in run["days"]] == ["2026-04-01"]


def test_standard_input_is_read(elsewhere: Path) -> None:
    data = "".join(json.dumps(pair(n)) + "\n" for n in range(3)).encode()
    run = json.loads(tokaudit("audit", "-", "--json", stdin=data).stdout)
    assert run["totals"]["calls"] == 3
    assert run["input"]["sources"][0]["file"] == "<stdin>"
    packed = json.loads(tokaudit("audit", "-", "--json", "--ledger", "other.duckdb", stdin=gzip.compress(data)).stdout)
    assert packed["totals"] == run["totals"]


def test_folders_and_globs_are_read(elsewhere: Path) -> None:
    (elsewhere / "logs" / "deep").mkdir(parents=True)
    write_log(elsewhere / "logs" / "a.jsonl", [pair(1)])
    write_log(elsewhere / "logs" / "deep" / "b[1].jsonl", [pair(2)])
    write_log(elsewhere / "logs" / ".hidden.jsonl", [pair(3)])
    assert json.loads(tokaudit("audit", "logs", "--json").stdout)["totals"]["calls"] == 2
    assert json.loads(tokaudit("audit", "logs/**/*.jsonl", "--json").stdout)["totals"]["calls"] == 2
    assert json.loads(tokaudit("audit", "logs/deep/b[1].jsonl", "--json").stdout)["totals"]["calls"] == 1


def test_audit_covers_its_files_and_report_the_whole_ledger(elsewhere: Path) -> None:
    one = write_log(elsewhere / "one.jsonl", [pair(1), pair(2)])
    two = write_log(elsewhere / "two.jsonl", [pair(2), pair(3)])
    assert json.loads(tokaudit("audit", one, "--json").stdout)["totals"]["calls"] == 2
    assert json.loads(tokaudit("audit", two, "--json").stdout)["totals"]["calls"] == 2
    whole = json.loads(tokaudit("report", "--json").stdout)
    assert whole["totals"]["calls"] == 3
    assert whole["input"]["duplicates"] == 1


def test_a_table_shows_its_column_map_and_takes_corrections(elsewhere: Path) -> None:
    table = elsewhere / "usage.csv"
    table.write_text("when,model,prompt_tokens,completion_tokens,owner\n2026-03-02T10:00:00Z,gpt-4o,100,10,search\n")
    result = tokaudit("audit", table, "--json")
    assert "input_tokens = 'prompt_tokens'" in result.stderr
    corrected = tokaudit("audit", table, "--json", "--column", "feature=owner", "--column", "started_at=when")
    run = json.loads(corrected.stdout)
    assert [feature["feature"] for feature in run["features"]] == ["search"]
    assert run["totals"]["list_cost"] == "0.00035"
    settings = elsewhere / "settings.toml"
    settings.write_text('[columns]\nfeature = "owner"\nstarted_at = "when"\n')
    assert json.loads(tokaudit("audit", table, "--json", "--settings", settings).stdout)["features"] == run["features"]


def test_an_unknown_model_is_unpriced_never_free(elsewhere: Path) -> None:
    record = pair(1)
    record["request"]["model"] = record["response"]["model"] = "acme-large-7"
    log = write_log(elsewhere / "log.jsonl", [record, pair(2)])
    result = tokaudit("audit", log, "--max-unpriced", "0", "--json")
    run = json.loads(result.stdout)
    assert (run["totals"]["unpriced_calls"], run["totals"]["unpriced_tokens"]) == (1, 17)
    assert [model["list_cost"] for model in run["models"]] == ["0.00008", None]
    assert result.exit_code == 3
    assert "acme-large-7" in result.stderr
    assert tokaudit("audit", log, "--max-unpriced", "50%").exit_code == 0


def test_calls_without_a_date_are_a_period_of_their_own(elsewhere: Path) -> None:
    (elsewhere / "usage.csv").write_text("model,prompt_tokens,completion_tokens\ngpt-4o,100,10\n")
    result = tokaudit("audit", "usage.csv")
    assert result.stdout.startswith("Cost audit, calls without a date: $0.0003500 at list price")
    assert "1970" not in result.stdout
    assert "1970" not in Path("reports/undated.html").read_text()


def test_gates(elsewhere: Path) -> None:
    log = write_log(elsewhere / "log.jsonl", [pair(n) for n in range(9)])
    with log.open("a") as file:
        file.write("not json\n")
    assert tokaudit("audit", log, "--fail-over", "0.0007").exit_code == 3
    assert tokaudit("audit", log, "--fail-over", "0.00072").exit_code == 0
    assert tokaudit("audit", log, "--max-rejects", "9%").exit_code == 3
    assert tokaudit("audit", log, "--max-rejects", "10%").exit_code == 0
    assert Path("reports").is_dir()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--month", "2026-13"), ("--month", "2026-1"), ("--since", "yesterday"), ("--tz", "Mars/Base"),
        ("--fail-over", "much"), ("--max-rejects", "200%"), ("--column", "nosuch=x"), ("--format", "pdf"),
        ("--month", "2026-03", "--since", "2026-03-01"), ("--since", "2026-03-02", "--until", "2026-03-01"),
    ],
)  # fmt: skip
def test_misuse_is_exit_code_2(elsewhere: Path, arguments: tuple[str, ...]) -> None:
    log = write_log(elsewhere / "log.jsonl", [pair(1)])
    one_line_error(tokaudit("audit", log, *arguments), code=2)
    assert not Path("reports").exists()


def broken_gzip(folder: Path) -> Path:
    path = folder / "log.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(pair(1)).encode() * 500, mtime=0)[:-9])
    return path


def test_what_cannot_be_audited_is_one_clear_error_and_leaves_nothing(elsewhere: Path) -> None:
    (elsewhere / "empty").mkdir()
    (elsewhere / "notes.md").write_text("# Notes\n\nNo log at all.\n")
    (elsewhere / "empty.jsonl").write_text("")
    (elsewhere / "other.jsonl").write_text('{"event": "login"}\n{"event": "logout"}\n')
    assert "the folder holds no files" in one_line_error(tokaudit("audit", "empty"))
    assert "no such file" in one_line_error(tokaudit("audit", "nosuch.jsonl"))
    assert "neither JSON nor a table" in one_line_error(tokaudit("audit", "notes.md"))
    assert "empty" in one_line_error(tokaudit("audit", "empty.jsonl"))
    assert "no reader knows" in one_line_error(tokaudit("audit", "other.jsonl"))
    damaged = one_line_error(tokaudit("audit", broken_gzip(elsewhere)))
    assert "torn or damaged" in damaged
    assert "hint: export or copy the file again" in damaged
    log = write_log(elsewhere / "log.jsonl", [pair(1)])
    assert "2026-03-02" in one_line_error(tokaudit("audit", log, "--month", "2025-01"))
    assert "there is no ledger" in one_line_error(tokaudit("report", "--ledger", "nosuch.duckdb"))
    assert not Path("reports").exists()
    assert [path.name for path in Path(".tokaudit").iterdir()] == ["ledger.duckdb"]


def test_good_files_are_audited_beside_bad_ones(elsewhere: Path) -> None:
    logs = elsewhere / "logs"
    logs.mkdir()
    write_log(logs / "good.jsonl", [pair(1), pair(2)])
    shutil.move(broken_gzip(elsewhere), logs / "torn.jsonl.gz")
    (logs / "readme.txt").write_text("what these files are\n")
    result = tokaudit("audit", logs, "--json")
    assert result.exit_code == 0
    run = json.loads(result.stdout)
    assert run["totals"]["calls"] == 2
    assert run["input"]["rejected"] == 2
    assert "torn.jsonl.gz" in result.stderr
    assert "readme.txt" in result.stderr


def test_broken_lines_are_counted_with_file_and_line(elsewhere: Path) -> None:
    log = elsewhere / "log.jsonl"
    log.write_text(f"{json.dumps(pair(1))}\n\n{{torn\n{json.dumps(pair(1))}\n42\n{json.dumps(pair(2))}\n")
    run = json.loads(tokaudit("audit", log, "--json").stdout)
    read = run["input"]
    assert (read["records"], read["calls"], read["duplicates"], read["rejected"], read["blanks"]) == (6, 2, 1, 2, 1)
    assert read["first_rejects"] == [
        {"file": str(log), "line": 3, "reason": "not valid JSON"},
        {"file": str(log), "line": 5, "reason": "the record is not a JSON object"},
    ]


HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "[bold]x[/bold][link=http://evil.invalid]y",
    "=cmd|' /C calc'!A0",
    "a\u202egpj.exe",
    "x" * 3000,
]


def test_nothing_in_a_log_reaches_the_terminal_raw(elsewhere: Path) -> None:
    records = []
    for number, name in enumerate(HOSTILE):
        record = pair(number, metadata={"feature": name}, user=name)
        record["request"]["model"] = record["response"]["model"] = name
        records.append(record)
    log = write_log(elsewhere / "log.jsonl", records)
    for result in (tokaudit("audit", log, "-v"), tokaudit("plan"), tokaudit("audit", log, "--max-unpriced", "0")):
        assert result.exit_code in (0, 3), result.output
        assert not CONTROL.search(result.stdout)
        assert not CONTROL.search(result.stderr)
    assert "[bold]x[/bold]" in tokaudit("plan").stdout


CANARY = "canary-7c1f0e-in-a-prompt"


def test_no_text_of_a_prompt_leaves_the_log(elsewhere: Path) -> None:
    record = pair(1)
    record["request"]["messages"][0]["content"] = f"My name is {CANARY}."
    record["response"]["choices"][0]["message"]["content"] = f"Hello {CANARY}!"
    torn = json.dumps(record)[:-40]
    log = elsewhere / "log.jsonl"
    log.write_text(json.dumps(record) + "\n" + torn + "\n")
    shown = tokaudit("audit", log, "-v", "--format", "html,json,md,csv")
    tokaudit("export", "calls", "--out", "calls.jsonl")
    for text in (shown.stdout, shown.stderr):
        assert CANARY not in text
    written = [path for path in elsewhere.rglob("*") if path.is_file() and path != log]
    assert len(written) == 6
    for path in written:
        assert CANARY.encode() not in path.read_bytes(), path


def test_features_get_the_users_names(elsewhere: Path) -> None:
    record = pair(1)
    del record["metadata"]
    record["request"]["messages"].insert(0, {"role": "system", "content": "You sort mail."})
    log = write_log(elsewhere / "log.jsonl", [record])
    (found,) = json.loads(tokaudit("audit", log, "--json").stdout)["features"]
    assert (found["source"], found["feature"][:9]) == ("template", "template-")
    names = elsewhere / "names.toml"
    names.write_text(f'[features]\n{found["feature"]} = "mail"\n')
    (named,) = json.loads(tokaudit("audit", log, "--json", "--features", names).stdout)["features"]
    assert (named["source"], named["feature"]) == ("mapped", "mail")


EXPORTED = [
    "call_id",
    "started_at",
    "latency_ms",
    "provider_name",
    "request_model",
    "response_model",
    "operation_name",
    "http_status",
    "error_type",
    "feature",
    "feature_source",
    "user_id",
    "conversation_id",
    "turn",
    "operation_id",
    "attempt",
    "gateway_retries",
    "gateway_tried",
    "waste",
    "usage_state",
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
    "list_cost",
    "logged_cost",
    "tokens_system_prompt",
    "tokens_history",
    "tokens_unexplained",
    "source_file",
    "source_line",
]


def test_exports_have_the_contracts_columns_and_add_up(elsewhere: Path) -> None:
    tokaudit("simulate", "--out", "month.jsonl", "--scale", "1/1000")
    tokaudit("ingest", "month.jsonl")
    for name in ("calls.parquet", "calls.csv", "calls.jsonl"):
        assert tokaudit("export", "calls", "--prices", "month.rates.toml", "--out", name).exit_code == 0
    truth = json.loads(Path("month.truth.json").read_text())
    calls = pl.read_parquet("calls.parquet")
    assert set(EXPORTED) <= set(calls.columns)
    assert len(calls) == truth["calls"]
    parts = calls.select(pl.sum_horizontal(pl.col("^tokens_.*$")).alias("parts"), "input_tokens")
    assert parts["parts"].equals(parts["input_tokens"], check_names=False)
    assert calls["list_cost"].sum() == Decimal(truth["list_cost"])
    assert sum(pl.read_csv("calls.csv")["input_tokens"]) == calls["input_tokens"].sum()
    assert len(Path("calls.jsonl").read_text().splitlines()) == len(calls)
    one_line_error(tokaudit("export", "calls", "--out", "calls.xlsx"), code=2)


def test_features_are_exported_with_their_components(elsewhere: Path) -> None:
    write_log(elsewhere / "log.jsonl", [pair(n) for n in range(3)])
    tokaudit("ingest", "log.jsonl")
    assert tokaudit("export", "features", "--out", "features.parquet").exit_code == 0
    (row,) = pl.read_parquet("features.parquet").iter_rows(named=True)
    assert (row["feature"], row["calls"], row["input_tokens"], row["tokens_format_overhead"]) == ("faq", 3, 36, 21)
    assert sum(value for name, value in row.items() if name.startswith("tokens_")) == 36
    assert row["list_cost"] == Decimal("0.00024")


def test_prices_names_source_and_day() -> None:
    shown = tokaudit("prices", "gpt-4o", "--at", "2026-01-15")
    assert "2.50" in shown.stdout
    assert "gpt-4o is openai/gpt-4o (exact id)" in shown.stdout
    assert "source: genai-prices " in shown.stdout
    assert tokaudit("prices", "gpt-4o", "--date", "2026-01-15").stdout == shown.stdout
    unknown = one_line_error(tokaudit("prices", "acme-large-7"))
    assert "no rate is known for acme-large-7" in unknown
    assert "no rate is published for a model of this name" in unknown
    assert "does not say which host served it" in one_line_error(tokaudit("prices", "llama-3.3-70b-instruct"))


def test_prices_shows_long_prompts_rules_and_times_of_day() -> None:
    batch = tokaudit("prices", "claude-sonnet-4-5", "--tier", "batch", "--at", "2026-03-01").stdout
    for words in (
        "up to 200,000 tokens",
        "over 200,000 tokens",
        "1.875",
        "11.25",
        "rule: batch at 0.5 times the standard rate",
    ):
        assert words in batch
    day = tokaudit("prices", "deepseek-chat", "--at", "2025-06-01").stdout
    assert [line for line in day.splitlines() if line.startswith("from ")] == [
        "from 00:00 UTC", "from 00:30 UTC", "from 16:30 UTC",
    ]  # fmt: skip
    evening = tokaudit("prices", "deepseek-chat", "--at", "2025-06-01T16:30").stdout
    assert "0.135" in evening
    assert "0.27" not in evening
    us = tokaudit("prices", "claude-opus-4-8", "--region", "us", "--provider", "anthropic", "--at", "2026-09-01").stdout
    assert "5.50" in us
    assert "rule: 1.1 times the rate in this region" in us
    one_line_error(tokaudit("prices", "gpt-4o", "--at", "soon"), code=2)
    one_line_error(tokaudit("prices", "gpt-4o", "--at", "2026-01-15T99"), code=2)


def test_prices_shows_what_the_user_pays_beside_the_list(elsewhere: Path) -> None:
    (elsewhere / "rates.toml").write_text(
        '[[rates]]\nmodel = "gpt-4o"\ninput_usd_per_million = "2.00"\noutput_usd_per_million = "8.00"\n'
    )
    shown = tokaudit("prices", "gpt-4o", "--prices", "rates.toml", "--at", "2026-01-15").stdout
    assert "you pay" in shown
    assert [words for words in shown.split() if words in ("2.50", "2.00", "10.00", "8.00")][:2] == ["2.50", "2.00"]
    (sheet,) = json.loads(tokaudit("prices", "gpt-4o", "--prices", "rates.toml", "--at", "2026-01-15", "--json").stdout)
    (row,) = sheet["rows"]
    assert (row["listed"]["output"], row["contracted"]["output"]) == ("10", "8")


def test_prices_without_a_model_tells_what_is_known() -> None:
    shown = tokaudit("prices").stdout
    assert shown.startswith("Rates are those of genai-prices ")
    assert "openai tier batch: 0.5 times" in shown
    known = json.loads(tokaudit("prices", "--json").stdout)
    assert known["models"]["openai"] > 50


def test_estimate_shows_the_price_page_example() -> None:
    shown = tokaudit("estimate", "--turns", "1")
    for amount in ("$330.00", "$150.00", "$360.00", "$42.00", "$882.00"):
        assert amount in shown.stdout
    for volume in ("1,000", "10,000", "100,000", "1,000,000"):
        assert volume in shown.stdout
    found = json.loads(tokaudit("estimate", "--turns", "1", "--json").stdout)
    assert found["total_usd_per_month"] == "882"


def test_simulate_says_what_it_cannot_write(elsewhere: Path) -> None:
    (elsewhere / "file").write_text("")
    assert "cannot write the log" in one_line_error(tokaudit("simulate", "--out", "file/month.jsonl"))
    one_line_error(tokaudit("simulate", "--out", "month.txt"), code=2)
    one_line_error(tokaudit("simulate", "--scale", "0"), code=2)
    one_line_error(tokaudit("simulate", "--scenario", "nosuch"), code=2)


def test_a_column_map_is_shown_once_for_all_files(elsewhere: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (elsewhere / name).write_text(
            f"time,model,prompt_tokens,completion_tokens\n2026-03-02,gpt-4o,{ord(name[0])},1\n"
        )
    shown = [line for line in tokaudit("audit", "*.csv").stderr.splitlines() if line.startswith("columns of")]
    assert len(shown) == 1
    assert shown[0].startswith("columns of a.csv and 2 more files: ")


def test_simulate_then_audit_shows_what_was_planted(elsewhere: Path) -> None:
    made = tokaudit("simulate", "--out", "month.jsonl", "--scale", "1/1000", "--seed", "5")
    assert made.exit_code == 0, made.output
    assert "next: tokaudit audit month.jsonl --prices month.rates.toml" in made.stderr
    run = json.loads(tokaudit("audit", "month.jsonl", "--prices", "month.rates.toml", "--json").stdout)
    truth = json.loads(Path("month.truth.json").read_text())
    assert run["totals"]["list_cost"] == truth["list_cost"]
    planted = {line["line"]: line["cost"] for line in truth["bridge"]}
    assert {line["line"]: line["cost"] for line in run["totals"]["bridge"]} == planted


def test_blocks_are_exported_with_what_each_cost(elsewhere: Path) -> None:
    assert tokaudit("audit", MONTH, "--prices", RATES, "-q").exit_code == 0
    result = tokaudit("export", "blocks", "--out", "blocks.parquet", "--prices", RATES)
    assert result.exit_code == 0, result.stderr
    blocks = pl.read_parquet("blocks.parquet")
    components = json.loads((elsewhere / "reports" / "2026-09.json").read_text())["features"][0]["components"]
    for kind, component in (("document", "rag_context"), ("instruction", "system_prompt")):
        own = blocks.filter(pl.col("kind") == kind)
        costs = own["cost"].to_list()
        assert costs == sorted(costs, reverse=True)
        assert abs(sum(costs) - Decimal(components[component]["cost"])) < Decimal("1e-15")
        assert own["source_line"].null_count() == 0
