"""What does a run answer? One `AuditRun` value, from which every output is made.

Money is exact Decimal in USD, tokens are integers, shares run 0-1, None means not known. `to_json` writes the outer
contract (`schema_version`): sorted keys, money as decimal text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

SCHEMA_VERSION = "1"

COMPONENTS = (
    "system_prompt",
    "tool_schemas",
    "response_schema",
    "few_shot",
    "rag_context",
    "history",
    "tool_results",
    "user_input",
    "media",
    "format_overhead",
    "unexplained",
)
"""Where an input token comes from; a call's components add up to its billed input tokens."""

BRIDGE_LINES = ("naive", *(c for c in COMPONENTS if c != "user_input"), "reasoning", "unit_charges", "retries",
                "failed", "duplicates")  # fmt: skip
"""From the price-page sum to the list cost: lines of kept calls first, then the whole cost of wasted ones."""

State: TypeAlias = Literal["opportunity", "passed", "informative", "not_applicable", "error"]
Basis: TypeAlias = Literal["measured", "modelled", "assumed"]


@dataclass(frozen=True, slots=True)
class Tool:
    """What made the result."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Period:
    """start inclusive, end exclusive, both in `timezone`; `label` names the output files, e.g. `2026-09`.

    When no call has a date, start and end are the same moment.
    """

    start: datetime
    end: datetime
    timezone: str
    label: str


@dataclass(frozen=True, slots=True)
class GeneratedFrom:
    """What the result depends on besides the logs."""

    ledger_rows: int
    price_snapshot_date: str
    settings_hash: str


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One record that was not kept."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file read. records = calls + duplicates + no_calls + rejected + blanks.

    no_calls: records of a known format that are no call: spans above calls, messages of a session, what tells more of a call.
    """

    file: str
    formats: Mapping[str, int]
    columns: Mapping[str, str]
    bytes: int
    records: int
    calls: int
    duplicates: int
    no_calls: int
    rejected: int
    blanks: int

    @property
    def unaccounted(self) -> int:
        """Records of which nothing is known: 0 unless there is a defect."""
        return self.records - self.calls - self.duplicates - self.no_calls - self.rejected - self.blanks


@dataclass(frozen=True, slots=True)
class Input:
    """What was read. `calls` are those of the files, before the period is cut out of them."""

    files: int
    records: int
    calls: int
    duplicates: int
    no_calls: int
    rejected: int
    blanks: int
    no_calls_by_kind: Mapping[str, int]
    rejects_by_reason: Mapping[str, int]
    first_rejects: tuple[RejectedLine, ...]
    out_of_period: int
    undated: int
    usage_state: Mapping[str, int]
    usage_rules: Mapping[str, int]
    sources: tuple[SourceFile, ...]

    @property
    def unaccounted(self) -> int:
        """Records of which nothing is known: 0 unless there is a defect."""
        return self.records - self.calls - self.duplicates - self.no_calls - self.rejected - self.blanks


