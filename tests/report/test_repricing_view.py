"""Does the report say what the period costs now, and at other models, without giving it as advice?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO

from rich.console import Console

from report.sample_run import a_run
from tokaudit.report.markdown import render_markdown
from tokaudit.report.terminal import print_summary
from tokaudit.report.view.page import build_page
from tokaudit.report.view.repricing import NO_ADVICE, other_model_line, repricing_heading, repricing_section
from tokaudit.report.view.shapes import Table
from tokaudit.result import AuditRun, Repricing

NOTHING = Repricing("2026-09-30", Decimal(0), Decimal(0), Decimal(0), Decimal(0), 0, (), (), ())


def table(run: AuditRun, key: str) -> Table:
    return {found.anchor: found for found in repricing_section(run).tables}[key]


def test_the_heading_says_what_changed_and_on_which_date() -> None:
    found = a_run().repricing
    assert repricing_heading(found).startswith("At the rates of 2026-09-30 the same calls cost $")
    assert repricing_heading(found).endswith(" more")
    assert repricing_heading(replace(found, change=-found.change)).endswith(" less")
    assert "cost the same" in repricing_heading(replace(found, change=Decimal(0)))
    assert repricing_heading(NOTHING) == "No call has a rate on 2026-09-30"


def test_changed_and_retired_models_stand_with_their_rates() -> None:
    found = table(a_run(), "now-models")
    assert found.texts("model") == ("gpt-4o", "gpt-gone")
    assert found.texts("rates_then")[0] == "2.50 / 1.25 / 10.00 since 2024-08-06"
    assert (found.texts("now")[1], found.texts("change")[1]) == ("?", "?")
    assert "no rate is known" in found.rows[1].note


def test_other_models_are_a_range_with_its_basis_and_no_advice() -> None:
    run = a_run()
    found = table(run, "now-others")
    assert found.texts("from") == ("all models",)
    assert found.texts("model") == ("claude-haiku-4-5 (anthropic)",)
    assert found.texts("tokens") == ("1.055–1.424",)
    assert "–" in found.texts("other")[0]
    assert NO_ADVICE in repricing_section(run).sentences
    assert any("evaluation" in note for note in found.notes)


def test_commitments_show_what_was_paid_and_not_used() -> None:
    found = table(a_run(), "now-commitments")
    assert found.texts("name") == ("enterprise",)
    assert found.texts("used") == found.texts("shortfall")


def test_a_run_without_any_of_it_is_one_line() -> None:
    section = repricing_section(replace(a_run(), repricing=NOTHING, commitments=()))
    assert section.quiet


def test_the_terminal_and_markdown_say_it_too() -> None:
    run = a_run()
    out = StringIO()
    print_summary(run, Console(file=out, width=200))
    assert repricing_heading(run.repricing) in out.getvalue()
    assert "At claude-haiku-4-5 (anthropic): $" in out.getvalue()
    assert "Commitment enterprise: $" in out.getvalue()
    assert "What it costs now" in render_markdown(run)
    assert "now" in [section.anchor for section in build_page(run).sections]


def test_a_model_without_a_rate_is_not_known() -> None:
    (first, *_) = a_run().repricing.alternatives
    assert other_model_line(replace(first, cost=None, notes=("no rate",))).endswith("not known (no rate)")
    assert other_model_line(replace(first, from_model="gpt-4o")).startswith("Its calls of gpt-4o at ")
