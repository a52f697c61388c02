"""Do imports point down only?"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tokaudit

ROOT = Path(tokaudit.__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli",),
    ("session",),
    ("simulation", "estimate", "export", "reconcile", "doctor"),
    ("run",),
    ("report",),
    ("planner", "summary"),
    ("audits",),
    ("stages", "periods", "spool"),
    ("frames",),
    ("bills",),
    ("ingest",),
    ("ledger", "config"),
    ("readers",),
    ("prices",),
    ("tokens",),
    ("schema", "result", "errors"),
)
"""From top to bottom: a module may import its own package and the layers below it."""

LEVEL = {name: number for number, layer in enumerate(LAYERS) for name in layer}
THIRD_PARTY_HOMES = {
    "duckdb": {"ledger"},
    "typer": {"cli"},
    "genai_prices": {"prices"},
    "jinja2": {"report"},
    "obstore": {"ingest"},
}
"""Libraries that only some layers may know."""


def layer_of(path: Path) -> str:
    part = path.relative_to(ROOT).parts[0]
    return part.removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
    return names


MODULES = sorted(
    path for path in ROOT.rglob("*.py") if path.name not in ("__init__.py", "__main__.py") or path.parent != ROOT
)


def test_every_module_belongs_to_a_layer() -> None:
    assert sorted({layer_of(path) for path in MODULES} - set(LEVEL)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = layer_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "tokaudit" and len(parts) > 1 and parts[1] != own:
            assert LEVEL[own] < LEVEL[parts[1]], f"{own} may not import {name}"
        if parts[0] in THIRD_PARTY_HOMES:
            assert own in THIRD_PARTY_HOMES[parts[0]], f"{own} may not import {name}"


def test_no_circles_inside_the_packages() -> None:
    graph = {
        ".".join(("tokaudit", *path.relative_to(ROOT).with_suffix("").parts)): {
            name for name in imports_of(path) if name.startswith("tokaudit.")
        }
        for path in MODULES
    }
    finished: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"circle: {' -> '.join((*above, name))}"
        if name in finished or name not in graph:
            return
        for further in sorted(graph[name]):
            visit(further, (*above, name))
        finished.add(name)

    for module in sorted(graph):
        visit(module, ())
