"""Chats of one user with exact prompts: a system text, then every earlier turn, then the new question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from frames.literal import SECOND, frame, kind, role
from tokaudit.frames.counterfactuals import changed_calls, counterfactual_sums
from tokaudit.frames.counterfactuals_history import earlier_documents, earlier_parts
from tokaudit.frames.keep import in_memory
from tokaudit.ledger.tables import BLOCKS, PARTS
from tokaudit.prices.rates import MONEY
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE

OPENAI = {"uncached_input": "0.000003", "cache_read": "0.0000003", "cache_write_5m": "0.000003", "cache_write_1h": "0.000003",
          "output": "0.000015"}  # fmt: skip
ANTHROPIC = {**OPENAI, "cache_write_5m": "0.00000375", "cache_write_1h": "0.000006"}
NO_EXAMPLES = pl.LazyFrame(schema={"feature": pl.String, "prefix_id": pl.UInt64})
NO_KINDS = pl.LazyFrame(schema={"feature": pl.String, "role": pl.UInt8, "block_id": pl.UInt64, "is_fixed": pl.Boolean})


@dataclass(frozen=True)
class Turn:
    """What is asked (document first) and answered, in tokens; tool: the question is a tool's result."""

    asked: int = 100
    answered: int = 400
    document: int = 0
    tool: bool = False


@dataclass(frozen=True)
class Chat:
    """One conversation. cached: each prompt is read from the cache as far as the one before went; writes: the rest of it is
    written, for five minutes or an hour. attempts: how often each call is sent."""

    turns: Sequence[Turn]
    system: int = 2000
    cached: bool = False
    writes: str | None = None
    rates: dict[str, str] | None = None
    attempts: int = 1
    head: bool = False


class Log:
    """The tables of some chats. Record ids are numbers from 0; where `head` is set the format adds its tokens to each message."""

    def __init__(self, *chats: Chat, feature: str = "chat") -> None:
        self.parts: list[dict[str, Any]] = []
        self.contents: list[dict[str, Any]] = []
        self.blocks: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        for number, chat in enumerate(chats):
            self._add(number, chat, feature)

    def _content(self, tokens: int, document: int = 0) -> int:
        content_id = len(self.contents) + 1
        self.contents.append({"content_id": content_id, "encoding": "o200k_base", "tokens": tokens})
        for position, (size, is_document) in enumerate(((document, True), (tokens - document, False))):
            if size:
                self.blocks.append(
                    {"content_id": content_id, "encoding": "o200k_base", "position": position, "tokens": size,
                     "block_id": content_id * 2 + position, "is_document": is_document, "is_example": False}
                )  # fmt: skip
        return content_id

    def _add(self, number: int, chat: Chat, feature: str) -> None:
        messages = [("system", self._content(chat.system), chat.system)]
        sent_before, first = 0, len(self.calls)
        for nth, turn in enumerate(chat.turns):
            asker = "tool" if turn.tool and nth else "user"
            messages.append((asker, self._content(turn.asked, turn.document), turn.asked))
            for _ in range(chat.attempts):
                sent_before = self._call(chat, messages, sent_before, conversation=first, feature=feature)
            messages.append(("assistant", self._content(turn.answered), turn.answered))

    def _call(
        self, chat: Chat, messages: list[tuple[str, int, int]], sent_before: int, *, conversation: int, feature: str
    ) -> int:
        record_id, head = len(self.calls), TOKENS_PER_MESSAGE if chat.head else 0
        for position, (who, content_id, _) in enumerate(messages):
            self.parts.append(
                {"record_id": record_id, "position": position, "message": position, "role": role(who), "kind": kind("text"),
                 "is_answer": False, "is_earlier": 0 < position < len(messages) - 1, "content_id": content_id,
                 "prefix_id": content_id * 1_000_003}
            )  # fmt: skip
        texts = sum(tokens for *_, tokens in messages)
        whole = texts + head * (len(messages) + 1)
        read = sent_before if chat.cached else 0
        rates = chat.rates or OPENAI
        earlier = sum(tokens for *_, tokens in messages[1:-1])
        self.calls.append(
            {"record_id": record_id, "line": record_id, "started_at": record_id * 60 * SECOND, "feature": feature,
             "encoding": "o200k_base", "conversation_key": conversation, "request_model": "m", "is_free": False,
             "system_id": conversation + 1, "tools_id": None, "input_tokens": whole, "list_cost": Decimal(1),
             "messages": len(messages), "media": 0, "media_tokens": 0, "definition_tokens": 0, "definition_correction": 0,
             "tool_call_tokens": 0, "call_correction": 0, "format_tokens": whole - texts, "laid_out_tokens": whole,
             "explained_tokens": whole, "tokens_history": earlier, "tokens_cache_read": read, "tokens_cache_read_audio": 0,
             "tokens_cache_read_image": 0, "tokens_cache_write_5m": whole - read if chat.writes == "5m" else 0,
             "tokens_cache_write_1h": whole - read if chat.writes == "1h" else 0,
             **{f"list_rate_{name}": Decimal(rate) for name, rate in rates.items()}}
        )  # fmt: skip
        return whole

    def call_rows(self) -> pl.LazyFrame:
        """Return the analysed calls."""
        rows = frame(**{name: [row[name] for row in self.calls] for name in self.calls[0]})
        money = [name for name in self.calls[0] if name.startswith("list_")]
        return rows.with_columns(
            pl.col(money).cast(MONEY), pl.col("tools_id").cast(pl.UInt64), pl.col("system_id").cast(pl.UInt64)
        )

    def part_rows(self) -> pl.LazyFrame:
        """Return the parts of the prompts."""
        return pl.LazyFrame(self.parts, schema=PARTS)

    def content_rows(self) -> pl.LazyFrame:
        """Return the texts' tokens."""
        return frame(**{name: [row[name] for row in self.contents] for name in self.contents[0]})

    def block_rows(self) -> pl.LazyFrame:
        """Return the texts' blocks."""
        return pl.LazyFrame(self.blocks, schema=BLOCKS)

    def earlier(self) -> pl.LazyFrame:
        """Return the parts of earlier turns."""
        return earlier_parts(self.part_rows(), self.call_rows(), self.content_rows(), NO_EXAMPLES)

    def priced(self) -> pl.DataFrame:
        """Price every policy."""
        earlier, changed = in_memory(self.earlier(), "earlier"), in_memory(changed_calls(self.call_rows()), "changed")
        documents = in_memory(earlier_documents(earlier, self.block_rows(), NO_KINDS), "documents")
        found = counterfactual_sums(earlier, documents, changed).collect()
        return found.sort("change", "turns")
