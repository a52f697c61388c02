"""`tokaudit plan`: which feature to move first, and what speaks against each."""

from __future__ import annotations

import json as json_text

from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.terminal import progress, stdout
from tokaudit.report.format import dollars
from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.repricing import other_model_line
from tokaudit.result import AuditRun, Candidate, plain
from tokaudit.session import report_period

_MOST_OTHERS = 3


def _lines(candidate: Candidate) -> list[str]:
    cost = candidate.cost_usd_per_month
    head = f"{candidate.rank}. {safe_text(candidate.feature)}: {candidate.verdict} ({candidate.task_type.type})"
    now, then = cost["as_is"], cost["after_first_moves"]
    known = now is not None and then is not None
    money = f"   {dollars(now)} a month, {dollars(then)} after the cheaper fixes" if known else "   at no known price"
    return [head, money, *(f"   against: {reason}" for reason in candidate.reasons)]


def _elsewhere(run: AuditRun, feature: str) -> list[str]:
    """Tell what the feature's calls would cost at other models."""
    found = [each for each in run.repricing.alternatives if each.feature == feature and each.cost is not None]
    return [f"   {other_model_line(each)}" for each in found[:_MOST_OTHERS]]


def plan(
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    month: o.Month = None,
    since: o.Since = None,
    until: o.Until = None,
    tz: o.Zone = None,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    features: o.FeaturesFile = None,
    compare: o.Compare = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Rank the features as candidates for a fine-tuned model, with the reasons against each.

    Examples: tokaudit plan --month 2026-01 · tokaudit plan --json
    """
    chosen = o.make_settings(
        settings=settings,
        month=month,
        since=since,
        until=until,
        zone=tz,
        prices=prices,
        features=features,
        compare=compare,
    )
    with progress(quiet=quiet) as shown:
        run = report_period(ledger, chosen, shown)
    found = run.plan
    if json:
        print(json_text.dumps(plain(found), sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    console = stdout()
    if found.none_reason:
        console.print(Text(found.none_reason))
    for candidate in found.candidates:
        for line in (*_lines(candidate), *_elsewhere(run, candidate.feature)):
            console.print(Text(line))
