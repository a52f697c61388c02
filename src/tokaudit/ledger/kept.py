"""Which records are calls, each once, and which others tell more of them?

A call may stand in several records: doubled lines, two sinks, re-exports, a span that repeats the span below it, a table
beside the calls. One record is kept for each call; what it leaves open is filled in from the others. SQL, since the ledger
may be larger than the memory. The statements fill temporary tables, in this order:

renamed   call_key, root: keys of one call that two formats identify in different ways
kept      call_key, record_id: the fullest record of each call, then the latest; spans that only repeat calls below them are
          taken out again (module `repeats`)
told      kept_id, record_id, rank: other records of a kept call
borrowed  kept_id, record_id, is_answer: whose texts stand for the prompt, or the answer, of a call that logs none itself
filled    kept_id and the values found in other records
"""

from __future__ import annotations

from tokaudit.ledger.repeats import LEVELS, REPEATS, WEAK_NAMES

RANK = "(fullness::BIGINT << 56) + (f.rank << 38) + line"
"""The fullest record first, then the latest file and line."""

# A gateway's log may go by an id of its own: the provider's id of the answer, where both have it, makes the two one call.
# Ids this short are drawn from so few that they come back. So does the span, which two exporters may write, or a log record
# beside it; as ids of spans may be made up, the counts or the time must be the same too.
_RENAMED = """
    CREATE OR REPLACE TEMP TABLE renamed AS
    WITH own AS (SELECT * FROM records SEMI JOIN scope USING (file_id) WHERE NOT is_fragment),
    named AS (
        SELECT call_key, hash('answer', response_id) AS name FROM own WHERE length(response_id) >= 16
        UNION
        SELECT call_key, hash('counts', span_key, input_tokens, output_tokens) FROM own
        WHERE span_key IS NOT NULL AND input_tokens + output_tokens > 0
        UNION
        SELECT call_key, hash('time', span_key, started_at // 1000) FROM own
        WHERE span_key IS NOT NULL AND started_at IS NOT NULL
    ), roots AS (
        SELECT name, min(call_key) AS root FROM named GROUP BY name HAVING count(DISTINCT call_key) > 1
    ), once AS (
        SELECT call_key, min(root) AS root FROM named JOIN roots USING (name) GROUP BY call_key
    )
    SELECT call_key, coalesce(further.root, once.root) AS root
    FROM once LEFT JOIN (SELECT call_key AS root_key, root FROM once) further ON further.root_key = once.root"""

_IDENTIFIED = """
    CREATE OR REPLACE TEMP VIEW identified AS
    SELECT r.* REPLACE (coalesce(n.root, r.call_key) AS call_key) FROM records r LEFT JOIN renamed n USING (call_key)"""

_KEPT = f"""
    CREATE OR REPLACE TEMP TABLE kept AS
    SELECT call_key, arg_max(record_id, (o.record_id IS NULL, {RANK})) AS record_id
    FROM identified JOIN scope f USING (file_id) LEFT JOIN outside o USING (record_id)
    WHERE NOT is_fragment GROUP BY call_key"""

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
    "service_tier", "region", "logged_cost", "finish_reason", "previous_key", "gateway_retries", "gateway_tried",
)  # fmt: skip
_USAGE_COLUMNS = (
    "input_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens", "cache_write_1h_input_tokens",
    "output_tokens", "reasoning_output_tokens", "input_audio_tokens", "input_image_tokens", "input_video_tokens",
    "cache_read_audio_tokens", "cache_read_image_tokens", "output_audio_tokens", "output_image_tokens", "web_searches",
    "file_searches", "audio_ms", "usage_state", "usage_rule",
)  # fmt: skip
_PROMPT_COLUMNS = (
    "prompt_id", "system_id", "tools_id", "messages", "format_tokens", "tool_call_tokens", "visible_input_tokens",
    "definition_tokens", "media", "encoding", "encoding_is_exact", "is_correction",
)  # fmt: skip

_KNOWN_USAGE = (
    """list_position(['missing', 'estimated', 'output_lower_bound', 'cache_split_unknown', 'exact'], {state})"""
)
_OWN_USAGE, _OTHER_USAGE = (_KNOWN_USAGE.format(state=f"{table}.usage_state") for table in ("own", "r"))

_OF_ONE_CALL = "NOT coalesce(o.is_sum, false)"
"""What a span says of all its calls together is not that of one of them."""


