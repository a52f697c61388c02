"""What pieces is the report made of?

Strings and chart geometry, nothing to compute any more: the page, the terminal and Markdown place them, tests read
them. A table's first column is the row's head; every row has one cell a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

BarKind: TypeAlias = Literal["part", "step", "total"]


@dataclass(frozen=True, slots=True)
class Column:
    """`text` columns are read, the others are figures; the unit stands in the head."""

    key: str
    head: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar inside a row, on a scale of 0-100."""

    start: str
    length: str
    kind: BarKind


@dataclass(frozen=True, slots=True)
class Row:
    """note: small print under the head; target: the anchor the head leads to."""

    cells: tuple[str, ...]
    note: str = ""
    target: str = ""
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`bars` is the head of the column of bars, empty when rows have none."""

    anchor: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    notes: tuple[str, ...] = ()
    bars: str = ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Read one column, without the total."""
        at = self.at(key)
        return tuple(row.cells[at] for row in self.rows)

    def at(self, key: str) -> int:
        """Find a column's place; raises ValueError when the table has no such column."""
        return [column.key for column in self.columns].index(key)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list of facts; `formula` is the number of the formula behind the value, 0 = none."""

    term: str
    value: str
    note: str = ""
    formula: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar of a chart, in chart units, with the words a pointer shows."""

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; `kind` names its stroke in the style sheet, `name` stands in the legend."""

    kind: str
    name: str
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure. The scale's words are set around the drawing, so that they keep their size on a small screen.

    table: the anchor of the figures behind it, empty when they follow at once.
    """

    anchor: str
    title: str
    description: str
    finding: str
    width: str
    height: str
    top: str
    left: str
    right: str
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    table: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """A part of a section that can be closed."""

    anchor: str
    summary: str
    open: bool = False
    sentences: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """topic: the short name for the contents; heading: the answer. A section with nothing to say has only these."""

    anchor: str
    topic: str
    heading: str
    sentences: tuple[str, ...] = ()
    figures: tuple[Fact, ...] = ()
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()
    details: tuple[Detail, ...] = ()
    facts: tuple[Fact, ...] = ()
    closed: bool = False

    @property
    def quiet(self) -> bool:
        """Say whether the heading is all there is to say."""
        return not any((self.sentences, self.figures, self.tables, self.details, self.facts))


@dataclass(frozen=True, slots=True)
class Head:
    """What opens the page: the period, the quality of the data, and a banner where the sums cannot be relied on."""

    title: str
    period: str
    facts: tuple[Fact, ...]
    banners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report; `maker` closes it: tool, version, prices, settings."""

    head: Head
    sections: tuple[Section, ...]
    maker: str

    def section(self, anchor: str) -> Section:
        """Find a section; raises KeyError when there is none."""
        return {section.anchor: section for section in self.sections}[anchor]
