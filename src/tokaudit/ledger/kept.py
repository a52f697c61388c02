"""Which records are calls, each once, and which others tell more of them?

A call may stand in several records: doubled lines, two sinks, re-exports, a span that repeats the span below it, a table
beside the calls. One record is kept for each call; what it leaves open is filled in from the others. SQL, since the ledger
may be larger than the memory. The statements fill temporary tables, in this order:

renamed   call_key, root: keys of one call that two formats identify in different ways
kept      call_key, record_id: the fullest record of each call, then the latest
repeats   record_id, heir: spans that only repeat the usage of calls below them; heir, if any, is the call they tell more of
told      kept_id, record_id, rank: other records of a kept call
borrowed  kept_id, record_id, is_answer: whose texts stand for the prompt, or the answer, of a call that logs none itself
filled    kept_id and the values found in other records
"""

from __future__ import annotations

RANK = "(fullness::BIGINT << 56) + (f.rank << 38) + line"
"""The fullest record first, then the latest file and line."""

# A gateway's log may go by an id of its own: the provider's id of the answer, where both have it, makes the two one call.
# Ids this short are drawn from so few that they come back.
_RENAMED = """
    CREATE OR REPLACE TEMP TABLE renamed AS
    WITH own AS (
        SELECT DISTINCT call_key, response_id FROM records SEMI JOIN scope USING (file_id)
        WHERE NOT is_fragment AND length(response_id) >= 16
    ), answers AS (
        SELECT response_id, min(call_key) AS root FROM own GROUP BY response_id HAVING count(*) > 1
    )
    SELECT call_key, min(root) AS root FROM own JOIN answers USING (response_id) GROUP BY call_key"""

_IDENTIFIED = """
    CREATE OR REPLACE TEMP VIEW identified AS
    SELECT r.* REPLACE (coalesce(n.root, r.call_key) AS call_key) FROM records r LEFT JOIN renamed n USING (call_key)"""

_KEPT = f"""
    CREATE OR REPLACE TEMP TABLE kept AS
    SELECT call_key, arg_max(record_id, {RANK}) AS record_id
    FROM identified JOIN scope f USING (file_id) WHERE NOT is_fragment GROUP BY call_key"""

_SPANS = """
    CREATE OR REPLACE TEMP TABLE spans AS
    SELECT record_id, span_key, parent_span_key, input_tokens AS input, output_tokens AS output
    FROM records SEMI JOIN kept USING (record_id) WHERE span_key IS NOT NULL"""

# A call above calls repeats them if its counts are those of one of them, or of all together. Of a call and one below it of
# which only one has counts, that one is the call. Equal input makes them one call too: libraries leave hidden reasoning out
# of the output of one of the two, and the larger is what was billed.
_REPEATS = """
    CREATE OR REPLACE TEMP TABLE repeats AS
    SELECT p.record_id, CASE WHEN count(*) = 1 THEN any_value(c.record_id) END AS heir
    FROM spans p JOIN spans c ON c.parent_span_key = p.span_key AND c.record_id <> p.record_id
    GROUP BY p.record_id, p.input, p.output
    HAVING (p.input IS NULL AND bool_or(c.input IS NOT NULL))
        OR bool_or(c.input = p.input AND (c.output IS NOT DISTINCT FROM p.output OR (c.output > p.output AND p.input > 0)))
        OR (sum(c.input) = p.input AND sum(c.output) = p.output)
    UNION ALL
    SELECT c.record_id, p.record_id AS heir
    FROM spans p JOIN spans c ON c.parent_span_key = p.span_key AND c.record_id <> p.record_id
    WHERE p.input IS NOT NULL AND (c.input IS NULL OR (c.input = p.input AND c.output < p.output AND p.input > 0))"""

_WITHOUT_REPEATS = "DELETE FROM kept WHERE record_id IN (SELECT record_id FROM repeats)"

# A key of fragments is not always a call's own: a batch's ids are unique only within the batch. Where fragments of one key
# tell of different prompts, none of them is believed.
_FRAGMENTS = f"""
    CREATE OR REPLACE TEMP TABLE fragments AS
    SELECT link_key, record_id, {RANK} AS rank
    FROM records JOIN scope f USING (file_id)
    WHERE is_fragment
    QUALIFY count(DISTINCT prompt_id) OVER (PARTITION BY link_key) <= 1"""

_TOLD = f"""
    CREATE OR REPLACE TEMP TABLE told AS
    SELECT k.record_id AS kept_id, r.record_id, {RANK} AS rank
    FROM identified r JOIN scope f USING (file_id) JOIN kept k USING (call_key)
    WHERE NOT r.is_fragment AND r.record_id <> k.record_id
    UNION ALL
    SELECT heir AS kept_id, r.record_id, 1 AS rank
    FROM repeats r SEMI JOIN kept k ON k.record_id = r.heir
    UNION ALL
    SELECT DISTINCT k.record_id AS kept_id, t.record_id, 0 AS rank
    FROM identified r JOIN kept k USING (call_key) JOIN fragments t USING (link_key)
    WHERE NOT r.is_fragment"""

