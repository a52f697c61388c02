"""Do growth and its counterfactuals hold together over whole runs?"""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from runs.logs import Record, audited, chat, said, tokens_of
from runs.test_laws import random_log
from tokaudit.result import Counterfactual
from tokaudit.tokens.chat_format import chat_format_tokens

WORDS = ("brake", "chain", "gear", "pedal", "saddle", "spoke", "tyre", "valve")
USD = Decimal("0.0000025")
"""gpt-4o, input, 2026."""


def chats(count: int, turns: int, *, kept: int | None = None, words: int = 60) -> list[Record]:
    """Log chats that send all earlier turns, or the last `kept` of them."""
    draw, records = random.Random(7), []
    for number in range(count):
        history: list[dict[str, str]] = []
        for turn in range(turns):
            asked = said("user", " ".join(draw.choices(WORDS, k=words)))
            answer = " ".join(draw.choices(WORDS, k=words))
            sent = history if kept is None else history[len(history) - min(len(history), 2 * kept) :]
            messages = [said("system", "You are the bicycle desk."), *sent, asked]
            records.append(
                chat(messages, answer, seconds=number * 5000 + turn * 200, feature="desk", session=str(number))
            )
            history = [*history, asked, said("assistant", answer)]
    return records


def changes(log: list[Record]) -> dict[tuple[str, int | None], Counterfactual]:
    return {(one.change, one.turns): one for one in audited(log).features[0].growth.counterfactuals}


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.integers(0, 10**6).map(random_log))
def test_every_change_holds_together(log: list[Record]) -> None:
    run = audited(log)
    whole = run.growth.counterfactuals
    for feature in run.features:
        longest = feature.growth.turns[-1].turn if feature.growth.turns else 0
        for one in feature.growth.counterfactuals:
            assert one.cost_then + one.saving == one.cost_now == feature.list_cost
            assert one.tokens_saved == one.dropped_tokens - one.added_tokens - one.summary_input_tokens
            assert one.change != "keep_last_turns" or (one.turns or 0) < longest or one.calls == one.saving == 0
        windows = [one for one in feature.growth.counterfactuals if one.change == "keep_last_turns"]
        saved = [one.tokens_saved for one in sorted(windows, key=lambda one: one.turns or 0)]
        assert saved == sorted(saved, reverse=True)
        assert 0 <= (feature.growth.resent_share or 0) <= 1
    for at, one in enumerate(whole):
        parts = [feature.growth.counterfactuals[at] for feature in run.features if feature.growth.counterfactuals]
        assert one.saving == sum((part.saving for part in parts), Decimal(0))
        assert one.cost_then + one.saving == one.cost_now == run.totals.list_cost


def test_a_chat_that_sends_all_is_linear_and_one_with_a_window_reaches_a_plateau() -> None:
    whole, window = (audited(chats(6, 9, kept=kept)).features[0].growth for kept in (None, 2))
    assert whole.tokens_law is not None
    assert whole.cost_law is not None
    assert window.tokens_law is not None
    assert (whole.tokens_law.shape, whole.cost_law.shape, window.tokens_law.shape) == ("linear", "linear", "saturating")
    assert window.tokens_law.plateau_turn == 3
    assert window.resent_share is not None
    assert whole.resent_share is not None
    assert window.resent_share < whole.resent_share


def test_keeping_the_last_turns_saves_what_a_log_with_that_window_does_not_hold() -> None:
    found = changes(chats(3, 6))["keep_last_turns", 2]
    whole, window = (audited(chats(3, 6, kept=kept)).totals.input_tokens for kept in (None, 2))
    assert found.tokens_saved == whole - window
    assert found.saving == (whole - window) * USD
    assert changes(chats(3, 6, kept=2))["keep_last_turns", 2].calls == 0


def test_what_is_sent_again_is_the_prompt_before() -> None:
    log = chats(2, 3)
    prompts = [[m["content"] for m in record["request"]["messages"]] for record in log]
    lengths = [tokens_of(*texts) + chat_format_tokens(len(texts)) for texts in prompts]
    # Each prompt ends with the format's tokens of the request, which are no part of the next one.
    request = chat_format_tokens(1) - (chat_format_tokens(2) - chat_format_tokens(1))
    before = sum(length - request for at, length in enumerate(lengths) if at % 3 != 2)
    assert audited(log).features[0].growth.resent_share == before / sum(lengths)
