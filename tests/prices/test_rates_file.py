"""Is the user's rates file read exactly, and is each mistake in it named with its line?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tokaudit.errors import ConfigError
from tokaudit.prices.rates_file import UserRate, read_rates_file

GOOD = """
# our contract

[[rates]]
model = "acme-7b"
input_usd_per_million = "0.80"
output_usd_per_million = 1.60
cache_read_usd_per_million = 0
from = 2026-01-01
until = 2026-04-01


[[ rates ]]
model = "gpt-4o"
provider = "azure"
source = "invoice of March"
input_usd_per_million = 2
output_usd_per_million = "1E+1"
cache_write_5m_usd_per_million = "0.000000000000000001"
"""


def read(tmp_path: Path, text: str) -> tuple[UserRate, ...]:
    path = tmp_path / "rates.toml"
    path.write_text(text, encoding="utf-8")
    return read_rates_file(path)


def test_a_good_file(tmp_path: Path) -> None:
    first, second = read(tmp_path, GOOD)
    assert first == UserRate(
        model="acme-7b", provider_name=None, start=date(2026, 1, 1), end=date(2026, 4, 1), uncached_input=Decimal("0.80"),
        cache_read=Decimal(0), cache_write_5m=None, cache_write_1h=None, output=Decimal("1.60"), source="rates file (rates.toml)",
    )  # fmt: skip
    assert (second.provider_name, second.source) == ("azure", "invoice of March (rates.toml)")
    assert (second.output, second.cache_write_5m) == (10, Decimal("1E-18"))


def test_numbers_are_the_decimals_that_are_written(tmp_path: Path) -> None:
    (rate,) = read(tmp_path, '[[rates]]\nmodel = "x"\ninput_usd_per_million = 0.1\noutput_usd_per_million = 0.3\n')
    assert (rate.uncached_input + rate.uncached_input + rate.uncached_input) == rate.output


ONE = '[[rates]]\nmodel = "a"\ninput_usd_per_million = 1\noutput_usd_per_million = 2\n'


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (ONE + "inptu_usd_per_million = 3\n", 5, "unknown key 'inptu_usd_per_million'"),
        (
            "# a\n\n\n" + ONE + "\n\n\n" + ONE.replace('"a"', '"b"').replace("= 2", "= -2"),
            14,
            "output_usd_per_million is not",
        ),
        (ONE + "\n" + ONE.replace("= 1", '= "one"').replace('"a"', '"b"'), 8, "input_usd_per_million is not an amount"),
        (ONE.replace("= 1", '= "NaN"'), 3, "is not an amount"),
        (ONE.replace("= 1", '= "Infinity"'), 3, "is not an amount"),
        (ONE.replace("= 1", "= inf"), 3, "is not an amount"),
        (ONE.replace("= 1", "= true"), 3, "is not an amount"),
        (ONE.replace("= 1", "= [1]"), 3, "is not an amount"),
        (ONE.replace("= 1", '= "1,5"'), 3, "is not an amount"),
        (ONE.replace("= 1", '= "1e30"'), 3, "is not an amount"),
        (ONE.replace("= 1", '= "0.0000000000000000001"'), 3, "is not an amount"),
        (ONE.replace("= 1", "= 2026-01-01"), 3, "is not an amount"),
        (ONE + 'cache_read_usd_per_million = ""\n', 5, "cache_read_usd_per_million is not an amount"),
        ("\n\n" + ONE.replace("input_usd_per_million = 1\n", ""), 3, "a rate has no input_usd_per_million"),
        ("\n\n\n" + ONE.replace("output_usd_per_million = 2\n", ""), 4, "a rate has no output_usd_per_million"),
        (ONE + "\n\n\n" + ONE.replace('model = "a"\n', ""), 8, "a rate has no model"),
        (ONE.replace('"a"', "5"), 2, "model is not a name"),
        (ONE.replace('"a"', '" "'), 2, "model is not a name"),
        (ONE + "provider = 5\n", 5, "provider is not a name"),
        (ONE + "source = 5\n", 5, "source is not a name"),
        (ONE + "from = 5\n", 5, "from is not a date"),
        (ONE + 'from = "soon"\n', 5, "from is not a date"),
        (ONE + "until = 10:00:00\n", 5, "until is not a date"),
        (ONE + "from = 2026-02-01\nuntil = 2026-01-01\n", 6, "a rate ends before it begins"),
        (ONE + "from = 2026-02-01\nuntil = 2026-02-01\n", 6, "a rate ends before it begins"),
        (ONE + "\n" + ONE, 7, "two rates of 'a' hold on the same day"),
        (ONE + "until = 2026-02-02\n" + ONE.replace('"a"', '"A"') + "from = 2026-02-01\n", 7, "two rates of 'A' hold"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.where == f"{tmp_path / 'rates.toml'}:{line}"
    assert what in caught.value.what
    assert caught.value.hint


def test_rates_one_after_the_other_do_not_overlap(tmp_path: Path) -> None:
    text = ONE + "until = 2026-02-01\n" + ONE + "from = 2026-02-01\n" + ONE.replace('"a"', '"a"\nprovider = "x"')
    assert len(read(tmp_path, text)) == 3


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no [[rates]] tables"),
        ("[rates]\nmodel = 'a'\n", "no [[rates]] tables"),
        ("rates = [1, 2]\n", "no [[rates]] tables"),
        ("rates = 5\n", "no [[rates]] tables"),
        (ONE + "[other]\na = 1\n", "or more than them"),
        ("[[rates]\n", "not TOML"),
        ("[[rates]]\nmodel = 'a'\nmodel = 'b'\n", "not TOML"),
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert what in caught.value.what
    assert caught.value.where == str(tmp_path / "rates.toml")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rates_file(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xff\n")
    with pytest.raises(ConfigError, match="not TOML"):
        read_rates_file(tmp_path / "latin.toml")


def test_an_inline_array_is_read_too(tmp_path: Path) -> None:
    (rate,) = read(tmp_path, 'rates = [{model = "a", input_usd_per_million = 1, output_usd_per_million = 2}]\n')
    assert rate.model == "a"
