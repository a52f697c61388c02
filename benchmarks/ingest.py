"""How fast are logs read, and with how much memory?

Writes a gigabyte of simulated chat logs (or less: `--scale`) to a temporary folder and ingests it in a fresh process.

    python benchmarks/ingest.py [--scale 1/4] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from tokaudit.simulation.scenario import Scenario
from tokaudit.simulation.scenarios import DEFAULT_MONTH, DEFAULT_SEED, SUPPORT_BOT
from tokaudit.simulation.write import simulate


def _log(folder: Path, scale: Fraction) -> Path:
    log = folder / "month.jsonl"
    if not log.exists():
        simulate(Scenario(seed=DEFAULT_SEED, month=DEFAULT_MONTH, features=(SUPPORT_BOT,), scale=scale), log)
    return log


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=Fraction, default=Fraction(1, 4), help="1/4 is about 1.1 GB")
    parser.add_argument("--keep", type=Path, help="folder for the log, kept for the next run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        log = _log(folder, options.scale)
        ledger = Path(scratch) / "ledger.duckdb"
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "tokaudit", "ingest", "-q", str(log), "--ledger", str(ledger)], check=True
        )
        seconds = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        megabytes = log.stat().st_size / 1e6
        print(f"log        {megabytes:10,.0f} MB")
        print(f"wall       {seconds:10.1f} s     {megabytes / seconds:,.0f} MB/s")
        print(f"processor  {used.ru_utime + used.ru_stime:10.1f} s")
        print(f"memory     {used.ru_maxrss / 1024:10,.0f} MB  (largest process)")
        print(f"ledger     {ledger.stat().st_size / 1e6:10,.0f} MB")


if __name__ == "__main__":
    main()
