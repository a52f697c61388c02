"""In which order is a run told?"""

from __future__ import annotations

from tokaudit.report.safe_text import safe_text
from tokaudit.report.view.actions import actions_section
from tokaudit.report.view.bridge import bridge_section
from tokaudit.report.view.candidates import candidates_section
from tokaudit.report.view.checks import checks_section
from tokaudit.report.view.glossary import words_section
from tokaudit.report.view.growth import growth_section
from tokaudit.report.view.head import head
from tokaudit.report.view.method import method_section
from tokaudit.report.view.overhead import overhead_section
from tokaudit.report.view.repricing import repricing_section
from tokaudit.report.view.shapes import Page
from tokaudit.report.view.spend import spend_section
from tokaudit.report.view.summary import summary_section
from tokaudit.report.view.waste import waste_section
from tokaudit.result import AuditRun


def build_page(run: AuditRun) -> Page:
    """Turn a run into the strings of its report: answer first, then what to do, then the evidence."""
    sections = (
        summary_section(run),
        actions_section(run),
        bridge_section(run),
        spend_section(run),
        overhead_section(run),
        growth_section(run),
        waste_section(run),
        candidates_section(run),
        repricing_section(run),
        checks_section(run),
        method_section(run),
        words_section(),
    )
    return Page(head(run), sections, _maker(run))


def _maker(run: AuditRun) -> str:
    made = run.generated_from
    tool = f"{safe_text(run.tool.name)} {safe_text(run.tool.version)}"
    return f"{tool} · prices of {safe_text(made.price_snapshot_date)} · settings {safe_text(made.settings_hash)}"
