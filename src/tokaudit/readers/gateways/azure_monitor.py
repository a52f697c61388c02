"""What does a record of Azure Monitor hold, by whichever way it was taken out?

Event Hubs and storage accounts get `category`, `time` and an object or text `properties`, in camelCase. Log Analytics has
tables of their own in PascalCase, and the older AzureDiagnostics table, whose columns end in their type (`url_s`). The
portal's CSV adds the zone to the names of times and writes them month first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from tokaudit.readers.exchange.outcome import status_of
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.times import micros
from tokaudit.schema import Json, Record

_SUFFIX = re.compile(r"(_[sdgbt]|\s*\[[^\]]*\])+$")
_MONTH_FIRST = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? +(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,6})\d*)?(?: ?([AP])M)?", re.IGNORECASE
)

NAMED = (("apimSubscriptionId", "apimsubscriptionid"), ("productId", "productid"))
"""Where API Management names whom it let in: a subscription stands for an application."""


def category_of(record: Record) -> str:
    """Return the category that a diagnostic setting gave the record; "" where it has none."""
    value = record.get("category") or record.get("Category")
    return value if type(value) is str else ""


def fields_of(record: Record) -> dict[str, Json]:
    """Return the fields by their lower-case names, those of `properties` among them."""
    outer = {_plain(key): value for key, value in record.items()}
    inner = open_object(outer.get("properties"))
    return outer | {_plain(key): value for key, value in inner.items()}


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return _SUFFIX.sub("", name[:200]).lower()


def time_of(fields: Mapping[str, Json], *names: str) -> int | None:
    """Read the first of the times that can be read; those without a zone are UTC."""
    values = (fields.get(name) for name in names)
    return next((found for value in values if (found := micros(value) or _month_first(value)) is not None), None)


def _month_first(value: Json) -> int | None:
    match = _MONTH_FIRST.fullmatch(value.strip()) if type(value) is str and len(value) <= 40 else None
    if match is None:
        return None
    month, day, year, hour, minute, second = (int(match[i]) for i in range(1, 7))
    if match[8]:
        hour = hour % 12 + (12 if match[8] in "Pp" else 0)
    try:
        moment = datetime(year, month, day, hour, minute, second, int((match[7] or "0").ljust(6, "0")), UTC)
    except ValueError:
        return None
    return micros(moment.isoformat())


def status_code(*values: Json) -> int | None:
    """Read the first HTTP status; 0 stands for none."""
    return next((status for value in values if (status := status_of(value)[0]) is not None), None)


def correlation_id(fields: Mapping[str, Json]) -> str | None:
    """Return the id that all logs of one request share."""
    return label(fields.get("correlationid"))
