"""`tokaudit readers`: which formats are read, and how to export each."""

from __future__ import annotations

import json as json_text
from itertools import groupby

from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.terminal import stdout
from tokaudit.readers.bills import BILLS
from tokaudit.readers.contract import Reader
from tokaudit.readers.registry import AGENTS, APIS, BATCHES, GATEWAYS, TABLES, TRACING

_GROUPS = (
    ("Provider APIs: request and response bodies in whatever wrapper", APIS),
    ("Batches, and what providers store", BATCHES),
    ("Gateways, routers and serving platforms", GATEWAYS),
    ("Tracing and observability platforms", TRACING),
    ("Coding agents and local tools", AGENTS),
    ("Tables", TABLES),
)


def readers(json: o.AsJson = False) -> None:
    """List the formats that are read, with how to export each.

    Examples: tokaudit readers · tokaudit readers --json
    """
    if json:
        found = [_plain(reader, group) for group, members in _GROUPS for reader in members]
        print(json_text.dumps({"readers": found}, sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    console = stdout()
    for group, members in _GROUPS:
        console.print(Text(group), style="bold")
        for export, alike in groupby(members, key=lambda reader: reader.how_to_export):
            for reader in alike:
                console.print(Text(f"  {reader.name}: {reader.title}"), soft_wrap=True)
            console.print(Text(f"      {export}"), soft_wrap=True)
    console.print(Text("Bills, recognised and refused as logs of calls"), style="bold")
    for bill in BILLS:
        console.print(Text(f"  {bill.name}: {bill.title}"), soft_wrap=True)


def _plain(reader: Reader, group: str) -> dict[str, object]:
    return {
        "name": reader.name,
        "title": reader.title,
        "group": group,
        "sign": reader.sign,
        "how_to_export": reader.how_to_export,
        "switch_on": dict(reader.switch_on),
        "limits": dict(reader.limits),
    }
