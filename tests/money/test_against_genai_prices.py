"""Do a multiplication and a join cost every call what genai-prices itself says of it, one by one?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from genai_prices import Usage as TheirUsage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, Provider
from hypothesis import given, settings
from hypothesis import strategies as st

from money.pricing import priced
from tokaudit.schema import Call, Usage

MODELS = [(provider, model) for provider in get_snapshot().providers for model in provider.models]
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
TIERS = (None, None, None, "batch", "flex", "priority")


def _parts(rng: Random, whole: int, count: int) -> list[int]:
    """Cut some parts off a whole; often none."""
    parts = []
    for _ in range(count):
        part = rng.choice((0, 0, rng.randint(0, whole)))
        parts.append(part)
        whole -= part
    return parts


def _usage(rng: Random) -> tuple[Usage, TheirUsage]:
    whole, answer = rng.choice((rng.randint(0, 3000), rng.randint(100_000, 600_000))), rng.randint(0, 9000)
    read, short, long, audio, image = _parts(rng, whole, 5)
    heard, seen = _parts(rng, read, 2)
    spoken, drawn, thought = _parts(rng, answer, 3)
    searches, lookups = rng.choice((0, 3)), rng.choice((0, 2))
    ours = Usage(
        whole, answer, read, short, long, thought, audio + heard, spoken, input_image_tokens=image + seen,
        cache_read_audio_tokens=heard, cache_read_image_tokens=seen, output_image_tokens=drawn, web_searches=searches,
        file_searches=lookups,
    )  # fmt: skip
    theirs = TheirUsage(
        input_tokens=whole, output_tokens=answer, cache_read_tokens=read, cache_write_tokens=short + long,
        cache_write_5m_tokens=short, cache_write_1h_tokens=long, input_audio_tokens=audio + heard,
        input_image_tokens=image + seen, cache_audio_read_tokens=heard, cache_image_read_tokens=seen,
        output_audio_tokens=spoken, output_image_tokens=drawn, output_reasoning_tokens=thought, web_searches=searches,
        storage_searches=lookups,
    )  # fmt: skip
    return ours, theirs


def _their_cost(
    provider: Provider, model: ModelInfo, usage: TheirUsage, moment: datetime, tier: str | None
) -> Decimal | None:
    context = {"service_tier": tier, "processing": tier} if tier else None
    price = model.calc_price(usage, provider, genai_request_timestamp=moment, price_context=context)
    return price.total_price


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_thousand_random_calls_cost_what_genai_prices_says(seed: int) -> None:
    rng = Random(seed)
    drawn = []
    for _ in range(1000):
        provider, model = rng.choice(MODELS)
        moment = FIRST + timedelta(seconds=rng.randint(0, 3 * 365 * 86400))
        drawn.append((provider, model, moment, rng.choice(TIERS), *_usage(rng)))
    calls = [
        Call("log", started_at=int(moment.timestamp()) * 1_000_000, provider_name=provider.id, request_model=model.id,
             service_tier=tier, usage=ours)
        for provider, model, moment, tier, ours, _ in drawn
    ]  # fmt: skip
    rows = priced(calls).iter_rows(named=True)
    compared = 0
    for row, (provider, model, moment, tier, _, theirs) in zip(rows, drawn, strict=True):
        # A published rule of ours prices batches from before the day on which genai-prices verified them.
        has_rule = row["price_rules"] and not row["price_rules"].startswith("no rate is published for tier")
        if has_rule or row["list_cost"] is None or row["is_free"]:
            continue
        assert (row["priced_provider"], row["priced_model"]) == (provider.id, model.id)
        assert row["list_cost"] == _their_cost(provider, model, theirs, moment, tier), (provider.id, model.id, moment)
        compared += 1
    assert compared > 850
