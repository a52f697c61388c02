from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from report.sample_run import Spec, a_run
from tokaudit.report.format import money
from tokaudit.report.view.names import anchor
from tokaudit.report.view.page import build_page
from tokaudit.report.view.shapes import Page, Table
from tokaudit.result import AuditRun, BridgeLine, Plan

CENT = Decimal("0.01")


def tables(page: Page) -> list[Table]:
    found = [table for section in page.sections for table in section.tables]
    return found + [t for section in page.sections for detail in section.details for t in detail.tables]


def table(run: AuditRun, key: str) -> Table:
    return {found.anchor: found for found in tables(build_page(run))}[key]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-")) if text not in ("?", "–", "") else Decimal(0)


def assert_adds_up(found: Table, *keys: str) -> None:
    """Rounded rows may differ from the rounded total by half a unit each; whole numbers may not differ at all."""
    assert found.total
    for key in keys:
        rows = sum((amount(text) for text in found.texts(key)), Decimal(0))
        total = found.total.cells[found.at(key)]
        tolerance = CENT / 2 * len(found.rows) if "." in total else 0
        assert abs(rows - amount(total)) <= tolerance, (found.anchor, key)


def test_every_row_has_a_cell_for_every_column() -> None:
    for found in tables(build_page(a_run())):
        for row in (*found.rows, *((found.total,) if found.total else ())):
            assert len(row.cells) == len(found.columns), found.anchor


def test_shown_tables_add_up_to_their_totals() -> None:
    run = a_run()
    assert_adds_up(table(run, "bridge-lines"), "tokens", "cost")
    spend = ("calls", "input_tokens", "output_tokens", "input_cost", "output_cost", "list_cost")
    assert_adds_up(table(run, "spend-by-feature"), *spend)
    assert_adds_up(table(run, "actions-ranked"), "joint")
    assert_adds_up(table(run, "growth-by-feature"), "conversations", "list_cost", "linear_cost", "difference")
    assert_adds_up(table(run, "waste-by-feature"), "failed_calls", "retried_cost", "cost")
    assert_adds_up(table(run, "method-files"), "records", "calls", "duplicates", "no_calls", "rejected", "blanks")
    assert_adds_up(table(run, "method-rejects"), "count")
    assert_adds_up(table(run, "method-usage"), "count")
    assert_adds_up(table(run, "method-models"), "calls", "input_tokens", "output_tokens", "list_cost")
    assert_adds_up(table(run, "method-days"), "calls", "cost")
    for feature in run.features:
        assert_adds_up(
            table(run, f"{anchor('feature', feature.feature)}-components"), "tokens", "cached_tokens", "cost"
        )


def test_totals_of_the_tables_are_those_of_the_run() -> None:
    run = a_run()
    cost = money(run.totals.list_cost)
    for key, column in (("bridge-lines", "cost"), ("spend-by-feature", "list_cost"), ("method-models", "list_cost")):
        found = table(run, key)
        assert found.total
        assert found.total.cells[found.at(column)] == cost


def test_the_bridge_leads_from_the_price_page_to_the_bill() -> None:
    run = a_run()
    found = table(run, "bridge-lines")
    assert found.rows[0].cells[0] == "Price-page sum"
    assert found.texts("cost")[0] == money(run.totals.naive_cost)
    assert found.texts("multiple")[0] == "1.00×"
    assert found.texts("running")[-1] == money(run.totals.list_cost)
    assert found.total
    assert found.total.cells[0] == "List cost"
    assert found.texts("multiple")[-1] == found.total.cells[found.at("multiple")]
    assert "5.28×" in build_page(run).section("bridge").heading


def test_bars_of_the_bridge_start_where_the_line_before_ends() -> None:
    bars = [row.bar for row in table(a_run(), "bridge-lines").rows]
    first, second = bars[0], bars[1]
    assert first
    assert second
    assert first.start == "0.0"
    assert second.start == first.length


def test_a_line_that_takes_away_runs_to_the_left() -> None:
    run = a_run()
    lines = [BridgeLine(line.line, 1, Decimal(cost)) for line, cost in zip(run.totals.bridge, (10, -4), strict=False)]
    totals = replace(run.totals, bridge=tuple(lines), naive_cost=Decimal(10), list_cost=Decimal(6), multiplier=0.6)
    found = table(replace(run, totals=totals), "bridge-lines")
    assert found.texts("cost") == ("10.00", "−4.00")
    assert found.rows[1].bar
    assert (found.rows[1].bar.start, found.rows[1].bar.length) == ("60.0", "40.0")


def test_lines_without_tokens_are_named_not_listed() -> None:
    found = table(a_run((Spec("only"),)), "bridge-lines")
    assert found.texts("line") == ("Price-page sum", "System prompt")
    assert "history" in found.notes[0]


def test_features_are_ranked_and_the_rest_keeps_the_total() -> None:
    run = a_run(tuple(Spec(f"f{at:02}", output=1000 * (at + 1)) for at in range(30)))
    found = table(run, "spend-by-feature")
    assert found.rows[0].cells[0] == "f29"
    assert found.rows[-1].cells[0] == "other (10)"
    assert len(found.rows) == 21
    assert found.texts("cumulative")[-1] == "100%"
    assert_adds_up(found, "calls", "input_tokens", "list_cost")


def test_a_rest_of_one_is_shown_by_its_name() -> None:
    run = a_run(tuple(Spec(f"f{at:02}") for at in range(21)))
    assert not any("other" in head for head in table(run, "spend-by-feature").texts("feature"))