@dataclass(frozen=True, slots=True)
class BridgeLine:
    """One step from the price-page sum to the list cost; the lines of a bridge add up to the list cost."""

    line: str
    tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The period. Costs cover priced calls only; `unpriced_calls` and `unpriced_tokens` say what is left out.

    list_cost = input_cost + output_cost + unit_cost; unit_cost: web searches and what else is billed beside tokens.
    unpriced_share: of the calls or of the tokens, whichever is more.
    """

    calls: int
    operations: int
    conversations: int
    input_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    output_tokens: int
    reasoning_output_tokens: int
    input_cost: Decimal
    output_cost: Decimal
    unit_cost: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    logged_cost: Decimal | None
    unpriced_calls: int
    unpriced_tokens: int
    unpriced_share: float | None
    waste_cost: Decimal
    naive_cost: Decimal
    multiplier: float | None
    bridge: tuple[BridgeLine, ...]


@dataclass(frozen=True, slots=True)
class ModelSpend:
    """One (provider, model) at one rate. `list_cost` None = unpriced: `price_source` says why.

    matched_by: how the log's name led to the model; price_rules: published rules that changed its rates, e.g. for batches.
    """

    provider_name: str | None
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    list_cost: Decimal | None
    contracted_cost: Decimal | None
    logged_cost: Decimal | None
    price_source: str
    price_effective_from: str | None
    matched_by: str | None
    price_rules: str | None
    input_usd_per_million: Decimal | None
    cache_read_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None


@dataclass(frozen=True, slots=True)
class DaySpend:
    """One calendar day in the period's time zone, `date` as YYYY-MM-DD."""

    date: str
    calls: int
    list_cost: Decimal


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the input: its tokens, those of them read from a cache, and its cost."""

    tokens: int
    cached_tokens: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Turn:
    """Calls that are the n-th turn of their conversation.

    history_tokens_mean: earlier turns in the prompt. resent_share: of the input, what an earlier call had sent already: earlier
    turns but for the last answer, which is sent for the first time, and the instructions before them; None = no input.
    """

    turn: int
    calls: int
    input_tokens_mean: float
    input_tokens_p90: int
    history_tokens_mean: float
    list_cost: Decimal
    resent_share: float | None = None


GrowthShape: TypeAlias = Literal["constant", "linear", "saturating"]


@dataclass(frozen=True, slots=True)
class GrowthLaw:
    """How the mean of a call depends on its turn: base + per_turn x (turn - 1), and from `plateau_turn` on `plateau`.

    shape            constant; linear: a conversation's sum grows with the square of its turns; saturating: up to the plateau
    r_squared        share of the differences between turns that the law explains; None = constant, or no differences
    mean_miss_share  how far the mean of a turn lies from the law, for one of the mean of all
    turns, calls     what it rests on: turns that only a few conversations reach are left out
    """

    shape: GrowthShape
    base: float
    per_turn: float
    plateau: float | None
    plateau_turn: int | None
    r_squared: float | None
    mean_miss_share: float
    turns: int
    calls: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, known by when it began (ISO, UTC; None = its calls have no time): nothing of what its user said."""

    first_call_at: str | None
    turns: int
    calls: int
    input_tokens: int
    list_cost: Decimal


@dataclass(frozen=True, slots=True)
class LongestConversations:
    """The longest one in a hundred conversations by turns, the dearer first among equals; `top`: the very longest."""

    conversations: int
    of_conversations: int
    turns_least: int
    turns_most: int
    calls: int
    calls_share: float | None
    list_cost: Decimal
    cost_share: float | None
    top: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The period's calls priced with less of the conversations sent again; answers are taken to stay the same.

    change              keep_last_turns: only the last `turns` earlier turns are sent; summarise: as soon as `turns` have come
                        since the last summary, a summary of `summary_tokens` at most stands for all before; drop_documents:
                        retrieved documents are sent once and left out of later turns
    calls               whose prompt changes
    dropped_tokens      input tokens no longer sent; added_tokens: those of summaries sent in their place
    lost_cached_tokens  read from a cache today, and then sent anew, as what stands before them has changed
    summary_calls       calls that write the summaries, with what they read and write, priced as uncached calls of the same model
    tokens_saved        input tokens: dropped - added - summary_input; negative: more than today
    saving              cost_now - cost_then; negative: it costs more
    """

    change: Literal["keep_last_turns", "summarise", "drop_documents"]
    turns: int | None
    summary_tokens: int | None
    calls: int
    dropped_tokens: int
    added_tokens: int
    lost_cached_tokens: int
    summary_calls: int
    summary_input_tokens: int
    summary_output_tokens: int
    tokens_saved: int
    cost_now: Decimal
    cost_then: Decimal
    saving: Decimal


@dataclass(frozen=True, slots=True)
class Growth:
    """How a feature's calls grow from turn to turn.

    resent_share     of the input tokens, those that an earlier call of the conversation had sent already
    linear_cost      list cost without the history component
    tokens_law       of the input tokens of a call; None = too few turns or calls to tell
    cost_law         of the input cost of a call, USD: with cached history it may stay where the tokens grow
    longest          None = no conversation has a second turn
    counterfactuals  empty = no conversation has a second turn, and none begins with turns of another feature
    """

    turns: tuple[Turn, ...]
    resent_share: float | None
    linear_cost: Decimal
    tokens_law: GrowthLaw | None = None
    cost_law: GrowthLaw | None = None
    longest: LongestConversations | None = None
    counterfactuals: tuple[Counterfactual, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodGrowth:
    """The longest conversations and the counterfactuals of all features together."""

    longest: LongestConversations | None
    counterfactuals: tuple[Counterfactual, ...]


@dataclass(frozen=True, slots=True)
class Waste:
    """Calls whose answer was not used or already known, and what they cost.

    gateway_retries: attempts that gateways made themselves before they answered, told in the line of the answer; None = no log of
    the feature says. gateway_retried_calls: the answers that took some. They are no calls and in no other count;
    gateway_retries_cost: what they cost, which no known log tells (None), and which is in no sum.
    """

    failed_calls: int
    retried_calls: int
    duplicate_calls: int
    failed_cost: Decimal
    retried_cost: Decimal
    duplicate_cost: Decimal
    cost: Decimal
    gateway_retries: int | None = None
    gateway_retried_calls: int | None = None
    gateway_retries_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One wording of a feature's template; the first and last day it was sent (YYYY-MM-DD, None = its calls have no time)."""

    id: str
    first_day: str | None
    last_day: str | None
    calls: int


