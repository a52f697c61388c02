"""Are changes of what is sent priced as by hand, cache hits that are lost included?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frames.chats import ANTHROPIC, NO_EXAMPLES, NO_KINDS, OPENAI, Chat, Log, Turn
from tokaudit.frames.blocks import segments
from tokaudit.frames.components import part_components
from tokaudit.frames.counterfactuals import KEPT_TURNS, SUMMARY_TOKENS
from tokaudit.frames.counterfactuals_history import RESENT_COLUMNS, resent_tokens
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE

MILLIONTH = Decimal("0.000001")


def turns(count: int, **changes: Any) -> list[Turn]:
    return [Turn(**changes)] * count


def found(log: Log, change: str, number: int = 0) -> dict[str, Any]:
    row = log.priced().filter(pl.col("change") == change, pl.col("turns") == number)
    return row.row(0, named=True) if row.height else {}


def test_a_window_drops_what_stands_before_it() -> None:
    # The fourth call holds three earlier turns of 500; of a window of two, the first is left out.
    row = found(Log(Chat(turns(4))), "keep_last_turns", 2)
    assert (row["calls"], row["dropped_tokens"], row["lost_cached_tokens"]) == (1, 500, 0)
    assert row["saving"] == 500 * 3 * MILLIONTH


def test_a_dropped_message_takes_its_format_tokens_with_it() -> None:
    row = found(Log(Chat(turns(4), head=True)), "keep_last_turns", 2)
    assert row["dropped_tokens"] == 500 + 2 * TOKENS_PER_MESSAGE


def test_a_moving_window_breaks_the_cache_behind_it() -> None:
    # 3,600 tokens, 3,100 read. Dropped: 500 read ones. Behind the cut 600 were read, and are sent at the full rate.
    row = found(Log(Chat(turns(4), cached=True)), "keep_last_turns", 2)
    assert (row["dropped_tokens"], row["lost_cached_tokens"]) == (500, 600)
    assert row["saving"] == (500 * Decimal("0.3") - 600 * Decimal("2.7")) * MILLIONTH


@pytest.mark.parametrize(("writes", "again"), [("5m", "3.75"), ("1h", "6")])
def test_where_writes_are_charged_what_is_lost_is_written_anew(writes: str, again: str) -> None:
    row = found(Log(Chat(turns(4), cached=True, writes=writes, rates=ANTHROPIC)), "keep_last_turns", 2)
    assert (row["dropped_tokens"], row["lost_cached_tokens"]) == (500, 600)
    assert row["saving"] == (500 * Decimal("0.3") - 600 * (Decimal(again) - Decimal("0.3"))) * MILLIONTH


def test_what_is_left_too_short_is_not_cached_at_all() -> None:
    # 800 + 3 x 500 + 100 = 2,400 tokens, 1,900 read. Kept in front: 800 tokens, below the shortest that is cached.
    row = found(Log(Chat(turns(4), system=800, cached=True)), "keep_last_turns", 2)
    assert row["lost_cached_tokens"] == 1900 - 500


def test_the_second_attempt_reads_what_the_first_sent() -> None:
    # Sent twice: the second attempt reads all 3,600 tokens; its cut is the first one's, so only the dropped ones change.
    row = found(Log(Chat(turns(4), cached=True, attempts=2)), "keep_last_turns", 2)
    assert (row["calls"], row["dropped_tokens"], row["lost_cached_tokens"]) == (2, 1000, 600)


def test_a_tools_result_stays_with_the_call_of_the_tool() -> None:
    # A window of two begins with a tool's result: the answer of 400 that called the tool is kept.
    row = found(Log(Chat([Turn(), Turn(tool=True), Turn(), Turn()])), "keep_last_turns", 2)
    assert row["dropped_tokens"] == 100


def test_a_summary_is_written_once_and_then_sent() -> None:
    # Calls 5 and 6 send 4 turns of 500 less and a summary more; to write it, 2,000 tokens are read.
    row = found(Log(Chat(turns(6))), "summarise", 4)
    assert (row["calls"], row["dropped_tokens"], row["added_tokens"]) == (2, 4000, 2 * SUMMARY_TOKENS)
    assert (row["summary_calls"], row["summary_input_tokens"], row["summary_output_tokens"]) == (1, 2000, 500)
    assert row["saving"] == (4000 * 3 - 1000 * 3 - 2000 * 3 - 500 * 15) * MILLIONTH


def test_a_summary_breaks_the_cache_once() -> None:
    row = found(Log(Chat(turns(6), cached=True)), "summarise", 4)
    # Call 5 read 3,600 tokens: 1,600 of the dropped 2,000. Call 6 read 4,100, all that is dropped, and then the summary.
    fifth = 400 * 3 + 1600 * Decimal("0.3") - 500 * 3 - 2000 * 3 - 500 * 15
    sixth = 2000 * Decimal("0.3") - 500 * Decimal("0.3")
    assert row["lost_cached_tokens"] == 0
    assert row["saving"] == (fifth + sixth) * MILLIONTH


def test_a_second_summary_reads_the_first() -> None:
    row = found(Log(Chat(turns(9))), "summarise", 4)
    assert (row["summary_calls"], row["summary_input_tokens"]) == (2, 2000 + 2000 + 500)


def test_a_summary_is_no_longer_than_what_it_stands_for() -> None:
    row = found(Log(Chat(turns(5, asked=10, answered=10))), "summarise", 4)
    assert (row["dropped_tokens"], row["added_tokens"]) == (80, 80)


def test_documents_leave_the_history_one_call_later() -> None:
    log = Log(Chat(turns(3, document=60), cached=True))
    row = found(log, "drop_documents")
    # Call 2 reads 2,100 of 2,600: 60 dropped, 40 behind them. Call 3 reads 2,600: 120 dropped, 40 behind those of turn 2.
    assert (row["calls"], row["dropped_tokens"], row["lost_cached_tokens"]) == (2, 180, 80)
    assert row["saving"] == (180 * Decimal("0.3") - 80 * Decimal("2.7")) * MILLIONTH
    assert found(Log(Chat(turns(3))), "drop_documents") == {}


def test_what_was_sent_before_is_the_call_before() -> None:
    log = Log(Chat(turns(3)))
    told = resent_tokens(log.earlier(), log.call_rows().select(RESENT_COLUMNS)).collect()
    assert told.rows() == [(0, 0), (1, 2100), (2, 2600)]


def test_unpriced_and_free_calls_save_nothing() -> None:
    log = Log(Chat(turns(4)))
    log.calls[3] |= {"list_cost": None}
    assert (found(log, "keep_last_turns", 2)["dropped_tokens"], found(log, "keep_last_turns", 2)["saving"]) == (500, 0)
    log.calls[3] |= {"is_free": True}
    assert found(log, "keep_last_turns", 2) == {}


a_turn = st.builds(
    lambda asked, answered, share, tool: Turn(asked, answered, asked * share // 4, tool),
    st.integers(1, 900), st.integers(1, 900), st.integers(0, 4), st.booleans(),
)  # fmt: skip
a_chat = st.builds(
    lambda turns, cached, writes, attempts, head: Chat(
        turns, 1500, cached, writes, OPENAI if writes is None else ANTHROPIC, attempts, head
    ),
    st.lists(a_turn, min_size=1, max_size=11), st.booleans(), st.sampled_from([None, "5m", "1h"]), st.integers(1, 2),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.lists(a_chat, min_size=1, max_size=3))
def test_laws_of_any_chats(chats: Sequence[Chat]) -> None:
    log = Log(*chats)
    rows = log.priced()
    windows = {row["turns"]: row for row in rows.filter(pl.col("change") == "keep_last_turns").iter_rows(named=True)}
    dropped = [windows.get(kept, {"dropped_tokens": 0})["dropped_tokens"] for kept in sorted(KEPT_TURNS)]
    assert dropped == sorted(dropped, reverse=True)
    longest = max(len(chat.turns) for chat in chats)
    assert all(kept < longest for kept in windows)
    assert rows.select(pl.min_horizontal(pl.min("dropped_tokens", "lost_cached_tokens"))).item() in (
        None,
        *range(10**6),
    )
    cached = any(chat.cached for chat in chats)
    assert cached or (rows["lost_cached_tokens"] == 0).all()
    assert cached or all(row["saving"] >= 0 for row in windows.values())
    apart = pl.concat(Log(chat).priced() for chat in chats)
    keys = ["change", "turns"]
    names = [name for name in rows.columns if name not in (*keys, "feature")]
    summed = apart.group_by(keys).agg(pl.col(names).sum()).sort(keys)
    assert summed.equals(rows.select(*keys, *names))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(a_chat)
def test_earlier_turns_are_the_history_component_and_their_heads(chat: Chat) -> None:
    log = Log(chat)
    calls, prompt = (
        log.call_rows(),
        log.part_rows().join(log.call_rows().select("record_id", "feature", "encoding"), on="record_id"),
    )
    cut = segments(
        prompt.filter(~pl.col("is_earlier")).select("feature", "role", "content_id", "encoding").unique(),
        log.block_rows(), NO_KINDS,
    )  # fmt: skip
    pieces = part_components(prompt, log.content_rows(), cut, NO_EXAMPLES).filter(pl.col("component") == "history")
    history = pieces.group_by("record_id").agg(pl.col("tokens").sum(), messages=pl.len()).sort("record_id").collect()
    earlier = (
        log.earlier()
        .group_by("record_id")
        .agg(tokens=(pl.col("end") - pl.col("start")).sum())
        .sort("record_id")
        .collect()
    )
    heads = TOKENS_PER_MESSAGE if chat.head else 0
    assert (history["tokens"] + heads * history["messages"]).to_list() == earlier["tokens"].to_list()
    assert calls.collect().height == len(chat.turns) * chat.attempts
