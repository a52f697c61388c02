"""`tokaudit simulate`: a month of realistic logs, to try it all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.terminal import note, note_written, progress, stdout
from tokaudit.errors import TokauditError, UsageError
from tokaudit.report.format import dollars
from tokaudit.report.words import BRIDGE_LINES, word
from tokaudit.simulation.scenario import Scenario, queries
from tokaudit.simulation.scenarios import DEFAULT_MONTH, DEFAULT_SCENARIO, DEFAULT_SEED, SCENARIOS
from tokaudit.simulation.write import rates_path, truth_path
from tokaudit.simulation.write import simulate as write_month


def _scale(text: str) -> Fraction:
    try:
        scale = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"{text!r} is not a scale", hint="write 1/100, 0.1 or 1") from error
    if scale <= 0:
        raise UsageError(f"{text!r} is not a scale", hint="a scale is more than 0; 1 is the whole example")
    return scale


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Log to write: .jsonl, .jsonl.gz or .jsonl.zst.")] = Path(
        "simulated.jsonl.gz"
    ),
    scenario: Annotated[str, typer.Option(help=f"Traffic: {', '.join(SCENARIOS)}.")] = DEFAULT_SCENARIO,
    month: Annotated[str, typer.Option(help="Month, YYYY-MM.")] = DEFAULT_MONTH,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal logs.")] = DEFAULT_SEED,
    scale: Annotated[str, typer.Option(help="Volume: 1 is the whole example, 10,000 queries a day.")] = "1/100",
    untagged: Annotated[bool, typer.Option("--untagged", help="Leave feature tags and session ids out.")] = False,
    quiet: o.Quiet = False,
) -> None:
    """Write a month of simulated logs, with the truth and the rates beside them.

    Examples: tokaudit simulate --out month.jsonl.gz · tokaudit simulate --scenario mixed --scale 1/10 --seed 7
    """
    if scenario not in SCENARIOS:
        raise UsageError(f"no scenario is called {scenario!r}", hint=f"there are: {', '.join(SCENARIOS)}")
    plan = Scenario(seed=seed, month=month, features=SCENARIOS[scenario], scale=_scale(scale), tagged=not untagged)
    total = sum(queries(plan, feature) for feature in plan.features)
    try:
        with progress(quiet=quiet) as shown:
            # Retries and failures make the log a little longer than its queries.
            truth = write_month(plan, out, lambda lines: shown.of_step("writing", min(lines / total, 1.0)))
    except OSError as error:
        hint = "choose another file with --out"
        raise TokauditError(f"cannot write the log: {error.strerror}", where=str(out), hint=hint) from error
    console = stdout()
    for line in truth.bridge:
        console.print(Text(f"{word(BRIDGE_LINES, line.line).name}: {dollars(line.cost)}"))
    paths = [path for path in (out, truth_path(out), rates_path(out)) if path.exists()]
    for path in paths:
        note_written(path, quiet=quiet)
    prices = f" --prices {rates_path(out)}" if rates_path(out) in paths else ""
    note(f"next: tokaudit audit {out}{prices}", quiet=quiet)
