from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from report.sample_run import a_run
from tokaudit.errors import TokauditError, UsageError
from tokaudit.report.html import render_html
from tokaudit.report.templates import template_folder
from tokaudit.report.write import FORMATS, write_reports


def test_writes_each_format_under_the_period(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reports"
    paths = write_reports(a_run(), folder, ["html", "json", "md", "csv", "html"])
    assert [path.name for path in paths] == ["2026-09.html", "2026-09.json", "2026-09.md", "2026-09.csv"]
    assert sorted(os.listdir(folder)) == sorted(path.name for path in paths)
    assert paths[0].read_text(encoding="utf-8") == render_html(a_run())


def test_replaces_an_older_report_whole(tmp_path: Path) -> None:
    (tmp_path / "2026-09.csv").write_text("older" * 10_000)
    path = write_reports(a_run(), tmp_path, ["csv"])[0]
    assert path.read_text(encoding="utf-8") == FORMATS["csv"](a_run())


def test_a_failed_write_leaves_the_old_report_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "2026-09.csv").write_text("older")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokauditError, match="No space left"):
        write_reports(a_run(), tmp_path, ["csv"])
    assert os.listdir(tmp_path) == ["2026-09.csv"]
    assert (tmp_path / "2026-09.csv").read_text() == "older"


def test_a_failed_rendering_writes_nothing(tmp_path: Path) -> None:
    broken = replace(a_run(), features=("not a feature",))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        write_reports(broken, tmp_path / "reports", ["json", "html"])
    assert not (tmp_path / "reports").exists()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(TokauditError) as caught:
        write_reports(a_run(), tmp_path / "reports", ["csv"])
    assert "cannot make the report folder" in caught.value.what
    assert caught.value.where == str(tmp_path / "reports")
    assert caught.value.hint


def test_a_target_that_is_a_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "2026-09.csv").mkdir()
    with pytest.raises(TokauditError, match="cannot write the report"):
        write_reports(a_run(), tmp_path, ["csv"])
    assert os.listdir(tmp_path) == ["2026-09.csv"]


def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "2026-09.csv").symlink_to(victim)
    write_reports(a_run(), reports, ["csv"])
    assert victim.read_text() == "mine"
    assert not (reports / "2026-09.csv").is_symlink()


@pytest.mark.parametrize("label", ["../escape", "a/b", "", ".hidden", "x\n"])
def test_a_label_cannot_leave_the_folder(tmp_path: Path, label: str) -> None:
    run = a_run()
    with pytest.raises(UsageError):
        write_reports(replace(run, period=replace(run.period, label=label)), tmp_path, ["csv"])
    assert os.listdir(tmp_path) == []


def test_an_unknown_format_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown report format: pdf"):
        write_reports(a_run(), tmp_path, ["html", "pdf"])


def test_templates_are_found() -> None:
    assert (template_folder() / "report.html.j2").is_file()
