"""Which spans only repeat the usage of the calls below them?

A framework and the library inside it may both write a call: the same tokens twice. Between the two may stand spans that are
no calls, in other records and files (`lineage`), and calls that count nothing. The statements fill temporary tables:

spans     one row a record that is a span: its call, the span above it, its counts; null = it counts none
counted   those that count tokens
climbs    origin, reached: the spans passed on the way up from a call's parent to the nearest span that counts
outside   spans above a span of the same call; is_sum: they count all their calls together, the inner one the call alone
around    what spans above a call, that are none, say of all calls below them: the nearest of them that says it
levels    upper, lower: a call and a call below it, nothing that counts between them; with the counts of both
repeats   record_id, heir: calls that only repeat others; heir, if any, is the call they tell more of
"""

from __future__ import annotations

_HIGHEST = 64
"""Spans between a call and the one above it; traces nest a few dozen deep, and a circle of parents ends here."""

_SPANS = """
    CREATE OR REPLACE TEMP TABLE spans AS
    SELECT record_id, call_key, span_key, parent_span_key, operation_name, error_type IS NOT NULL AS failed,
        CASE WHEN usage_state <> 'estimated' AND counts > 0 THEN input_tokens END AS input,
        CASE WHEN usage_state <> 'estimated' AND counts > 0 THEN output_tokens END AS output,
        coalesce(cache_read_input_tokens, 0) + coalesce(cache_write_5m_input_tokens, 0)
            + coalesce(cache_write_1h_input_tokens, 0) AS cached
    FROM (SELECT *, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) AS counts FROM identified)
    SEMI JOIN scope USING (file_id) WHERE span_key IS NOT NULL AND NOT is_fragment"""

_COUNTED = """
    CREATE OR REPLACE TEMP TABLE counted AS SELECT DISTINCT span_key FROM spans WHERE input IS NOT NULL"""

_CLIMBS = f"""
    CREATE OR REPLACE TEMP TABLE climbs AS
    WITH RECURSIVE hops AS (
        SELECT span_key, min(parent_span_key) AS parent_span_key FROM (
            SELECT span_key, parent_span_key FROM lineage SEMI JOIN scope USING (file_id) WHERE parent_span_key IS NOT NULL
            UNION ALL
            SELECT span_key, parent_span_key FROM spans WHERE parent_span_key IS NOT NULL
        ) ANTI JOIN counted USING (span_key)
        GROUP BY span_key
    ), way (origin, reached, height) AS (
        SELECT DISTINCT parent_span_key, parent_span_key, 0 FROM spans WHERE parent_span_key IS NOT NULL
        UNION ALL
        SELECT way.origin, hops.parent_span_key, way.height + 1
        FROM way JOIN hops ON hops.span_key = way.reached WHERE way.height < {_HIGHEST}
    )
    SELECT DISTINCT origin, reached FROM way"""

_OUTSIDE = """
    CREATE OR REPLACE TEMP TABLE outside AS
    SELECT p.record_id, bool_and(coalesce(p.input > c.input, false)) AS is_sum
    FROM spans p JOIN climbs w ON w.reached = p.span_key JOIN spans c ON c.parent_span_key = w.origin
    WHERE c.call_key = p.call_key AND c.span_key <> p.span_key AND (c.input IS NOT NULL OR p.input IS NULL)
    GROUP BY p.record_id"""

WEAK_NAMES = ", ".join(
    f"'{name}'"
    for name in (
        *("service.name", "metadata.resourceAttributes.service.name", "tags.service", "ml_app", "session_name"),
        *("gen_ai.application_name", "openinference.project.name"),
    )
)
"""Where names stand that a whole service or project shares: a name of the call's own trace says more."""


_TOLD = ("feature", "feature_from", "user_id", "conversation")
_WITNESS = dict.fromkeys(("feature", "feature_from"), f"a.feature_from NOT IN ({WEAK_NAMES})")
"""When a span's value is taken, where that is not whenever it has one."""

_AROUND = f"""
    CREATE OR REPLACE TEMP TABLE around AS
    WITH RECURSIVE above AS (SELECT * FROM lineage SEMI JOIN scope USING (file_id)),
    hops AS (
        SELECT span_key, min(parent_span_key) AS parent_span_key FROM (
            SELECT span_key, parent_span_key FROM above
            UNION ALL
            SELECT span_key, parent_span_key FROM spans
        ) WHERE parent_span_key IS NOT NULL GROUP BY span_key
    ), way (origin, reached, height) AS (
        SELECT DISTINCT parent_span_key, parent_span_key, 0 FROM spans
        WHERE parent_span_key IS NOT NULL AND EXISTS (SELECT 1 FROM above)
        UNION ALL
        SELECT way.origin, hops.parent_span_key, way.height + 1
        FROM way JOIN hops ON hops.span_key = way.reached WHERE way.height < {_HIGHEST}
    )
    SELECT s.call_key,
        {", ".join(f"arg_min(a.{n}, height) FILTER ({_WITNESS.get(n, f'a.{n} IS NOT NULL')}) AS {n}" for n in _TOLD)}
    FROM spans s JOIN way w ON w.origin = s.parent_span_key JOIN above a ON a.span_key = w.reached
    GROUP BY s.call_key"""

