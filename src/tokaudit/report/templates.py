"""Where are the page's templates, and with which rules are they filled?"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tokaudit.report.safe_text import clean

_IN_REPOSITORY = Path(__file__).resolve().parents[3] / "templates"


def template_folder() -> Traversable:
    """Find the templates: in the package when it was installed from a wheel, else in the repository."""
    packaged = files("tokaudit") / "templates"
    return packaged if packaged.is_dir() else _IN_REPOSITORY


def template_text(name: str) -> str:
    """Read one template, style sheet or script."""
    return (template_folder() / name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Make the template environment: everything printed is escaped, and a name that is not there is an error."""
    return Environment(
        loader=FunctionLoader(template_text),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _inert(value: Any) -> Any:
    """Clean every printed text once more; only our own style sheet, script and macros are `Markup`."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
