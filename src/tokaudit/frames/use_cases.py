"""Which feature does each call serve?

What the team named itself decides (tag, metadata, key, endpoint). The rest is grouped by the template of its opening (see
`openings`, `templates`, `versions`); calls that hold no template are told by their tools, and what is left is unattributed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tokaudit.frames.keep import Keep
from tokaudit.frames.markers import Item, Prompt
from tokaudit.frames.openings import (
    SENTENCE,
    Openings,
    items_of,
    opening_blocks,
    opening_ids,
    recurring_items,
    sent_openings,
    signatures_of,
)
from tokaudit.frames.templates import MOST_PROMPTS, find_templates
from tokaudit.frames.versions import versions_of

STATIC_SHARE = 0.5
"""A block is static when at least half of the template's calls send it."""
UNATTRIBUTED = "unattributed"


def openings_of(
    calls: pl.LazyFrame, parts: pl.LazyFrame, blocks: pl.LazyFrame, sentences: pl.LazyFrame, keep: Keep
) -> Openings:
    """Lay out the openings of calls. calls: record_id, system_id, started_at, thread. blocks: once per content."""
    of_calls = keep(opening_ids(calls, parts, blocks, keep), "of-calls")
    laid = keep(opening_blocks(of_calls, calls, parts, blocks), "blocks")
    sent = keep(sent_openings(of_calls, calls), "sent")
    items = keep(recurring_items(items_of(sentences), laid, sent), "items")
    return Openings(of_calls, sent, laid, items, keep(signatures_of(items, laid), "signatures"))