LEVELS = (_SPANS, _COUNTED, _CLIMBS, _OUTSIDE, _AROUND)
"""Run before the record of each call is chosen."""

_LEVELS = """
    CREATE OR REPLACE TEMP TABLE levels AS
    WITH own AS (SELECT * FROM spans ANTI JOIN outside USING (record_id)),
    calls AS (
        SELECT call_key, max(input) AS input, max(output) AS output, max(cached) AS cached, bool_and(failed) AS failed,
            min(operation_name) AS operation
        FROM own GROUP BY call_key
    ), pairs AS (
        SELECT DISTINCT p.call_key AS upper, c.call_key AS lower
        FROM own p JOIN climbs w ON w.reached = p.span_key JOIN own c ON c.parent_span_key = w.origin
        WHERE c.call_key <> p.call_key
    )
    SELECT pairs.*, p.input, p.output, p.cached, p.failed, p.operation, c.input AS lower_input, c.output AS lower_output,
        c.cached AS lower_cached, c.failed AS lower_failed, c.operation AS lower_operation
    FROM pairs JOIN calls p ON p.call_key = upper JOIN calls c ON c.call_key = lower
    ANTI JOIN pairs turned ON turned.upper = pairs.lower AND turned.lower = pairs.upper"""

# Equal counts are one call. Libraries leave hidden reasoning out of the output of one of the two, and the larger is what was
# billed; some leave Anthropic's cache out of the input.
_SAME_BELOW = """(lower_input = input AND (coalesce(lower_output, -1) = coalesce(output, -1)
        OR (coalesce(lower_output, -1) > coalesce(output, -1) AND input > 0))
    OR lower_cached > 0 AND lower_input - lower_cached = input AND lower_output = output)"""
_SAME_ABOVE = """(lower_input = input AND input > 0 AND coalesce(lower_output, -1) < coalesce(output, -1)
    OR cached > 0 AND input - cached = lower_input AND lower_output = output)"""
_OF_ITS_KIND = "FILTER (lower_operation = operation)"

# A call above calls repeats them if its counts are those of one of them, or of all together; or if it has none. Of a call and
# one below it of which only the upper has counts, that one is the call, unless the lower one was a failed try.
_REPEATS = f"""
    CREATE OR REPLACE TEMP TABLE repeats AS
    WITH uppers AS (
        SELECT upper AS call_key, CASE
            WHEN count(*) FILTER ({_SAME_BELOW}) = 1 THEN any_value(lower) FILTER ({_SAME_BELOW})
            WHEN count(*) = 1 THEN any_value(lower) END AS heir
        FROM levels GROUP BY upper, input, output
        HAVING (input IS NULL AND bool_or(failed OR NOT lower_failed)) OR bool_or({_SAME_BELOW})
            OR (sum(lower_input) = input AND sum(lower_output) = output)
            OR (sum(lower_input) {_OF_ITS_KIND} = input AND sum(lower_output) {_OF_ITS_KIND} = output)
    ), lowers AS (
        SELECT lower AS call_key, min(upper) AS heir FROM levels ANTI JOIN uppers ON uppers.call_key = upper
        WHERE input IS NOT NULL AND ((lower_input IS NULL AND (failed OR NOT lower_failed)) OR {_SAME_ABOVE})
        GROUP BY lower
    ), gone AS (
        SELECT * FROM uppers UNION ALL SELECT * FROM lowers ANTI JOIN uppers USING (call_key)
    )
    SELECT k.record_id, h.record_id AS heir FROM gone JOIN kept k USING (call_key) LEFT JOIN kept h ON h.call_key = heir"""

_HEIRS = f"""
    CREATE OR REPLACE TEMP TABLE repeats AS
    WITH RECURSIVE way (record_id, heir, steps) AS (
        SELECT record_id, heir, 0 FROM repeats
        UNION ALL
        SELECT way.record_id, r.heir, way.steps + 1
        FROM way JOIN repeats r ON r.record_id = way.heir WHERE way.steps < {_HIGHEST}
    )
    SELECT record_id, arg_max(heir, steps) AS heir FROM way GROUP BY record_id"""

_WITHOUT_REPEATS = "DELETE FROM kept WHERE record_id IN (SELECT record_id FROM repeats)"

REPEATS = (_LEVELS, _REPEATS, _HEIRS, _WITHOUT_REPEATS)
"""Run once the record of each call is chosen."""
