"""Which calls are attempts at the same request?

An operation is one logical request with its retries and fallbacks: the same prompt sent again by the same owner, after an
error or within seconds (`repeats` tells them from equal prompts that are none). The answer used is that of the last attempt
that did not fail. Answers asked for anew because they were of no use are tied in `corrections`. Attempts are calls: those that a
gateway made itself, told in the line of its answer, are counted in `waste.hidden_attempts`.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.repeats import FEATURE, with_burst_and_run
from tokaudit.frames.sessions import OWNER
from tokaudit.ledger.tables import ROLES

LOG_ORDER = ("started_at", "line", "record_id")
"""Many logs tell the time in seconds: within one, the log's own order is the order of the calls."""

_ATTEMPTS_OF = ["prompt_id", "owner", "alone"]
_ASSISTANT = ROLES.index("assistant")


def followed_answers(calls: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    """Count how often conversations went on from the answers to prompts that were sent more than once.

    calls: record_id, prompt_id, closing_id, session, user_id, is_correction (who sends an answer back makes no use of it). parts:
    record_id, position, role, is_earlier, prefix_id. Out: closing_id, owner, followers (different prompts whose last earlier
    answer it is; answers without are left out).
    """
    several = calls.filter(pl.col("prompt_id").is_not_null()).group_by("prompt_id").len().filter(pl.col("len") > 1)
    repeated = calls.filter(pl.col("closing_id").is_not_null()).join(several, on="prompt_id", how="semi")
    closings = repeated.select("closing_id").unique()
    answers = parts.filter((pl.col("role") == _ASSISTANT) & pl.col("is_earlier")).select(
        "record_id", "position", closing_id="prefix_id"
    )
    among = answers.join(
        answers.join(closings, on="closing_id", how="semi").select("record_id").unique(), on="record_id", how="semi"
    )
    last = among.group_by("record_id").agg(pl.col("position").max())
    return (
        among.join(last, on=["record_id", "position"])
        .join(closings, on="closing_id", how="semi")
        .join(calls.filter(~pl.col("is_correction")).select("record_id", "prompt_id", owner=OWNER), on="record_id")
        .group_by("closing_id", "owner")
        .agg(followers=pl.col("prompt_id").n_unique())
    )


def _sent_again(calls: pl.LazyFrame, followed: pl.LazyFrame) -> pl.LazyFrame:
    """Return the calls whose prompt the owner sent more than once, by request and in order of time.

    Out: + request (number of the prompt and owner), owner, ended_at, followers, prompts (of the call's feature, each once).
    """
    alone = pl.coalesce("operation", pl.col("record_id").cast(pl.String))
    ended_at = pl.col("started_at") + pl.col("latency_ms").fill_null(0) * 1000
    owned = calls.select(
        *LOG_ORDER, *FEATURE, "prompt_id", "closing_id", "latency_ms", "is_failed", "gateway_cache_hit",
        owner=OWNER, alone=pl.when(pl.col("prompt_id").is_null()).then(alone), ended_at=ended_at,
    )  # fmt: skip
    requests = owned.group_by(_ATTEMPTS_OF).agg(pl.len().alias("calls"), pl.col(FEATURE).first())
    prompts = requests.filter(pl.col("prompt_id").is_not_null()).group_by(FEATURE).agg(prompts=pl.len())
    several = requests.filter(pl.col("calls") > 1).select(_ATTEMPTS_OF).with_row_index("request")
    return (
        owned.join(several, on=_ATTEMPTS_OF, nulls_equal=True)
        .join(followed, on=["closing_id", "owner"], how="left")
        .join(prompts, on=FEATURE, how="left", nulls_equal=True)
        .with_columns(pl.col("followers").fill_null(0))
        .sort("request", *LOG_ORDER, nulls_last=True)
    )


def with_operation(calls: pl.LazyFrame, followed: pl.LazyFrame) -> pl.LazyFrame:
    """Tie attempts together.

    calls: record_id, line, prompt_id (null = content not logged), closing_id, session, user_id, operation, started_at,
    latency_ms, is_failed, gateway_cache_hit, reader, system_id, tools_id. followed: `followed_answers`. Out: + operation_id
    (record_id of the first attempt), burst (record_id of the first of the samples drawn with it), attempt and is_used (see
    `with_attempts`). Calls without content are tied by the log's own operation id, and only after an error.
    """
    tied = _sent_again(calls, followed).pipe(with_burst_and_run)
    return (
        calls.join(tied.select("record_id", "burst", operation_id="run"), on="record_id", how="left")
        .with_columns(pl.col("operation_id", "burst").fill_null(pl.col("record_id")))
        .pipe(with_attempts)
    )


def with_attempts(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Number the attempts of each operation and find the one whose answer was used.

    In: operation_id, burst, is_failed, gateway_cache_hit, LOG_ORDER. Out: + attempt (1, 2, …), is_used (its answer was paid for
    and used).

    >>> calls = pl.LazyFrame({"record_id": [1, 2, 3], "line": [1, 2, 3], "started_at": [0, 5, 9], "operation_id": [1, 1, 3],
    ...     "burst": [1, 2, 3], "is_failed": [False] * 3, "gateway_cache_hit": [False] * 3})
    >>> with_attempts(calls).select("attempt", "is_used").collect().rows()
    [(1, False), (2, True), (1, True)]
    """
    # What a gateway answers from its own cache was paid for by an earlier attempt.
    is_paid = ~pl.col("is_failed") & ~pl.col("gateway_cache_hit")
    # As many answers are used as were asked for at once: an attempt after a sample that failed replaces that one.
    wanted = pl.len().over("operation_id", "burst").max().over("operation_id")
    several = calls.group_by("operation_id").len().filter(pl.col("len") > 1)
    numbered = (
        calls.select(*LOG_ORDER, "operation_id", "burst", is_paid=is_paid)
        .join(several, on="operation_id", how="semi")
        .sort("operation_id", *LOG_ORDER, nulls_last=True)
        .with_columns(
            number=pl.int_range(1, pl.len() + 1).over("operation_id"),
            used=pl.col("is_paid")
            & (pl.col("is_paid").cast(pl.Int64).cum_sum(reverse=True).over("operation_id") <= wanted),
        )
    )
    return (
        calls.join(numbered.select("record_id", "number", "used"), on="record_id", how="left", maintain_order="left")
        .with_columns(attempt=pl.col("number").fill_null(1), is_used=pl.coalesce("used", is_paid))
        .drop("number", "used")
    )
