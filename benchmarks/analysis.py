"""How fast is a period of the ledger audited, and with how much memory?

Ingests a simulated month (`--scale`), then times the audit of the ledger in a fresh process.

    python benchmarks/analysis.py [--scale 1/4]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import DEFAULT_MONTH, DEFAULT_SEED, SUPPORT_BOT
from tokaudit.simulation.write import rates_path, simulate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=Fraction, default=Fraction(1, 4), help="1/4 is about 80,000 calls")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        log, ledger = folder / "month.jsonl", folder / "ledger.duckdb"
        truth = simulate(
            Scenario(seed=DEFAULT_SEED, month=DEFAULT_MONTH, features=(SUPPORT_BOT,), scale=options.scale), log
        )
        command = [sys.executable, "-m", "tokaudit"]
        subprocess.run(
            [*command, "ingest", "-q", str(log), "--ledger", str(ledger)], check=True, stdout=subprocess.DEVNULL
        )
        report = [
            *command,
            "report",
            "-q",
            "--ledger",
            str(ledger),
            "--out",
            str(folder),
            "--prices",
            str(rates_path(log)),
        ]
        started = time.perf_counter()
        child = subprocess.Popen(report, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        if os.waitstatus_to_exitcode(status):
            sys.exit("the report failed")
        print(f"calls      {truth.calls:10,}")
        print(f"wall       {seconds:10.1f} s     {truth.calls / seconds:,.0f} calls/s")
        print(f"processor  {used.ru_utime + used.ru_stime:10.1f} s")
        print(f"memory     {used.ru_maxrss / 1024:10,.0f} MB")


if __name__ == "__main__":
    main()
