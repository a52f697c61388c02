"""Is the joint saving the month re-priced, not a sum of overlapping parts?"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from audits.facts import a_feature, facts
from tokaudit.audits.savings import join_savings
from tokaudit.result import Finding, Range, Savings, State

RETRIES, REPEATS, HISTORY, OVERHEAD = (
    "failed_and_retried_calls", "duplicate_answers", "conversation_growth", "prompt_overhead",
)  # fmt: skip
ROUNDING = Decimal("1e-20")


def opportunity(audit: str, *usd: int | Decimal, feature: str = "chat", state: State = "opportunity") -> Finding:
    low, expected, high = (Decimal(amount) for amount in (usd * 3 if len(usd) == 1 else usd))
    return Finding(audit, state, feature, "", Range(low, expected, high), "measured", {}, "")


def joined(*findings: Finding, month_factor: int = 1) -> Savings:
    """Join savings in a period with the features `chat` and `mail`, $10 each."""
    features = [a_feature(name, tokens={"user_input": 10_000}) for name in ("chat", "mail")]
    return join_savings(findings, facts(*features, month_factor=Decimal(month_factor)))


def expected(savings: Savings) -> list[tuple[str, Decimal]]:
    return [(part.id, part.saving_usd_per_month.expected) for part in savings.by_finding]


def test_one_opportunity_is_saved_whole() -> None:
    savings = joined(opportunity(HISTORY, 1, 2, 3))
    assert savings.joint == Range(Decimal(1), Decimal(2), Decimal(3))


def test_calls_that_are_not_repeated_do_not_send_their_history_either() -> None:
    savings = joined(opportunity(HISTORY, 4), opportunity(RETRIES, 5))
    assert expected(savings) == [(RETRIES, Decimal(5)), (HISTORY, Decimal(2))]
    assert savings.joint.expected == 7


def test_two_kinds_of_wasted_calls_are_different_calls() -> None:
    assert joined(opportunity(RETRIES, 5), opportunity(REPEATS, 3)).joint.expected == 8


def test_features_do_not_touch_each_other() -> None:
    savings = joined(opportunity(RETRIES, 5), opportunity(HISTORY, 4, feature="mail"))
    assert savings.joint.expected == 9


def test_what_is_no_opportunity_saves_nothing() -> None:
    assert joined(opportunity(HISTORY, 4, state="informative")) == Savings(Range(*[Decimal(0)] * 3), ())


def test_savings_of_a_month_are_held_against_the_spend_of_a_month() -> None:
    assert joined(opportunity(RETRIES, 15), opportunity(HISTORY, 10), month_factor=2).joint.expected == Decimal("17.5")


def test_a_feature_without_cost_saves_nothing() -> None:
    free = a_feature("free", tokens={})
    savings = join_savings([opportunity(HISTORY, 1, feature="free")], facts(free))
    assert savings.joint.high == 0


_usd = st.decimals(0, 12, places=4)
_ranges = st.lists(_usd, min_size=3, max_size=3).map(sorted)
_findings = st.lists(
    st.builds(
        lambda audit, usd, feature: opportunity(audit, *usd, feature=feature),
        st.sampled_from([RETRIES, REPEATS, HISTORY, OVERHEAD]),
        _ranges,
        st.sampled_from(["chat", "mail"]),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_findings)
def test_the_joint_saving_is_the_sum_of_its_parts_and_never_exceeds_the_spend(findings: list[Finding]) -> None:
    savings = joined(*findings)
    assert len(savings.by_finding) == len(findings)
    for name in ("low", "expected", "high"):
        parts = [getattr(part.saving_usd_per_month, name) for part in savings.by_finding]
        assert all(part >= 0 for part in parts)
        assert getattr(savings.joint, name) == sum(parts, Decimal(0)) <= 20 + ROUNDING
    assert savings.joint.low <= savings.joint.expected + ROUNDING <= savings.joint.high + 2 * ROUNDING


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_findings)
def test_no_part_saves_more_together_than_alone(findings: list[Finding]) -> None:
    alone = {(f.id, f.feature, f.saving_usd_per_month) for f in findings}
    for part in joined(*findings).by_finding:
        assert any(
            usd is not None and part.saving_usd_per_month.expected <= usd.expected + ROUNDING
            for audit, feature, usd in alone
            if (audit, feature) == (part.id, part.feature)
        )
