"""Does the wheel hold all that the installed tool needs?"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_code_templates_vocabularies_and_schema(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("tokaudit-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    templates = {f"tokaudit/templates/{path.name}" for path in (ROOT / "templates").iterdir()}
    data = {"tokaudit/ledger/schema.sql", *(f"tokaudit/tokens/vocab/{n}_base.tiktoken.gz" for n in ("o200k", "cl100k"))}
    modules = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src" / "tokaudit").rglob("*.py")}
    assert templates | data | modules <= names
    assert templates


def test_every_pinned_version_fits_what_the_package_asks_for() -> None:
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / ".constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    for requirement in wanted:
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement
