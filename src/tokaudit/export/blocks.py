"""Which columns has one row a document, example or instruction of a feature, for other programs?"""

from __future__ import annotations

import polars as pl


def block_rows(ranked: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of each block, the dearest of a feature and kind first. ranked: `summary.rankings.ranked_blocks`."""
    return ranked.select(
        "feature",
        kind="block_kind",
        block="block",
        name="name",
        source_file="file_name",
        source_line="line",
        tokens="tokens",
        calls="calls",
        conversations="conversations",
        sent="sent",
        sent_again="sent_again",
        cost="cost",
        reused_share="reused_share",
    )
