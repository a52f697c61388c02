"""Is every row of a CSV file a record, a blank or a reject, whatever its quotes, delimiters and line ends?"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.logs import SHARED
from ingest.test_framing import sizes
from tokaudit.ingest.cutting.csv_rows import (
    NOT_A_HEADER,
    NOT_A_ROW,
    NOT_UTF8,
    QUOTE_NOT_CLOSED,
    WRONG_FIELDS,
    frame_table,
)
from tokaudit.ingest.cutting.framing import BOM, TOO_LONG, Frame, framing_of

SPECTRUM = SHARED / "data/hostile/csv-spectrum"


def table(data: bytes, longest: int = 1 << 20) -> list[Frame]:
    with sizes(LONGEST_RECORD=longest):
        return list(frame_table(io.BytesIO(data)))


def rejects(data: bytes, longest: int = 1 << 20) -> list[str | None]:
    return [frame.reject for frame in table(data, longest)]


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECTRUM.glob("csvs/*.csv")) or [None])
def test_csv_spectrum(name: str | None) -> None:
    if name is None:
        pytest.skip(f"{SPECTRUM} is not there")
    frames = table((SPECTRUM / f"csvs/{name}.csv").read_bytes())
    expected = json.loads((SPECTRUM / f"json/{name}.json").read_text())
    if name == "location_coordinates":  # the corpus states one object, with another phone number than the file has
        expected = [{**expected, "Contact Phone Number": "2095257564"}]
    assert [frame.data for frame in frames] == expected


names = st.lists(st.text(alphabet="abcdefgh_", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    data=st.data(),
    header=names,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_what_a_writer_wrote_is_read(
    data: st.DataObject, header: list[str], delimiter: str, end: str, bom: bool
) -> None:
    cell = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12) | st.sampled_from(
        ['"', '""', ",;", "a\nb", '{"k": "v"}', "=1+1"]
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=len(header), max_size=len(header)), max_size=5))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([header, *rows])
    frames = table((BOM if bom else b"") + text.getvalue().encode())
    assert [frame.data for frame in frames] == [
        dict(zip(header, row, strict=True)) if any(row) else None for row in rows
    ]
    assert [frame.offset for frame in frames] == list(range(1, len(rows) + 1))
    assert not any(frame.reject for frame in frames)


def test_a_row_is_told_by_its_number_and_its_first_line() -> None:
    frames = table(b'a,b\n1,"x\ny\nz"\n\n2,3\n')
    assert [(frame.offset, frame.line) for frame in frames] == [(1, 2), (2, 5), (3, 6)]
    assert frames[1].data is None
    assert frames[1].reject is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a,b\n", []),
        (b"a,b", []),
        (b"a,b\n1,2", [None]),
        (b"a,b\n1\n1,2,3\n1,2\n", [WRONG_FIELDS, WRONG_FIELDS, None]),
        (b'a,b\n1,"never closed\n3,4\n5,6\n', [QUOTE_NOT_CLOSED]),
        (b'a,b\n1,"x"y\n3,4\n', [NOT_A_ROW, None]),
        (b"a,b\n\xff,1\n\xc3\xa9,2\n", [NOT_UTF8, None]),
        (b"a,b\n\xed\xa0\x80,1\n", [NOT_UTF8]),
        (b'a,b\n"x\n', [QUOTE_NOT_CLOSED]),
        (b'"a,b\n1,2\n', [NOT_A_HEADER]),
    ],
)
def test_what_is_no_row_is_a_reject(data: bytes, expected: list[str | None]) -> None:
    assert rejects(data) == expected


def test_a_header_may_have_line_ends_in_quotes() -> None:
    assert [(frame.line, frame.data) for frame in table(b'"a\nb",c\n1,2\n')] == [(3, {"a\nb": "1", "c": "2"})]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([b"sep=;", b"model;tokens", b"x;1,5"], 3),
        ([b'"sep=;"', b"model;tokens", b"x;1,5"], 3),
        ([BOM + b"SEP=;", b"", b"model;tokens", b"x;1,5"], 4),
        ([BOM + b"model;tokens", b"x;1,5"], 2),
        ([b"", b" ", b"model;tokens", b"x;1,5"], 4),
        ([b"model\ttokens", b"x\t1,5"], 2),
        ([b"model|tokens", b"x|1,5"], 2),
        ([b'"model";"tokens"', b'"x";"1,5"'], 2),
    ],
)
def test_what_stands_before_and_between(lines: list[bytes], line: int, end: bytes) -> None:
    data = end.join(lines) + end
    assert framing_of(data) == "table"
    assert [(frame.line, frame.data) for frame in table(data)] == [(line, {"model": "x", "tokens": "1,5"})]


def test_a_hint_for_excel_decides_against_the_header() -> None:
    assert [frame.data for frame in table(b"sep=|\na,b;c|d\n1|2\n")] == [{"a,b;c": "1", "d": "2"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_header_of_several_lines(delimiter: str) -> None:
    header = delimiter.join(['"model\n(""name"")"', "size", '"tokens\n\nof all"'])
    data = f'{header}\nx{delimiter}5" disk{delimiter}1\n'.encode()
    assert framing_of(data) == "table"
    expected = {'model\n("name")': "x", "size": '5" disk', "tokens\n\nof all": "1"}
    assert [(frame.line, frame.data) for frame in table(data)] == [(5, expected)]


def test_a_quote_inside_a_header_means_nothing() -> None:
    assert [frame.data for frame in table(b'5" disk,b\n1,2\n')] == [{'5" disk': "1", "b": "2"}]


@pytest.mark.parametrize(
    "row",
    [
        b"1," + b"x" * 200,
        b'1,"' + b"x" * 200 + b'"',
        b"," * 200,
        b"x" * 200 + b",1\n" + b"y" * 300,
    ],
)
def test_a_row_that_is_too_long_costs_only_itself(row: bytes) -> None:
    frames = table(b"a,b\n1,2\n" + row + b"\n3,4\n5,6\n", longest=100)
    kept = [frame.data for frame in frames if frame.data]
    assert kept[0] == {"a": "1", "b": "2"}
    assert kept[-1] == {"a": "5", "b": "6"}
    assert TOO_LONG in [frame.reject for frame in frames]


@pytest.mark.parametrize("row", [b'1,"' + b"x\n" * 100 + b'"', b'"\n",' * 60 + b"1"])
def test_a_row_of_many_lines_is_given_up_when_it_is_too_long(row: bytes) -> None:
    frames = table(b"a,b\n1,2\n" + row + b"\n3,4\n", longest=100)
    assert frames[0].data == {"a": "1", "b": "2"}
    assert (frames[1].line, frames[1].reject) == (3, TOO_LONG)


def test_a_long_field_within_the_limit_is_read() -> None:
    (frame,) = table(b'a,b\n1,"' + b"x" * 300_000 + b'"\n')
    assert isinstance(frame.data, dict)
    assert len(frame.data["b"]) == 300_000


@pytest.mark.parametrize("head", [b"a" * 500, b"a," * 250])
def test_an_endless_header_is_refused(head: bytes) -> None:
    assert rejects(head, longest=100) == [NOT_A_HEADER]


def test_the_stream_stays_open_for_its_owner(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,2\n")
    with (tmp_path / "a.csv").open("rb") as stream:
        assert framing_of(stream.read()) == "table"
        stream.seek(0)
        next(frame_table(stream))
        assert not stream.closed


NAMES = b"Date;Model;Input tokens;Output tokens\n"
ROW = {"Date": "2.3.2026", "Model": "gpt-4o", "Input tokens": "1420", "Output tokens": "100"}
CELLS = b"2.3.2026;gpt-4o;1420;100\n"


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\n",
        b"Usage of March\n",
        b"Usage, March 2026;;;\n;;;\n",
        b"Report;Usage\nAs of;01.04.2026\n\n",
        b'"Usage; March";;;\nAs of;01.04.2026;;\n;;;\n',
        b"sep=;\nUsage;;;\n",
        b'"A title\nof two lines"\n',
    ],
)
def test_a_header_may_stand_below_a_title(before: bytes) -> None:
    data = before + NAMES + CELLS
    assert framing_of(data) == "table"
    assert [(frame.line, frame.data) for frame in table(data)] == [(before.count(b"\n") + 2, ROW)]
    assert [(frame.line, frame.data) for frame in table(BOM + data)] == [(before.count(b"\n") + 2, ROW)]


def test_a_row_of_words_for_columns_is_no_header_below_another() -> None:
    data = b"a,b,c,d\nmodel,input tokens,x,y\n1,2,3,4\n"
    assert [frame.data for frame in table(data)][1] == {"a": "1", "b": "2", "c": "3", "d": "4"}


def test_columns_of_the_same_name_are_told_apart() -> None:
    (frame,) = table(b"id,tokens,id,,tokens,\nx,1,y,,2,\n")
    assert frame.data == {"id": "x", "tokens": "1", "id (2)": "y", "": "", "tokens (2)": "2", " (2)": ""}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b"2.3.2026;gpt-4o;1420;100\n", {"note": "", "tag": ""}),
        (b"2.3.2026;gpt-4o;1420;100;x\n", {"note": "x", "tag": ""}),
        (b"2.3.2026;gpt-4o;1420;100;x;y;;\n", {"note": "x", "tag": "y"}),
        (b"2.3.2026;gpt-4o;1420;100;x;y;z\n", None),
        (b"2.3.2026;gpt-4o;1420\n", None),
        (b"2.3.2026;gpt-4o;1420;10", None),  # who knows what was cut off
    ],
)
def test_empty_cells_at_a_rows_end_may_be_left_out(row: bytes, expected: dict[str, str] | None) -> None:
    (frame,) = table(NAMES.strip() + b";note;tag\n" + row)
    assert frame.data == (None if expected is None else {**ROW, **expected})
    assert frame.reject == (WRONG_FIELDS if expected is None else None)


def test_excel_in_western_europe_writes_its_own_encoding() -> None:
    data = "Modell;Größe;Kosten (€)\nä;é “x” 1\xa0420;0,5\n".encode("cp1252")
    assert framing_of(data) == "table"
    assert [frame.data for frame in table(data)] == [{"Modell": "ä", "Größe": "é “x” 1\xa0420", "Kosten (€)": "0,5"}]


@pytest.mark.parametrize(
    "cell",
    ["日本".encode("cp932"), "привет".encode("cp1251"), "日".encode() + b"\xff", "x\u2026".encode()[:-1], b"\x81"],
)
def test_other_encodings_are_refused(cell: bytes) -> None:
    assert rejects(b"a,b\n1," + cell + b"\n") == [NOT_UTF8]


def test_quotes_may_stand_behind_backslashes() -> None:
    data = b'id,usage,note\n1,"{\\"a\\": \\"x\\\\\\"y\\", \\"b\\": 2}","a ""b"""\n'
    (frame,) = table(data)
    assert isinstance(frame.data, dict)
    assert json.loads(frame.data["usage"]) == {"a": 'x"y', "b": 2}


def test_one_column_of_json_is_a_table() -> None:
    data = b'payload\n"{""a"": 1}"\n\n"{""a"": ""x,y""}"\n'
    assert framing_of(data) == "table"
    assert [frame.data for frame in table(data)] == [{"payload": '{"a": 1}'}, None, {"payload": '{"a": "x,y"}'}]
