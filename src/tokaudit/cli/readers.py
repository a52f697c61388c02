"""`tokaudit readers`: which formats are read, and how to export each."""

from __future__ import annotations

from rich.text import Text

from tokaudit.cli.terminal import stdout
from tokaudit.readers.registry import READERS


def readers() -> None:
    """List the formats that are read, with how to export each.

    Example: tokaudit readers
    """
    console = stdout()
    for reader in READERS:
        console.print(Text(f"{reader.name}: {reader.title}"))
        console.print(Text(f"    {reader.how_to_export}"))
