"""Where do the earlier turns stand in each prompt, and which of their tokens are retrieved documents?

An earlier turn is what was newly sent in an earlier call, and the answer to it. Its place is counted in billed tokens, as in
`components`, and it takes with it what the chat format adds to its messages: both go when the turn is no longer sent.
"""

from __future__ import annotations

import polars as pl

from tokaudit.frames.blocks import TOOL, segments
from tokaudit.frames.continuations import ASSISTANT
from tokaudit.ledger.tables import MEDIA, NO_MESSAGE, TEXT
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE

CALL_COLUMNS = (
    "record_id", "feature", "encoding", "messages", "media", "media_tokens", "definition_tokens", "definition_correction",
    "tool_call_tokens", "call_correction", "format_tokens", "laid_out_tokens", "explained_tokens",
)  # fmt: skip
"""What a prompt is laid out by (`components.with_explained`)."""

RESENT_COLUMNS = ("record_id", "conversation_key", "system_id", "tools_id")

_TEXT = ["feature", "role", "content_id", "encoding"]
_SCALE = ["explained_tokens", "laid_out_tokens"]


def _place(position: pl.Expr) -> pl.Expr:
    """Return the billed place of a place by our count."""
    return position * pl.col(_SCALE[0]) // pl.max_horizontal(_SCALE[1], 1)


def _heads(opened: pl.Expr) -> pl.Expr:
    """Return what the format adds to the first `opened` messages, and around their calls of tools."""
    per_message = pl.when(pl.col("format_tokens") > 0).then(TOKENS_PER_MESSAGE).otherwise(0)
    around_calls = pl.col("tool_call_tokens") + pl.col("call_correction")
    return opened * per_message + around_calls * opened // pl.max_horizontal("messages", "opened", 1)


def _with_places(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Lay out the messages as `components` does. Out: + raw, raw_end (by our count), start, end (billed; with the head of the
    message that a part opens).
    """
    is_media = (pl.col("kind") == MEDIA) & (pl.col("media") > 0)
    whole = pl.max_horizontal("media", 1)
    rest = (is_media & (is_media.cast(pl.Int64).cum_sum().over("record_id") == 1)) * (pl.col("media_tokens") % whole)
    opens = pl.struct("record_id", "message") != pl.struct("record_id", "message").shift(1)
    definitions = pl.col("definition_tokens") + pl.col("definition_correction")
    opened = pl.col("opened")
    return (
        rows.with_columns(
            raw=pl.when(is_media).then(pl.col("media_tokens") // whole + rest).otherwise(pl.col("tokens").fill_null(0)),
            opens=opens.fill_null(value=True).cast(pl.Int64),
        )
        .with_columns(opened=pl.col("opens").cum_sum().over("record_id"))
        .with_columns(raw_end=definitions + pl.col("raw").cum_sum().over("record_id") + _heads(opened))
        .with_columns(
            start=_place(pl.col("raw_end") - pl.col("raw") - (_heads(opened) - _heads(opened - pl.col("opens")))),
            end=_place(pl.col("raw_end")),
        )
    )


def earlier_parts(
    parts: pl.LazyFrame, calls: pl.LazyFrame, contents: pl.LazyFrame, examples: pl.LazyFrame
) -> pl.LazyFrame:
    """List the parts of the earlier turns of each prompt.

    parts: as in the ledger. calls: CALL_COLUMNS, of calls with known input. examples: feature, prefix_id of fixed example turns,
    which are instructions and no turns. Out: record_id, position, feature, encoding, role, kind, content_id, prefix_id, turn (1 =
    the oldest), turns (how many the prompt holds), is_last_answer, raw_end, raw, start, end (billed tokens), explained_tokens,
    laid_out_tokens. A tool's result stays with the answer that called the tool: that one counts to the turn after its own.
    """
    rows = (
        parts.filter(~pl.col("is_answer") & (pl.col("message") != NO_MESSAGE))
        .join(calls.select(CALL_COLUMNS), on="record_id")
        .join(contents.select("content_id", "encoding", "tokens"), on=["content_id", "encoding"], how="left")
        .join(examples.with_columns(is_example=pl.lit(value=True)), on=["feature", "prefix_id"], how="left")
        .sort("record_id", "position")
    )
    is_answer = pl.col("role") == ASSISTANT
    asks = pl.when(~is_answer).then("role").backward_fill().over("record_id")
    opens = (~is_answer & (pl.col("role").shift(1) == ASSISTANT)) | (
        pl.col("record_id") != pl.col("record_id").shift(1)
    )
    return (
        _with_places(rows)
        .with_columns(calls_tool=is_answer & (asks == TOOL).fill_null(value=False))
        .filter("is_earlier", pl.col("is_example").is_null())
        .with_columns(turn=opens.fill_null(value=True).cast(pl.Int64).cum_sum().over("record_id"))
        .with_columns(turns=pl.col("turn").max().over("record_id"))
        .with_columns(
            turn=pl.col("turn") + pl.col("calls_tool"), is_last_answer=is_answer & (pl.col("turn") == pl.col("turns"))
        )
        .select(
            "record_id", "position", *_TEXT, "kind", "prefix_id", "turn", "turns", "is_last_answer", "raw_end", "raw",
            "start", "end", *_SCALE,
        )
    )  # fmt: skip


def earlier_documents(earlier: pl.LazyFrame, blocks: pl.LazyFrame, kinds: pl.LazyFrame) -> pl.LazyFrame:
    """List the retrieved documents in earlier turns.

    earlier: `earlier_parts`. blocks, kinds: as `blocks.segments` takes them. Out: record_id, prefix_id, turn, turns, start, end.
    """
    # Most texts hold no block that `segments` could take for a document: they need not be cut.
    retrieved = kinds.filter(~pl.col("is_fixed")).select("block_id").unique()
    holding = pl.concat([blocks.filter("is_document"), blocks.join(retrieved, on="block_id", how="semi")])
    texts = earlier.filter((pl.col("kind") == TEXT) & (pl.col("role") != ASSISTANT)).join(
        holding.select("content_id").unique(), on="content_id", how="semi"
    )
    documents = (
        segments(texts.select(_TEXT).unique(), blocks, kinds)
        .sort(*_TEXT, "sequence")
        .with_columns(last=pl.col("tokens").cum_sum().over(_TEXT))
        .filter(pl.col("component") == "rag_context")
        .select(*_TEXT, "tokens", "last")
    )
    text_start = pl.col("raw_end") - pl.col("raw")
    return (
        texts.join(documents, on=_TEXT)
        .with_columns(
            start=_place(text_start + pl.col("last") - pl.col("tokens")), end=_place(text_start + pl.col("last"))
        )
        .select("record_id", "prefix_id", "turn", "turns", "start", "end")
    )


def resent_tokens(earlier: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Count what of each prompt had been sent before.

    earlier: `earlier_parts`. calls: RESENT_COLUMNS, in order of time. Out: record_id, resent
    (billed tokens): earlier turns but for the last answer, which was received and is sent for the first time; and what stands
    before them, where the conversation had sent those instructions and tools.
    """
    length = pl.col("end") - pl.col("start")
    opening = pl.when(~pl.struct("conversation_key", "system_id", "tools_id").is_first_distinct()).then("opening")
    sent = earlier.group_by("record_id").agg(
        turns_before=length.filter(~pl.col("is_last_answer")).sum(), opening=pl.col("start").min()
    )
    return calls.join(sent, on="record_id", how="left", maintain_order="left").select(
        "record_id", resent=pl.col("turns_before").fill_null(0) + opening.fill_null(0)
    )
