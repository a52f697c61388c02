"""Which scenarios come with the tool?

`support-bot` is the price-page example: 10,000 queries a day of 200 tokens in and 300 out at $1 and $3 a million, that
is $330 in 30 days; then $150 of system prompt, $360 of documents, $42 of retries, and the conversations.
`mixed` is a company with five features on published models.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tokaudit.schema import Json
from tokaudit.simulation.scenario import Feature

SUPPORT_BOT = Feature(
    name="support-bot",
    model="support-bot-1",
    input_usd_per_million=Decimal("1.00"),
    output_usd_per_million=Decimal("3.00"),
    documents=3,
    mean_turns=Decimal("2.5"),
    retry_share=Decimal("0.05"),
    private=True,
)


def _tool(name: str, description: str, **properties: str) -> Json:
    schema = {key: {"type": "string", "description": text} for key, text in properties.items()}
    parameters = {"type": "object", "properties": schema, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


_ORDER_TOOLS = [
    _tool("find_order", "Find an order by its reference", reference="The reference as the customer wrote it"),
    _tool("book_pickup", "Book a pickup of a parcel", reference="The order", day="The day, as YYYY-MM-DD"),
    _tool("open_case", "Open a repair case", reference="The order", fault="What is broken, in one sentence"),
]
_MAIL_FIELDS = ("order", "thing", "fault", "wish")
_MAIL_FORM = {
    "type": "json_schema",
    "json_schema": {
        "name": "mail",
        "schema": {"type": "object", "properties": {field: {"type": "string"} for field in _MAIL_FIELDS}},
    },
}

# Rates: OpenAI's price page, read 2026-11.
_MIXED = (
    Feature(
        name="ticket-classifier",
        model="gpt-4o",
        input_usd_per_million=Decimal("2.50"),
        cache_read_usd_per_million=Decimal("1.25"),
        output_usd_per_million=Decimal("10.00"),
        queries_per_day=4_000,
        question_tokens=120,
        system_tokens=700,
        answers="label",
        retry_share=Decimal("0.01"),
    ),
    Feature(
        name="mail-extractor",
        model="gpt-4.1-mini",
        input_usd_per_million=Decimal("0.40"),
        cache_read_usd_per_million=Decimal("0.10"),
        output_usd_per_million=Decimal("1.60"),
        queries_per_day=2_000,
        question_tokens=350,
        system_tokens=400,
        answers="fields",
        response_format=_MAIL_FORM,
        retry_share=Decimal("0.08"),
    ),
    Feature(
        name="order-agent",
        model="gpt-4.1",
        input_usd_per_million=Decimal("2.00"),
        cache_read_usd_per_million=Decimal("0.50"),
        output_usd_per_million=Decimal("8.00"),
        queries_per_day=3_000,
        question_tokens=80,
        answer_tokens=60,
        system_tokens=900,
        mean_turns=Decimal(5),
        most_turns=12,
        tools=_ORDER_TOOLS,
        caches=True,
    ),
    Feature(
        name="shop-chat",
        model="gpt-4o",
        input_usd_per_million=Decimal("2.50"),
        cache_read_usd_per_million=Decimal("1.25"),
        output_usd_per_million=Decimal("10.00"),
        queries_per_day=3_000,
        question_tokens=60,
        answer_tokens=180,
        system_tokens=1_100,
        mean_turns=Decimal(4),
        retry_share=Decimal("0.02"),
        caches=True,
    ),
    Feature(
        name="manual-search",
        model="gpt-4.1-mini",
        input_usd_per_million=Decimal("0.40"),
        cache_read_usd_per_million=Decimal("0.10"),
        output_usd_per_million=Decimal("1.60"),
        queries_per_day=2_500,
        question_tokens=40,
        answer_tokens=150,
        system_tokens=300,
        documents=5,
        document_tokens=300,
    ),
)

SCENARIOS: Mapping[str, tuple[Feature, ...]] = {"support-bot": (SUPPORT_BOT,), "mixed": _MIXED}

DEFAULT_SCENARIO, DEFAULT_SEED, DEFAULT_MONTH = "support-bot", 1, "2026-09"
"""The month that ships in `fixtures/`."""
