"""Does a call become the rows that say what was sent, what was answered, and which call it is?"""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.logs import SHARED, Tables, chat, counts, ingested, json_lines, row
from ingest.test_framing import json_values
from tokaudit.ingest.collector import Collector
from tokaudit.ingest.contents import TOO_DEEP
from tokaudit.ingest.cutting.decoding import NOT_JSON
from tokaudit.ingest.cutting.framing import Frame
from tokaudit.ingest.identity import call_key, fullness
from tokaudit.ingest.ingest import ingest
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.tally import sum_of
from tokaudit.ledger.scope import select_scope
from tokaudit.ledger.store import open_ledger
from tokaudit.ledger.tables import KINDS, MEDIA, NO_MESSAGE, RESPONSE_SCHEMA, ROLES, TABLES, TOOLS
from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.file_reader import UNKNOWN_FORMAT
from tokaudit.schema import Call, Part, Usage
from tokaudit.tokens.count import count_tokens

ENCODING = "o200k_base"


def collected(*records: Any) -> Tables:
    collector = Collector(7, ReadOptions())
    for number, record in enumerate(records, 1):
        collector.add(Frame(number * 1000, number, json.dumps(record).encode()))
    return {name: table.to_dicts() for name, table in collector.drain().items()}


def tokens(*texts: str) -> int:
    return int(count_tokens(texts, ENCODING).sum())


def say(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


TURNS = [say("system", "Be brief."), say("user", "Hi."), say("assistant", "Hello."), say("user", "Why?")]


def test_tables_have_their_columns() -> None:
    for collector in (Collector(7, ReadOptions()),):
        tables = collector.drain()
        assert {name: table.schema for name, table in tables.items()} == TABLES


def test_the_parts_of_a_call_stand_in_prompt_order() -> None:
    tools = [{"type": "function", "function": {"name": "look", "description": "Look it up."}}]
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    tables = collected(chat(1, TURNS, answer="Because.", tools=tools, response_format=schema))
    told = [
        (KINDS[p["kind"]], ROLES[p["role"]], p["message"], p["is_answer"], p["is_earlier"]) for p in tables["parts"]
    ]
    assert told == [
        ("tools", "system", NO_MESSAGE, False, False),
        ("response_schema", "system", NO_MESSAGE, False, False),
        ("text", "system", 0, False, False),
        ("text", "user", 1, False, True),
        ("text", "assistant", 2, False, True),
        ("text", "user", 3, False, False),
        ("text", "assistant", 0, True, False),
    ]
    assert [part["position"] for part in tables["parts"]] == list(range(7))
    (record,) = tables["records"]
    assert record["messages"] == 4
    assert record["visible_output_tokens"] == tokens("Because.")
    assert record["visible_input_tokens"] - record["definition_tokens"] == tokens("Be brief.", "Hi.", "Hello.", "Why?")
    assert record["definition_tokens"] > 0
    assert record["media"] == 0


def test_the_next_turn_extends_the_chain() -> None:
    """The prefix after an answer is the prefix with which the next call of the conversation begins."""
    longer = [*TURNS, say("assistant", "Because."), say("user", "And then?")]
    tables = collected(
        chat(1, TURNS, answer="Because."), chat(2, longer), chat(3, [say("system", "Other."), *longer[1:]])
    )
    first, second, third = tables["records"]
    chains = {
        record["line"]: [p["prefix_id"] for p in tables["parts"] if p["record_id"] == record["record_id"]]
        for record in tables["records"]
    }
    assert first["closing_id"] in chains[2]
    assert chains[2][1:] == chains[3][1:], "the system prompt is no part of the chain"
    assert first["system_id"] == second["system_id"] != third["system_id"]
    assert len({first["prompt_id"], second["prompt_id"], third["prompt_id"]}) == 3


def test_an_equal_text_is_one_content_and_counted_once() -> None:
    tables = collected(*(chat(number, TURNS, answer="Hello.") for number in range(5)))
    assert len(tables["contents"]) == 4
    assert {content["tokens"] for content in tables["contents"]} == {
        tokens(text) for text in ("Be brief.", "Hi.", "Why?")
    }
    assert {content["line"] for content in tables["contents"]} == {1}
    assert len(tables["parts"]) == 25


def test_blocks_of_a_prompt_add_up_to_its_tokens() -> None:
    text = "Use this.\n\n<doc>Ünï</doc>\n<doc>B 漢字</doc>\n\nWhy?"
    tables = collected(chat(1, [say("user", text)]))
    blocks = [block for block in tables["blocks"] if len(tables["blocks"]) > 1]
    assert sum(block["tokens"] for block in blocks) == tokens(text)
    assert [block["is_document"] for block in blocks] == [False, True, True, False]


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_text_that_is_answer_and_prompt_is_cut_either_way(answer_first: bool) -> None:
    calls = [chat(1, answer="One.\n\nTwo."), chat(2, [say("user", "One.\n\nTwo.")])]
    tables = collected(*(calls if answer_first else calls[::-1]))
    of_text = {block["content_id"] for block in tables["blocks"] if block["position"] == 1}
    assert len(of_text) == 1
    assert len([c for c in tables["contents"] if c["content_id"] in of_text]) == 1
    both = [record["visible_output_tokens"] + record["visible_input_tokens"] for record in tables["records"]]
    assert all(both)


def test_media_are_not_tokenised() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 400}}
    tables = collected(chat(1, [say("user", [{"type": "text", "text": "What is it?"}, picture])]))
    (record,) = tables["records"]
    (media,) = [part for part in tables["parts"] if part["kind"] == MEDIA]
    (content,) = [content for content in tables["contents"] if content["content_id"] == media["content_id"]]
    assert (content["tokens"], content["bytes"], record["media"]) == (None, 422, 1)
    assert record["visible_input_tokens"] == tokens("What is it?")


