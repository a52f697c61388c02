"""`tokaudit report`: the report of a period that is in the ledger."""

from __future__ import annotations

from tokaudit.cli import options as o
from tokaudit.cli.audit import note_reports, show
from tokaudit.cli.terminal import progress
from tokaudit.report.write import write_reports
from tokaudit.session import report_period


def report(
    ledger: o.LedgerFile = o.DEFAULT_LEDGER,
    month: o.Month = None,
    since: o.Since = None,
    until: o.Until = None,
    tz: o.Zone = None,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    features: o.FeaturesFile = None,
    compare: o.Compare = None,
    out: o.OutFolder = o.DEFAULT_OUT,
    format: o.Formats = "html,json",
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Report on a period of the whole ledger.

    Examples: tokaudit report --month 2026-01 · tokaudit report --since 2026-01-05 --until 2026-01-12 --format md
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
    formats = o.parse_formats(format)
    with progress(quiet=quiet) as shown:
        run = report_period(ledger, chosen, shown)
    written = write_reports(run, out, formats)
    show(run, as_json=json)
    note_reports(written, quiet=quiet)
