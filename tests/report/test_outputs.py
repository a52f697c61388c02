from __future__ import annotations

import csv
import io
import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console

from report.sample_run import Spec, a_run, hostile_run
from tokaudit.report.format import dollars, money
from tokaudit.report.html import render_html
from tokaudit.report.markdown import render_markdown
from tokaudit.report.table_csv import render_csv
from tokaudit.report.terminal import print_summary
from tokaudit.result import COMPONENTS, AuditRun, to_json

GOLDEN = Path(__file__).parent / "golden" / "sample.md"
UPDATE = "TOKAUDIT_UPDATE_GOLDEN"
WIDTHS = (60, 80, 120)


def printed(run: AuditRun, width: int, *, terminal: bool = False) -> str:
    out = io.StringIO()
    print_summary(run, Console(file=out, width=width, force_terminal=terminal, color_system=None, legacy_windows=False))
    return out.getvalue()


def rows(run: AuditRun) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(run))))


def test_csv_columns_add_up_to_the_totals_exactly() -> None:
    run = a_run()
    found = rows(run)
    assert len(found) == len(run.features)
    for key in ("calls", "input_tokens", "cache_read_input_tokens", "output_tokens", "unpriced_calls"):
        assert sum(int(row[key]) for row in found) == getattr(run.totals, key)
    for key in ("list_cost", "input_cost", "output_cost", "naive_cost", "waste_cost", "contracted_cost"):
        assert sum(Decimal(row[key] or "0") for row in found) == getattr(run.totals, key)
    for row in found:
        assert sum(int(row[f"tokens_{key}"]) for key in COMPONENTS) == int(row["input_tokens"])
        if row["input_cost"]:
            assert sum(Decimal(row[f"cost_{key}"]) for key in COMPONENTS) == Decimal(row["input_cost"])


def test_csv_leaves_unknown_costs_empty() -> None:
    row = next(row for row in rows(a_run()) if row["feature"] == "draft-mail")
    assert row["list_cost"] == row["logged_cost"] == row["cost_system_prompt"] == ""
    assert row["tokens_system_prompt"] == "31000"


def test_csv_cells_are_inert_however_the_file_is_cut() -> None:
    text = render_csv(hostile_run())
    assert not re.search("[\x00-\x09\x0b-\x1f]", text)
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")) for cell in row)
    for line in text.splitlines():
        assert line.startswith('"')


def test_page_csv_json_and_terminal_agree() -> None:
    run = a_run()
    totals = json.loads(to_json(run))["totals"]
    cost = sum(Decimal(row["list_cost"] or "0") for row in rows(run))
    assert Decimal(totals["list_cost"]) == cost
    assert sum(Decimal(line["cost"]) for line in totals["bridge"]) == cost
    for text in (render_html(run), render_markdown(run), printed(run, 80)):
        assert dollars(cost) in text
        assert money(run.totals.naive_cost) in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "run",
    [a_run(), hostile_run(), a_run((Spec("検索" * 30),)), a_run((), findings=())],
    ids=["sample", "hostile", "wide", "empty"],
)
def test_terminal_fits_the_width_and_cuts_no_figure(run: AuditRun, width: int) -> None:
    text = printed(run, width)
    assert max(cell_len(line.rstrip("\n")) for line in text.splitlines()) <= width
    assert not re.search(r"\d…", text)
    for line in run.totals.bridge:
        assert not line.cost or money(line.cost) in text
    assert not run.totals.calls or money(run.totals.list_cost) in text


def test_terminal_fits_one_screen() -> None:
    specs = tuple(Spec(f"f{at}") for at in range(40))
    text = printed(a_run(specs), 80)
    assert "other (30)" in text
    assert len(text.splitlines()) <= 50


@pytest.mark.parametrize("terminal", [True, False])
def test_terminal_gets_no_control_from_a_log(terminal: bool) -> None:
    text = printed(hostile_run(), 120, terminal=terminal)
    own = re.sub(r"\x1b\[[0-9;]*m", "", text) if terminal else text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", own)
    assert "[red]bold[/red]" in own


def test_terminal_names_what_has_no_price() -> None:
    assert "62 calls with 69,800 tokens of “house-model-7”" in printed(a_run(), 120)
    assert "none of which could be priced" in printed(a_run((Spec("a", priced=False),), findings=()), 80)


def test_markdown_takes_no_name_as_markup() -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_markdown(hostile_run()))
    kinds = {child.type for token in tokens for child in (token.children or [])} | {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "code_inline", "fence", "em_open", "s_open"}


def test_markdown_tables_have_one_cell_for_each_column() -> None:
    for block in re.findall(r"(?:^\|.*\|\n?)+", render_markdown(hostile_run()), re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_markdown_of_the_sample_is_unchanged() -> None:
    """Set the variable to write the golden file anew, then read its difference."""
    text = render_markdown(a_run())
    if os.environ.get(UPDATE):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
