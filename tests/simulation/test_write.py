"""Are the files written whole, the same for a seed, and is the month in `fixtures/` still the month of its seed?"""

from __future__ import annotations

import gzip
import json
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from tokaudit.errors import UsageError
from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import DEFAULT_MONTH, DEFAULT_SCENARIO, DEFAULT_SEED, SCENARIOS
from tokaudit.simulation.traffic import calls
from tokaudit.simulation.write import rates_path, simulate, truth_path, zstd

FIXTURES = Path(__file__).parents[2] / "fixtures"
SMALL = Scenario(seed=1, month="2026-09", features=SCENARIOS["support-bot"], scale=Fraction(1, 2000))


def test_each_packing_holds_the_same_lines(tmp_path: Path) -> None:
    lines = b"".join(calls(SMALL))
    for name, unpack in (("a.jsonl", bytes), ("a.jsonl.gz", gzip.decompress), ("a.jsonl.zst", zstd.decompress)):
        simulate(SMALL, tmp_path / name)
        assert unpack((tmp_path / name).read_bytes()) == lines


def test_the_same_seed_is_the_same_file(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "a.jsonl.gz")
    simulate(SMALL, tmp_path / "b.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_truth_and_rates_stand_beside_the_log_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "new" / "bot.jsonl.gz"
    truth = simulate(SMALL, out)
    assert sorted(path.name for path in out.parent.iterdir()) == ["bot.jsonl.gz", "bot.rates.toml", "bot.truth.json"]
    assert json.loads(truth_path(out).read_text())["list_cost"] == f"{truth.list_cost.normalize():f}"
    (rate,) = tomllib.loads(rates_path(out).read_text())["rates"]
    assert (rate["model"], rate["input_usd_per_million"], rate["output_usd_per_million"]) == (
        "support-bot-1",
        "1.00",
        "3.00",
    )


def test_published_models_need_no_rates_file(tmp_path: Path) -> None:
    mixed = Scenario(seed=1, month="2026-09", features=SCENARIOS["mixed"], scale=Fraction(1, 5000))
    simulate(mixed, tmp_path / "mixed.jsonl")
    assert not rates_path(tmp_path / "mixed.jsonl").exists()


def test_a_log_of_another_kind_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the name of a log"):
        simulate(SMALL, tmp_path / "new" / "bot.csv")
    assert not list(tmp_path.iterdir())


def test_a_broken_run_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scenario: Scenario):
        yield from list(planted(scenario))[:3]
        raise RuntimeError("the power is gone")

    from tokaudit.simulation import write

    planted = write.planted_calls
    monkeypatch.setattr(write, "planted_calls", broken)
    with pytest.raises(RuntimeError):
        simulate(SMALL, tmp_path / "bot.jsonl.gz")
    assert not list(tmp_path.iterdir())


def test_the_month_in_fixtures_is_the_default_one_byte_for_byte(tmp_path: Path) -> None:
    name = f"{DEFAULT_SCENARIO}-{DEFAULT_MONTH}.jsonl.gz"
    scenario = Scenario(seed=DEFAULT_SEED, month=DEFAULT_MONTH, features=SCENARIOS[DEFAULT_SCENARIO])
    simulate(scenario, tmp_path / name)
    # The packed bytes may differ with the version of zlib.
    assert gzip.decompress((FIXTURES / name).read_bytes()) == gzip.decompress((tmp_path / name).read_bytes())
    for path in (truth_path, rates_path):
        assert path(FIXTURES / name).read_text() == path(tmp_path / name).read_text()
    assert (FIXTURES / name).stat().st_size < 5_000_000
