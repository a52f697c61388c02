"""Which features are candidates for a fine-tuned model, in which order, and what speaks against each?

Ranked by what a feature still costs a month after the cheaper fixes (shorter prompts, caching, no retries). The reasons
against are shown with their thresholds. Rates, hosting and payback are not computed yet: those fields are null.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tokaudit.audits.contract import Facts
from tokaudit.frames.use_cases import UNATTRIBUTED
from tokaudit.result import Candidate, Feature, Gate, Plan, Savings, TaskType

FEWEST_EXAMPLES = 1000
"""Answered calls with logged texts: fewer rarely carry a fine-tune past the prompt they replace."""
SMALLEST_SPEND = Decimal(300)
"""USD a month: less cannot pay back even a week of an engineer's time within two years."""
MOST_TURNS = 2.0
"""Mean turns a conversation: longer ones need evaluation by conversation, not by answer."""
LONGEST_ANSWER = 600.0
"""Mean output tokens: longer answers are open-ended, and hard to compare with a reference."""
SHORT_ANSWER = 16.0
"""Mean output tokens: labels, choices, numbers."""

Shape = Mapping[str, Any]


def task_type(feature: Feature, shape: Shape) -> TaskType:
    """Name the kind of task by the first rule that fits."""
    mean_output = feature.output_tokens / feature.calls if feature.calls else 0.0
    calls = max(feature.calls, 1)
    evidence = {
        "mean_output_tokens": mean_output,
        "calls_with_tools_share": shape["with_tools"] / calls,
        "response_schema_tokens": feature.components["response_schema"].tokens,
        "documents_share_of_input": feature.components["rag_context"].tokens / max(feature.input_tokens, 1),
        "mean_turns": feature.operations / max(feature.conversations, 1),
    }
    rules = (
        ("agent", "calls carry tool definitions", evidence["calls_with_tools_share"] > 0.5),
        ("extraction", "answers follow a JSON schema", evidence["response_schema_tokens"] > 0),
        ("classification", f"answers have at most {SHORT_ANSWER:.0f} tokens", mean_output <= SHORT_ANSWER),
        ("chat", f"conversations have more than {MOST_TURNS:.0f} turns", evidence["mean_turns"] > MOST_TURNS),
        ("question answering", "prompts carry retrieved documents", evidence["documents_share_of_input"] > 0.1),
    )
    name, rule = next(((name, rule) for name, rule, fits in rules if fits), ("generation", "no narrower rule fits"))
    return TaskType(name, rule, evidence)


def _gates(feature: Feature, shape: Shape, task: TaskType, left_per_month: Decimal) -> tuple[Gate, ...]:
    good = shape["good_examples"]
    mean_output = feature.output_tokens / feature.calls if feature.calls else 0.0
    media_share = shape["media"] / max(feature.calls, 1)
    mean_turns = task.evidence["mean_turns"]
    return (
        Gate("spend_usd_per_month", left_per_month >= SMALLEST_SPEND, left_per_month, SMALLEST_SPEND),
        Gate("good_examples", good >= FEWEST_EXAMPLES, good, FEWEST_EXAMPLES),
        Gate("mean_turns", mean_turns <= MOST_TURNS, mean_turns, MOST_TURNS),
        Gate("no_tools", task.type != "agent", task.evidence["calls_with_tools_share"], 0.5),
        Gate("text_only", media_share == 0, media_share, 0),
        Gate("mean_output_tokens", mean_output <= LONGEST_ANSWER, mean_output, LONGEST_ANSWER),
        Gate("has_an_owner", feature.feature != UNATTRIBUTED, feature.source, "tag, template or mapped"),
    )


_AGAINST = {
    "spend_usd_per_month": "too little is left to save after the cheaper fixes",
    "good_examples": "too few answered calls with logged texts to train and test on",
    "mean_turns": "a multi-turn task: one wrong answer spoils the rest of the conversation",
    "no_tools": "an agent with tools: a small model must plan, not only answer",
    "text_only": "prompts carry images, sound or files",
    "mean_output_tokens": "long, open-ended answers that no reference can mark right or wrong",
    "has_an_owner": "no feature: these calls share no tag and no template",
}


def _verdict(failed: list[str]) -> str:
    if not failed:
        return "test it"
    return "not now" if set(failed) <= {"spend_usd_per_month", "good_examples"} else "no"


def _candidate(rank: int, feature: Feature, shape: Shape, facts: Facts, left: Decimal) -> Candidate:
    task = task_type(feature, shape)
    gates = _gates(feature, shape, task, left)
    failed = [gate.id for gate in gates if not gate.passed]
    is_priced = feature.unpriced_calls < feature.calls
    command = f"tokaudit plan --month {shape['month']}" if shape["month"] else "tokaudit plan"
    return Candidate(
        rank=rank,
        feature=feature.feature,
        verdict=_verdict(failed),
        reasons=tuple(_AGAINST[name] for name in failed),
        gates=gates,
        task_type=task,
        cost_usd_per_month={
            "as_is": feature.list_cost * facts.month_factor if is_priced else None,
            "after_first_moves": left if is_priced else None,
            "cheaper_model": None,
            "hosted_fine_tune": None,
            "self_hosted": None,
        },
        one_off_usd=None,
        replicas=None,
        npv_usd=None,
        payback_months=None,
        p_pays=None,
        flips_if=(),
        next_test={"command": command} if not failed else {},
    )


def make_plan(facts: Facts, savings: Savings, shapes: Mapping[str, Shape]) -> Plan:
    """Rank the features. shapes: by feature: good_examples, media, with_tools (calls), month (label or None)."""
    left = {
        feature.feature: feature.list_cost * facts.month_factor
        - sum(
            (part.saving_usd_per_month.expected for part in savings.by_finding if part.feature == feature.feature),
            Decimal(0),
        )
        for feature in facts.features
    }
    ranked = sorted((f for f in facts.features if f.calls), key=lambda f: (-left[f.feature], f.feature))
    candidates = tuple(
        _candidate(rank, feature, shapes[feature.feature], facts, left[feature.feature])
        for rank, feature in enumerate(ranked, start=1)
    )
    promising = [candidate for candidate in candidates if candidate.verdict == "test it"]
    reason = None if promising else "No feature passes every gate yet; each card says what speaks against it"
    portfolio = {
        "candidates_to_test": len(promising),
        "spend_usd_per_month": sum((left[c.feature] for c in promising), Decimal(0)),
    }
    return Plan(candidates, portfolio, reason if candidates else "There are no calls to plan for")
