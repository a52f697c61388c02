"""Which of the log's ids are sessions, and whose is each call?

Logs call many things a session or trace id. One that ties different requests together is a session. One that only ever
stands on one request is a session of one turn where its kind ties requests elsewhere, and else an id of single requests
(gateways and tracers make up one for each), which must not part the attempts at a request.
"""

from __future__ import annotations

import polars as pl

SESSION_SHARE = 0.1
"""An id of one request is a session where at least one id in ten of its kind ties requests: most chats that people open end
after the first answer; ids of single requests tie hardly any."""

OWNER = pl.coalesce("session", "user_id", pl.lit(""))
"""Whose a call is: a session or a user continues and sends again only what is its own. Two who say `hi` first are two."""

_KIND = ["reader", "feature", "system_id", "tools_id"]


def with_session(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Tell sessions from ids of single requests.

    In: record_id, prompt_id, conversation (the log's id), reader, feature (the team's own name), system_id, tools_id. Out: +
    session: the id where it is one, else null, and the texts decide.

    >>> calls = pl.LazyFrame({"record_id": [1, 2, 3, 4], "prompt_id": [1, 2, 3, 3], "conversation": ["a", "a", "b", "c"],
    ...     "reader": "r", "feature": ["chat", "chat", "letters", "letters"], "system_id": 1, "tools_id": 1})
    >>> with_session(calls).collect()["session"].to_list()
    ['a', 'a', None, None]
    """
    requests = pl.coalesce("prompt_id", "record_id").n_unique()
    ties = (
        calls.filter(pl.col("conversation").is_not_null())
        .group_by("conversation")
        .agg(ties=requests > 1)
    )  # fmt: skip
    kinds = (
        calls.filter(pl.col("conversation").is_not_null())
        .select(*_KIND, "conversation")
        .unique()
        .join(ties, on="conversation")
        .group_by(_KIND)
        .agg(share=pl.col("ties").mean())
    )
    is_session = pl.col("ties") | (pl.col("share") >= SESSION_SHARE)
    return (
        calls.join(ties, on="conversation", how="left")
        .join(kinds, on=_KIND, how="left", nulls_equal=True)
        .with_columns(session=pl.when(is_session).then("conversation"))
        .drop("ties", "share")
    )
