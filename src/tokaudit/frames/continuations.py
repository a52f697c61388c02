"""Which earlier call does each call continue?

A call continues the one with whose prompt and answer it begins (`closing_id` of the one is a `prefix_id` of the other), or
with whose prompt alone, an answer in other words behind it: the client trimmed it, or it was written anew. The longest
common beginning wins. System prompts are no part of these chains, so they may change from turn to turn. Where several
calls end alike (many chats begin with `hi` and the same answer), each is continued once before any is continued twice.

All is done in joins and windows over one row a call; earlier messages are looked through only where the last one fails.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.keep import Keep, in_memory
from tokaudit.frames.operations import LOG_ORDER
from tokaudit.frames.sessions import OWNER
from tokaudit.ledger.tables import ROLES

SYSTEM, USER, ASSISTANT = ROLES.index("system"), ROLES.index("user"), ROLES.index("assistant")

_CHAIN = ["key", "owner"]
_CALL = ["operation_id", "owner", *LOG_ORDER]


def timed(calls: pl.LazyFrame, *columns: str) -> pl.LazyFrame:
    """Return the calls that have a time, with their owner, and these columns."""
    return calls.filter(pl.col("started_at").is_not_null()).with_columns(owner=OWNER).select(*_CALL, *columns)


def continued_calls(calls: pl.LazyFrame, parts: pl.LazyFrame, keep: Keep = in_memory) -> pl.LazyFrame:
    """Find the call that each call continues.

    calls: LOG_ORDER, operation_id (record_id of its first call), session, user_id, closing_id. parts: record_id, position,
    role, is_answer, is_earlier, prefix_id. Out: operation_id, parent_id (the operation continued); operations
    that continue none are left out.
    """
    first = timed(calls).filter(pl.col("record_id") == pl.col("operation_id"))
    spoken = parts.filter(~pl.col("is_answer"), pl.col("role") != SYSTEM).select(
        "record_id", "position", "role", "is_earlier", key="prefix_id"
    )
    earlier = keep(spoken.filter("is_earlier").join(first, on="record_id"), "earlier")
    closings = timed(calls, "closing_id").rename({"closing_id": "key"}).filter(pl.col("key").is_not_null())
    direct = keep(_begun(_deepest(earlier.filter(pl.col("role") == ASSISTANT)), closings), "direct")
    rest = earlier.join(direct, on="operation_id", how="anti")
    endings = keep(pl.concat([closings, _prompts(calls, spoken, rest.select("key").unique())]), "endings")
    begun = keep(_begun(rest, endings), "begun")
    return _matched(keep(pl.concat([direct, _deepest(begun)]), "claims"), endings, keep)


def _deepest(sent: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the last of each operation's rows."""
    last = sent.group_by("operation_id").agg(pl.col("position").max())
    return sent.join(last, on=["operation_id", "position"]).select("position", "key", *_CALL)


def _begun(sent: pl.LazyFrame, endings: pl.LazyFrame) -> pl.LazyFrame:
    """Keep what a call had sent or answered before."""
    since = endings.group_by(_CHAIN).agg(since=pl.col("started_at").min())
    return sent.join(since, on=_CHAIN).filter(pl.col("since") <= pl.col("started_at")).select("position", "key", *_CALL)


def _prompts(calls: pl.LazyFrame, spoken: pl.LazyFrame, keys: pl.LazyFrame) -> pl.LazyFrame:
    """List the calls whose whole prompt is one of these beginnings. keys: key."""
    new = spoken.filter(~pl.col("is_earlier"))
    records = new.join(keys, on="key", how="semi").select("record_id").unique()
    among = new.join(records, on="record_id", how="semi").join(timed(calls), on="record_id")
    last = among.group_by("record_id").agg(pl.col("position").max())
    return among.join(last, on=["record_id", "position"]).select(*_CALL, "key")


def _matched(claims: pl.LazyFrame, endings: pl.LazyFrame, keep: Keep) -> pl.LazyFrame:
    """Choose the operation that each continues, where one or more end as it begins."""
    alike = keep(
        endings.join(claims, on=_CHAIN, how="semi")
        .sort(LOG_ORDER)
        .unique([*_CHAIN, "operation_id"], keep="first", maintain_order=True),
        "alike",
    )
    count = alike.group_by(_CHAIN).agg(pl.len().alias("endings"), parent_id=pl.col("operation_id").min())
    counted = keep(claims.join(count, on=_CHAIN), "counted")
    single = counted.filter(pl.col("endings") == 1).select("operation_id", "parent_id")
    several = counted.filter(pl.col("endings") > 1).drop("endings", "parent_id", "position")
    found = _one_each(several, alike.join(several, on=_CHAIN, how="semi"))
    return pl.concat([single, found]).filter(pl.col("parent_id") != pl.col("operation_id"))


def _one_each(claims: pl.LazyFrame, endings: pl.LazyFrame) -> pl.LazyFrame:
    """Match calls with equal beginnings to calls with equal endings.

    In order of time where each ending is continued once (whoever asked first goes on first); else the latest that is not
    continued yet, as an opening bracket is matched, since many a chat is left after its beginning; else the latest of all.
    """
    is_claim, before = pl.col("is_claim"), pl.col("operation_id").filter(~pl.col("is_claim"))
    place = pl.when(~is_claim).then("operation_id")
    events = (
        pl.concat(
            [endings.with_columns(is_claim=False), claims.with_columns(is_claim=True)],
            how="diagonal",
        )
        .sort("started_at", "is_claim", "line", "record_id")
        .with_columns(open=pl.when(is_claim).then(-1).otherwise(1).cum_sum().over(_CHAIN))
        .with_columns(open=pl.col("open") - pl.min_horizontal(pl.col("open").cum_min().over(_CHAIN), 0))
        .with_columns(
            level=pl.when(is_claim).then(pl.col("open").shift(1, fill_value=0).over(_CHAIN)).otherwise("open"),
            rank=pl.col("operation_id").cum_count().over(*_CHAIN, "is_claim"),
        )
        .with_columns(
            in_order=before.first().over(*_CHAIN, "rank"),
            latest=place.forward_fill().over(*_CHAIN, "level"),
            last=place.forward_fill().over(_CHAIN),
            is_even=((is_claim.sum() * 2 == pl.len()) & (pl.col("level").filter(is_claim).min() > 0)).over(_CHAIN),
        )
    )
    parent = pl.when("is_even").then("in_order").when(pl.col("level") > 0).then("latest").otherwise("last")
    return events.filter(is_claim).select("operation_id", parent_id=parent).filter(pl.col("parent_id").is_not_null())
