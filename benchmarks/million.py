"""How long does attribution take for a million calls of six messages, and with how much memory?

Writes a log of conversations of three turns (the last call of each sends six messages), reads it, then times the report of
the ledger in a fresh process: features, conversations, operations, components, growth.

    python benchmarks/million.py [--calls 1000000] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

FEATURES = 12
TURNS = 5
"""Calls of a conversation send 2, 4, 6, 8 and 10 messages: six on average."""
_WORDS = (
    "order", "parcel", "invoice", "refund", "late", "address", "driver", "depot", "label", "customs", "return", "weight",
)  # fmt: skip


def _text(rng: Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def _prompts(rng: Random) -> list[str]:
    return [f"You are assistant {number}.\n\n{_text(rng, 60)}\n\n{_text(rng, 40)}" for number in range(FEATURES)]


def write_log(path: Path, calls: int) -> None:
    """Write the log, two conversations side by side."""
    rng = Random(1)
    systems, second = _prompts(rng), 0
    with path.open("w", encoding="utf-8") as file:
        for number in range(calls // TURNS):
            messages = [{"role": "system", "content": systems[rng.randrange(FEATURES)]}]
            for turn in range(TURNS):
                messages.append({"role": "user", "content": f"{_text(rng, 12)} {number}-{turn}"})
                answer = {"role": "assistant", "content": f"{_text(rng, 20)} {number}.{turn}"}
                second += 1
                record = {
                    "timestamp": 1788220800 + second * 2_500_000 // calls,
                    "request": {"model": "gpt-4o", "messages": messages},
                    "response": {
                        "id": f"chatcmpl-{number}-{turn}", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
                        "choices": [{"index": 0, "message": answer, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 130 + 60 * turn, "completion_tokens": 30,
                                  "prompt_tokens_details": {"cached_tokens": 0}},
                    },
                }  # fmt: skip
                file.write(json.dumps(record) + "\n")
                messages.append(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="where the log and the ledger stay, for another run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        log, ledger = folder / "million.jsonl", folder / "ledger.duckdb"
        command = [sys.executable, "-m", "tokaudit"]
        if not ledger.exists():
            write_log(log, options.calls)
            subprocess.run([*command, "ingest", "-q", str(log), "--ledger", str(ledger)], check=True)
        start = time.perf_counter()
        out = ["--ledger", str(ledger), "--out", str(folder), "-q"]
        process = subprocess.Popen([*command, "report", *out], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        print(f"exit {os.waitstatus_to_exitcode(status)}: {seconds:.1f} s, {usage.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
