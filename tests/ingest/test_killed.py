"""Does a killed run lose nothing, and does the next one finish it?"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.logs import chat, digest, ingested, json_lines

CHILD = """
import sys
from pathlib import Path
from tokaudit.ingest import splits
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ledger.store import Ledger, open_ledger
from tokaudit.readers.contract import ReadOptions

append = Ledger.append
Ledger.append = lambda *all, **named: (print("append", flush=True), append(*all, **named))
splits.SPLIT_BYTES = 20_000
sources = find_sources(sys.argv[2:])
sys.stdin.readline()
with open_ledger(Path(sys.argv[1])) as ledger:
    ingest(sources, ledger, ReadOptions())
"""

KILLS = 3
FILES = 5
LONGEST_WAIT_SECONDS = 0.03
"""About what a commit takes."""


def waiting_child(ledger: Path, logs: list[Path]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(ledger), *map(str, logs)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def kill_in_the_midst(child: subprocess.Popen[str], appends: int, seconds: float) -> None:
    """Let the child run until it is about to commit a file for the n-th time, and a moment longer."""
    assert child.stdin
    assert child.stdout
    child.stdin.write("\n")
    child.stdin.flush()
    for _ in range(appends):
        assert child.stdout.readline() == "append\n"
    time.sleep(seconds)
    child.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_killed_at_any_moment(tmp_path: Path) -> None:
    logs = []
    for number in range(FILES):
        logs.append(tmp_path / f"{number}.jsonl")
        calls = (chat(1000 * number + call, answer=f"answer {call} of {number} " * 9) for call in range(90))
        logs[-1].write_bytes(json_lines(calls) + b"{torn\n\n")
    _, unkilled = ingested(tmp_path / "unkilled/ledger", *logs)

    ledger, chance, read = tmp_path / "killed/ledger", random.Random(3), []
    children = [waiting_child(ledger, logs) for _ in range(KILLS)]
    for number, child in enumerate(children):
        with child:
            kill_in_the_midst(child, appends=1 + number % 2, seconds=chance.random() * LONGEST_WAIT_SECONDS)
        _, so_far = ingested(ledger)  # opens, and holds whole files only
        read.append(len(so_far["files"]))
    _, finished = ingested(ledger, *logs)
    assert read == sorted(read)
    assert 0 < read[-1] < FILES
    assert digest(finished) == digest(unkilled)
    assert [path.name for path in ledger.parent.iterdir()] == ["ledger"], "working files of killed runs are left"
