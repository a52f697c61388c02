"""Which calls repeat the one before them, of those that send the same prompt?

A repeat is an attempt at the same request: after an error, or within seconds. Things that look alike are none:

* an answer that the conversation went on from was used: the next equal prompt is another person's, or a branch;
* equal prompts sent at the same moment, each while the one before still runs, are samples drawn side by side: one operation,
  all of them used. A second request sent seconds after the first is a hedge or a client's time-out, whether or not the first
  still runs: one of the two answers was for nothing;
* prompts that are sent again as a rule, each after the answer came, are asked twice on purpose (a vote, a comparison of models);
* a prompt that comes again and again (a frequent question, a poll, an evaluation) follows itself by chance: it is sent again
  only where it follows far sooner than it usually does, and not in rows longer than any client's patience.

Calls come sorted by request and time: the call before is the row before, where that is of the same request.
"""

from __future__ import annotations

import polars as pl

AGAIN_WITHIN_SECONDS = 60
"""After an answer: longer than any client waits before it sends again, shorter than a person takes to ask again."""
AFTER_ERROR_WITHIN_SECONDS = 900
"""After an error: backoff and queues stretch retries to minutes."""
LOOP_SECONDS = 0.25
"""Requests that a program sends side by side follow one another that fast; no client or hedge gives up that early."""
AT_ONCE_SECONDS = 1
"""Or this fast, where at least `SAMPLES` overlap: a client that sends again waits for one answer, not for two more."""
SAMPLES = 3
SAMPLES_OF_UNKNOWN_LATENCY = 4
"""So many answers at one moment: no model gives four within a second, one after the other."""
OFTEN = 10
"""Equal prompts from which their usual pause shows (the median, where that is longer than retries wait)."""
CHANCE = 0.05
"""Of the usual pause: of prompts that many send, one in thirty follows so closely by chance."""
MOST_ATTEMPTS = 20
"""No client asks more often for an answer that comes each time: a prompt in a longer row is a poll or an experiment."""
ON_PURPOSE = 0.8
"""What is done to nearly all prompts of a feature is done on purpose: retries are exceptions."""
SEVERAL = 2
"""Conversations that go on from the same opening: so many people say it that two of them may within a minute."""

FEATURE = ["reader", "system_id", "tools_id"]
"""What tells features apart before they are named."""

_SECOND = 1_000_000


def _before(name: str) -> pl.Expr:
    return pl.when(pl.col("request") == pl.col("request").shift(1)).then(pl.col(name).shift(1))


def _yes(test: pl.Expr) -> pl.Expr:
    """Return what is known to be so."""
    return test.fill_null(value=False)


def _with_pace(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Tell how far each call starts behind the one before it (pause), and which were sent at once (flock)."""
    pause = (pl.col("started_at") - _before("started_at")) / _SECOND
    is_running = pl.col("started_at") < _before("ended_at")
    is_near = _yes((pause <= LOOP_SECONDS) | ((pause <= AT_ONCE_SECONDS) & is_running))
    return calls.with_columns(
        pause=pause,
        is_near=is_near,
        was_failed=_yes(_before("is_failed")),
        was_answered=_yes(~is_running & _before("latency_ms").is_not_null() & ~_before("is_failed")),
        flock=(~is_near).cum_sum(),
    ).with_columns(
        usual_pause=pl.when(pl.len().over("request") >= OFTEN).then(pl.col("pause").median().over("request"))
    )


def _at_once() -> pl.Expr:
    """Tell whether a call was sent beside the one before it, as a further sample."""
    size = pl.len().over("flock")
    is_timed = pl.col("latency_ms").is_not_null().all().over("flock")
    is_sample = pl.when(is_timed).then((pl.col("pause") <= LOOP_SECONDS) | (size >= SAMPLES))
    return pl.col("is_near") & is_sample.otherwise(size >= SAMPLES_OF_UNKNOWN_LATENCY)


def _planned() -> pl.Expr:
    """Tell which share of a feature's prompts was sent again soon though it had been answered: null where they are few."""
    is_second = _before("request").is_not_null() & (pl.col("request") != pl.col("request").shift(2)).fill_null(
        value=True
    )
    is_again = is_second & pl.col("was_answered") & (pl.col("pause") <= AGAIN_WITHIN_SECONDS)
    return pl.when(pl.col("prompts") >= OFTEN).then(is_again.sum().over(FEATURE) / pl.col("prompts"))


def _repeats() -> pl.Expr:
    """Tell whether a call repeats the one before it."""
    gap_seconds = (pl.col("started_at") - _before("ended_at")) / _SECOND
    is_same_answer = pl.col("closing_id") == _before("closing_id")
    was_used = (
        pl.when(is_same_answer).then((pl.col("followers") >= SEVERAL) & (pl.col("owner") == ""))
        .otherwise(_before("followers") > 0)
    )  # fmt: skip
    usual = pl.col("usual_pause")
    is_planned = pl.col("was_answered") & (pl.col("planned") >= ON_PURPOSE)
    is_chance = (usual > AGAIN_WITHIN_SECONDS) & (pl.col("pause") > CHANCE * usual)
    return _yes(
        pl.when("was_failed").then(gap_seconds <= AFTER_ERROR_WITHIN_SECONDS)
        .when(pl.col("prompt_id").is_null()).then(pl.lit(value=False))
        .when("at_once").then(pl.lit(value=True))
        .when(_yes(was_used) | _yes(is_chance) | _yes(is_planned)).then(pl.lit(value=False))
        .otherwise(gap_seconds <= AGAIN_WITHIN_SECONDS)
    )  # fmt: skip


def _is_patient() -> pl.Expr:
    """Tell whether clients make as many attempts as stand in this row of repeats."""
    told_at_once = pl.col("at_once") | pl.col("was_failed")
    return told_at_once | ((~told_at_once).sum().over("run") <= MOST_ATTEMPTS)


def _first(is_first: pl.Expr) -> pl.Expr:
    """Return the record that begins each row of calls."""
    return pl.when(is_first).then("record_id").forward_fill()


def with_burst_and_run(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Name each call's samples and attempts by the first of them.

    In: calls sorted by request and time, with request, owner, prompt_id, closing_id, followers, started_at, ended_at, latency_ms,
    is_failed, FEATURE, prompts (of the feature). Out: + burst, run (a record_id).
    """
    return (
        calls.pipe(_with_pace)
        .with_columns(at_once=_at_once(), planned=_planned())
        .with_columns(repeats=_repeats(), burst=_first(~pl.col("at_once")))
        .with_columns(run=_first(~pl.col("repeats")))
        .with_columns(repeats=pl.col("repeats") & _is_patient())
        .with_columns(run=_first(~pl.col("repeats")))
    )