_FILLED_COLUMNS = (
    "started_at", "latency_ms", "provider_name", "request_model", "response_model", "user_id", "conversation", "operation",
    "service_tier", "logged_cost", "finish_reason", "previous_key",
)  # fmt: skip
_USAGE_COLUMNS = (
    "input_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens", "cache_write_1h_input_tokens",
    "output_tokens", "reasoning_output_tokens", "usage_state", "usage_rule",
)  # fmt: skip
_PROMPT_COLUMNS = (
    "prompt_id", "system_id", "tools_id", "messages", "format_tokens", "visible_input_tokens", "definition_tokens",
    "media", "encoding", "encoding_is_exact",
)  # fmt: skip

_KNOWN_USAGE = (
    """list_position(['missing', 'estimated', 'output_lower_bound', 'cache_split_unknown', 'exact'], {state})"""
)
_OWN_USAGE, _OTHER_USAGE = (_KNOWN_USAGE.format(state=f"{table}.usage_state") for table in ("own", "r"))

_FILLED = f"""
    CREATE OR REPLACE TEMP TABLE filled AS
    SELECT kept_id,
        {", ".join(f"arg_max(r.{name}, rank) FILTER (r.{name} IS NOT NULL) AS {name}" for name in _FILLED_COLUMNS)},
        arg_max(r.feature, rank) FILTER (r.feature IS NOT NULL) AS feature,
        arg_max(r.feature_from, rank) FILTER (r.feature IS NOT NULL) AS feature_from,
        arg_max(r.record_id, rank) FILTER (r.messages > 0 AND own.messages = 0) AS prompt_from,
        arg_max(r.record_id, rank) FILTER (r.visible_output_tokens > 0 AND own.visible_output_tokens = 0) AS answer_from,
        arg_max(r.record_id, ({_OTHER_USAGE}, rank)) FILTER ({_OTHER_USAGE} > {_OWN_USAGE}) AS usage_from
    FROM told t JOIN records r USING (record_id) JOIN records own ON own.record_id = t.kept_id
    GROUP BY kept_id"""

_BORROWED = """
    CREATE OR REPLACE TEMP TABLE borrowed AS
    SELECT kept_id, prompt_from AS record_id, false AS is_answer FROM filled WHERE prompt_from IS NOT NULL
    UNION ALL
    SELECT kept_id, answer_from, true FROM filled WHERE answer_from IS NOT NULL"""

SELECT_KEPT = (_RENAMED, _IDENTIFIED, _KEPT, _SPANS, _REPEATS, _WITHOUT_REPEATS, _FRAGMENTS, _TOLD, _FILLED, _BORROWED)
"""Run once for a scope, before anything below is scanned."""

_AFTER_THE_PROMPT = 1 << 20
"""Added to the places of an answer that stands in another record than its prompt: longer prompts have no parts."""


def _taken(names: tuple[str, ...], table: str, source: str) -> str:
    return ", ".join(f"CASE WHEN f.{source} IS NULL THEN r.{name} ELSE {table}.{name} END AS {name}" for name in names)


CALLS = f"""
    SELECT r.* REPLACE (
        {", ".join(f"coalesce(r.{name}, f.{name}) AS {name}" for name in (*_FILLED_COLUMNS, "feature"))},
        CASE WHEN r.feature IS NULL THEN f.feature_from ELSE r.feature_from END AS feature_from,
        {_taken(_USAGE_COLUMNS, "u", "usage_from")},
        {_taken(_PROMPT_COLUMNS, "p", "prompt_from")},
        {_taken(("visible_output_tokens",), "a", "answer_from")},
        CASE WHEN f.prompt_from IS NULL AND f.answer_from IS NULL THEN r.closing_id
             WHEN f.prompt_from = f.answer_from THEN p.closing_id END AS closing_id),
        s.name AS file_name
    FROM records r JOIN kept USING (record_id) JOIN scope s USING (file_id)
    LEFT JOIN filled f ON f.kept_id = r.record_id
    LEFT JOIN records p ON p.record_id = f.prompt_from
    LEFT JOIN records a ON a.record_id = f.answer_from
    LEFT JOIN records u ON u.record_id = f.usage_from"""
"""One row a call, with what other records tell of it."""

_PLACE = f"CASE WHEN p.is_answer THEN p.position + {_AFTER_THE_PROMPT} ELSE p.position END AS position"

PARTS = f"""
    SELECT p.* FROM parts p SEMI JOIN kept USING (record_id) ANTI JOIN borrowed b ON b.kept_id = p.record_id
    UNION ALL BY NAME
    SELECT p.* REPLACE ({_PLACE}) FROM parts p SEMI JOIN borrowed b ON b.kept_id = p.record_id
    ANTI JOIN borrowed b ON b.kept_id = p.record_id AND b.is_answer = p.is_answer
    UNION ALL BY NAME
    SELECT p.* REPLACE (b.kept_id AS record_id, {_PLACE})
    FROM parts p JOIN borrowed b ON b.record_id = p.record_id AND b.is_answer = p.is_answer"""
"""The parts of the calls, borrowed ones under the id of the call."""

PER_FILE = """
    SELECT file_id, count(*) AS records, count(k.record_id) AS calls, count(*) FILTER (r.is_fragment) AS fragments,
        count(x.record_id) AS repeats
    FROM records r JOIN scope USING (file_id) LEFT JOIN kept k USING (record_id)
    LEFT JOIN (SELECT DISTINCT record_id FROM repeats) x USING (record_id)
    GROUP BY file_id"""
"""What became of the records of each file; what is none of these is a duplicate."""

USED = "(SELECT record_id FROM kept UNION SELECT record_id FROM borrowed)"
"""The records whose texts are used."""
