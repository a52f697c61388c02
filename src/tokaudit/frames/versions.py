"""Which templates are versions of one feature, and by which id is the feature known from month to month?

Two templates that share most of their text are one feature when neither has a sentence of its own (one was reworded, a slot took
another value), when one only adds to the other, or when one ends about when the other begins. Otherwise a shared
preamble or policy does not make them one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xxhash import xxh3_64_hexdigest

from tokaudit.frames.markers import Item, weight
from tokaudit.frames.templates import MARKER_WORDS, Template

MOST_TEMPLATES = 600
"""Compared with each other, the most sent ones: 180,000 pairs, a second of work."""
SHARED_SHARE = 0.5
"""Of the shorter template's words that two versions have in common; with less, a text was written anew."""
ALIKE_SHARE = 0.5
"""Of the words of two sentences that are in both where one is the other reworded; `the` and `and` make a fifth."""
ADDED_SHARE = 0.5
"""Of a template's words that a version may add."""
OVERLAP_SHARE = 0.05
"""Of the whole time, during which both versions may be sent: conversations under way go on with the old one."""
GAP_SHARE = 0.2
"""Of the whole time, that may lie between two versions."""
FEWEST_CALLS = 10
"""Of each version, that one follows the other is chance with fewer."""
FEWEST_THREADS = 2
RARE_SHARE = 0.05
"""A template is sent in two conversations, or makes this share of all calls."""


@dataclass(frozen=True, slots=True)
class Version:
    """A template with the ids of its feature and of itself (8 hex digits)."""

    feature_id: str
    version_id: str
    template: Template


@dataclass(frozen=True, slots=True)
class _Text:
    """The static sentences of a template, and the words of them and of the ends that stand for none."""

    sentences: frozenset[int]
    words: int


def versions_of(templates: Sequence[Template], items: Mapping[int, Item]) -> list[Version]:
    """Group templates into features and name them. Templates that do not recur are left out."""
    total = sum(template.calls for template in templates)
    known = [t for t in templates if t.threads >= FEWEST_THREADS or t.calls >= RARE_SHARE * total]
    known.sort(key=lambda template: (-template.calls, template.markers))
    groups = _grouped(known, [_text(template, items) for template in known], items)
    ids = _ids([[known[number] for number in group] for group in groups], items)
    return [
        Version(feature_id, _hash(_sentences(known[number], items)), known[number])
        for group, feature_id in zip(groups, ids, strict=True)
        for number in group
    ]


def _text(template: Template, items: Mapping[int, Item]) -> _Text:
    return _Text(_sentences(template, items), weight(template.static, items))


def _sentences(template: Template, items: Mapping[int, Item]) -> frozenset[int]:
    return frozenset(item for item in template.static if items[item].is_sentence) or template.static


def _own_words(text: _Text, other: _Text, items: Mapping[int, Item]) -> int:
    """Count the words of a text that make it another feature than a text with which it shares most.

    What is the other's but for a slot does not count (it begins and ends alike, or does one of both and nothing else
    differs), nor what is the other's reworded, nor tools beside shared ones.
    """
    others, mine = other.sentences - text.sentences, text.sentences - other.sentences
    ends = {items[sentence].ends for sentence in others}
    only_ends = {end for both in ends for end in both} if len(others) == len(mine) == 1 else set()
    same_tools = any(items[sentence].is_definition for sentence in text.sentences & other.sentences)

    def is_new(sentence: int) -> bool:
        told = items[sentence]
        if told.is_definition:
            return not same_tools
        is_variant = bool(told.ends) and told.ends in ends
        is_reworded = any(_are_alike(told, items[rival]) for rival in others)
        return not (is_variant or is_reworded or only_ends.intersection(told.ends))

    return sum(items[sentence].words for sentence in mine if is_new(sentence))


def _are_alike(one: Item, other: Item) -> bool:
    """Tell whether two sentences have most of their words in common."""
    both, either = one.word_bits & other.word_bits, one.word_bits | other.word_bits
    return both.bit_count() >= ALIKE_SHARE * max(either.bit_count(), 1)


def _middle(template: Template) -> tuple[int, tuple[int, ...]]:
    return template.first_at + template.last_at, template.markers


def _follow(one: Template, other: Template, span: int) -> bool:
    """Tell whether one version takes the place of another."""
    first, second = sorted((one, other), key=_middle)
    gap = second.first_at - first.last_at
    shorter = min(first.last_at - first.first_at, second.last_at - second.first_at)
    enough = min(first.calls, second.calls) >= FEWEST_CALLS
    return enough and -min(OVERLAP_SHARE * span, shorter / 3) <= gap <= GAP_SHARE * span


