"""Does `--compare` price the calls at another model, wherever a period is shown?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tokaudit.cli.main import app

ROOT = Path(__file__).parents[2]


def tokaudit(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000}
    record = {
        "timestamp": "2026-03-05T12:00:00Z",
        "metadata": {"feature": "search"},
        "request": {"model": "gpt-4o", "messages": [{"role": "user", "content": "Question?"}]},
        "response": {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o", "choices": [], "usage": usage},
    }
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(record) + "\n")
    return path


def test_the_same_calls_are_priced_at_the_models_asked_for(log: Path) -> None:
    done = tokaudit("audit", log, "--compare", "gpt-4o-mini", "--compare", "anthropic/claude-haiku-4-5", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["repricing"]["alternatives"]
    whole = {each["model"]: each for each in found if each["feature"] is None}
    assert whole["gpt-4o-mini"]["cost"] == {"low": "0.15", "expected": "0.15", "high": "0.15"}
    assert whole["claude-haiku-4-5"]["tokeniser"]["basis"] == "measured"
    assert {each["feature"] for each in found} == {None, "search"}


def test_the_terminal_the_report_and_the_plan_say_it(log: Path) -> None:
    first = tokaudit("audit", log, "--compare", "gpt-4o-mini")
    assert "At gpt-4o-mini (openai): $0.1500 instead of $2.50" in " ".join(first.stdout.split())
    later = tokaudit("report", "--compare", "openai/gpt-4o-mini")
    assert "At gpt-4o-mini (openai): $0.1500" in " ".join(later.stdout.split())
    planned = tokaudit("plan", "--compare", "gpt-4o-mini")
    assert "At gpt-4o-mini (openai): $0.1500" in " ".join(planned.stdout.split())


def test_a_model_without_a_rate_is_refused_before_any_work(log: Path) -> None:
    done = tokaudit("audit", log, "--compare", "no-such-model-anywhere")
    assert done.exit_code == 2
    assert "no rate is known for 'no-such-model-anywhere'" in done.stderr
    assert not Path("reports").exists()
