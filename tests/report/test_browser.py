"""Is the page right in a real browser: laid out at both widths, styled under its policy, and with nothing executed?"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from report.sample_run import HOSTILE_NAMES, a_run, hostile_run
from tokaudit.report.html import render_html
from tokaudit.result import AuditRun

BROWSER = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=3000",
)
WIDTHS = (390, 1280)
MEASURE = """
addEventListener("load", () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, width = page.documentElement.clientWidth;
    page.querySelectorAll("details").forEach((part) => { part.open = true; });
    found[frame.width] = {
      overflow: page.documentElement.scrollWidth - width,
      padding: frame.contentWindow.getComputedStyle(page.body).paddingTop,
      scripts: page.scripts.length,
      images: page.images.length,
      title: page.title,
      rows: page.querySelectorAll("#spend-by-feature tbody tr").length,
      drawn: Math.min(...[...page.querySelectorAll("svg.chart")].map((chart) => chart.getBoundingClientRect().width)),
    };
  }
  document.getElementById("found").textContent = JSON.stringify(found);
});
"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")


def measured(run: AuditRun, folder: Path) -> dict[str, Any]:
    """Lay the page out in a frame of each width, as it is written, and measure from outside."""
    page = html.escape(render_html(run))
    frames = "".join(f'<iframe width="{width}" height="900" srcdoc="{page}"></iframe>' for width in WIDTHS)
    wrapper = folder / "wrapper.html"
    document = f'<!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>{frames}<script>{MEASURE}</script>'
    wrapper.write_text(document, encoding="utf-8")
    assert BROWSER
    shown = subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", wrapper.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
        text=True,
    ).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', shown)
    assert found
    result: dict[str, Any] = json.loads(html.unescape(found[1]))
    return result


@pytest.mark.parametrize(
    ("run", "features"), [(a_run(), 6), (hostile_run(), len(HOSTILE_NAMES))], ids=["sample", "hostile"]
)
def test_page_fits_and_runs_nothing_of_a_log(run: AuditRun, features: int, tmp_path: Path) -> None:
    found = measured(run, tmp_path)
    assert set(found) == {str(width) for width in WIDTHS}
    for width, seen in found.items():
        assert seen["overflow"] <= 0, width
        assert seen["scripts"] == 1
        assert seen["images"] == 0
        assert seen["title"] == "Cost audit, September 2026"
        assert seen["rows"] == features
        assert seen["drawn"] > 300
    assert found["1280"]["padding"] == "40px", "the style sheet is not applied under the page's own policy"
    assert found["390"]["padding"] == "20px", "the narrow layout is not applied"
