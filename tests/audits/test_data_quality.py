"""Do the audits of the data say what is unknown, and how much?"""

from __future__ import annotations

from audits.facts import a_feature, a_model, facts, only
from tokaudit.audits import estimated_usage, spend_by_feature, unpriced_usage
from tokaudit.frames.use_cases import UNATTRIBUTED


def test_unpriced_calls_are_named_with_their_models() -> None:
    models = [a_model(), a_model("in-house-b", list_cost=None), a_model("in-house-a", list_cost=None)]
    finding = only(
        unpriced_usage.AUDIT,
        facts(a_feature(), models=models, unpriced_calls=2, unpriced_tokens=500, unpriced_share=0.2),
    )
    assert finding.state == "informative"
    assert finding.evidence == {
        "unpriced_calls": 2, "unpriced_tokens": 500, "share": 0.2, "models": "in-house-a, in-house-b",
    }  # fmt: skip
    assert "--prices" in finding.action


def test_when_all_is_priced_it_passes() -> None:
    finding = only(unpriced_usage.AUDIT, facts(a_feature()))
    assert (finding.state, finding.evidence, finding.action) == ("passed", {}, "")


def test_usage_that_is_not_the_providers_own_is_counted_by_state() -> None:
    states = {"exact": 6, "estimated": 3, "missing": 1, "cache_split_unknown": 0}
    finding = only(estimated_usage.AUDIT, facts(a_feature(), usage_state=states))
    assert finding.state == "informative"
    assert finding.evidence == {"calls_estimated": 3, "calls_missing": 1, "share_of_calls": 0.4}


def test_exact_usage_passes() -> None:
    assert only(estimated_usage.AUDIT, facts(a_feature())).state == "passed"


def test_the_most_expensive_feature_is_named() -> None:
    finding = only(spend_by_feature.AUDIT, facts(a_feature("search", share=0.7), a_feature("chat", share=0.3)))
    assert (finding.state, finding.feature, finding.evidence["share_of_spend"]) == ("informative", "search", 0.7)


def test_spend_without_an_owner_is_named_beyond_a_tenth() -> None:
    def owners(share: float) -> list[str | None]:
        period = facts(a_feature("search", share=1 - share), a_feature(UNATTRIBUTED, share=share))
        return [finding.feature for finding in spend_by_feature.AUDIT.run(period)]

    assert owners(0.1) == ["search"]
    assert owners(0.11) == ["search", UNATTRIBUTED]


def test_without_features_there_is_nothing_to_allocate() -> None:
    assert list(spend_by_feature.AUDIT.run(facts())) == []
