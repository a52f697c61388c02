"""Is the user's rates file read exactly, and is each mistake in it named with its line?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.errors import ConfigError
from tokaudit.prices.rates import INPUT_CLASSES, OUTPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES
from tokaudit.prices.rates_checks import CHEAPEST_PUBLISHED, SLIP_FACTOR
from tokaudit.prices.rates_fields import MOST_DECIMALS, RATE_KEYS
from tokaudit.prices.rates_file import CLASS_GROUPS, read_rates_file
from tokaudit.prices.snapshot import providers
from tokaudit.prices.terms import Commitment, Discount, ModelName, Scope, UserPrices, UserRate

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "fixtures" / "rates" / "example.toml"


def read(tmp_path: Path, text: str) -> UserPrices:
    path = tmp_path / "rates.toml"
    path.write_bytes(text.encode())
    return read_rates_file(path)


def rate(model: str = "a", more: str = "", kind: str = "rates") -> str:
    return f'[[{kind}]]\nmodel = "{model}"\ninput_usd_per_million = 1\noutput_usd_per_million = 2\n{more}'


def discount(more: str = "") -> str:
    return f"[[discounts]]\npercent = 15\n{more}"


def commitment(more: str = "") -> str:
    return f'[[commitments]]\nname = "PTU"\nusd_per_month = 5000\n{more}'


def test_the_example_says_all_that_can_be_said() -> None:
    prices = read_rates_file(EXAMPLE)
    name = "(example.toml)"
    assert prices.aliases == {
        "my-gpt4-deployment": ModelName("azure", "gpt-4o"),
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab12": ModelName(
            "aws", "anthropic.claude-sonnet-4-5-20250929-v1:0"
        ),
        "acme-latest": ModelName("acme", "acme-7b"),
    }
    spring = Scope("acme-7b", "acme", None, date(2026, 1, 1), date(2026, 7, 1))
    base = {"uncached_input": Decimal("0.80"), "output": Decimal("1.60")}
    assert UserRate(spring, {**base, "cache_read": Decimal("0.08")}, f"contract 2026-17 {name}") in prices.rates
    long = [one for one in prices.rates if one.above_input_tokens == 200_000]
    assert [one.scope for one in long] == [spring]
    assert {one.scope.service_tier for one in prices.rates} == {None, "batch"}
    fresh_and_read = ("uncached_input", "input_audio", "input_image", "input_video", *CLASS_GROUPS["cache_read"])
    assert {one.classes for one in prices.discounts} == {fresh_and_read, TOKEN_CLASSES, UNIT_CLASSES}
    assert {(one.name, one.covers, one.usd_per_month) for one in prices.commitments} == {
        ("Azure PTU", "calls", 5000),
        ("Anthropic minimum", "usage", Decimal("12000.50")),
    }


def _shown(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", page, re.DOTALL)


def test_the_page_beside_the_example_shows_it() -> None:
    assert _shown(EXAMPLE.with_name("README.md").read_text()) == [EXAMPLE.read_text()]


def test_what_the_readme_shows_is_read(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().partition("## Your own rates")[2].partition("\n## ")[0]
    prices = read(tmp_path, _shown(section)[0])
    assert [one.scope.model for one in prices.rates] == ["acme-7b"]
    assert [one.scope.provider_name for one in prices.discounts] == ["openai"]


def test_numbers_are_the_decimals_that_are_written(tmp_path: Path) -> None:
    text = '[[rates]]\nmodel = "x"\ninput_usd_per_million = 0.1\noutput_usd_per_million = "1E+1"\nrequest_usd = "-0"\n'
    (one,) = read(tmp_path, text + 'cache_read_usd_per_million = "0.000000000000000001"\n').rates
    rates = one.rates
    assert rates["uncached_input"] * 3 == Decimal("0.3")
    assert (rates["output"], rates["cache_read"]) == (10, Decimal("1E-18"))
    assert str(rates["request"]) == "0"


def test_every_class_has_a_key_and_a_name() -> None:
    assert set(RATE_KEYS.values()) == set(RATED)
    assert RATE_KEYS["input_usd_per_million"] == "uncached_input"
    assert {"cache_write_5m_usd_per_million", "output_reasoning_usd_per_million", "web_search_usd"} <= set(RATE_KEYS)
    assert {one for group in CLASS_GROUPS.values() for one in group} == set(RATED)
    assert CLASS_GROUPS["output"] == OUTPUT_CLASSES
    assert {*CLASS_GROUPS["input"], *CLASS_GROUPS["cache_read"], *CLASS_GROUPS["cache_write"]} == set(INPUT_CLASSES)
    assert CLASS_GROUPS["audio"] == ("input_audio", "cache_read_audio", "output_audio")


A = rate()
MISTAKES = [
    # unknown keys
    (
        A + "inptu_usd_per_million = 3\n",
        5,
        "unknown key 'inptu_usd_per_million'",
        "did you mean input_usd_per_million?",
    ),
    (A + '"q\\n" = 3\n', 5, "unknown key", "known:"),
    (A + "\n[rate]\n", 6, "unknown key 'rate'", "did you mean rates?"),
    (A + "\n[[rates]]\nzzz.key = 1\n", 7, "unknown key 'zzz'", "known:"),
    (discount("percentage = 1\n"), 3, "unknown key 'percentage' in a discount", "did you mean percent?"),
    (commitment("until_ = 1\n"), 4, "unknown key 'until_' in a commitment", "did you mean until?"),
    # units
    (A + "cache_read_usd_per_thousand = 3\n", 5, "unknown key", "write cache_read_usd_per_million, 1,000 times"),
    (A + "input_usd_per_1k = 3\n", 5, "unknown key", "write input_usd_per_million, 1,000 times"),
    (A + "input_usd_per_1k_tokens = 3\n", 5, "unknown key", "write input_usd_per_million, 1,000 times"),
    (A + "output_cost_per_token = 3\n", 5, "unknown key", "write output_usd_per_million, 1,000,000 times"),
    (rate("gpt-4o").replace("= 1", "= 0.0025"), 3, "over 200 times off", "the published rate is 2.5 USD per million"),
    (rate("gpt-4o").replace("= 1", "= 2500"), 3, "over 200 times off", "checked = true"),
    (rate("gpt-4o", 'cache_read_usd_per_million = "0.00125"\n'), 5, "over 200 times off", "1.25 USD"),
    ('[aliases]\nmine = "azure/gpt-4o"\n' + rate("MINE").replace("= 1", "= 0.0025"), 5, "over 200 times", "2.5 USD"),
    (A.replace("= 1", "= 0.0025"), 3, "lower than any published rate", "checked = true"),
    (A.replace("= 2", "= 0.0099"), 4, "lower than any published rate", "USD per million tokens"),
    # amounts
    (
        "# a\n\n\n" + A + "\n\n\n" + rate("b").replace("= 2", "= -2"),
        14,
        "output_usd_per_million is negative",
        "discounts",
    ),
    (A + "\n" + rate("b").replace("= 1", '= "one"'), 8, "input_usd_per_million is not an amount", "write"),
    *(
        (A.replace("= 1", f"= {value}"), 3, "is not an amount", "write")
        for value in (
            '"NaN"',
            '"Infinity"',
            "inf",
            "nan",
            "true",
            "[1]",
            "{a = 1}",
            '"1,5"',
            "2026-01-01",
            '""',
            '" 1"',
        )
    ),
    (A.replace("= 1", "= 1e99999999999999999999"), 3, "is not an amount", "write"),
    (A.replace("= 1", '= "1e30"'), 3, "is more than 1,000,000 USD", "unit"),
    (A.replace("= 1", '= "1000000.01"'), 3, "is more than 1,000,000 USD", "unit"),
    (A.replace("= 1", '= "0.0000000000000000001"'), 3, f"more than {MOST_DECIMALS} decimals", "exactly"),
    ("\n\n" + A.replace("input_usd_per_million = 1\n", ""), 3, "a rate has no input_usd_per_million", "= 0"),
    ("\n\n\n" + A.replace("output_usd_per_million = 2\n", ""), 4, "a rate has no output_usd_per_million", "= 0"),
    (commitment().replace("5000", "-1"), 3, "usd_per_month is negative", "costs 0"),
    ('[[commitments]]\nname = "x"\n', 1, "a commitment has no usd_per_month", "write"),
    # names
    (A + "\n\n\n" + rate("b").replace('model = "b"\n', ""), 8, "a rate has no model", "README"),
    (A.replace('"a"', "5"), 2, "model is not a name", "write"),
    (A.replace('"a"', '" "'), 2, "model is not a name", "write"),
    (A + "provider = 5\n", 5, "provider is not a name", "write"),
    (A + "tier = []\n", 5, "tier is not a name", "write"),
    (A + "source = 5\n", 5, "source is not a name", "write"),
    (commitment().replace('"PTU"', "7"), 2, "name is not a name", "write"),
    # dates
    *(
        (A + f"from = {value}\n", 5, "from is not a date", "write from = 2026-01-31")
        for value in ("5", '"soon"', '"2026-06-31"', '"20260131"', "2026-01-01T00:00:00Z", '"0226-01-01"', "0001-01-01")
    ),
    (A + "until = 10:00:00\n", 5, "until is not a date", "write until = 2026-01-31"),
    (A + "from = 2026-02-01\nuntil = 2026-01-01\n", 6, "a rate ends before it begins", "exclusive"),
    (discount("from = 2026-02-01\nuntil = 2026-02-01\n"), 4, "a discount ends before it begins", "exclusive"),
    # other fields
    (A + 'above_input_tokens = "many"\n', 5, "above_input_tokens is not a number of tokens", "200000"),
    (A + "above_input_tokens = 0\n", 5, "above_input_tokens is not a number of tokens", "200000"),
    (A + "above_input_tokens = true\n", 5, "above_input_tokens is not a number of tokens", "200000"),
    (A + 'checked = "yes"\n', 5, "checked is neither true nor false", "checked = true"),
    ("[[discounts]]\n", 1, "a discount has no percent", 'percent = "15"'),
    *(
        (f"[[discounts]]\npercent = {value}\n", 2, "percent is not a percentage", "at most 100")
        for value in ("0", "-5", "100.01", "true", '"15%"', "[]", "nan")
    ),
    (discount('classes = "input"\n'), 3, "classes is not a list of names", "write"),
    (discount("classes = []\n"), 3, "classes is not a list of names", "write"),
    (discount('classes = [\n  "input",\n  "otput",\n]\n'), 5, "unknown class 'otput'", "did you mean output?"),
    (commitment("covers = 'all'\n"), 4, "covers is neither", "calls"),
    # tables that contradict each other
    (A + "\n" + A, 7, "two rates hold for the same calls on the same day: this one and that on line 1", "until"),
    (A + "until = 2026-02-02\n" + rate("A", "from = 2026-02-01\n"), 10, "that on line 1", "until"),
    (A + 'tier = "default"\n' + rate("a", "tier = 'standard'\n"), 7, "two rates", "until"),
    (discount() + discount("classes = ['output']\n"), 3, "two discounts", "until"),
    (discount("provider = 'openai'\n") + discount("provider = 'OpenAI'\n"), 6, "two discounts", "until"),
    (commitment() + commitment("covers = 'calls'\n"), 5, "two commitments", "until"),
    (A + "above_input_tokens = 9\n", 5, "nothing says what shorter prompts cost", "without above_input_tokens"),
    (A + "until = 2026-01-01\n" + rate("a", "above_input_tokens = 9\n"), 10, "nothing says what shorter", "same days"),
    # what is published
    (discount("provider = 'azure_openai'\n") + discount("provider = 'azure'\n"), 6, "two discounts", "until"),
    (discount("provider = 'opnai'\n"), 3, "provider publishes no rates", "did you mean openai?"),
    (discount("model = 'acme-7b'\n"), 3, "nobody publishes rates of this model", "[[rates]]"),
    ('[aliases]\nx = "nothing-9"\n', 2, "an alias stands for a model without rates", "[[rates]]"),
    ('[aliases]\nx = "openai/nothing-9"\n', 2, "an alias stands for a model without rates", "[[rates]]"),
    ('[aliases]\nx = "y"\ny = "gpt-4o"\n', 2, "an alias stands for a model without rates", "[[rates]]"),
    ('[aliases]\nx = "X"\n', 2, "an alias stands for itself", "provider/model"),
    ('[aliases]\nx = "gpt-4o"\n\n"X" = "gpt-4o"\n', 4, "an alias is given twice, here and on line 2", "case"),
    ("[aliases]\nx = 5\n", 2, "an alias is not a name", "provider/model"),
    ('[aliases]\n"" = "gpt-4o"\n', 2, "an alias is not a name", "provider/model"),
    ('[aliases]\nmy.model = "gpt-4o"\n', 2, "an alias holds a table", "quotes"),
    ("\naliases = 5\n", 2, "aliases is not a table", "provider/model"),
    # shapes
    ("", 1, "says nothing", "README"),
    ("# only a comment\n", 1, "says nothing", "README"),
    ("[aliases]\n", 1, "says nothing", "README"),
    ("\n[rates]\nmodel = 'a'\n", 2, "rates is not a list of tables", "[[rates]]"),
    ("\n\nrates = [1, 2]\n", 3, "rates is not a list of tables", "[[rates]]"),
    ("discounts = 5\n", 1, "discounts is not a list of tables", "[[discounts]]"),
    # not TOML
    ("\n[[rates]\n", 2, "not TOML", "README"),
    ("[[rates]]\nmodel = 'a'\nmodel = 'b'\n", 3, "not TOML: Cannot overwrite a value", "README"),
    ("[[rates]]\nmodel =", 2, "not TOML", "README"),
    ('[[rates]]\nmodel = "\n\n\n', 2, "not TOML", "README"),
    ("a = 1\n\nb = " + "1" * 5000 + "\n", 3, "a number is too long", "README"),
    ("a = " + "[" * 5000, 1, "nested too deeply", "README"),
]


@pytest.mark.parametrize(("text", "line", "what", "hint"), MISTAKES)
def test_a_mistake_is_named_with_its_line(text: str, line: int, what: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.where == f"{tmp_path / 'rates.toml'}:{line}"
    assert what in caught.value.what
    assert hint in (caught.value.hint or "")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rates_file(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"#\n# \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        read_rates_file(tmp_path / "latin.toml")
    assert (caught.value.where or "").endswith("latin.toml:2")


def test_a_file_as_windows_writes_it(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + A.replace("\n", "\r\n")) == read(tmp_path, A)
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "\ufeff" + (A + "x = 1\n").replace("\n", "\r\n"))
    assert (caught.value.where or "").endswith(":5")


def test_checked_accepts_an_unusual_amount(tmp_path: Path) -> None:
    for text in (A.replace("= 1", "= 0.00001"), rate("gpt-4o").replace("= 1", "= 0.0025")):
        assert read(tmp_path, text + "checked = true\n").rates
        with pytest.raises(ConfigError):
            read(tmp_path, text + "checked = false\n")


def test_a_large_but_possible_discount_is_no_slip(tmp_path: Path) -> None:
    listed = Decimal("2.5")
    for amount in (listed / SLIP_FACTOR, listed * SLIP_FACTOR, Decimal(0)):
        assert read(tmp_path, rate("gpt-4o").replace("= 1", f'= "{amount}"')).rates


def test_no_published_rate_is_as_low_as_what_is_refused() -> None:
    # Read from the snapshot itself: its names for prices end in their unit.
    for name, key in (("uncached_input", "input_mtok"), ("output", "output_mtok")):
        published = [
            price if isinstance(price, Decimal) else price.base
            for provider in providers()
            for model in provider.models
            for prices in ([c.prices for c in model.prices] if isinstance(model.prices, list) else [model.prices])
            if (price := getattr(prices, key, None))
        ]
        assert len(published) > 500
        assert min(price for price in published if price) == CHEAPEST_PUBLISHED[name]


def test_tables_that_do_not_contradict_each_other(tmp_path: Path) -> None:
    text = (
        rate("a", "until = 2026-02-01\n")
        + rate("a", 'from = "2026-02-01"\n')
        + rate("a", "provider = 'x'\n")
        + rate("a", "tier = 'batch'\n")
        + rate("a", "above_input_tokens = 9\nuntil = 2026-03-01\n")
        + discount("classes = ['input', 'units']\n")
        + discount("classes = ['output', 'cache_write']\n")
        + discount("provider = 'openai'\n")
        + discount("model = 'gpt-4o'\n")
        + discount("model = 'gpt-4o'\nprovider = 'azure'\ntier = 'batch'\n")
        + commitment()
        + commitment("model = 'gpt-4o'\n")
    )
    found = read(tmp_path, text)
    assert (len(found.rates), len(found.discounts), len(found.commitments)) == (5, 5, 2)


def test_long_prompts_of_a_published_model_need_no_table_for_short_ones(tmp_path: Path) -> None:
    assert read(tmp_path, rate("claude-sonnet-4-5", "above_input_tokens = 200000\n")).rates


def test_an_alias_finds_the_provider_that_the_user_gives_rates_for(tmp_path: Path) -> None:
    own = rate("Acme-7b", "provider = 'acme'\n")
    acme = ModelName("acme", "Acme-7b")
    assert read(tmp_path, "[aliases]\nx = 'acme-7B'\ny = 'acme/acme-7b'\n" + own).aliases == {"x": acme, "y": acme}
    both = own + rate("acme-7b", "provider = 'other'\n")
    with pytest.raises(ConfigError, match="without rates"):
        read(tmp_path, "[aliases]\nx = 'acme-7b'\n" + both)
    assert read(tmp_path, "[aliases]\nx = 'acme-7b'\n" + both + A.replace('"a"', '"acme-7b"')).aliases == {
        "x": ModelName(None, "Acme-7b")
    }
    assert read(tmp_path, "[aliases]\nx = 'org/model'\n" + rate("org/model")).aliases == {
        "x": ModelName(None, "org/model")
    }


# Laws.

PUBLISHED = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")
ALIASED = (ModelName("azure", "gpt-4o"), ModelName("aws", "amazon.nova-pro-v1:0"))
KEY_OF = {name: key for key, name in RATE_KEYS.items()}

amounts = (
    st.just(Decimal(0))
    | st.decimals(CHEAPEST_PUBLISHED["output"], 10**6, places=6)
    | st.decimals(CHEAPEST_PUBLISHED["output"], 10**6, places=MOST_DECIMALS)
)
letters = st.characters(exclude_categories=("Cs",)) | st.sampled_from("\"'\\#[]{}=.,\t\n")
names = st.text(letters, min_size=1, max_size=12).filter(lambda name: name == name.strip() != "")
days = st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1))
spans = st.tuples(days, days).filter(lambda span: None in span or span[0] < span[1])
tiers = st.sampled_from([None, "batch", "flex", "priority"])
given_rates = st.dictionaries(st.sampled_from(RATED), amounts, max_size=5).flatmap(
    lambda some: st.builds(lambda a, b: {**some, "uncached_input": a, "output": b}, amounts, amounts)
)
some_classes = st.sampled_from([TOKEN_CLASSES, UNIT_CLASSES, ("uncached_input", "cache_write_1h"), ("input_audio",)])


def named(source: str) -> str:
    return f"{source} (rates.toml)"


@st.composite
def files(draw: st.DrawFn) -> UserPrices:
    """Draw what a file may say: each table has a model of its own, so that none contradict."""

    def scope(model: str) -> Scope:
        return Scope(model, draw(st.none() | names), draw(tiers), *draw(spans))

    def own(number: int) -> UserRate:
        return UserRate(scope(f"m{number} {draw(names)}"), draw(given_rates), named(draw(names)))

    def off(number: int) -> Discount:
        of_model = replace(scope(PUBLISHED[number]), provider_name=None)
        return Discount(of_model, draw(st.decimals("0.01", 100, places=2)), draw(some_classes), named(draw(names)))

    def owed(number: int) -> Commitment:
        covers = draw(st.sampled_from(["usage", "calls"]))
        return Commitment(draw(names), scope(f"m{number}"), draw(amounts), covers, named(draw(names)))

    def several(make: Callable[[int], Any]) -> tuple[Any, ...]:
        return tuple(sorted((make(number) for number in range(draw(st.integers(0, 3)))), key=repr))

    numbers = range(draw(st.integers(0, 2)))
    aliases = {f"{number} {draw(names)}".casefold(): draw(st.sampled_from(ALIASED)) for number in numbers}
    last = UserRate(Scope("last"), draw(given_rates), named(draw(names)))
    return UserPrices(tuple(sorted((*several(own), last), key=repr)), several(off), several(owed), aliases)


def quoted(text: str) -> str:
    escaped = {'"', "\\", "\x7f", *map(chr, range(32))}
    return '"' + "".join(f"\\u{ord(sign):04x}" if sign in escaped else sign for sign in text) + '"'


def scope_lines(scope: Scope, source: str) -> list[str]:
    texts = {"model": scope.model, "provider": scope.provider_name, "tier": scope.service_tier, "source": source}
    days = {"from": scope.start, "until": scope.end}
    return [
        *(f"{key} = {quoted(text)}" for key, text in texts.items() if text is not None),
        *(f"{key} = {day}" for key, day in days.items() if day is not None),
    ]


def own_lines(one: UserRate | Discount | Commitment) -> list[str]:
    if isinstance(one, UserRate):
        return [f'{KEY_OF[name]} = "{amount}"' for name, amount in one.rates.items()]
    if isinstance(one, Discount):
        return [f"percent = {one.percent}", f"classes = {list(one.classes)}"]
    return [f"name = {quoted(one.name)}", f'usd_per_month = "{one.usd_per_month}"', f"covers = '{one.covers}'"]


def tables_of(prices: UserPrices) -> list[str]:
    """Write what a file says, a text for each table."""
    kinds = {"rates": prices.rates, "discounts": prices.discounts, "commitments": prices.commitments}
    tables = [
        [f"[[{kind}]]", *scope_lines(one.scope, one.source.removesuffix(" (rates.toml)")), *own_lines(one), ""]
        for kind, tables in kinds.items()
        for one in tables
    ]
    aliases = [f"{quoted(name)} = {quoted('/'.join(filter(None, model)))}" for name, model in prices.aliases.items()]
    return ["\n".join(lines) for lines in (*tables, *([["[aliases]", *aliases, ""]] if aliases else []))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rates")


@settings(max_examples=50, deadline=None, derandomize=True)
@given(prices=files(), random=st.randoms())
def test_a_file_reads_as_it_was_written_whatever_the_order_of_its_tables(
    folder: Path, prices: UserPrices, random: Random
) -> None:
    tables = tables_of(prices)
    assert read(folder, "\n".join(tables)) == prices
    random.shuffle(tables)
    assert read(folder, "# shuffled\n".join(tables)) == prices


KEYS = (
    "model",
    "from",
    "until",
    "tier",
    "classes",
    "percent",
    "covers",
    "name",
    "x",
    "above_input_tokens",
    "input_usd_per_1k",
)
VALUES = (
    "5",
    "-1",
    "1.5",
    "nan",
    "true",
    '""',
    '"x"',
    "[]",
    "[1]",
    "{}",
    "{a = 1}",
    "2026-01-01",
    "10:00:00",
    "'''\n'''",
    "",
)
BITS = (
    "\n",
    '"',
    "'",
    "[",
    "]",
    "[[",
    "=",
    ".",
    "#",
    "\\",
    "\0",
    "\r",
    "{",
    "}",
    "aliases",
    "[[rates]]\n",
    "[rates]\n",
    "\x85",
)


def broken(text: str, random: Random) -> str:
    """Break a file at one place; some of the results are still sound."""
    lines = text.splitlines(keepends=True)
    at, number = random.randrange(len(text)), random.randrange(len(lines))
    before, line, after = "".join(lines[:number]), lines[number], "".join(lines[number + 1 :])
    value = random.choice(VALUES)
    return random.choice(
        [
            text[:at] + text[at + random.randrange(1, 9) :],
            text[:at] + random.choice(BITS) + text[at:],
            before + line + line + after,
            before + after,
            before + f"{line.partition(' = ')[0]} = {value}\n" + after,
            before + f"{random.choice(KEYS)} = {value}\n" + line + after,
        ]
    )


def refusal_of(folder: Path, text: str) -> ConfigError | None:
    try:
        read(folder, text)
    except ConfigError as error:
        return error
    return None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(prices=files(), random=st.randoms())
def test_a_broken_file_is_refused_with_a_line_of_it_and_never_otherwise(
    folder: Path, prices: UserPrices, random: Random
) -> None:
    text = broken("\n".join(tables_of(prices)), random)
    refusal = refusal_of(folder, text)
    if refusal is not None:
        path, _, line = (refusal.where or "").rpartition(":")
        assert path == str(folder / "rates.toml")
        assert 1 <= int(line) <= text.count("\n") + 1
        assert refusal.what
        assert refusal.hint
