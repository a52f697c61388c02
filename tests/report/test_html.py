from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from report.sample_run import HOSTILE_NAMES, SPECS, Spec, a_run, hostile_run, renamed
from tokaudit.report.html import render_html
from tokaudit.report.templates import template_folder, template_text
from tokaudit.result import COMPONENTS, AuditRun

SHARED_PAYLOADS = Path(__file__).parents[3] / "shared/data/hostile/xss"
STRIDE = 12
VARIANTS = {
    "sample": a_run(),
    "one feature": a_run((Spec("only"),), findings=()),
    "unpriced": a_run((Spec("a", priced=False),), findings=()),
    "hostile": hostile_run(),
    "empty": a_run((), findings=()),
}


def parsed(run: AuditRun) -> Element:
    return html5lib.HTMLParser(namespaceHTMLElements=False, strict=True).parse(render_html(run))


def census(root: Element) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter((str(element.tag), tuple(sorted(map(str, element.attrib)))) for element in root.iter())


@pytest.fixture(params=VARIANTS)
def page(request: pytest.FixtureRequest) -> Element:
    return parsed(VARIANTS[request.param])


def test_one_main_heading_and_headings_in_order(page: Element) -> None:
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_tables_have_captions_and_scopes(page: Element) -> None:
    for table in page.iter("table"):
        assert table.find("caption") is not None
        assert all(head.get("scope") in ("col", "row") for head in table.iter("th"))
        assert all(row.find("th") is not None for row in table.iter("tr"))


def test_charts_are_named_and_row_bars_are_hidden(page: Element) -> None:
    ids = {element.get("id") for element in page.iter() if element.get("id")}
    for drawing in (element for element in page.iter() if str(element.tag).endswith("svg")):
        if drawing.get("role") == "img":
            assert set((drawing.get("aria-labelledby") or "").split()) <= ids
        else:
            assert drawing.get("aria-hidden") == "true"


def test_nothing_remote_and_no_inline_style(page: Element) -> None:
    for element in page.iter():
        assert "style" not in element.attrib
        assert not any(str(key).startswith("on") for key in element.attrib)
        for key in ("src", "href", "srcset", "action", "data", "{http://www.w3.org/1999/xlink}href"):
            assert element.get(key, "#").startswith("#")
    assert "url(" not in template_text("report.css")
    assert "@import" not in template_text("report.css")


def test_every_link_has_a_target_and_ids_are_unique(page: Element) -> None:
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for link in page.iter("a"):
        assert (link.get("href") or "")[1:] in ids


def test_policy_allows_exactly_our_style_and_script(page: Element) -> None:
    policies = [m.get("content") for m in page.iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style, script = (next(page.iter(tag)).text or "" for tag in ("style", "script"))
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    sources = f"style-src {hashes[0]}; script-src {hashes[1]}"
    assert policies == [f"default-src 'none'; img-src data:; {sources}; base-uri 'none'; form-action 'none'"]
    assert len(list(page.iter("script"))) == 1
    assert len(list(page.iter("style"))) == 1


def test_page_says_its_language_and_title(page: Element) -> None:
    assert page.get("lang") == "en"
    assert page.findtext("head/title") == "Cost audit, September 2026"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(list(page.iter(landmark))) == 1


def test_hostile_names_add_no_element_and_no_attribute() -> None:
    benign = tuple(f"plain {at}" for at in range(len(HOSTILE_NAMES)))
    assert census(parsed(hostile_run())) == census(parsed(hostile_run(benign)))


def test_hostile_names_stay_readable_as_text() -> None:
    text = "".join(parsed(hostile_run()).itertext())
    assert "</script><script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)


def test_known_payloads_are_inert() -> None:
    if not SHARED_PAYLOADS.is_dir():
        pytest.skip(f"no payload lists in {SHARED_PAYLOADS.name}")
    lists = sorted(path for path in SHARED_PAYLOADS.rglob("*") if path.is_file() and path.name != "LICENSE")
    payloads = [line for path in lists for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    chosen = payloads[::STRIDE]
    size = 12
    base = a_run(tuple(Spec(f"f{at}") for at in range(size)))
    expected = census(parsed(renamed(base, [f"plain {at}" for at in range(size)])))
    for at in range(0, len(chosen) - size, size):
        names = [f"{payload} {at + nth}" for nth, payload in enumerate(chosen[at : at + size])]
        assert census(parsed(renamed(base, names))) == expected, names


def test_twenty_features_stay_within_the_budget() -> None:
    parts = {key: 1000 + at for at, key in enumerate(COMPONENTS) if key not in ("media", "response_schema")}
    specs = tuple(
        Spec(f"feature-number-{at}", calls=900 - at, components=parts, turns=1 + at % 9, wasted={"retries": 3})
        for at in range(20)
    )
    text = render_html(a_run(specs))
    assert len(text.encode()) <= 150_000
    assert len(template_text("report.css").encode()) <= 12_000
    assert len(template_text("report.js").encode()) <= 4_000
    charts = re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL)
    assert charts
    assert all(len(chart.encode()) <= 4_000 for chart in charts)


def test_many_features_and_days_do_not_grow_the_page() -> None:
    assert len(render_html(a_run(tuple(Spec(f"f{at}") for at in range(400)))).encode()) <= 150_000


def test_templates_mark_no_data_as_safe() -> None:
    for path in template_folder().iterdir():
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text


def test_the_same_run_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "from report.sample_run import a_run; from tokaudit.report.write import FORMATS; import hashlib, json;"
        "print(json.dumps({k: hashlib.sha256(f(a_run()).encode()).hexdigest() for k, f in FORMATS.items()}))"
    )
    tests, source = Path(__file__).parents[1], Path(__file__).parents[2] / "src"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": f"{tests}:{source}", "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert json.loads(runs[0]) == json.loads(runs[1])


def test_sample_has_every_kind_of_feature() -> None:
    text = "".join(parsed(VARIANTS["sample"]).itertext())
    assert all(spec.name in text for spec in SPECS)
