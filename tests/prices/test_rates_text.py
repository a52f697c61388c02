"""Is each value of a TOML file found on the line on which it stands?"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tokaudit.prices.rates_text import Place, read_document

TRICKY = [
    "# [[rates]]",
    'top = """',
    "[[rates]]",
    'model = "not a key\\\\" """',
    '"quoted \\"key\\"" = \'[[rates]] # no comment\'',
    '\'\' = """"four" quotes"""""',
    "",
    "[[ rates ]]   # [other]",
    "model = 'a'",
    " dotted . key = 1.5",
    "at = 2026-01-01 10:00:00  # a space in a value",
    "[rates.sub]",
    "deep = [",
    "  1, 'a]', # ]",
    "  [2,",
    '   {x = "}", y.z = [3]}],',
    "]",
    "",
    "[[rates]]",
    '"model" = """',
    "[[rates]]",
    '"""',
    "[[rates.parts]]",
    "n = 1",
    "[[rates.parts]]",
    "n = 2",
    "  [rates.parts.more]",
    "  m = '''",
    "'''  # still 2",
    "  k = +1_000",
    "[a.b]",
    "c=-inf",
]
LINES: dict[Place, int] = {
    ("top",): 2,
    ('quoted "key"',): 5,
    ("",): 6,
    ("rates",): 8,
    ("rates", 0): 8,
    ("rates", 0, "model"): 9,
    ("rates", 0, "dotted", "key"): 10,
    ("rates", 0, "at"): 11,
    ("rates", 0, "sub"): 12,
    ("rates", 0, "sub", "deep"): 13,
    ("rates", 0, "sub", "deep", 0): 14,
    ("rates", 0, "sub", "deep", 1): 14,
    ("rates", 0, "sub", "deep", 2): 15,
    ("rates", 0, "sub", "deep", 2, 1): 16,
    ("rates", 0, "sub", "deep", 2, 1, "y", "z", 0): 16,
    ("rates", 1): 19,
    ("rates", 1, "model"): 20,
    ("rates", 1, "parts", 0, "n"): 24,
    ("rates", 1, "parts", 1): 25,
    ("rates", 1, "parts", 1, "n"): 26,
    ("rates", 1, "parts", 1, "more", "m"): 28,
    ("rates", 1, "parts", 1, "more", "k"): 30,
    ("a",): 31,
    ("a", "b", "c"): 32,
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places(end: str, tmp_path: Path) -> None:
    path = tmp_path / "tricky.toml"
    path.write_bytes(end.join(TRICKY).encode())
    document = read_document(path, "a hint")
    assert {place: document.line(place) for place in LINES} == LINES
    assert document.values["rates"][0]["dotted"]["key"] == Decimal("1.5")
    assert document.line(("rates", 1, "parts", 0, "missing")) == 23
    assert document.line(("missing",)) == 1
    error = document.error("wrong", ("a", "b", "c", 7), "a hint")
    assert (error.what, error.where, error.hint) == ("wrong", f"{path}:32", "a hint")


def every_place(value: object, place: Place = ()) -> list[Place]:
    """List the places of all that a document holds."""
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(found for key, one in held for found in every_place(one, (*place, key)))]


def test_everything_has_a_place(tmp_path: Path) -> None:
    path = tmp_path / "tricky.toml"
    path.write_text("\n".join(TRICKY))
    document = read_document(path, "a hint")
    assert set(every_place(document.values)) - {()} <= set(document.lines)
