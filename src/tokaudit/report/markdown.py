"""How is a run written for a ticket or a wiki? The same page as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from tokaudit.report.safe_text import clean
from tokaudit.report.view.page import build_page
from tokaudit.report.view.shapes import Chart, Detail, Fact, Head, Row, Section, Table
from tokaudit.result import AuditRun

_BACKSLASHED = {letter: f"\\{letter}" for letter in "\\`*_[]|~"}
_ESCAPES = str.maketrans(_BACKSLASHED | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"})


def render_markdown(run: AuditRun) -> str:
    """Write head, sections, tables and details in the order of the page."""
    page = build_page(run)
    blocks = [*_head(page.head)]
    for section in page.sections:
        blocks += _section(section)
    blocks.append(escape(page.maker))
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str) -> str:
    """Write a text so that Markdown takes no letter of it as markup, link or HTML."""
    return clean(text).translate(_ESCAPES).replace("://", ":&#47;/").replace("www.", "www&#46;")


def _head(head: Head) -> Iterator[str]:
    yield f"# {escape(head.title)}"
    yield escape(head.period)
    for banner in head.banners:
        yield f"**{escape(banner)}**"
    yield _facts(head.facts)


def _section(section: Section) -> Iterator[str]:
    yield f"## {escape(section.topic)}: {escape(section.heading)}"
    yield from (escape(sentence) for sentence in section.sentences)
    yield _facts(section.figures)
    yield from _chart(section.chart)
    yield from (_table(table) for table in section.tables)
    for detail in section.details:
        yield from _detail(detail)
    yield _facts(section.facts)


def _detail(detail: Detail) -> Iterator[str]:
    yield f"### {escape(detail.summary)}"
    yield from (escape(sentence) for sentence in detail.sentences)
    yield _facts(detail.facts)
    yield from _chart(detail.chart)
    yield from (_table(table) for table in detail.tables)
    yield "\n".join(f"- {escape(point)}" for point in detail.points)


def _chart(chart: Chart | None) -> Iterator[str]:
    """Tell what the chart shows; its figures stand in a table."""
    if chart:
        yield escape(chart.finding)


def _facts(facts: tuple[Fact, ...]) -> str:
    return "\n".join(f"- {escape(fact.term)}: {escape(_with_note(fact))}" for fact in facts)


def _with_note(fact: Fact) -> str:
    return f"{fact.value} ({fact.note})" if fact.note else fact.value


def _table(table: Table) -> str:
    heads = [escape(column.head) for column in table.columns]
    rules = [":--" if column.text or at == 0 else "--:" for at, column in enumerate(table.columns)]
    lines = [f"{escape(table.caption)}:\n", _line(heads), _line(rules)]
    lines += [_line(_cells(row)) for row in table.rows]
    lines += [_line(f"**{cell}**" if cell else "" for cell in _cells(table.total))] if table.total else []
    lines += [f"\n{escape(note)}" for note in table.notes]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    head, *figures = row.cells
    named = f"{head} ({row.note.removesuffix('.')})" if row.note else head
    return [escape(cell) for cell in (named, *figures)]


def _line(cells: Iterator[str] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
