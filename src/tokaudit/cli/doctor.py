"""`tokaudit doctor`: what each file is, what it can and cannot show, and what would be rejected."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.terminal import progress, stdout
from tokaudit.doctor import AbilityFound, FileFound, FormatFound
from tokaudit.report.format import count, counted, minute, share, size
from tokaudit.report.safe_text import safe_text
from tokaudit.result import plain
from tokaudit.session import doctor_paths

_LONGEST = 160
_LAYERS = {
    "lines": "JSON lines",
    "session": "JSON lines that tell together",
    "document": "JSON",
    "table": "CSV",
    "events": "event streams",
    "chunks": "stream chunks, one a line",
    "cassette": "recorded HTTP (YAML)",
    "text": "text lines with key=value pairs",
}
"""How the records of a file are cut, in words. What it is packed in stands as it is called."""
_MODELS_SHOWN = 5


def doctor(
    paths: o.Paths,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    column: o.Columns = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Say what each file is, what it can and cannot show, and what would be rejected. Nothing is stored.

    Examples: tokaudit doctor logs/ · tokaudit doctor s3://bucket/2026-01/ --json
    """
    chosen = o.make_settings(settings=settings, prices=prices, columns=column)
    with progress(quiet=quiet) as shown:
        files = doctor_paths(paths, chosen, shown)
    if json:
        print(json_text.dumps({"files": plain(files)}, sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    console = stdout()
    for file in files:
        for line in lines_of(file):
            _say(console, line)
        _say(console, "")
    _say(console, _together(files))


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)


def lines_of(file: FileFound) -> Iterator[str]:
    """Write what is known of a file, a fact a line."""
    layers = f": {', '.join(_LAYERS.get(layer, layer) for layer in file.layers)}" if file.layers else ""
    yield f"{safe_text(file.file, _LONGEST)} ({size(file.bytes)}){layers}"
    if file.refused:
        yield f"  cannot be audited: {safe_text(file.refused, _LONGEST)}"
    for found in file.formats:
        yield from _lines_of_format(found)
    for kind, number in file.unnamed.items():
        yield f"  {counted(number, kind)}"
    for rejects in file.rejects:
        lines = ", ".join(str(line) for line in rejects.first_lines)
        more = ", …" if rejects.count > len(rejects.first_lines) else ""
        reason = safe_text(rejects.reason, _LONGEST)
        yield f"  rejected: {counted(rejects.count, 'record')}: {reason} (line {lines}{more})"
    if file.columns:
        pairs = ", ".join(f"{field} = {safe_text(name)!r}" for field, name in sorted(file.columns.items()))
        yield f"  columns: {pairs} (change one with --column FIELD=NAME)"


def _lines_of_format(found: FormatFound) -> Iterator[str]:
    sign = f", known by {found.sign}" if found.sign else ""
    yield f"  {found.reader}: {found.title}{sign}"
    if kinds := ", ".join(_kinds(found)):
        yield f"    holds {kinds}"
    if found.calls:
        yield f"    shows {', '.join(_shown(each) for each in found.abilities)}"
    if found.unpriced_models:
        yield f"    no rate is known for {_models(found)}: give one with --prices"
    for state, number in found.usage_state.items():
        if state != "exact":
            yield f"    usage {state.replace('_', ' ')}: {counted(number, 'call')}"
    for each in found.abilities:
        if each.limit:
            yield f"    {each.ability}: {each.limit}"
        if each.switch_on:
            yield f"    to see {each.ability}: {each.switch_on}"


def _kinds(found: FormatFound) -> Iterator[str]:
    if found.calls:
        period = f" from {minute(found.first_call)}" if found.first_call else ""
        period += f" to {minute(found.last_call)}" if found.last_call else ""
        undated = f", {count(found.undated)} of them without a time" if found.undated else ""
        yield f"{counted(found.calls, 'call')}{period}{undated}"
    if found.fragments:
        yield f"{counted(found.fragments, 'record')} that tell more of calls elsewhere"
    for kind, number in found.asides.items():
        yield counted(number, kind)


def _shown(found: AbilityFound) -> str:
    if found.share in (0, 1):
        return f"{found.ability} {'yes' if found.share else 'no'}"
    return f"{found.ability} {share(found.share)}"


def _models(found: FormatFound) -> str:
    models = sorted(found.unpriced_models.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{safe_text(name)} ({counted(number, 'call')})" for name, number in models[:_MODELS_SHOWN])
    more = len(models) - _MODELS_SHOWN
    return f"{shown} and {counted(more, 'more model')}" if more > 0 else shown


def _together(files: tuple[FileFound, ...]) -> str:
    calls = sum(found.calls for file in files for found in file.formats)
    rejected = sum(rejects.count for file in files for rejects in file.rejects)
    refused = sum(file.refused is not None for file in files)
    left = f"; {counted(refused, 'file')} cannot be audited" if refused else ""
    return f"{counted(len(files), 'file')}, {counted(calls, 'call')}, {count(rejected)} rejected{left}"