@dataclass(frozen=True, slots=True)
class Template:
    """The most used system prompt: tokens that stand in it each time, tokens that vary, how many versions were seen.

    history: every version, in the order of their first days.
    """

    id: str
    static_tokens: int
    variable_tokens: int
    versions: int
    history: tuple[TemplateVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One use case. `share` is its share of the list cost."""

    feature: str
    source: str
    share: float | None
    calls: int
    operations: int
    conversations: int
    input_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    output_tokens: int
    reasoning_output_tokens: int
    input_cost: Decimal
    output_cost: Decimal
    unit_cost: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    logged_cost: Decimal | None
    unpriced_calls: int
    unpriced_tokens: int
    naive_cost: Decimal
    multiplier: float | None
    components: Mapping[str, Component]
    bridge: tuple[BridgeLine, ...]
    growth: Growth
    waste: Waste
    template: Template | None
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """An amount of USD with its low and high end."""

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class RatesInForce:
    """A model's rates at one moment, USD per million tokens. effective_from None: no earlier rate is known."""

    effective_from: str | None
    input_usd_per_million: Decimal
    cache_read_usd_per_million: Decimal
    output_usd_per_million: Decimal


@dataclass(frozen=True, slots=True)
class RepricedModel:
    """One (provider, model) at the rates of another date.

    list_cost: at those rates, None = it has none then: `why_unpriced`. list_cost_then: what the same calls cost when they
    were made, None = unpriced then. rates_then, rates: as of the period's start and now, of its most used tier and length of
    prompt; None where they do not differ.
    """

    provider_name: str | None
    model: str
    calls: int
    list_cost_then: Decimal | None
    list_cost: Decimal | None
    contracted_cost: Decimal | None
    why_unpriced: str | None
    rates_then: RatesInForce | None
    rates: RatesInForce | None


@dataclass(frozen=True, slots=True)
class RepricedFeature:
    """One feature at the rates of another date: calls with a rate on both; `unpriced_calls` are the others."""

    feature: str
    calls: int
    list_cost_then: Decimal
    list_cost: Decimal
    change: Decimal
    unpriced_calls: int


@dataclass(frozen=True, slots=True)
class TokenRatio:
    """Tokens at another model for one token as billed. basis: exact, measured, calibrated (on these logs) or assumed."""

    low: Decimal
    expected: Decimal
    high: Decimal
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Calls of the period at the rates of another model, `model` of `provider_name`. It says nothing of quality.

    from_model       the model whose calls are priced anew, with from_provider_name; None = all models
    feature          the feature whose calls are priced anew; None = all
    list_cost        what those calls cost at their own models' rates on the same date, where they have one
    cost             at the other model, of the calls that have a rate there; None = it has no rate
    unpriced_tokens  tokens without a rate at the other model, and of calls without a rate at their own
    """

    from_provider_name: str | None
    from_model: str | None
    feature: str | None
    provider_name: str | None
    model: str
    calls: int
    list_cost: Decimal | None
    cost: Range | None
    tokeniser: TokenRatio | None
    unpriced_tokens: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repricing:
    """The period's calls at the rates in force on `rates_on` (YYYY-MM-DD), by their own and by other models.

    list_cost_then, list_cost, contracted_cost and change cover calls with a rate both when made and on that date;
    `unpriced_calls` are the others. change = list_cost - list_cost_then.
    """

    rates_on: str
    list_cost_then: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    change: Decimal
    unpriced_calls: int
    by_model: tuple[RepricedModel, ...]
    by_feature: tuple[RepricedFeature, ...]
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class CommitmentUse:
    """What must be paid whatever is used, and what was used of it.

    committed_usd: the part of the months that is both in the period and in force, by days; None = the calls have no dates.
    used_usd: usage that counts against it at contracted rates (covers `usage`), or list price of the calls that it pays for
    (covers `calls`). shortfall_usd: what is paid and not used.
    """

    name: str
    covers: str
    committed_usd: Decimal | None
    used_usd: Decimal
    shortfall_usd: Decimal | None
    calls: int
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one audit, for one feature or (feature None) for the period.

    title     the answer in words, with its figures' names but not the figures (those are in `evidence`)
    evidence  name -> int | Decimal | float | str; units are in the names
    action    what to do, imperative; empty for a passed audit
    """

    id: str
    state: State
    feature: str | None
    title: str
    saving_usd_per_month: Range | None
    basis: Basis
    evidence: Mapping[str, Any]
    action: str


@dataclass(frozen=True, slots=True)
class SavingOfFinding:
    """One finding's part of the joint saving."""

    id: str
    feature: str | None
    saving_usd_per_month: Range


@dataclass(frozen=True, slots=True)
class Savings:
    """Joint saving of the period re-priced with every opportunity taken; the parts add up to it."""

    joint: Range
    by_finding: tuple[SavingOfFinding, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of a candidate. passed None = not known."""

    id: str
    passed: bool | None
    value: Any
    threshold: Any


@dataclass(frozen=True, slots=True)
class TaskType:
    """What kind of task a feature is, and the rule that told."""

    type: str
    rule: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One feature as a candidate for a model of one's own. Money is USD a month; None = not yet computed."""

    rank: int
    feature: str
    verdict: str
    reasons: tuple[str, ...]
    gates: tuple[Gate, ...]
    task_type: TaskType
    cost_usd_per_month: Mapping[str, Decimal | None]
    one_off_usd: Decimal | None
    replicas: Mapping[str, Any] | None
    npv_usd: Mapping[str, Decimal] | None
    payback_months: Mapping[str, float] | None
    p_pays: float | None
    flips_if: tuple[str, ...]
    next_test: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Candidates in order; none_reason says why none is recommended."""

    candidates: tuple[Candidate, ...]
    portfolio: Mapping[str, Any]
    none_reason: str | None


@dataclass(frozen=True, slots=True)
class BlockSpend:
    """One document, example or instruction of a feature's prompts.

    block: the hash of its text. name: what names it in its text, only where that is an id, an address or a file's name. tokens:
    of one sending, by our count. sent, sent_again: times, and of these with history. cost: its share of what its component
    cost in each priced call; null where no call with it is priced. reused_share: of a document's runs of words, those that ever
    stand in an answer of a call that sent it: a lower bound of use, since a paraphrase is not seen; null = not looked for.
    """

    block: str
    name: str | None
    file: str | None
    line: int | None
    tokens: float
    calls: int
    conversations: int
    sent: int
    sent_again: int
    cost: Decimal | None
    reused_share: float | None


@dataclass(frozen=True, slots=True)
class BlockRanking:
    """The dearest documents, examples or instructions of a feature. others: how many more there are, and what they cost.

    kind: document | example | instruction.
    """

    feature: str
    kind: str
    blocks: tuple[BlockSpend, ...]
    others: int
    others_cost: Decimal


@dataclass(frozen=True, slots=True)
class AuditRun:
    """Everything a run found out."""

    schema_version: str
    tool: Tool
    period: Period
    currency: str
    generated_from: GeneratedFrom
    input: Input
    totals: Totals
    models: tuple[ModelSpend, ...]
    days: tuple[DaySpend, ...]
    features: tuple[Feature, ...]
    growth: PeriodGrowth
    blocks: tuple[BlockRanking, ...]
    findings: tuple[Finding, ...]
    savings: Savings
    plan: Plan
    repricing: Repricing
    commitments: tuple[CommitmentUse, ...]


def plain(value: Any) -> Any:
    """Turn a result value into JSON types: Decimal -> text, datetime -> ISO text, dataclass -> object.

    A Decimal is written without exponent and without trailing zeros, so equal amounts have equal text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def to_json(run: AuditRun) -> str:
    """Write the outer contract's JSON: sorted keys, two spaces, one final newline."""
    return json.dumps(plain(run), sort_keys=True, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
