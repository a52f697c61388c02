"""Which hard cases are solved? Plants each, audits it without tags and prints how well its features are found.

python -m benchmarks.attribution cases [--seed 1] [--size 150] [--style openai] [--only NAME …] [--keep FOLDER]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attribution.cases import CASES, Case, planted
from benchmarks.attribution.log import write_case
from benchmarks.attribution.measures import Agreement, agreement
from benchmarks.attribution.runs import calls_of, truth_of


@dataclass(frozen=True, slots=True)
class CaseScore:
    """How well features and conversations agree with what was planted. found: features, of as many planted."""

    features: Agreement
    conversations: Agreement
    found: int
    planted: int


def score_case(case: Case, folder: Path, seed: int, size: int, style: str) -> CaseScore:
    """Plant a case and audit it."""
    log, truth = write_case(planted(case, seed, size), folder, case.__name__, style)
    joined = truth_of(truth).join(calls_of(log)[1], on="request_id", suffix="_found")
    return CaseScore(
        agreement(joined["feature_found"].to_list(), joined["feature"].to_list()),
        agreement(joined["conversation_id_found"].to_list(), joined["conversation_id"].to_list()),
        joined["feature_found"].n_unique(),
        joined["feature"].n_unique(),
    )


def score_cases(names: Sequence[str], seed: int, size: int, style: str, keep: Path | None) -> Iterator[str]:
    """Score the named cases (none = all), one line each."""
    yield f"{'':26} features{'':29} conversations"
    yield f"{'case':26} {'index':>6} {'precision':>9} {'recall':>6} {'found':>6} {'planted':>7} {'precision':>10} {'recall':>6}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for case in CASES:
            if not names or case.__name__ in names:
                yield _line(case.__name__, score_case(case, folder, seed, size, style))


def _line(name: str, score: CaseScore) -> str:
    found, chains = score.features, score.conversations
    return (
        f"{name:26} {found.index:6.4f} {found.precision:9.4f} {found.recall:6.4f} {score.found:6} {score.planted:7} "
        f"{chains.precision:10.4f} {chains.recall:6.4f}"
    )
