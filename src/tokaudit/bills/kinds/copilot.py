"""What do GitHub's reports of Copilot say: metered billing, and requests?

A row of the billing report has amounts before and after what the plan includes. Source: GitHub's documentation of billing
reports, 2026.
"""

from __future__ import annotations

from collections.abc import Iterator

from tokaudit.bills.buckets import day_of
from tokaudit.bills.cells import units
from tokaudit.bills.line import BillLine
from tokaudit.bills.reading import NO_AMOUNT, Kind, Reading, itself
from tokaudit.readers.values.labels import first_label, label
from tokaudit.schema import Record, RejectRecordError

_PROVIDER = "github-copilot"
_NO_SUMS = "a summary of Copilot's use that states no amount of money and no requests"


def read(row: Record, reading: Reading) -> Iterator[BillLine]:
    """Turn a row of either report into a line. Raises RejectRecordError."""
    if "Requests Used" in row:
        yield _requests(row, reading)
    elif "gross_amount" in row or "grossAmount" in row:
        yield _billed(row, reading)
    else:
        raise RejectRecordError(_NO_SUMS)


def _requests(row: Record, reading: Reading) -> BillLine:
    return BillLine(
        *reading.at(day_of(row.get("Timestamp"), "UTC")), "usage", _PROVIDER, label(row.get("Model")), "other",
        units=units(row.get("Requests Used")), scope=label(row.get("User")),
    )  # fmt: skip


def _billed(row: Record, reading: Reading) -> BillLine:
    amount = reading.dollars(row.get("net_amount", row.get("netAmount")))
    before = reading.dollars(row.get("gross_amount", row.get("grossAmount")))
    if amount is None:
        raise RejectRecordError(NO_AMOUNT)
    product = first_label(row, "product", "sku") or ""
    item = "other" if "copilot" in product.lower() or "model" in product.lower() else "fee"
    return BillLine(
        *reading.at(day_of(row.get("date", row.get("usageAt")), "UTC")), "cost", _PROVIDER, label(row.get("model")), item,
        amount=amount,
        list_amount=before,
        units=units(row.get("quantity")),
        scope=first_label(row, "cost_center_name", "organization", "username"),
    )  # fmt: skip


KIND = Kind(
    name="copilot_bill",
    title="GitHub Copilot usage",
    rows=itself,
    read=read,
    zone="UTC",
    measures=frozenset(
        (
            *(
                "quantity",
                "gross_amount",
                "discount_amount",
                "net_amount",
                "grossAmount",
                "discountAmount",
                "netAmount",
            ),
            *("aic_quantity", "aic_gross_amount", "Requests Used", "Exceeds Monthly Quota"),
        )
    ),
)
