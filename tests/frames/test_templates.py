"""Which sentences, sent together, are one prompt template?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokaudit.frames.markers import Item, Prompt
from tokaudit.frames.templates import MOST_BRANCHES, MOST_VARIANTS, find_templates
from tokaudit.frames.versions import versions_of

DAY = 86_400_000_000
ITEMS = {number: Item(8, is_sentence=True) for number in range(1, 1000)}
"""Sentences 1, 2, … of eight words, no two alike."""


def prompt(
    *blocks: Sequence[int], calls: int = 40, days: tuple[int, int] = (0, 28), openings: int = 1, threads: int = 0
) -> Prompt:
    sentences = [sentence for block in blocks for sentence in block]
    return Prompt(
        calls=calls,
        openings=openings,
        threads=threads or calls,
        first_at=days[0] * DAY,
        last_at=days[1] * DAY,
        words=8 * len(sentences),
        items=frozenset(sentences).union(*(ITEMS_WITH_ENDS.get(s, ITEMS[s]).ends for s in sentences)),
        layout=tuple((number, sentence) for number, block in enumerate(blocks) for sentence in block),
    )


ITEMS_WITH_ENDS = {
    **ITEMS,
    **{number: Item(8, is_sentence=True, ends=(1001, 1002)) for number in range(500, 600)},
    700: Item(8, is_sentence=True, word_bits=0b0011111111),
    701: Item(8, is_sentence=True, word_bits=0b1111111100),
    702: Item(8, is_sentence=True, word_bits=0b111111110000000),
    **{number: Item(5, is_sentence=True, is_definition=True) for number in range(800, 810)},
    1001: Item(3, is_sentence=False),
    1002: Item(3, is_sentence=False),
}
"""Sentences 500 to 599 begin and end alike: one sentence with a slot. 701 is 700 reworded, 702 is not. 800 to 809 are tools."""


def features(*prompts: Prompt) -> list[int]:
    """Return the calls of each feature found, the largest first."""
    found: dict[str, int] = {}
    for version in versions_of(find_templates(prompts, ITEMS_WITH_ENDS), ITEMS_WITH_ENDS):
        found[version.feature_id] = found.get(version.feature_id, 0) + version.template.calls
    return sorted(found.values(), reverse=True)


def test_different_prompts_are_different_features() -> None:
    assert features(prompt([1, 2]), prompt([3, 4], calls=10)) == [40, 10]


def test_one_prompt_alone_is_a_feature() -> None:
    assert features(prompt([1, 2])) == [40]


def test_features_with_a_shared_preamble_stay_apart() -> None:
    assert features(*(prompt([1, 2], [10 * n, 10 * n + 1]) for n in range(1, 6))) == [40] * 5


def test_a_rare_feature_beside_a_huge_one_with_the_same_preamble_stays_one() -> None:
    assert features(prompt([1], [2], calls=5000), prompt([1], [3], calls=10)) == [5000, 10]


def test_many_values_after_a_shared_text_are_a_slot() -> None:
    customers = [prompt([1, 2], [100 + n], calls=20) for n in range(MOST_BRANCHES + 1)]
    assert features(*customers) == [20 * len(customers)]


def test_customers_who_come_now_and_then_are_a_slot() -> None:
    assert features(*(prompt([1, 2], [100 + n], calls=4) for n in range(10))) == [40]


def test_a_slot_within_a_sentence_is_no_feature() -> None:
    assert features(*(prompt([1, 500 + n, 2]) for n in range(MOST_VARIANTS + 1))) == [40 * (MOST_VARIANTS + 1)]
    assert features(*(prompt([500 + n]) for n in range(MOST_VARIANTS + 1))) == [40 * (MOST_VARIANTS + 1)]


def test_documents_drawn_together_are_variables() -> None:
    pairs = [(a, b) for a in range(100, 110) for b in range(100, a)]
    assert features(*(prompt([1, 2], [a], [b]) for a, b in pairs)) == [40 * len(pairs)]


def test_the_same_customers_in_two_features_are_variables_in_both() -> None:
    both = [prompt([1], [feature], [100 + n], calls=8) for feature in (2, 3) for n in range(5)]
    assert features(*both) == [40, 40]


def test_a_reworded_sentence_makes_a_version_and_no_feature() -> None:
    assert features(prompt([1, 700, 3], [4]), prompt([1, 701, 3], [4])) == [80]


def test_a_sentence_of_its_own_makes_a_feature_wherever_it_stands() -> None:
    assert features(prompt([1, 700, 3], [4]), prompt([1, 702, 3], [4])) == [40, 40]


def test_other_tools_make_a_feature_and_more_tools_do_not() -> None:
    assert features(prompt([800, 801], [1, 2, 3]), prompt([802, 803], [1, 2, 3])) == [40, 40]
    assert features(prompt([800, 801], [1, 2, 3]), prompt([800, 802], [1, 2, 3])) == [80]


def test_a_paragraph_written_anew_in_the_middle_of_the_month_makes_a_version() -> None:
    before, anew = prompt([1, 2], [3], days=(0, 14)), prompt([1, 2], [9], days=(14, 28))
    assert features(before, anew) == [80]
    assert features(prompt([1, 2], [3]), prompt([1, 2], [9])) == [40, 40]


def test_features_released_together_keep_apart() -> None:
    old, new = (0, 14), (14, 28)
    month = [
        prompt([1, 2, 3], [n, n + 1], [n + 2 + half], days=days)
        for n in (10, 20)
        for half, days in enumerate((old, new))
    ]
    assert features(*month) == [80, 80]


def test_three_versions_in_turn_are_one_feature() -> None:
    turns = ((0, 9), (9, 18), (18, 28))
    assert features(*(prompt([1, 2], [10 + n], days=days) for n, days in enumerate(turns))) == [120]


def test_an_added_paragraph_makes_a_version() -> None:
    assert features(prompt([1, 2], [3], days=(0, 14)), prompt([1, 2], [3], [4], days=(14, 28))) == [80]
    assert features(prompt([1, 2], [3]), prompt([1, 2], [3], [4])) == [80]


def test_a_preamble_sent_alone_is_no_version_of_the_features_that_add_to_it() -> None:
    assert features(prompt([1, 2, 5], [3, 4]), prompt([1, 2, 5], [6, 7]), prompt([1, 2, 5])) == [40, 40, 40]


def test_prompts_sent_once_among_many_are_no_features() -> None:
    once = [prompt([100 + n], calls=1) for n in range(100)]
    assert features(prompt([1, 2]), *once) == [40]


def test_a_question_that_users_repeat_is_no_template() -> None:
    asked = {**ITEMS, 50: Item(8, is_sentence=True, is_user=True)}
    templates = find_templates([prompt([1], calls=1000), prompt([50], calls=30)], asked)
    assert [template.calls for template in templates] == [1000]
    templates = find_templates([prompt([1], calls=1000), prompt([50], calls=30, openings=9)], asked)
    assert sorted(template.calls for template in templates) == [30, 1000]


def ids(*prompts: Prompt) -> set[str]:
    return {v.feature_id for v in versions_of(find_templates(prompts, ITEMS), ITEMS)}


def test_the_id_stays_when_a_new_version_follows_the_old_one() -> None:
    old = prompt([1, 2], [3, 4], days=(0, 28))
    (alone,) = ids(old)
    for reworded in ([9, 2], [1, 9]):
        new = prompt(reworded, [3, 4], days=(10, 28))
        assert ids(prompt([1, 2], [3, 4], days=(0, 10)), new) == {alone}


def test_the_id_does_not_depend_on_how_often_a_feature_is_used_or_on_others() -> None:
    (alone,) = ids(prompt([1, 2], [3]))
    assert alone in ids(prompt([1, 2], [3], calls=7), prompt([10, 11], calls=900))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=5, unique=True), min_size=1, max_size=12), st.randoms()
)
def test_the_order_of_the_prompts_is_irrelevant(drawn: list[list[int]], chance: object) -> None:
    distinct = {frozenset(sentences): sentences for sentences in drawn}
    prompts = [prompt(sentences, calls=3 + 5 * number) for number, sentences in enumerate(distinct.values())]
    mixed = list(prompts)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    def named(given: list[Prompt]) -> list[tuple[str, str, int]]:
        return sorted(
            (v.feature_id, v.version_id, v.template.calls) for v in versions_of(find_templates(given, ITEMS), ITEMS)
        )

    assert named(prompts) == named(mixed)


@pytest.mark.parametrize("count", [0, 1])
def test_few_prompts(count: int) -> None:
    assert features(*[prompt([1], calls=1)] * count) == [1] * count
