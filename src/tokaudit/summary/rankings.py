"""Which documents, examples and instructions of each feature cost most?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import polars as pl

from tokaudit.frames.rankings import BLOCK_KEYS, DOCUMENT, KINDS
from tokaudit.result import BlockRanking, BlockSpend
from tokaudit.stages import Partials

MOST_BLOCKS = 10
"""Of a feature and kind, in the result; `export blocks` has all."""
FEWEST_CONVERSATIONS = 2
"""What only one conversation sends is its own text and no boilerplate; documents count all the same."""


def ranked_blocks(partials: Partials, described: pl.DataFrame) -> pl.DataFrame:
    """Return one row a feature, kind and block, the dearest first. described: as of `run.Analysis`.

    Out: the columns of `frames.rankings.block_sums` (cost null where no call with the block is priced), tokens of one sending,
    block (the hash as text), name, reused_share, file_name, line.
    """
    recurs = (pl.col("block_kind") == DOCUMENT) | (pl.col("conversations") >= FEWEST_CONVERSATIONS)
    order = pl.col("block_kind").replace_strict(
        {kind: number for number, kind in enumerate(KINDS)}, return_dtype=pl.Int64
    )
    return (
        partials["blocks"]
        .filter(recurs)
        .join(described, on="block_id", how="left")
        .with_columns(
            tokens=pl.col("tokens") / pl.col("sent"),
            cost=pl.when(pl.col("unpriced") < pl.col("sent")).then("cost"),
            block=pl.col("block_id").cast(pl.String),
            reused_share=pl.when(pl.col("block_kind") == DOCUMENT).then("reused_share"),
        )
        .sort(
            "feature", order, "cost", "sent", "block_id", descending=[False, False, True, True, False], nulls_last=True
        )
    )


def rankings_of(partials: Partials, described: pl.DataFrame) -> tuple[BlockRanking, ...]:
    """Return the dearest blocks of each feature and kind."""
    table = ranked_blocks(partials, described)
    totals = table.group_by(BLOCK_KEYS[:2]).agg(pl.len().alias("all"), whole=pl.col("cost").sum())
    most = table.with_columns(place=pl.int_range(pl.len()).over(BLOCK_KEYS[:2])).filter(pl.col("place") < MOST_BLOCKS)
    rows = most.join(totals, on=BLOCK_KEYS[:2], maintain_order="left").iter_rows(named=True)
    return tuple(
        _ranking(feature, kind, list(found))
        for (feature, kind), found in groupby(rows, key=lambda row: (row["feature"], row["block_kind"]))
    )


def _ranking(feature: str, kind: str, rows: list[dict[str, Any]]) -> BlockRanking:
    blocks = tuple(_block(row) for row in rows)
    shown = sum((block.cost or Decimal(0) for block in blocks), Decimal(0))
    return BlockRanking(feature, kind, blocks, rows[0]["all"] - len(blocks), rows[0]["whole"] - shown)


def _block(row: Mapping[str, Any]) -> BlockSpend:
    return BlockSpend(
        block=row["block"],
        name=row["name"],
        file=row["file_name"],
        line=row["line"],
        **{
            name: row[name]
            for name in ("tokens", "calls", "conversations", "sent", "sent_again", "cost", "reused_share")
        },
    )
