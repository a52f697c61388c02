from __future__ import annotations

import contextlib
import gzip
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bills.golden import FIXTURES, NO_OPTIONS, read_one
from tokaudit.bills.read import A_LOG, AUDIT_IT, read_bills
from tokaudit.errors import InputError

HEAD = "date,model,cost\n"
ROW = "2026-03-02,gpt-4o,1.25\n"


def written(folder: Path, data: bytes | str, name: str = "bill.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        HEAD.encode(),
        b"\x00\x01\x02\xff" * 50,
        b"PK\x03\x04 no archive",
        gzip.compress((HEAD + ROW * 999).encode())[:-9],
        b"{",
        b"[" * 100_000,
        b'{"a": 1}',
        b"[]",
        b"%PDF-1.7 an invoice",
        b"name,value\nx,1\ny,2\n",
        (HEAD + ROW).replace("gpt", "g\0t").encode(),
    ],
    ids=range(13),
)
def test_what_is_no_bill_is_refused_by_name(data: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, data)
    with pytest.raises(InputError) as refused:
        read_bills([str(path)], NO_OPTIONS)
    assert refused.value.where == str(path)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("calls.jsonl", '{"timestamp": "2026-03-02T09:15:12Z", "model": "gpt-4o", "prompt_tokens": 3, "completion_tokens": 5}\n'),
        ("table.csv", "timestamp,model,prompt_tokens,completion_tokens,cost\n2026-03-02T09:15:12Z,gpt-4o,1,2,0.5\n"),
        ("chat.jsonl", json.dumps({"request": {"model": "gpt-4o", "messages": []}, "response": {"object": "chat.completion",
            "model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}}) + "\n"),
    ],
)  # fmt: skip
def test_a_log_of_calls_is_sent_to_audit(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_bills([str(written(tmp_path, text, name))], NO_OPTIONS)
    assert (refused.value.what, refused.value.hint) == (A_LOG, AUDIT_IT)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(InputError, match="no such file"):
        read_bills(["nowhere.csv"], NO_OPTIONS)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("=1+1", "the cell holds a formula"),
        ("@SUM(A1)", "the cell holds a formula"),
        ("1e308", "the amount is absurdly large"),
        ("9" * 70, "the amount is absurdly large"),
        ("9" * 5000, "the amount is not a number"),
        ("1e-999999999", "the amount is not a number"),
        ("NaN", "the row states no amount"),
        ("Infinity", "the amount is not a number"),
        ("", "the row states no amount"),
        ("1.2.3", "the amount is not a number"),
    ],
)
def test_an_amount_that_is_none_is_a_counted_reject(cell: str, reason: str, tmp_path: Path) -> None:
    bill = read_one(written(tmp_path, f"{HEAD}{ROW}2026-03-02,gpt-4o,{cell}\n"))
    assert bill.lines["amount"].to_list() == [Decimal("1.25")]
    assert [(reject.line, reject.reason) for reject in bill.rejects] == [(3, reason)]


def test_torn_and_odd_rows_are_counted(tmp_path: Path) -> None:
    bill = read_one(written(tmp_path, f'{HEAD}{ROW}2026-03-02,gpt-4o\n{ROW}1,2,3,4,5\n"2026-03-02,torn'))
    assert len(bill.lines) == 2
    assert len(bill.rejects) == 3


def test_numbers_no_double_holds_are_exact(tmp_path: Path) -> None:
    text = '{"date": "2026-03-02", "model": "gpt-4o", "cost": 0.123456789012345678901234}\n'
    assert read_one(written(tmp_path, text, "b.jsonl")).lines["amount"].item() == Decimal("0.123456789012345678901234")


@pytest.mark.parametrize("path", ["openai/dashboard-cost.csv", "anthropic/console-cost.csv", "tables/european.csv"])
@pytest.mark.parametrize("packing", ["gzip", "utf-16", "zip", "bom", "crlf"])
def test_packing_and_encoding_change_nothing(path: str, packing: str, tmp_path: Path) -> None:
    data = (FIXTURES / path).read_bytes()
    target = tmp_path / "bill.csv"
    match packing:
        case "gzip":
            target.write_bytes(gzip.compress(data))
        case "utf-16":
            target.write_bytes(data.decode("utf-8-sig").encode("utf-16"))
        case "zip":
            with zipfile.ZipFile(target, "w") as archive:
                archive.writestr("inner.csv", data)
        case "bom":
            target.write_bytes(b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf"))
        case _:
            target.write_bytes(data.replace(b"\n", b"\r\n"))
    assert read_one(target).lines.drop("file").equals(read_one(FIXTURES / path).lines.drop("file"))


def test_no_reason_repeats_what_the_file_says(tmp_path: Path) -> None:
    secret = "sk-verysecret"
    bill = read_one(written(tmp_path, f"{HEAD}{ROW}{secret},{secret},{secret}\n2026-03-02,{secret},{secret}\n"))
    assert len(bill.rejects) == 2
    assert not any(secret in reject.reason for reject in bill.rejects)


CELLS = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=12) | st.sampled_from(
    (
        "2026-03-02",
        "1.25",
        "-3",
        "1.234,5",
        "$1",
        "(2)",
        "Total",
        "=A1",
        "gpt-4o",
        "nan",
        "1e5",
        "03/04/2026",
        "2026-03",
    )
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=6))
def test_no_table_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    body = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    path = written(folder, f"date,model,cost,input tokens\n{ROW.strip()},5\n{body}")
    bill = read_one(path)
    assert bill.lines["amount"].null_count() == 0
    assert len(bill.lines) >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((
        "object", "data", "results", "start_time", "end_time", "starting_at", "ending_at", "amount", "currency", "model", "usage",
        "date", "cost", "tokens", "metrics", "breakdown", "models", "spend", "core_metrics", "model_breakdown", "daily", "totals",
    )), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(sorted(FIXTURES.glob("*/*.json"))))
def test_no_json_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, value: object, like: Path) -> None:
    if like.name.endswith(".expected.json"):
        return
    record = json.loads(like.read_text())
    record = record[0] if isinstance(record, list) else record
    for key in [*list(record)[:1], "amount", "starting_at"]:
        changed = {**record, key: value}
        path = written(tmp_path_factory.mktemp("any"), json.dumps(changed), "b.json")
        with contextlib.suppress(InputError):
            read_one(path)
