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

BRIDGE_LINES = ("naive", *(c for c in COMPONENTS if c != "user_input"), "reasoning", "retries", "failed", "duplicates")
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
    """The period. Costs cover priced calls only; `unpriced_calls` and `unpriced_tokens` say what is left out."""

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
    list_cost: Decimal
    contracted_cost: Decimal
    logged_cost: Decimal | None
    unpriced_calls: int
    unpriced_tokens: int
    waste_cost: Decimal
    naive_cost: Decimal
    multiplier: float | None
    bridge: tuple[BridgeLine, ...]


@dataclass(frozen=True, slots=True)
class ModelSpend:
    """One (provider, model) of the period. `list_cost` None = unpriced: `price_source` says why."""

    provider_name: str | None
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    list_cost: Decimal | None
    price_source: str
    price_effective_from: str | None
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
    """Calls that are the n-th turn of their conversation."""

    turn: int
    calls: int
    input_tokens_mean: float
    input_tokens_p90: int
    history_tokens_mean: float
    list_cost: Decimal


@dataclass(frozen=True, slots=True)
class Growth:
    """resent_share: history tokens / input tokens; linear_cost: list cost without the history component."""

    turns: tuple[Turn, ...]
    resent_share: float | None
    linear_cost: Decimal


@dataclass(frozen=True, slots=True)
class Waste:
    """Calls whose answer was not used or already known, and what they cost."""

    failed_calls: int
    retried_calls: int
    duplicate_calls: int
    failed_cost: Decimal
    retried_cost: Decimal
    duplicate_cost: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Template:
    """The most used system prompt: tokens that stand in it each time, tokens that vary, how many versions were seen."""

    id: str
    static_tokens: int
    variable_tokens: int
    versions: int


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
    findings: tuple[Finding, ...]
    savings: Savings
    plan: Plan


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