def _filled(name: str) -> str:
    condition = f" AND {_OF_ONE_CALL}" if name in ("latency_ms", "logged_cost") else ""
    return f"arg_max(r.{name}, rank) FILTER (r.{name} IS NOT NULL{condition}) AS {name}"


_FILLED = f"""
    CREATE OR REPLACE TEMP TABLE filled AS
    SELECT kept_id,
        {", ".join(_filled(name) for name in _FILLED_COLUMNS)},
        arg_max(r.feature, rank) FILTER (r.feature IS NOT NULL) AS feature,
        arg_max(r.feature_from, rank) FILTER (r.feature IS NOT NULL) AS feature_from,
        arg_max(r.record_id, rank) FILTER ({_OF_ONE_CALL} AND r.messages > 0 AND own.messages = 0) AS prompt_from,
        arg_max(r.record_id, rank) FILTER (
            {_OF_ONE_CALL} AND r.visible_output_tokens > 0 AND own.visible_output_tokens = 0) AS answer_from,
        arg_max(r.record_id, ({_OTHER_USAGE}, rank)) FILTER (
            {_OF_ONE_CALL} AND {_OTHER_USAGE} > {_OWN_USAGE}) AS usage_from
    FROM told t JOIN records r USING (record_id) JOIN records own ON own.record_id = t.kept_id
    LEFT JOIN outside o ON o.record_id = r.record_id
    GROUP BY kept_id"""

_BORROWED = """
    CREATE OR REPLACE TEMP TABLE borrowed AS
    SELECT kept_id, prompt_from AS record_id, false AS is_answer FROM filled WHERE prompt_from IS NOT NULL
    UNION ALL
    SELECT kept_id, answer_from, true FROM filled WHERE answer_from IS NOT NULL"""

SELECT_KEPT = (_RENAMED, _IDENTIFIED, *LEVELS, _KEPT, *REPEATS, _FRAGMENTS, _TOLD, _FILLED, _BORROWED)
"""Run once for a scope, before anything below is scanned."""

_AFTER_THE_PROMPT = 1 << 20
"""Added to the places of an answer that stands in another record than its prompt: longer prompts have no parts."""


def _taken(names: tuple[str, ...], table: str, source: str) -> str:
    return ", ".join(f"CASE WHEN f.{source} IS NULL THEN r.{name} ELSE {table}.{name} END AS {name}" for name in names)


_AROUND_COLUMNS = ("user_id", "conversation")


def _found(name: str) -> str:
    around = f", up.{name}" if name in _AROUND_COLUMNS else ""
    return f"coalesce(r.{name}, f.{name}{around}) AS {name}"


def _named(name: str) -> str:
    return f"""CASE WHEN r.feature_from NOT IN ({WEAK_NAMES}) THEN r.{name}
        WHEN f.feature_from NOT IN ({WEAK_NAMES}) THEN f.{name}
        WHEN up.feature IS NOT NULL THEN up.{name} WHEN r.feature IS NOT NULL THEN r.{name} ELSE f.{name} END AS {name}"""


def _named_by(source: str) -> str:
    """Return the few records that others name: a join with all of them would hold the whole table."""
    return f"(SELECT * FROM records WHERE record_id IN (SELECT {source} FROM filled))"


CALLS = f"""
    SELECT r.* REPLACE (
        {", ".join(map(_found, _FILLED_COLUMNS))}, {_named("feature")}, {_named("feature_from")},
        {_taken(_USAGE_COLUMNS, "u", "usage_from")},
        {_taken(_PROMPT_COLUMNS, "p", "prompt_from")},
        {_taken(("visible_output_tokens",), "a", "answer_from")},
        CASE WHEN f.prompt_from IS NULL AND f.answer_from IS NULL THEN r.closing_id
             WHEN f.prompt_from = f.answer_from THEN p.closing_id END AS closing_id),
        s.name AS file_name
    FROM records r JOIN kept USING (record_id) JOIN scope s USING (file_id)
    LEFT JOIN filled f ON f.kept_id = r.record_id
    LEFT JOIN around up ON up.call_key = kept.call_key
    LEFT JOIN {_named_by("prompt_from")} p ON p.record_id = f.prompt_from
    LEFT JOIN {_named_by("answer_from")} a ON a.record_id = f.answer_from
    LEFT JOIN {_named_by("usage_from")} u ON u.record_id = f.usage_from"""
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
