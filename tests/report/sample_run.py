"""Build runs whose parts add up, as the pipeline's do: costs are computed from tokens and rates, never typed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tokaudit.result import (
    BRIDGE_LINES,
    COMPONENTS,
    SCHEMA_VERSION,
    Alternative,
    AuditRun,
    BridgeLine,
    Candidate,
    CommitmentUse,
    Component,
    Conversation,
    Counterfactual,
    DaySpend,
    Feature,
    Finding,
    Gate,
    GeneratedFrom,
    Growth,
    GrowthLaw,
    Input,
    LongestConversations,
    ModelSpend,
    Period,
    PeriodGrowth,
    Plan,
    Range,
    RatesInForce,
    RejectedLine,
    RepricedFeature,
    RepricedModel,
    Repricing,
    SavingOfFinding,
    Savings,
    SourceFile,
    TaskType,
    Template,
    TokenRatio,
    Tool,
    Totals,
    Turn,
    Waste,
)

HOSTILE_NAMES = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://evil.test","x")',
    "[red]bold[/red] [link=http://evil.test]x[/link]",
    "\x1b]8;;http://evil.test\x07click\x1b]8;;\x07 \x9b31m",
    "user\u202etxt.exe\u2066\u200b\u200d\ufeff",
    "{{ 7*7 }}{% raw %}",
    "nul\x00tab\tline\nreturn\r",
    "\ud800lone surrogate",
    "a" * 10_000,
    "| pipe | ` tick `\\ [text](javascript:alert(1)) <b>",
    "',\"; DROP TABLE calls; -- javascript:alert(1)",
)

MILLION = Decimal(1_000_000)
INPUT_RATE, CACHE_RATE, OUTPUT_RATE = (Decimal(text) / MILLION for text in ("2.50", "1.25", "10.00"))
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Spec:
    """What one feature does: tokens of kept calls, and calls wasted on top."""

    name: str
    source: str = "tag"
    calls: int = 100
    components: Mapping[str, int] = field(default_factory=lambda: {"system_prompt": 50_000, "user_input": 20_000})
    cached: Mapping[str, int] = field(default_factory=dict)
    output: int = 30_000
    reasoning: int = 0
    turns: int = 1
    wasted: Mapping[str, int] = field(default_factory=dict)
    priced: bool = True
    template: Template | None = None


SPECS = (
    Spec(
        "support_chat",
        calls=1200,
        components={
            "system_prompt": 1_320_000,
            "tool_schemas": 410_400,
            "history": 6_204_113,
            "rag_context": 2_880_000,
            "tool_results": 310_221,
            "user_input": 96_413,
            "format_overhead": 41_200,
            "unexplained": 813,
        },
        cached={"system_prompt": 700_000, "tool_schemas": 410_400, "history": 1_500_000},
        output=412_330,
        reasoning=55_000,
        turns=14,
        wasted={"retries": 40, "failed": 11, "duplicates": 7},
        template=Template("t-9f2c", 1100, 12, 3),
    ),
    Spec(
        "search",
        calls=3100,
        components={
            "system_prompt": 9_300_000,
            "few_shot": 1_240_000,
            "response_schema": 186_000,
            "user_input": 310_440,
            "format_overhead": 21_700,
        },
        output=248_000,
        wasted={"retries": 120},
        template=Template("t-01aa", 3000, 0, 1),
    ),
    Spec("template 3fa9 (You extract invoice fields …)", source="template", calls=420, turns=3),
    Spec("nightly-summary", calls=60, components={"user_input": 1_800_000, "system_prompt": 6_000, "media": 1200}),
    Spec("unallocated", source="none", calls=33, components={"user_input": 9_000, "unexplained": 500}, output=9_100),
    Spec("draft-mail", calls=62, priced=False, components={"system_prompt": 31_000, "user_input": 8_800}),
)


def a_feature(spec: Spec, whole: Decimal = Decimal(1)) -> Feature:
    """Make a feature whose components, bridge and costs agree to the last digit."""
    kept = {key: _component(spec, key) for key in COMPONENTS if key in spec.components}
    wasted_calls = sum(spec.wasted.values())
    calls = spec.calls + wasted_calls
    zero = Decimal(0)
    waste_input = {line: 1000 * number for line, number in spec.wasted.items()}
    waste_output = {line: 100 * number for line, number in spec.wasted.items()}
    waste_cost = {
        line: waste_input[line] * INPUT_RATE + waste_output[line] * OUTPUT_RATE if spec.priced else zero
        for line in spec.wasted
    }
    components = dict(kept)
    if wasted_calls:
        known = components["user_input"]
        tokens = sum(waste_input.values())
        extra = tokens * INPUT_RATE if spec.priced else zero
        components["user_input"] = Component(known.tokens + tokens, known.cached_tokens, known.cost + extra)
    output = spec.output + sum(waste_output.values())
    output_cost = output * OUTPUT_RATE if spec.priced else zero
    input_cost = sum((part.cost for part in components.values()), zero)
    input_tokens = sum(part.tokens for part in components.values())
    visible = spec.output - spec.reasoning
    naive = kept["user_input"].cost + (visible * OUTPUT_RATE if spec.priced else zero)
    list_cost = input_cost + output_cost
    amounts = {
        "naive": (kept["user_input"].tokens + visible, naive),
        **{key: (part.tokens, part.cost) for key, part in kept.items() if key != "user_input"},
        "reasoning": (spec.reasoning, spec.reasoning * OUTPUT_RATE if spec.priced else zero),
        **{line: (waste_input[line] + waste_output[line], waste_cost[line]) for line in spec.wasted},
    }
    bridge = tuple(BridgeLine(line, *amounts.get(line, (0, zero))) for line in BRIDGE_LINES)
    history = components.get("history", Component(0, 0, zero))
    return Feature(
        feature=spec.name,
        source=spec.source,
        share=float(list_cost / whole) if whole else None,
        calls=calls,
        operations=spec.calls,
        conversations=-(-spec.calls // spec.turns),
        input_tokens=input_tokens,
        cache_read_input_tokens=sum(part.cached_tokens for part in components.values()),
        cache_creation_input_tokens=0,
        output_tokens=output,
        reasoning_output_tokens=spec.reasoning,
        input_cost=input_cost,
        output_cost=output_cost,
        unit_cost=zero,
        list_cost=list_cost,
        contracted_cost=list_cost * Decimal("0.9"),
        logged_cost=list_cost if spec.source == "tag" and spec.priced else None,
        unpriced_calls=0 if spec.priced else calls,
        unpriced_tokens=0 if spec.priced else input_tokens + output,
        naive_cost=naive,
        multiplier=float(list_cost / naive) if naive else None,
        components=components,
        bridge=bridge,
        growth=_growth(spec, list_cost, history, input_tokens),
        waste=Waste(
            failed_calls=spec.wasted.get("failed", 0),
            retried_calls=spec.wasted.get("retries", 0),
            duplicate_calls=spec.wasted.get("duplicates", 0),
            failed_cost=waste_cost.get("failed", zero),
            retried_cost=waste_cost.get("retries", zero),
            duplicate_cost=waste_cost.get("duplicates", zero),
            cost=sum(waste_cost.values(), zero),
        ),
        template=spec.template,
        models=("gpt-4o-2024-08-06",) if spec.priced else ("house-model-7",),
    )


def a_run(
    specs: Sequence[Spec] = SPECS, findings: tuple[Finding, ...] | None = None, plan: Plan | None = None
) -> AuditRun:
    """Make a whole run from features."""
    whole = sum((a_feature(spec).list_cost for spec in specs), Decimal(0))
    features = tuple(a_feature(spec, whole) for spec in specs)
    totals = _totals(features)
    found = _findings(specs) if findings is None else findings
    return AuditRun(
        schema_version=SCHEMA_VERSION,
        tool=Tool("tokaudit", "0.1.0"),
        period=Period(
            datetime(2026, 9, 1, tzinfo=BERLIN), datetime(2026, 10, 1, tzinfo=BERLIN), "Europe/Berlin", "2026-09"
        ),
        currency="USD",
        generated_from=GeneratedFrom(totals.calls + 83, "2026-09-30", "5f1c9a2e"),
        input=_input(totals.calls),
        totals=totals,
        models=_models(features),
        days=_days(totals),
        features=features,
        growth=_period_growth(features, totals),
        blocks=(),
        findings=found,
        savings=_savings(found),
        plan=_plan(features) if plan is None else plan,
        repricing=_repricing(features),
        commitments=_commitments(totals),
    )


def hostile_run(names: Sequence[str] = HOSTILE_NAMES) -> AuditRun:
    """Make a run with a hostile name wherever a log can put one."""
    return renamed(
        a_run(tuple(Spec(f"f{at}", turns=2 + at % 3, wasted={"failed": 1}) for at in range(len(names)))), names
    )


def renamed(run: AuditRun, names: Sequence[str]) -> AuditRun:
    """Put the names into every field of a run that log text can reach."""
    features = tuple(
        replace(feature, feature=name, models=(name,)) for feature, name in zip(run.features, names, strict=True)
    )
    known = {old.feature: new.feature for old, new in zip(run.features, features, strict=True)}
    first = names[0]
    findings = tuple(
        replace(
            f,
            feature=known.get(f.feature or ""),
            title=f"{f.title} {first}",
            action=f.action and f"{f.action} {first}",
            evidence={first: first, **f.evidence},
        )
        for f in run.findings
    )
    parts = tuple(replace(part, feature=known.get(part.feature or "")) for part in run.savings.by_finding)
    source = run.input
    return replace(
        run,
        features=features,
        findings=findings,
        savings=replace(run.savings, by_finding=parts),
        models=tuple(replace(run.models[0], model=name, provider_name=name, price_source=name) for name in names),
        input=replace(
            source,
            sources=tuple(
                replace(each, file=first, formats={first: 1}, columns={first: first}) for each in source.sources
            ),
            first_rejects=tuple(replace(each, file=first, reason=first) for each in source.first_rejects),
            rejects_by_reason={first: source.rejected},
            usage_rules={first: 1},
        ),
        plan=replace(
            run.plan,
            candidates=tuple(
                replace(c, feature=name, verdict=name, reasons=(name,), flips_if=(name,), next_test={name: name})
                for c, name in zip(run.plan.candidates, names, strict=False)
            ),
        ),
        repricing=replace(
            run.repricing,
            by_model=tuple(
                replace(model, model=first, provider_name=first, why_unpriced=first) for model in run.repricing.by_model
            ),
            alternatives=tuple(
                replace(
                    each,
                    from_model=each.from_model and first,
                    feature=each.feature and first,
                    model=first,
                    provider_name=first,
                    notes=(first,),
                )
                for each in run.repricing.alternatives
            ),
        ),
        commitments=tuple(replace(each, name=first, source=first) for each in run.commitments),
    )


def _alternative(features: Sequence[Feature], feature: str | None) -> Alternative:
    cost = sum((each.list_cost for each in features), Decimal(0))
    return Alternative(
        from_provider_name=None, from_model=None, feature=feature, provider_name="anthropic", model="claude-haiku-4-5",
        calls=sum(each.calls for each in features), list_cost=cost,
        cost=Range(cost / 2, cost * 3 / 5, cost * 3 / 4),
        tokeniser=TokenRatio(Decimal("1.055"), Decimal("1.158"), Decimal("1.424"), "measured", "a table of counts"),
        unpriced_tokens=0, notes=("whether its answers are good enough needs an evaluation",),
    )  # fmt: skip


def _repricing(features: Sequence[Feature]) -> Repricing:
    """The list rates have doubled since."""
    priced = [feature for feature in features if feature.list_cost]
    then = sum((feature.list_cost for feature in priced), Decimal(0))
    calls = sum(feature.calls for feature in priced)
    rates = (RatesInForce("2024-08-06", Decimal("2.50"), Decimal("1.25"), Decimal(10)),
             RatesInForce("2026-09-30", Decimal(5), Decimal("2.50"), Decimal(20)))  # fmt: skip
    return Repricing(
        rates_on="2026-09-30",
        list_cost_then=then,
        list_cost=2 * then,
        contracted_cost=then * 9 / 5,
        change=then,
        unpriced_calls=sum(feature.calls for feature in features if not feature.list_cost),
        by_model=(
            RepricedModel("openai", "gpt-4o", calls, then, 2 * then, then * 9 / 5, None, *rates),
            RepricedModel(
                "openai", "gpt-gone", 3, Decimal(1), None, None, "no rate is known for this name", None, None
            ),
        ),
        by_feature=tuple(
            RepricedFeature(f.feature, f.calls, f.list_cost, 2 * f.list_cost, f.list_cost, 0) for f in priced
        ),
        alternatives=(_alternative(features, None), *(_alternative([f], f.feature) for f in priced)),
    )


def _commitments(totals: Totals) -> tuple[CommitmentUse, ...]:
    used = totals.contracted_cost
    return (CommitmentUse("enterprise", "usage", 2 * used, used, used, totals.calls, "contract 7 (rates.toml)"),)


def _component(spec: Spec, key: str) -> Component:
    tokens, cached = spec.components[key], spec.cached.get(key, 0)
    cost = (tokens - cached) * INPUT_RATE + cached * CACHE_RATE if spec.priced else Decimal(0)
    return Component(tokens, cached, cost)


def _turns(spec: Spec, cost: Decimal) -> tuple[Turn, ...]:
    weights = range(1, spec.turns + 1)
    return tuple(
        Turn(
            turn,
            max(1, spec.calls // (turn * 2)),
            1100.0 + 640.5 * turn,
            1400 + 900 * turn,
            640.5 * (turn - 1),
            cost * turn / sum(weights),
            0.9 * (turn - 1) / turn,
        )
        for turn in weights
    )


def _growth(spec: Spec, cost: Decimal, history: Component, input_tokens: int) -> Growth:
    turns = _turns(spec, cost)
    grown = Growth(turns, history.tokens / input_tokens, cost - history.cost)
    if not history.tokens:
        return grown
    first, rate = 1740.5, float(INPUT_RATE)
    return replace(
        grown,
        tokens_law=GrowthLaw("linear", first, 640.5, None, None, 0.98, 0.02, len(turns), spec.calls),
        cost_law=GrowthLaw(
            "saturating", first * rate, 500 * rate, 4240.5 * rate, 6, 0.95, 0.03, len(turns), spec.calls
        ),
        longest=_longest(spec.calls, cost, len(turns)),
        counterfactuals=(
            _changed("keep_last_turns", 4, cost, history, Decimal("0.4")),
            _changed("summarise", 8, cost, history, Decimal("-0.1")),
            _changed("drop_documents", None, cost, history, Decimal(0)),
        ),
    )


def _changed(change: Any, turns: int | None, cost: Decimal, history: Component, share: Decimal) -> Counterfactual:
    dropped, saving = int(history.tokens * abs(share)), history.cost * share
    made, calls = (8, 310) if change == "summarise" else (0, 420 if share else 0)
    length = 500 if change == "summarise" else None
    tokens = dropped - 500 * (calls + 10) if made else dropped
    return Counterfactual(
        change, turns, length, calls, dropped, 500 * calls if made else 0, dropped // 4, made, 5000 if made else 0,
        500 * made, tokens, cost, cost - saving, saving,
    )  # fmt: skip


def _longest(calls: int, cost: Decimal, turns: int) -> LongestConversations:
    longest = Conversation("2026-09-07T08:30:00+00:00", turns, turns + 1, 88_020, cost / 40)
    return LongestConversations(2, 110, turns - 1, turns, 2 * turns, 2 * turns / calls, cost / 25, 0.04, (longest,))


def _period_growth(features: Sequence[Feature], totals: Totals) -> PeriodGrowth:
    summed = ("calls", "dropped_tokens", "added_tokens", "lost_cached_tokens", "summary_calls", "summary_input_tokens",
              "summary_output_tokens", "tokens_saved")  # fmt: skip
    whole = []
    for of_change in zip(*(f.growth.counterfactuals for f in features if f.growth.counterfactuals), strict=True):
        saving = sum((one.saving for one in of_change), Decimal(0))
        sums = {name: sum(getattr(one, name) for one in of_change) for name in summed}
        cost = totals.list_cost
        whole.append(replace(of_change[0], cost_now=cost, cost_then=cost - saving, saving=saving, **sums))
    return PeriodGrowth(next((f.growth.longest for f in features if f.growth.longest), None), tuple(whole))


def _totals(features: Sequence[Feature]) -> Totals:
    def added(key: str) -> int:
        return sum(getattr(feature, key) for feature in features)

    def money(key: str) -> Decimal:
        return sum((getattr(feature, key) or Decimal(0) for feature in features), Decimal(0))

    bridge = tuple(
        BridgeLine(
            line,
            sum(feature.bridge[at].tokens for feature in features if not feature.unpriced_calls),
            sum((feature.bridge[at].cost for feature in features), Decimal(0)),
        )
        for at, line in enumerate(BRIDGE_LINES)
    )
    naive, cost = money("naive_cost"), money("list_cost")
    return Totals(
        calls=added("calls"),
        operations=added("operations"),
        conversations=added("conversations"),
        input_tokens=added("input_tokens"),
        cache_read_input_tokens=added("cache_read_input_tokens"),
        cache_creation_input_tokens=0,
        output_tokens=added("output_tokens"),
        reasoning_output_tokens=added("reasoning_output_tokens"),
        input_cost=money("input_cost"),
        output_cost=money("output_cost"),
        unit_cost=Decimal(0),
        list_cost=cost,
        contracted_cost=money("contracted_cost"),
        logged_cost=money("logged_cost") if any(feature.logged_cost is not None for feature in features) else None,
        unpriced_calls=added("unpriced_calls"),
        unpriced_tokens=added("unpriced_tokens"),
        unpriced_share=added("unpriced_calls") / added("calls") if added("calls") else None,
        waste_cost=sum((feature.waste.cost for feature in features), Decimal(0)),
        naive_cost=naive,
        multiplier=float(cost / naive) if naive else None,
        bridge=bridge,
    )


def _models(features: Sequence[Feature]) -> tuple[ModelSpend, ...]:
    def model(name: str, mine: Sequence[Feature], *, priced: bool) -> ModelSpend:
        rates = (Decimal("2.5"), Decimal("1.25"), Decimal(10)) if priced else (None, None, None)
        return ModelSpend(
            "openai" if priced else None,
            name,
            sum(feature.calls for feature in mine),
            sum(feature.input_tokens for feature in mine),
            sum(feature.output_tokens for feature in mine),
            sum((feature.list_cost for feature in mine), Decimal(0)) if priced else None,
            sum((feature.contracted_cost for feature in mine), Decimal(0)) if priced else None,
            None,
            "genai-prices 0.2.3" if priced else "no rate known for this model",
            "2024-08-06" if priced else None,
            "exact id" if priced else None,
            None,
            *rates,
        )

    names = sorted({feature.models[0] for feature in features})
    groups = [(name, [feature for feature in features if feature.models[0] == name]) for name in names]
    return tuple(model(name, mine, priced=not mine[0].unpriced_calls) for name, mine in groups)


def _days(totals: Totals) -> tuple[DaySpend, ...]:
    weights = [5 if at % 7 < 5 else 2 for at in range(30)]
    calls = [totals.calls * weight // sum(weights) for weight in weights]
    calls[0] += totals.calls - sum(calls)
    costs = [totals.list_cost * weight / sum(weights) for weight in weights[:-1]]
    costs.append(totals.list_cost - sum(costs, Decimal(0)))
    return tuple(DaySpend(f"2026-09-{at + 1:02}", calls[at], costs[at]) for at in range(30))


def _input(calls: int) -> Input:
    inside, out_of_period, undated, duplicates, blanks = calls, 80, 3, 31, 4
    rejects = {"not JSON": 9, "no model": 3}
    kept = inside + out_of_period + undated
    first = SourceFile(
        "logs/openai-2026-09.jsonl.gz",
        {"openai": kept - 40},
        {},
        84_300_112,
        kept - 40 + 38 + 5,
        kept - 40,
        27,
        5,
        9,
        2,
    )
    second = SourceFile(
        "logs/export.csv", {"csv": 40}, {"model": "Model Name", "input_tokens": "tokens_in"}, 7_012, 49, 40, 4, 0, 3, 2
    )
    return Input(
        files=2,
        records=kept + duplicates + 5 + 12 + blanks,
        calls=kept,
        duplicates=duplicates,
        no_calls=5,
        rejected=12,
        blanks=blanks,
        no_calls_by_kind={"agent span": 4, "trace": 1},
        rejects_by_reason=rejects,
        first_rejects=(
            RejectedLine("logs/openai-2026-09.jsonl.gz", 17, "not JSON"),
            RejectedLine("logs/export.csv", 4, "no model"),
        ),
        out_of_period=out_of_period,
        undated=undated,
        usage_state={"exact": calls - 21, "estimated": 15, "missing": 6} if calls else {},
        usage_rules={"as reported": calls - 21, "no usage in the record": 21} if calls else {},
        sources=(first, second),
    )


def _findings(specs: Sequence[Spec]) -> tuple[Finding, ...]:
    first, last = specs[0].name, specs[-1].name

    def finding(key: str, state: str, feature: str | None, saving: Range | None = None, action: str = "") -> Finding:
        evidence = {
            "repeated_tokens_per_call": 3000,
            "cached_share": 0.123,
            "cost_usd": Decimal("12.345"),
            "calls_per_hour": 41.25,
            "provider": "openai",
        }
        title = f"What the check {key.replace('_', ' ')} saw"
        return Finding(key, state, feature, title, saving, "modelled", evidence, action)  # type: ignore[arg-type]

    return (
        finding("history_growth", "opportunity", first, _range("4.1", "6.25", "9"), "Summarise turns after the sixth"),
        finding(
            "uncached_prefix",
            "opportunity",
            specs[len(specs) // 2].name,
            _range("9.5", "11", "12.2"),
            "Put the fixed part of the prompt first",
        ),
        finding("retry_storm", "opportunity", None, None, "Back off before the next attempt"),
        finding("duplicates", "passed", None),
        finding("duplicates", "passed", first),
        finding("model_mix", "informative", None),
        finding("batch", "not_applicable", last),
        finding("long_output", "error", last),
    )


def _range(low: str, expected: str, high: str) -> Range:
    return Range(Decimal(low), Decimal(expected), Decimal(high))


def _savings(findings: Sequence[Finding]) -> Savings:
    """Take nine tenths of each saving as its part of the joint one."""
    tenth = Decimal("0.9")
    parts = tuple(
        SavingOfFinding(
            f.id,
            f.feature,
            Range(
                *(
                    value * tenth
                    for value in (
                        f.saving_usd_per_month.low,
                        f.saving_usd_per_month.expected,
                        f.saving_usd_per_month.high,
                    )
                )
            ),
        )
        for f in findings
        if f.saving_usd_per_month is not None
    )
    ends = ("low", "expected", "high")
    joint = Range(*(sum((getattr(p.saving_usd_per_month, end) for p in parts), Decimal(0)) for end in ends))
    return Savings(joint, parts)


def _plan(features: Sequence[Feature]) -> Plan:
    def candidate(rank: int, feature: Feature) -> Candidate:
        return Candidate(
            rank=rank,
            feature=feature.feature,
            verdict="test_a_cheaper_model_first",
            reasons=("The fixed prompt is most of its input.", "A smaller model was never tried."),
            gates=(
                Gate("money_ceiling_usd", True, Decimal("41.20"), Decimal(12)),
                Gate("clean_examples", None, 380, 500),
                Gate("new_cluster_share", False, 0.41, 0.3),
            ),
            task_type=TaskType("extraction", "JSON parses and is copied from the input", {"json_parse_share": 0.993}),
            cost_usd_per_month={
                "as_is": feature.list_cost,
                "after_first_moves": feature.list_cost / 2,
                "cheaper_model": feature.list_cost / 10,
                "hosted_fine_tune": None,
                "self_hosted": Decimal(858),
            },
            one_off_usd=Decimal(1500),
            replicas={"gpu": "L40S", "count": 1},
            npv_usd={"p10": Decimal(-600), "p50": Decimal(410), "p90": Decimal(1180)},
            payback_months={"p10": 2.0, "p50": 3.5, "p90": 11.0},
            p_pays=0.63,
            flips_if=("the cheaper model passes your own test", "volume falls by 45 %"),
            next_test={"what": "150 logged examples on the cheaper model", "cost": "$0.30 and 2 hours"},
        )

    first = features[: max(1, len(features) // 3)]
    return Plan(tuple(candidate(at, feature) for at, feature in enumerate(first, start=1)), {}, None)
