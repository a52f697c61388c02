"""Which sentences, sent together, are one prompt template?

Openings are split from the top, as in log template mining (frequent-pattern trees): what all prompts of a group share is
static; where they part, each part that sends text of its own is a branch, told by one sentence, its marker. Parts that
mix (documents), that are too many and too small (customers), or whose sentences only vary around a slot are no branches but
variables. What is left undivided is a template. `frames.versions` says which templates are versions of one feature.

Plain Python over distinct sets of recurring sentences, at most `MOST_PROMPTS` of them: each step looks at each sentence of a
group once, and groups only shrink.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tokaudit.frames.markers import STATIC_SHARE, Cover, Item, Prompt, weight

MOST_PROMPTS = 20_000
"""The most sent ones teach; the rest is told by its markers. About 10 s of work in the worst case."""
MARKER_WORDS, WEAK_MARKER_WORDS = 5, 3
"""A marker is a sentence of at least this many words: shorter ones are names and labels. Where a group shares nothing yet,
short prompts need their short sentences."""
STRONG_WORDS = 8
"""What a group shares is a template from this many words on, or from one whole sentence of `MARKER_WORDS`; less (`You are a`)
joins any prompts."""
FEWEST_CALLS = 3
FEWEST_SHARE = 0.001
COVERED_SHARE = 0.9
"""Branches explain a group when they make this share of its calls; else only those of `MAIN_SHARE` are told apart."""
MAIN_SHARE = 0.1
OUTSTANDING = 5
"""… and this many times what the usual one of the smaller parts makes: of many values some are more frequent."""
MOST_BRANCHES = 24
"""More parts than a team has features on one preamble are values of a slot."""
MOST_VARIANTS = 6
"""The same, where what differs stands in a paragraph whose other text is shared: that is where slots are."""
THREADS_A_BRANCH, THREADS_A_VARIANT = 5, 8
"""Conversations a branch on average; customers who come a few times and documents found now and then make less. The calls
of one conversation send the same opening: they are no evidence of their own."""
FEW_BRANCHES, THREADS_OF_FEW = 3, 4
"""So few parts may be this rare: a new feature beside an old one. It takes more documents or customers to make up a group."""
HALF = 0.5
"""Of a branch's calls that hold a sentence which mixes with others: documents beside documents."""
FEWEST_OPENINGS = 3
"""Different user messages that a user-prompt template needs: the same question asked often is no template."""
USUAL_SHARE = 0.1
"""… unless it makes this share of all calls."""


@dataclass(frozen=True, slots=True)
class Template:
    """One undivided group. markers: what an opening must hold to belong to it; the template with the most markers wins."""

    markers: tuple[int, ...]
    static: frozenset[int]
    calls: int
    threads: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class _Group:
    rows: Sequence[Prompt]
    markers: tuple[int, ...]
    banned: frozenset[int]

    @property
    def calls(self) -> int:
        return sum(row.calls for row in self.rows)


def find_templates(prompts: Sequence[Prompt], items: Mapping[int, Item]) -> list[Template]:
    """Split prompts into templates; those that belong to none hold none of their markers."""
    total = sum(prompt.calls for prompt in prompts)
    found: list[Template] = []
    waiting = [_Group(prompts, (), frozenset())]
    while waiting:
        group = waiting.pop()
        static = _static(group) if group.markers else frozenset()
        branches, banned = _branches(group, static, items, total)
        if not branches:
            if group.markers:
                found.append(_template(group, static))
            continue
        rest = group.rows
        for marker in branches:
            own = [row for row in rest if marker in row.items]
            rest = [row for row in rest if marker not in row.items]
            if own:
                waiting.append(_Group(own, (*group.markers, marker), group.banned | banned))
        if rest:
            waiting.append(_Group(rest, group.markers, group.banned | banned | frozenset(branches)))
    return found


def _static(group: _Group) -> frozenset[int]:
    calls = group.calls
    counts: Counter[int] = Counter()
    for row in group.rows:
        for item in row.items:
            counts[item] += row.calls
    return frozenset(item for item, count in counts.items() if count >= STATIC_SHARE * calls)


def _template(group: _Group, static: frozenset[int]) -> Template:
    return Template(
        group.markers, static, group.calls, sum(row.threads for row in group.rows),
        min(row.first_at for row in group.rows), max(row.last_at for row in group.rows),
    )  # fmt: skip


def _is_strong(static: frozenset[int], items: Mapping[int, Item]) -> bool:
    whole = any(items[item].is_sentence and items[item].words >= MARKER_WORDS for item in static)
    return whole or weight(static, items) >= STRONG_WORDS


