"""Which cases make it hard to tell features apart without tags?

Each plants calls of several features and takes a plan (a seed and the calls of a usual feature). What it is hard for stands in
its name.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.attribution import documents, preambles, requests, slots, versions
from benchmarks.attribution.log import Planted
from benchmarks.attribution.plan import Feature, Plan

Case = Callable[[Plan], list[Feature]]
CASES: tuple[Case, ...] = (
    slots.slots_front, slots.slots_middle, slots.slots_end, slots.slots_inside_paragraph, slots.slots_only_sentence,
    slots.profile_in_front, slots.few_users, slots.tenants, slots.todo_list, slots.optional_paragraphs, slots.languages,
    slots.scripts, documents.documents_tagged, documents.documents_delimited, documents.documents_bare,
    documents.documents_at_end, documents.one_document, documents.pages_of_one_manual, documents.few_shot_in_system,
    documents.few_shot_turns, documents.few_shot_without_system, preambles.shared_preamble,
    preambles.shared_preamble_with_slots, preambles.long_policy_short_tails, preambles.preamble_in_one_paragraph,
    preambles.first_sentence_apart, preambles.middle_sentence_apart, preambles.last_sentence_apart,
    preambles.many_features, preambles.rare_beside_huge, preambles.twenty_beside_two_thousand, preambles.one_off_prompts,
    preambles.one_line_prompts, preambles.short_prompts, preambles.handwritten, versions.versions_reworded,
    versions.versions_added_paragraph, versions.versions_side_by_side, versions.versions_written_anew,
    versions.versions_each_week, versions.released_together, requests.user_templates, requests.plain_english_payloads,
    requests.json_payloads, requests.json_messages, requests.generic_system, requests.everything_in_one_message,
    requests.tool_sets, requests.varying_tool_sets, requests.tools_off_at_the_end, requests.same_system_other_tools,
    requests.same_system_other_schema, requests.free_chat, requests.interleaved_users,
)  # fmt: skip


def planted(case: Case, seed: int, size: int) -> list[Planted]:
    """Plant the calls of one case."""
    plan = Plan(seed, size)
    return [call for feature in case(plan) for call in plan.calls_of(feature)]
