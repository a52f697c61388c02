"""`tokaudit doctor`: what is each of these files, and what can it show?"""

from __future__ import annotations

import json as json_text

from rich.text import Text

from tokaudit.cli import options as o
from tokaudit.cli.doctor_lines import lines_of
from tokaudit.cli.terminal import progress, stdout
from tokaudit.result import plain
from tokaudit.session import doctor_paths


def doctor(
    paths: o.Paths,
    settings: o.SettingsFile = None,
    prices: o.PricesFile = None,
    column: o.Columns = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """Say what each file is, what it can and cannot show, and what would be rejected. Nothing is stored.

    Examples: tokaudit doctor logs/ · tokaudit doctor s3://bucket/2026-01/ --json
    """
    chosen = o.make_settings(settings=settings, prices=prices, columns=column)
    with progress(quiet=quiet) as shown:
        files = doctor_paths(paths, chosen, shown)
    if json:
        print(json_text.dumps({"files": plain(files)}, sort_keys=True, indent=2))  # noqa: T201 - the answer
        return
    console = stdout()
    for line in lines_of(files):
        console.print(Text(line), soft_wrap=True)
