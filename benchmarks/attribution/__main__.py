"""Score the attribution of calls.

python -m benchmarks.attribution score LOG TRUTH [--strip-tags]
python -m benchmarks.attribution cases [--seed 1] [--size 150] [--style openai] [--only NAME …] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.attribution.generate import score_cases
from benchmarks.attribution.log import RECORDS
from benchmarks.attribution.score import score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("score", help="score a log whose truth is known")
    one.add_argument("log", type=Path)
    one.add_argument("truth", type=Path, help="CSV of one row a call, or JSON of sums by feature")
    one.add_argument("--strip-tags", action="store_true", help="remove tags, users, sessions and keys first")
    cases = commands.add_parser("cases", help="plant hard cases and score each")
    cases.add_argument("--seed", type=int, default=1)
    cases.add_argument("--size", type=int, default=150, help="calls of a usual feature")
    cases.add_argument("--style", choices=sorted(RECORDS), default="openai")
    cases.add_argument("--only", nargs="*", default=(), metavar="NAME")
    cases.add_argument("--keep", type=Path, help="leave logs and truth in this folder")
    options = parser.parse_args()
    if options.command == "score":
        lines = score(options.log, options.truth, strip_tags=options.strip_tags)
    else:
        lines = score_cases(options.only, options.seed, options.size, options.style, options.keep)
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