class _Groups:
    """Numbers that are united step by step; a group is known by its least number."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))

    def leader(self, number: int) -> int:
        while self._leader[number] != number:
            number = self._leader[number]
        return number

    def unite(self, one: int, other: int) -> None:
        first, second = sorted((self.leader(one), self.leader(other)))
        self._leader[second] = first

    def lists(self) -> list[list[int]]:
        groups: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self._leader)):
            groups[self.leader(number)].append(number)
        return list(groups.values())


def _grouped(templates: Sequence[Template], texts: Sequence[_Text], items: Mapping[int, Item]) -> list[list[int]]:
    span = max((t.last_at for t in templates), default=0) - min((t.first_at for t in templates), default=0)
    groups = _Groups(len(templates))
    additions: dict[int, list[int]] = defaultdict(list)
    successions: list[tuple[int, int, int]] = []
    for one, other, shared in _alike(texts, items):
        # The one with less text of its own is the other's base, if there is one.
        (own, base), (others, more) = sorted(
            (_own_words(texts[number], texts[rival], items), number) for number, rival in ((one, other), (other, one))
        )
        if others < MARKER_WORDS:
            groups.unite(one, other)
        elif _follow(templates[one], templates[other], span):
            earlier, later = sorted((one, other), key=lambda number: _middle(templates[number]))
            successions.append((earlier, later, shared))
        elif own < MARKER_WORDS and others <= ADDED_SHARE * texts[base].words:
            additions[base].append(more)
    for earlier, later in _nearest(successions):
        groups.unite(earlier, later)
    for base, longer in sorted(additions.items()):
        # What several features add to is their preamble, sent alone.
        if len({groups.leader(more) for more in longer}) == 1:
            groups.unite(base, longer[0])
    return groups.lists()


def _nearest(successions: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Keep the pairs (earlier, later) of which each shares more with the other than with any other before or after it.

    A release may change several features with one preamble at once.
    """
    after: dict[int, list[int]] = defaultdict(list)
    before: dict[int, list[int]] = defaultdict(list)
    for earlier, later, shared in successions:
        after[earlier].append(shared)
        before[later].append(shared)

    def is_best(shared: int, others: list[int]) -> bool:
        return shared == max(others) and others.count(shared) == 1

    return [
        (earlier, later)
        for earlier, later, shared in successions
        if is_best(shared, after[earlier]) and is_best(shared, before[later])
    ]


def _alike(texts: Sequence[_Text], items: Mapping[int, Item]) -> list[tuple[int, int, int]]:
    """List the pairs of templates that share at least half of the shorter one's words, with the words shared."""
    found = []
    compared = texts[:MOST_TEMPLATES]
    for other, text in enumerate(compared):
        for one in range(other):
            common = text.sentences & compared[one].sentences
            shared = sum(items[item].words for item in common)
            if shared and shared >= SHARED_SHARE * min(text.words, compared[one].words):
                found.append((one, other, shared))
    return found


def _hash(ids: frozenset[int]) -> str:
    return xxh3_64_hexdigest(b"".join(number.to_bytes(8, "little") for number in sorted(ids)))[:8]


def _ids(features: Sequence[Sequence[Template]], items: Mapping[int, Item]) -> list[str]:
    """Name features by one sentence each: the least hash of those that their oldest version always sends.

    A reworded month keeps the id unless that very sentence was reworded. Features that share it are told apart by
    sentences that only they send.
    """
    own = [_lasting(versions, items) for versions in features]
    sends = Counter(sentence for sentences in own for sentence in sentences)
    unshared = [frozenset(sentence for sentence in sentences if sends[sentence] == 1) for sentences in own]
    named = [_hash(frozenset({min(sentences)})) for sentences in own]
    for choices in (
        [frozenset({min(left)}) if left else whole for left, whole in zip(unshared, own, strict=True)],
        own,
    ):
        uses = Counter(named)
        named = [name if uses[name] == 1 else _hash(choice) for name, choice in zip(named, choices, strict=True)]
    return named


def _lasting(versions: Sequence[Template], items: Mapping[int, Item]) -> frozenset[int]:
    """Return the sentences of the oldest version, of those sent at the same time what they have in common."""
    span = max(t.last_at for t in versions) - min(t.first_at for t in versions)
    oldest = min(versions, key=lambda template: (template.first_at, template.markers))
    sentences = _sentences(oldest, items)
    for version in versions:
        common = sentences & _sentences(version, items)
        if common and not _follow(oldest, version, span):
            sentences = common
    return sentences
