"""What did the provider add to a call from the conversation it kept itself?

A call of the Responses API may send its new turn alone and name the answer it goes on from: the turns before are billed and
stand in the calls before. The same holds for logs that write each turn once, such as those of coding agents. Each such call
is given one part that stands for all those turns, with their tokens as far as they were logged; the texts themselves stay
where they are, so that a conversation of n turns costs n rows. Instructions and tools of earlier calls are not carried over.

called    the calls that take part in a chain
carried   record_id, parent_id, tokens, messages: what was sent and answered before each of them
"""

from __future__ import annotations

from tokaudit.ledger.store import Ledger
from tokaudit.ledger.tables import RESPONSE_SCHEMA, ROLES, TEXT, TOOLS
from tokaudit.tokens.chat_format import TOKENS_PER_MESSAGE

_SYSTEM, _ASSISTANT = ROLES.index("system"), ROLES.index("assistant")
_MOST_DOUBLINGS = 24
"""Steps that reach the beginning of a chain of 16 million turns; what goes on after that leads in a circle."""
_BEFORE_NEW = 1 << 20
"""Places by which the kept turns stand before the new one, and instructions and tools before them."""


def carry_history(ledger: Ledger, calls: str, parts: str) -> bool:
    """Fill the tables `called` and `carried`; say whether there is any chain. calls, parts: queries, see `kept`."""
    ledger.run(_CALLED.format(calls=calls))
    ledger.run(_SENT.format(parts=parts))
    ledger.run(_CARRIED)
    for _ in range(_MOST_DOUBLINGS):
        if not ledger.count("SELECT count(next_id) FROM carried"):
            break
        ledger.run(_DOUBLED)
    ledger.run("DELETE FROM carried WHERE next_id IS NOT NULL")
    return ledger.count("SELECT count(*) FROM carried") > 0


_CALLED = """
    CREATE OR REPLACE TEMP TABLE called AS
    SELECT record_id, call_key, previous_key, encoding FROM ({calls})
    WHERE previous_key IS NOT NULL OR call_key IN (SELECT previous_key FROM records WHERE previous_key IS NOT NULL)"""

_SENT = f"""
    CREATE OR REPLACE TEMP TABLE sent AS
    SELECT p.record_id, sum(t.tokens)::BIGINT AS tokens, count(DISTINCT (p.message, p.is_answer)) AS messages
    FROM ({{parts}}) p JOIN called c USING (record_id)
    LEFT JOIN contents t ON t.content_id = p.content_id AND t.encoding = c.encoding
    WHERE p.role <> {_SYSTEM} AND p.kind NOT IN ({TOOLS}, {RESPONSE_SCHEMA})
    GROUP BY p.record_id"""

_CARRIED = """
    CREATE OR REPLACE TEMP TABLE carried AS
    SELECT c.record_id, a.record_id AS parent_id, a.record_id AS next_id, coalesce(s.tokens, 0) AS tokens,
        coalesce(s.messages, 0) AS messages
    FROM called c JOIN called a ON a.call_key = c.previous_key LEFT JOIN sent s ON s.record_id = a.record_id"""

# Each step adds what the calls up to `next_id` carry themselves and goes as far again: log2(turns) steps in all.
_DOUBLED = """
    CREATE OR REPLACE TEMP TABLE carried AS
    SELECT c.record_id, c.parent_id, n.next_id, c.tokens + coalesce(n.tokens, 0) AS tokens,
        c.messages + coalesce(n.messages, 0) AS messages
    FROM carried c LEFT JOIN carried n ON n.record_id = c.next_id"""


def with_history_parts(parts: str) -> str:
    """Return the query of the parts of all calls, with one part for the turns that the provider kept. parts: a query."""
    return f"""
        SELECT p.* REPLACE (CASE WHEN c.record_id IS NOT NULL AND NOT is_answer AND role = {_SYSTEM}
                                 THEN position - 2 * {_BEFORE_NEW} ELSE position END AS position)
        FROM ({parts}) p LEFT JOIN carried c USING (record_id)
        UNION ALL BY NAME
        SELECT c.record_id, -{_BEFORE_NEW}::BIGINT AS position, {_BEFORE_NEW}::BIGINT AS message,
            {_ASSISTANT}::UTINYINT AS role, {TEXT}::UTINYINT AS kind, false AS is_answer, true AS is_earlier,
            c.record_id AS content_id, r.call_key AS prefix_id
        FROM carried c JOIN records r ON r.record_id = c.parent_id"""


def with_history_contents(contents: str) -> str:
    """Return the query of all texts, with what stands for the turns of each chain. contents: a query."""
    return f"""
        SELECT * FROM ({contents})
        UNION ALL BY NAME
        SELECT record_id AS content_id, encoding, tokens FROM carried JOIN called USING (record_id)"""


def with_history_counts(calls: str) -> str:
    """Return the query of all calls in which the counts of the prompt cover the turns that the provider kept.

    A call that others name is known by its name, not by its words: many chats begin with the same ones.
    """
    return f"""
        SELECT c.* REPLACE (
            c.visible_input_tokens + coalesce(h.tokens, 0) AS visible_input_tokens,
            c.messages + coalesce(h.messages, 0) AS messages,
            c.format_tokens + coalesce(h.messages, 0) * {TOKENS_PER_MESSAGE} AS format_tokens,
            coalesce(named.call_key, c.closing_id) AS closing_id)
        FROM ({calls}) c LEFT JOIN carried h USING (record_id)
        LEFT JOIN (SELECT DISTINCT previous_key AS call_key FROM called) named USING (call_key)"""
