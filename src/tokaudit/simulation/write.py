"""How does a simulated month become files: the log, the rates its private models need, and the truth about it?"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tokaudit.errors import UsageError
from tokaudit.result import plain
from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.traffic import planted_calls
from tokaudit.simulation.truth import Tally, Truth

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_GZIP_LEVEL = 6
LINES_A_REPORT = 1000
"""Lines between two reports of progress."""


def _stem(out: Path) -> str:
    for suffix in _SUFFIXES:
        if out.name.endswith(suffix):
            return out.name.removesuffix(suffix)
    raise UsageError(f"{out.name!r} is not the name of a log", hint=f"let it end in {', '.join(_SUFFIXES)}")


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write beside the path and move it there when all is well, so that nobody reads half a file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _packing(file: IO[bytes], name: str) -> Iterator[Callable[[bytes], object]]:
    # No name and no time in the header: the same month is the same bytes.
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_GZIP_LEVEL, mtime=0) as packed:
            yield packed.write
    elif name.endswith(".zst"):
        with zstd.ZstdFile(file, mode="wb") as packed:
            yield packed.write
    else:
        yield file.write


def rates_toml(scenario: Scenario) -> str:
    """Write the rates file of the models that no price list knows."""
    return "\n".join(
        "[[rates]]\n"
        f'model = "{feature.model}"\n'
        f'input_usd_per_million = "{feature.input_usd_per_million}"\n'
        f'output_usd_per_million = "{feature.output_usd_per_million}"\n'
        f"from = {scenario.start:%Y-%m-%d}\n"
        'source = "price page of the example"\n'
        for feature in scenario.features
        if feature.private
    )


def truth_json(truth: Truth) -> str:
    """Write the truth: sorted keys, money as decimal text."""
    return json.dumps(plain(truth), sort_keys=True, indent=2) + "\n"


def rates_path(out: Path) -> Path:
    """Name the rates file beside a log."""
    return out.with_name(f"{_stem(out)}.rates.toml")


def truth_path(out: Path) -> Path:
    """Name the truth beside a log."""
    return out.with_name(f"{_stem(out)}.truth.json")


def simulate(scenario: Scenario, out: Path, progress: Callable[[int], None] = lambda _: None) -> Truth:
    """Write the log to `out` (.jsonl, .jsonl.gz or .jsonl.zst), its truth and its rates beside it.

    Each file appears whole or not at all. Without private models there is no rates file. progress is told the lines written
    so far. Raises UsageError for another suffix.
    """
    tally, beside = Tally(scenario), {truth_path(out): "", rates_path(out): rates_toml(scenario)}
    out.parent.mkdir(parents=True, exist_ok=True)
    with _replacing(out) as file, _packing(file, out.name) as write_line:
        for number, call in enumerate(planted_calls(scenario), start=1):
            write_line(call.line)
            tally.add(call)
            if number % LINES_A_REPORT == 0:
                progress(number)
    truth = tally.truth()
    beside[truth_path(out)] = truth_json(truth)
    for path, text in beside.items():
        if text:
            with _replacing(path) as file:
                file.write(text.encode())
    return truth
