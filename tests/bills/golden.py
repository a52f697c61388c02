"""What does each fixture of a bill say? Golden files stand beside the bills; TOKAUDIT_GOLDEN=write renews them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokaudit.bills.line import Bill, BillOptions
from tokaudit.bills.read import read_bills

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures" / "bills"
SAMPLES = ROOT.parent / "shared" / "formats" / "samples"
NO_OPTIONS = BillOptions()


def fixture_bills() -> list[Path]:
    found = (path for path in FIXTURES.glob("*/*") if not path.name.endswith(".expected.json"))
    return sorted(found)


def golden_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.expected.json")


def read_one(path: Path, options: BillOptions = NO_OPTIONS) -> Bill:
    (bill,) = read_bills([str(path)], options)
    return bill


def told(bill: Bill) -> dict[str, Any]:
    """The bill with the fields that say something."""
    rows = bill.lines.drop("file").iter_rows(named=True)
    return {
        "kind": bill.kind,
        "timezone": bill.timezone,
        "period": [str(bill.start), str(bill.end)],
        "has_more": bill.has_more,
        "notes": list(bill.notes),
        "rejects": [[reject.line, reject.reason] for reject in bill.rejects],
        "lines": [{name: plain(value) for name, value in row.items() if value is not None} for row in rows],
    }


def plain(value: Any) -> Any:
    if type(value) in (int, str):
        return value
    text = format(value, "f") if hasattr(value, "as_tuple") else str(value)
    return text.rstrip("0").rstrip(".") if hasattr(value, "as_tuple") and "." in text else text