def test_an_unpriced_feature_costs_nobody_knows_what() -> None:
    found = table(a_run(), "spend-by-feature")
    row = next(row for row in found.rows if row.cells[0] == "draft-mail")
    for key in ("input_cost", "output_cost", "list_cost", "share"):
        assert row.cells[found.at(key)] == "?"
    assert "62 calls unpriced" in row.note


def test_nothing_priced_says_so_and_shows_no_zero() -> None:
    page = build_page(a_run((Spec("a", priced=False), Spec("b", priced=False)), findings=()))
    assert page.section("summary").heading == "200 calls, none of which could be priced"
    assert page.section("summary").figures[0].value == "?"
    assert page.section("bridge").heading == "No call could be priced, so there is no bill"
    assert page.section("bridge").tables == ()
    assert "100% of calls (200) have no price: “house-model-7”" in page.head.banners[0]


def test_empty_sections_are_one_line() -> None:
    page = build_page(a_run((Spec("only"),), findings=(), plan=Plan((), {}, "Volume is too small.")))
    for key in ("actions", "growth", "waste", "checks", "candidates"):
        section = page.section(key)
        assert section.heading
        assert (section.tables, section.details, section.sentences) == ((), (), ())
    assert page.section("candidates").heading == "Volume is too small."
    assert page.section("spend").heading == "All spend is “only”"


def test_banners_stand_above_one_per_cent_only() -> None:
    run = a_run((Spec("a", calls=990), Spec("b", calls=10, priced=False)))
    clean = replace(run, input=replace(run.input, rejected=0, rejects_by_reason={}, records=run.input.records - 12))
    assert build_page(clean).head.banners == ()
    worse = a_run((Spec("a", calls=980), Spec("b", calls=11, priced=False)))
    assert len(build_page(worse).head.banners) == 2


def test_records_that_vanished_are_shown() -> None:
    run = a_run()
    lost = replace(run, input=replace(run.input, records=run.input.records + 5))
    page = build_page(lost)
    assert any("5 of 5,193 records are not accounted for" in banner for banner in page.head.banners)
    assert "5 of them not accounted for" in page.section("method").heading


def test_head_names_month_zone_and_quality() -> None:
    page = build_page(a_run())
    assert page.head.title == "Cost audit, September 2026"
    assert page.head.period == "2026-09-01 00:00 (included) to 2026-10-01 00:00 (excluded), Europe/Berlin"
    facts = {fact.term: fact for fact in page.head.facts}
    assert facts["Token usage"].value == "99.6% exact, 0.3% estimated, 0.1% missing"
    assert facts["Records read"].note == "5,136 calls, 31 duplicates, 5 no calls, 12 rejected, 4 blank"


def test_other_periods_are_named_by_their_days() -> None:
    run = a_run()
    part = replace(run, period=replace(run.period, end=run.period.start.replace(day=15)))
    assert build_page(part).head.title == "Cost audit, 2026-09-01 to 2026-09-14"


def test_actions_are_ranked_with_unknown_savings_last() -> None:
    found = table(a_run(), "actions-ranked")
    assert [head.split(".")[0] for head in found.texts("action")] == ["1", "2", "3"]
    assert found.texts("range") == ("9.50–12.20", "4.10–9.00", "?")
    assert found.texts("joint")[-1] == "–"
    assert found.total
    assert found.total.cells[2] == "12.24–19.08"


def test_charts_stand_on_their_canvas() -> None:
    page = build_page(a_run())
    days = page.section("summary").chart
    assert days
    assert len(days.marks) == 30
    assert all(float(mark.y) >= 0 and float(mark.y) + float(mark.height) <= 100 for mark in days.marks)
    turns = page.section("growth").details[0].chart
    assert turns
    assert [line.kind for line in turns.lines] == ["p90", "mean"]
    assert all(len(line.points.split()) == 14 for line in turns.lines)
    assert turns.finding == "A mean call grows from 1,740 input tokens in turn 1 to 10,067 in turn 14."


def test_days_without_calls_keep_their_place_on_the_axis() -> None:
    run = a_run()
    sparse = replace(run, days=(run.days[0], run.days[9]))
    chart = build_page(sparse).section("summary").chart
    assert chart
    assert len(chart.marks) == 10
    assert chart.marks[5].height == "0.0"


def test_later_turns_share_a_row() -> None:
    found = table(a_run(), f"{anchor('turns', 'support_chat')}-table")
    assert found.texts("turn")[-1] == "13 to 14"
    assert_adds_up(found, "calls", "cost")


def test_checks_without_an_action_show_their_state_once() -> None:
    found = table(a_run(), "checks-table")
    assert found.texts("state") == ("Error", "Informative", "Passed", "Not applicable")
    assert found.texts("features")[2] == "all, support_chat"


def test_candidates_keep_unknown_costs_unknown() -> None:
    card = build_page(a_run()).section("candidates").details[0]
    costs, gates = card.tables
    assert costs.texts("cost")[3] == "?"
    assert gates.texts("passed") == ("yes", "not known", "no")
    assert gates.texts("value") == ("$41.20", "380", "41.0%")
    assert card.open


def test_anchors_are_plain_for_plain_names_and_hashed_for_others() -> None:
    assert anchor("opportunity", "uncached-prefix", "search") == "opportunity-uncached-prefix-search"
    hostile = [anchor("feature", text) for text in ("a b", "a_b", "A b", "\ud800", "検索", "x" * 500, "a-12345678")]
    assert len(set(hostile)) == len(hostile)
    assert all(set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for found in hostile)
    assert all(len(found) < 70 for found in hostile)


def test_the_page_follows_the_order_of_the_report() -> None:
    order = [section.anchor for section in build_page(a_run()).sections]
    assert order[:4] == ["summary", "actions", "bridge", "spend"]
    assert order[-3:] == ["checks", "method", "words"]
