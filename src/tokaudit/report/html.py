"""How does a run become one self-contained page?

Nothing remote, complete without script. The content policy allows only our own style sheet and script, by their hash.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256

from markupsafe import Markup

from tokaudit.report.templates import environment, template_text
from tokaudit.report.view.page import build_page
from tokaudit.result import AuditRun


def render_html(run: AuditRun) -> str:
    """Write the page; the same run gives the same text."""
    style, script = _asset("report.css"), _asset("report.js")
    return (
        environment()
        .get_template("report.html.j2")
        .render(page=build_page(run), style=style, script=script, policy=content_policy(style, script))
    )


def content_policy(style: str, script: str) -> str:
    """Write the Content-Security-Policy under which only this style sheet and this script take effect."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> Markup:
    """Read our own style sheet or script: text of this package, never of a log, so it is not escaped."""
    return Markup(template_text(name).strip())  # noqa: S704


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