def _branches(
    group: _Group, static: frozenset[int], items: Mapping[int, Item], total: int
) -> tuple[list[int], frozenset[int]]:
    """Choose the markers of the parts of a group, and say which items wander between them."""
    strong = _is_strong(static, items)
    fewest = min(FEWEST_CALLS, max(1 + strong, -(-total // 20)))
    support = max(fewest, FEWEST_SHARE * group.calls) if strong else fewest
    least = MARKER_WORDS if strong else WEAK_MARKER_WORDS
    varied = _variants(group, static, items, strong=strong)

    def may_mark(item: int) -> bool:
        told = items[item]
        if item in static or item in group.banned:
            return False
        return told.words >= least if told.is_sentence else not strong

    for is_varied in (False, True):
        chosen_from = [
            [item for item in row.items if (item in varied) is is_varied and may_mark(item)] for row in group.rows
        ]
        covers = Cover(group.rows, chosen_from, support, items)
        chosen = [marker for marker in covers.chosen if _is_telling(marker, covers, items, total)]
        if is_varied:
            chosen = chosen if _are_variants(chosen, covers, group, static, items) else []
        elif strong:
            chosen = _plausible(chosen, covers, group, static, items)
        if chosen:
            return chosen, covers.wandering(chosen)
    return [], frozenset()


def _variants(group: _Group, static: frozenset[int], items: Mapping[int, Item], *, strong: bool) -> frozenset[int]:
    """Find the sentences that may vary around a slot.

    They have their beginning or end in common with the group and with many other sentences, or stand in a paragraph of which
    other text is shared.
    """
    sharing: dict[int, set[int]] = defaultdict(set)
    found = set()
    for row in group.rows:
        fixed = {block for block, sentence in row.layout if sentence in static} if strong else set()
        for block, sentence in row.layout:
            if block in fixed:
                found.add(sentence)
            for end in items[sentence].ends:
                if end in static:
                    sharing[end].add(sentence)
    found.update(*(sentences for sentences in sharing.values() if len(sentences) > MOST_VARIANTS))
    return frozenset(found).union(*(items[sentence].ends for sentence in found))


def _is_telling(marker: int, covers: Cover, items: Mapping[int, Item], total: int) -> bool:
    if not items[marker].is_user:
        return True
    rows = [covers.rows[number] for number in covers.where[marker]]
    return sum(row.openings for row in rows) >= FEWEST_OPENINGS or sum(row.calls for row in rows) >= USUAL_SHARE * total


def _covered(
    chosen: Sequence[int], covers: Cover, static: frozenset[int], items: Mapping[int, Item]
) -> tuple[int, int]:
    """Count the calls in branches, and those that send nothing but the shared text."""
    shared = weight(static, items)
    bare = sum(
        row.calls for row in (covers.rows[number] for number in covers.free) if row.words - shared < MARKER_WORDS
    )
    return sum(covers.owned(marker) for marker in chosen), bare


def _are_variants(
    chosen: Sequence[int], covers: Cover, group: _Group, static: frozenset[int], items: Mapping[int, Item]
) -> bool:
    """Tell whether sentences that vary within a shared text are a few texts of their own, not the values of a slot."""
    own, bare = _covered(chosen, covers, static, items)
    return (
        len(chosen) <= MOST_VARIANTS
        and covers.threads(chosen) >= THREADS_A_VARIANT * len(chosen)
        and own + bare >= COVERED_SHARE * group.calls
    )


def _plausible(
    chosen: Sequence[int], covers: Cover, group: _Group, static: frozenset[int], items: Mapping[int, Item]
) -> list[int]:
    """Leave out documents and the values of slots."""
    chosen = [marker for marker in chosen if covers.contested_share(marker) < HALF]
    own, bare = _covered(chosen, covers, static, items)
    are_few = len(chosen) <= FEW_BRANCHES and all(covers.threads([marker]) >= THREADS_OF_FEW for marker in chosen)
    recur = are_few or covers.threads(chosen) >= THREADS_A_BRANCH * len(chosen)
    if len(chosen) <= MOST_BRANCHES and recur and own + bare >= COVERED_SHARE * group.calls:
        return chosen
    sizes = sorted(covers.owned(marker) for marker in chosen)
    small = [size for size in sizes if size < MAIN_SHARE * group.calls]
    least = max(MAIN_SHARE * group.calls, OUTSTANDING * median(small) if small else 0)
    return [
        marker for marker in chosen if covers.owned(marker) >= least and covers.threads([marker]) >= THREADS_A_VARIANT
    ]