def lessons(openings: Openings, sentences: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Return what there is to learn from: the most sent sets of recurring items, and the items of one opening of each.

    Out: (signature, opening_id, calls, threads, first_at, last_at, openings, words), (opening_id, part, position, sentence,
    block_id, kind, item_id, words, word_bits, is_user, is_definition), in prompt order.
    """
    words = sentences.group_by("block_id").agg(pl.col("words").sum())
    prompts = (
        openings.signatures.join(openings.sent, on="opening_id")
        .sort("calls", "opening_id", descending=[True, False])
        .group_by("signature", maintain_order=True)
        .agg(
            pl.col("opening_id").first(),
            pl.col("calls", "threads").sum(),
            pl.col("first_at").min(),
            pl.col("last_at").max(),
            openings=pl.len(),
        )
        .sort("calls", "signature", descending=[True, False])
        .head(MOST_PROMPTS)
    )
    own = openings.blocks.join(prompts.select("opening_id"), on="opening_id", how="semi").filter(~pl.col("is_document"))
    sizes = own.join(words, on="block_id").group_by("opening_id").agg(pl.col("words").sum())
    rows = own.join(openings.items, on="block_id").select(
        "opening_id", "part", "position", "sentence", "block_id", "kind", "item_id", "words", "word_bits", "is_user",
        "is_definition",
    )  # fmt: skip
    return prompts.join(sizes, on="opening_id", how="left"), rows.sort(
        "opening_id", "part", "position", "sentence", "kind"
    )


@dataclass(frozen=True, slots=True)
class Learned:
    """Templates found. markers, static: template (its number), item_id. names: template, feature_id, template_id, markers."""

    markers: pl.DataFrame
    static: pl.DataFrame
    names: pl.DataFrame


def learned(prompts: pl.DataFrame, rows: pl.DataFrame) -> Learned:
    """Find the templates in `lessons`."""
    items = _items(rows)
    versions = versions_of(find_templates(_prompts(prompts, rows), items), items)
    pairs = {"template": pl.Int64, "item_id": pl.UInt64}
    return Learned(
        markers=_table(
            [(number, item) for number, found in enumerate(versions) for item in found.template.markers], pairs
        ),
        static=_table(
            [(number, item) for number, found in enumerate(versions) for item in sorted(found.template.static)], pairs
        ),
        names=_table(
            [
                (number, found.feature_id, found.version_id, len(found.template.markers))
                for number, found in enumerate(versions)
            ],
            {"template": pl.Int64, "feature_id": pl.String, "template_id": pl.String, "markers": pl.Int64},
        ),
    )


def _table(rows: list[tuple[object, ...]], schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def _items(rows: pl.DataFrame) -> dict[int, Item]:
    place = ["block_id", "sentence"]
    ends = rows.filter(pl.col("kind") != SENTENCE).group_by(place).agg(ends=pl.col("item_id").unique().sort())
    whole = rows.filter(pl.col("kind") == SENTENCE).join(ends, on=place, how="left")
    table = pl.concat([whole, rows.filter(pl.col("kind") != SENTENCE)], how="diagonal")
    told = table.group_by("item_id").agg(
        pl.col("words", "kind", "word_bits").first(),
        pl.col("ends").drop_nulls().first(),
        pl.col("is_user", "is_definition").all(),
    )
    columns = ("item_id", "words", "kind", "ends", "is_user", "is_definition", "word_bits")
    return {
        item: Item(words, kind == SENTENCE, tuple(ends or ()), *rest)
        for item, words, kind, ends, *rest in told.select(columns).iter_rows()
    }


def _prompts(prompts: pl.DataFrame, rows: pl.DataFrame) -> list[Prompt]:
    whole = pl.col("kind") == SENTENCE
    block = pl.struct("part", "position").rank("dense").over("opening_id")
    held = rows.with_columns(block=block).group_by("opening_id").agg(
        pl.col("item_id"), blocks=pl.col("block").filter(whole), sentences=pl.col("item_id").filter(whole)
    )  # fmt: skip
    table = prompts.join(held, on="opening_id").sort("calls", "signature", descending=[True, False])
    return [
        Prompt(
            calls=row["calls"],
            openings=row["openings"],
            threads=row["threads"],
            first_at=row["first_at"] or 0,
            last_at=row["last_at"] or 0,
            words=row["words"] or 0,
            items=frozenset(row["item_id"]),
            layout=tuple(zip(row["blocks"], row["sentences"], strict=True)),
        )
        for row in table.iter_rows(named=True)
    ]


def opening_templates(openings: Openings, found: Learned) -> pl.LazyFrame:
    """Find the template of each opening: of those whose markers it holds, the one with the most. Out: opening_id, template."""
    marked = openings.items.select("block_id", "item_id").unique().join(found.markers.lazy(), on="item_id")
    return (
        openings.blocks.filter(~pl.col("is_document"))
        .select("opening_id", "block_id")
        .join(marked, on="block_id")
        .group_by("opening_id", "template")
        .agg(held=pl.col("item_id").n_unique())
        .join(found.names.lazy().select("template", "markers"), on="template")
        .filter(pl.col("held") == pl.col("markers"))
        .sort("opening_id", "markers", "template", descending=[False, True, False])
        .group_by("opening_id", maintain_order=True)
        .agg(pl.col("template").first())
    )


def _block_shares(openings: Openings, found: Learned, sentences: pl.LazyFrame) -> pl.LazyFrame:
    """Return the share of each block's words that stands in static sentences. Out: template, block_id, share."""
    of_template = found.static.lazy().rename({"item_id": "sentence_id"}).with_columns(is_static=pl.lit(value=True))
    words = sentences.group_by("block_id").agg(all_words=pl.col("words").sum())
    fixed = (
        sentences.filter(~pl.col("has_number"))
        .join(of_template, on="sentence_id")
        .group_by("template", "block_id")
        .agg(pl.col("words").sum())
    )
    return fixed.join(words, on="block_id").select("template", "block_id", share=pl.col("words") / pl.col("all_words"))


def opening_tokens(
    openings: Openings, templates: pl.LazyFrame, found: Learned, sentences: pl.LazyFrame
) -> pl.LazyFrame:
    """Divide each opening's tokens. templates: `opening_templates`. Out: opening_id, static_tokens, variable_tokens.

    Static is a block that at least half of the template's calls send, and of other blocks the sentences that are static and
    hold no number; documents never are.
    """
    told = openings.blocks.filter(~pl.col("is_definition")).with_columns(
        is_asked=pl.col("is_user").all().over("opening_id")
    )
    known = (
        told.filter(~pl.col("is_user") | pl.col("is_asked"))
        .join(templates, on="opening_id")
        .join(openings.sent.select("opening_id", "calls"), on="opening_id")
    )
    of_template = (
        templates.join(openings.sent, on="opening_id").group_by("template").agg(all_calls=pl.col("calls").sum())
    )
    sends = known.unique(["opening_id", "block_id"]).group_by("template", "block_id").agg(sends=pl.col("calls").sum())
    is_whole = pl.col("sends") >= STATIC_SHARE * pl.col("all_calls")
    share = pl.when("is_document").then(0.0).when(is_whole).then(1.0).otherwise(pl.col("share").fill_null(0.0))
    static = (pl.col("tokens") * share).round().cast(pl.Int64)
    return (
        known.join(sends, on=["template", "block_id"])
        .join(of_template, on="template")
        .join(_block_shares(openings, found, sentences), on=["template", "block_id"], how="left")
        .group_by("opening_id")
        .agg(static_tokens=static.sum(), variable_tokens=(pl.col("tokens") - static).sum())
    )


def names_of_calls(openings: Openings, found: Learned, sentences: pl.LazyFrame) -> pl.LazyFrame:
    """Name the template of each call. Out: record_id, feature_id, template_id, static_tokens, variable_tokens."""
    templates = opening_templates(openings, found)
    tokens = opening_tokens(openings, templates, found, sentences)
    named = (
        templates.join(found.names.lazy().drop("markers"), on="template")
        .join(tokens, on="opening_id", how="left")
        .with_columns(pl.col("static_tokens", "variable_tokens").fill_null(0))
        .drop("template")
    )
    return openings.of_calls.select("record_id", "opening_id").join(named, on="opening_id").drop("opening_id")


def with_feature(calls: pl.LazyFrame, names: pl.LazyFrame) -> pl.LazyFrame:
    """Give each call its feature.

    calls: feature (the team's own name, or null), tools_id. names: `names_of_calls`. Out: feature (never null),
    feature_source (tag | template | none), template_id, static_tokens, variable_tokens (null = no template).
    """
    by_template = "template-" + pl.col("feature_id")
    by_tools = "tools-" + pl.col("tools_id").cast(pl.String).str.slice(0, 8)
    return calls.join(names, on="record_id", how="left").with_columns(
        feature_source=pl.when(pl.col("feature").is_not_null()).then(pl.lit("tag"))
        .when(pl.col("feature_id").is_not_null() | pl.col("tools_id").is_not_null()).then(pl.lit("template"))
        .otherwise(pl.lit("none")),
        feature=pl.coalesce("feature", by_template, by_tools, pl.lit(UNATTRIBUTED)),
    ).drop("feature_id")  # fmt: skip