def test_equal_bytes_of_other_kinds_have_other_ids() -> None:
    text = json.dumps([{"a": 1}], separators=(",", ":"))
    picture = {"type": "image_url", "image_url": {"url": text}}
    tables = collected(chat(1, [say("user", text), say("user", [picture])], tools=[{"a": 1}], response_format=None))
    of_kind = {part["kind"]: part["content_id"] for part in tables["parts"] if not part["is_answer"]}
    assert len(set(of_kind.values())) == 3


@pytest.mark.parametrize("key", ["tools", "response_format"])
def test_definitions_that_nest_too_deep_are_a_reject_and_nothing_else(key: str) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = {"schema": deep}
    value = [deep] if key == "tools" else {"type": "json_schema", "json_schema": {"schema": deep}}
    tables = collected(chat(1), chat(2, **{key: value}), chat(3))
    assert [(reject["line"], reject["reason"]) for reject in tables["rejects"]] == [(2, TOO_DEEP)]
    assert [record["line"] for record in tables["records"]] == [1, 3]
    assert {part["kind"] for part in tables["parts"]}.isdisjoint({TOOLS, RESPONSE_SCHEMA})


def test_what_a_frame_was_read_as() -> None:
    collector = Collector(7, ReadOptions())
    seen = []
    for data, reject in (
        (b"{}", None),
        (None, None),
        (None, "too long"),
        (json.dumps(chat(1)).encode(), None),
        (b"{", None),
    ):
        collector.add(Frame(0, 1, data, reject))
        seen.append(collector.last)
    assert [tally.blanks for tally in seen] == [0, 1, 0, 0, 0]
    assert [dict(tally.rejects) for tally in seen] == [{UNKNOWN_FORMAT: 1}, {}, {"too long": 1}, {}, {NOT_JSON: 1}]
    assert [dict(tally.formats) for tally in seen] == [{}, {}, {}, {"openai_chat": 1}, {}]
    assert sum_of(seen) == collector.tally


def test_every_record_of_a_page_is_a_call_of_its_own() -> None:
    collector = Collector(7, ReadOptions())
    page = {"object": "list", "data": [chat(1), chat(2), {"x": 1}], "has_more": False}
    collector.add(Frame(0, 1, json.dumps(page).encode()))
    collector.add(Frame(900, 2, json.dumps({"object": "list", "data": []}).encode()))
    assert (collector.tally.formats, collector.tally.asides) == ({"openai_chat": 2}, {"empty page": 1})
    assert collector.tally.rejects == {UNKNOWN_FORMAT: 1}
    assert collector.drain()["records"]["record_id"].n_unique() == 2


