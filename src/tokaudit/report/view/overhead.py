"""How much of what is sent did a user type?"""

from __future__ import annotations

from collections.abc import Sequence

from tokaudit.report.format import count, counted, mean, share_of
from tokaudit.report.view.blocks import dearest_blocks
from tokaudit.report.view.names import anchor, name, quoted, top
from tokaudit.report.view.shapes import Column, Row, Section, Table
from tokaudit.report.view.sums import component_tokens, sums_of
from tokaudit.report.words import COMPONENTS, word
from tokaudit.result import AuditRun, Feature

_TOPIC = "Prompt overhead"
_OWN_COLUMN = ("system_prompt", "tool_schemas", "response_schema", "few_shot", "rag_context", "history", "tool_results")
_COLUMNS = (
    Column("feature", "Feature"),
    *(Column(key, word(COMPONENTS, key).name) for key in _OWN_COLUMN),
    Column("rest", "Media, format, unexplained"),
    Column("user_input", "User input"),
    Column("input_tokens", "All input"),
    Column("overhead", "Overhead"),
)


def overhead_section(run: AuditRun) -> Section:
    """Show what a mean call of each feature carries."""
    features = sorted(run.features, key=lambda feature: (-_overhead(feature), feature.feature))
    tokens = component_tokens(features)
    whole = run.totals.input_tokens
    if not features or whole == 0:
        return Section("overhead", _TOPIC, "No input tokens are known")
    shown, rest = top(features)
    rows = [_row(feature) for feature in shown]
    if rest:
        rows.append(Row(_cells(f"other ({len(rest)})", rest)))
    total = Row(_cells("All features", features))
    notes = ("Overhead is everything that is not user input. The features are in the order of their overhead tokens.",)
    table = Table("overhead-by-feature", "Mean input tokens a call", _COLUMNS, tuple(rows), total, notes)
    heading = f"{share_of(whole - tokens['user_input'], whole)} of input tokens are not what a user typed"
    tables = (table, *dearest_blocks(run))
    return Section("overhead", _TOPIC, f"{heading}{_largest(tokens, whole)}", (_sentence(shown[0]),), tables=tables)


def _overhead(feature: Feature) -> int:
    user = feature.components.get("user_input")
    return feature.input_tokens - (user.tokens if user else 0)


def _largest(tokens: dict[str, int], whole: int) -> str:
    hidden = {key: value for key, value in tokens.items() if key != "user_input" and value}
    if not hidden:
        return ""
    key = max(sorted(hidden), key=lambda key: hidden[key])
    return f"; {word(COMPONENTS, key).name.lower()} alone is {share_of(hidden[key], whole)}"


def _sentence(feature: Feature) -> str:
    user = component_tokens([feature])["user_input"]
    sent = f"A call of {quoted(feature.feature)} sends {mean(feature.input_tokens, feature.calls)} input tokens"
    return f"{sent} on average, {mean(user, feature.calls)} of them user input."


def _row(feature: Feature) -> Row:
    return Row(_cells(name(feature.feature), [feature]), _template(feature), anchor("feature", feature.feature))


def _template(feature: Feature) -> str:
    template = feature.template
    if template is None:
        return ""
    fixed = f"prompt: {count(template.static_tokens)} tokens fixed, {count(template.variable_tokens)} varying"
    return f"{fixed}, {counted(template.versions, 'version')}"


def _cells(head: str, features: Sequence[Feature]) -> tuple[str, ...]:
    tokens, sums = component_tokens(features), sums_of(features)
    user = tokens["user_input"]
    rest = sums.input_tokens - user - sum(tokens[key] for key in _OWN_COLUMN)
    figures = (*(tokens[key] for key in _OWN_COLUMN), rest, user, sums.input_tokens)
    means = (mean(figure, sums.calls) for figure in figures)
    return (head, *means, share_of(sums.input_tokens - user, sums.input_tokens))