@pytest.mark.parametrize("name", ["acr-run-1/openai.jsonl.gz", "workload/openai.jsonl.gz", "workload/litellm.jsonl.gz"])
def test_what_we_count_is_what_was_billed(name: str) -> None:
    """Texts and format of these logs re-tokenise to the billed tokens, call by call."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    collector = Collector(7, ReadOptions())
    with gzip.open(path) as lines:
        for number, line in enumerate(islice(lines, 400), 1):
            collector.add(Frame(number, number, line))
    records = collector.drain()["records"].filter(pl.col("input_tokens") > 0)
    rest = pl.col("input_tokens") - pl.col("visible_input_tokens") - pl.col("format_tokens")
    texts = records.filter(pl.col("definition_tokens") == 0)
    assert texts.height > 200
    assert texts.select(rest.unique()).to_series().to_list() == [0]
    # These logs are made with a simpler rule for definitions; whatever the rule, it is the same for the same definitions.
    sets = records.filter(pl.col("definition_tokens") > 0).group_by("definition_tokens").agg(rest.n_unique())
    assert sets["input_tokens"].unique().to_list() in ([], [1])


def test_columns_of_a_table_are_noted(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("when,llm,Input Tokens,Output Tokens\n2026-03-01,gpt-4o,3,4\n")
    _, tables = ingested(
        tmp_path / "ledger", log, options=ReadOptions(columns={"started_at": "when", "request_model": "llm"})
    )
    assert json.loads(tables["files"][0]["columns"]) == {
        "started_at": "when", "request_model": "llm", "input_tokens": "Input Tokens", "output_tokens": "Output Tokens",
    }  # fmt: skip


def one_part(role: str) -> tuple[Part, ...]:
    return (Part(role, "text", "x", 0),)  # type: ignore[arg-type]


def test_each_thing_a_record_tells_makes_it_fuller() -> None:
    bare = Call("x")
    told = [
        Call("x", feature="a"),
        Call("x", started_at=1),
        Call("x", usage=Usage(1, 1)),
        Call("x", usage=Usage(1, 1, 0)),
        Call("x", prompt=one_part("user")),
        Call("x", answer=one_part("assistant")),
    ]
    assert all(fullness(call) > fullness(bare) for call in told)
    assert fullness(Call("x", usage=Usage(1, 1))) > fullness(
        Call("x", prompt=one_part("user"), answer=one_part("assistant"), feature="a", started_at=1)
    )


def kept_calls(tmp_path: Path, *paths: Path) -> list[tuple[str, int, Any]]:
    """What a run over the files covers: (file, line, prompt known)."""
    with open_ledger(tmp_path / "ledger") as ledger:
        report = ingest(find_sources([str(path) for path in paths]), ledger, ReadOptions())
        calls = select_scope(ledger, report.file_ids).calls.collect()
    return sorted(
        (Path(call["file_name"]).name, call["line"], call["messages"] > 0) for call in calls.iter_rows(named=True)
    )


def test_of_two_records_of_a_call_the_fullest_wins(tmp_path: Path) -> None:
    whole, bare = chat(1), chat(1)
    del bare["request"]["messages"]
    full_log, bare_log = tmp_path / "full.jsonl", tmp_path / "bare.jsonl"
    full_log.write_bytes(json_lines([whole]))
    bare_log.write_bytes(json_lines([bare, bare]))
    assert kept_calls(tmp_path, full_log, bare_log) == [("full.jsonl", 1, True)]
    assert kept_calls(tmp_path, bare_log, full_log) == [("full.jsonl", 1, True)]


def test_of_equal_records_the_latest_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_bytes(json_lines([chat(1), chat(2)]))
    second.write_bytes(json_lines([chat(3), chat(2), chat(2)]))
    assert kept_calls(tmp_path, first, second) == [("1.jsonl", 1, True), ("2.jsonl", 1, True), ("2.jsonl", 3, True)]


def test_records_without_any_id_are_calls_of_their_own(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([row(1), row(1)]))
    assert len(kept_calls(tmp_path, log)) == 2


def test_a_loggers_id_with_another_time_is_another_call(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(json_lines([row(1, id="1"), row(2, id="1"), row(1, id="1")]))
    assert [line for _, line, _ in kept_calls(tmp_path, log)] == [2, 3]


mutations = st.sampled_from(["drop", "replace", "nest", "double"])


@st.composite
def mangled(draw: st.DrawFn) -> Any:
    """A good record in which a value somewhere is another value."""
    record = draw(
        st.sampled_from([chat(1, TURNS, tools=[{"type": "function", "function": {"name": "f"}}]), row(1, id="x")])
    )
    text = json.loads(json.dumps(record))
    place = text
    for _ in range(draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
        keys = [key for key in keys if isinstance(place[key], dict | list) and place[key]]
        if not keys:
            break
        place = place[draw(st.sampled_from(keys))]
    key = draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = draw(
        json_values
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.just(place[key]).map(lambda v: [v])
    )
    return text


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(mangled(), min_size=10, max_size=40))
def test_no_record_stops_the_run(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    collector = Collector(7, ReadOptions())
    for number, record in enumerate(records, 1):
        collector.add(Frame(number, number, json.dumps(record).encode()))
    tally = collector.tally
    assert tally.formats.total() + tally.asides.total() + tally.rejects.total() >= len(records)
    tables = collector.drain()
    assert tables["records"].height == collector.tally.formats.total()
    assert tables["records"].null_count()["record_id"].item() == 0


def test_extreme_values_reach_the_ledger(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    records = [
        row(1, prompt_tokens=2**31, user="\0nul", feature="x" * 5000, ts="9999-12-31T23:59:59Z"),
        row(2, prompt_tokens=0, completion_tokens=0, prompt="", response="", latency_ms=10**30, cost="1e-30"),
        row(3, status=10**300, id=2**200, conversation_id="\ud83d\ude00 漢"),
    ]
    log.write_bytes(json_lines(records))
    _, tables = ingested(tmp_path / "ledger", log)
    assert counts(tables) == (3, 0)


def test_ids_that_come_back_are_not_enough_to_be_the_same_call() -> None:
    def key(response_id: str, output: int) -> int:
        usage = Usage(10, output, 0)
        return call_key(Call("r", response_id=response_id, response_model="llama3", usage=usage), 0)

    assert key("chatcmpl-123", 5) == key("chatcmpl-123", 5)
    assert key("chatcmpl-123", 5) != key("chatcmpl-123", 6)
    assert key("chatcmpl-AhjSMl7oZ79yIPHLRYgmgXSixTJr7", 5) == key("chatcmpl-AhjSMl7oZ79yIPHLRYgmgXSixTJr7", 6)


def test_a_logger_s_id_within_a_millisecond_is_the_same_call() -> None:
    def key(started_at: int) -> int:
        return call_key(Call("r", log_id="7", started_at=started_at, request_model="m"), 0)

    assert key(1_772_442_912_114_753) == key(1_772_442_912_114_000)
    assert key(1_772_442_912_114_753) != key(1_772_442_912_115_000)


def test_names_of_speakers_and_of_called_tools_are_format() -> None:
    plain = [
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Go on."},
    ]
    named = [{**message, "name": "ann"} for message in plain]
    function = {"name": "look", "arguments": "{}"}
    called = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_12345", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_12345", "name": "look", "content": "Found."},
    ]
    rows = [collected(chat(1, messages, answer="So."))["records"][0] for messages in (plain, named, [*plain, *called])]
    assert [row["tool_call_tokens"] for row in rows] == [0, 3 * (1 + tokens("ann")), 4 + tokens("look")]
    assert [row["format_tokens"] - row["tool_call_tokens"] for row in rows] == [15, 15, 23]
    assert rows[0]["visible_input_tokens"] == rows[1]["visible_input_tokens"]
