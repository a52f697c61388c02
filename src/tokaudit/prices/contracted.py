"""What does the user pay where the price list says something else?

The contracted rates of a call are the user's own where a table of them fits, else the published ones less the discounts that
fit, else the published ones. Of several terms that fit, those hold that name the call more closely: its model before its
provider, its provider before its tier. Calls that a commitment pays for cost nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Context, Decimal

from tokaudit.prices.catalogue import published_rates
from tokaudit.prices.fitting import Call, CallKey, call_of, closeness, closest_first
from tokaudit.prices.rates import INPUT_CLASSES, OUTPUT_CLASSES, RATED, TOKEN_CLASSES, UNIT_CLASSES, RateCard
from tokaudit.prices.terms import Commitment, Discount, ModelName, Scope, UserPrices, UserRate

MATCHED_BY = "your rates"
RESERVED_RULE = "no rate per token for reserved capacity: standard rates"
_ANY_LENGTH = -1
_EXACT = Context(prec=60)
_PER_MILLION = Decimal("1E-18")
_PER_UNIT = Decimal("1E-24")
"""The ledger's money has 24 decimals (`rates.MONEY`); a discounted rate is rounded to them."""


def resolve(name: str, prices: UserPrices) -> ModelName | None:
    """Return the model that the user's aliases say a name in the logs stands for.

    >>> resolve("My-GPT", UserPrices(aliases={"my-gpt": ModelName("azure", "gpt-4o")}))
    ModelName(provider_name='azure', model='gpt-4o')
    """
    return prices.aliases.get(name.casefold())


def _paying(prices: UserPrices, call: Call) -> Commitment | None:
    paying = [one for one in prices.commitments if one.covers == "calls"]
    return next(iter(closest_first(paying, call)), None)


def covers_calls(
    key: CallKey, prices: UserPrices, listed: RateCard | None = None, logged_name: str | None = None
) -> Commitment | None:
    """Return the commitment that pays for a call, if one does: the one that names it most closely.

    listed: a published card of the call. logged_name: the name in the log where an alias led to the key's.
    """
    return _paying(prices, call_of(key, listed, logged_name))


def listed_cards(name: ModelName, key: CallKey, prices: UserPrices, logged_name: str | None = None) -> list[RateCard]:
    """Return the published cards of a call under a model's name, [] = none.

    Reserved capacity has no rate per token. Where a commitment pays for it, the list is what the calls would have cost
    without: the standard rates.
    """
    cards = published_rates(name.provider_name, name.model, key.service_tier, key.region, key.moment)
    if cards or key.service_tier is None:
        return cards
    standard = published_rates(name.provider_name, name.model, None, key.region, key.moment)
    paying = covers_calls(key, prices, standard[0], logged_name) if standard else None
    return [replace(card, rules=(*card.rules, RESERVED_RULE)) for card in standard] if paying else []


def fitting_commitments(key: CallKey, prices: UserPrices, priced: ModelName) -> list[Commitment]:
    """Return the commitments that a priced call counts against, the closest first; of those that pay for calls, one.

    priced: the model by whose rates it was priced.
    """
    fitting = closest_first(prices.commitments, call_of(key, RateCard(priced.provider_name, priced.model, {}, "")))
    paying = next((one for one in fitting if one.covers == "calls"), None)
    return [one for one in fitting if one.covers == "usage" or one is paying]


def _start_of(scope: Scope) -> datetime | None:
    return datetime.combine(scope.start, time(), UTC) if scope.start else None


def _full(given: Mapping[str, Decimal], units: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Give each class a rate: media, cache and reasoning cost as text where nothing else is agreed, units as listed."""
    return {
        **{name: given.get(name, given["uncached_input"]) for name in INPUT_CLASSES},
        **{name: given.get(name, given["output"]) for name in OUTPUT_CLASSES},
        **{name: given.get(name, units[name]) for name in UNIT_CLASSES},
    }


def _less(rate: Decimal, percent: Decimal, step: Decimal) -> Decimal:
    left = _EXACT.divide(_EXACT.subtract(Decimal(100), percent), Decimal(100))
    return min(rate, _EXACT.multiply(rate, left).quantize(step, context=_EXACT).normalize(_EXACT))


def _percent(amount: Decimal) -> str:
    return f"{amount.normalize(_EXACT):f}%"


def _discounted(card: RateCard, discounts: Sequence[Discount]) -> RateCard:
    """Take off each class what the closest discount says. discounts: the closest first."""
    by_class = {name: next((one for one in discounts if name in one.classes), None) for name in RATED}
    taken = list(dict.fromkeys(one for one in by_class.values() if one))
    if not taken:
        return card
    rates = {
        name: _less(card.rates[name], one.percent, _PER_MILLION if name in TOKEN_CLASSES else _PER_UNIT)
        if one
        else card.rates[name]
        for name, one in by_class.items()
    }
    said = ", ".join(f"{_percent(one.percent)} off ({one.source})" for one in taken)
    return replace(card, rates=rates, source=f"{card.source}, {said}")


def _own_at(fitting: Sequence[UserRate], call: Call, length: int) -> UserRate | None:
    """Choose the table for prompts just longer than a length. fitting: the closest first."""
    reaching = [one for one in fitting if one.above_input_tokens <= length]
    if not reaching:
        return None
    best = closeness(reaching[0].scope, call)
    equals = [one for one in reaching if closeness(one.scope, call) == best]
    return max(equals, key=lambda one: one.above_input_tokens)


def _unlisted(own: UserRate, key: CallKey) -> RateCard:
    provider = own.scope.provider_name or key.provider_name
    free = dict.fromkeys(UNIT_CLASSES, Decimal(0))
    return RateCard(provider, own.scope.model or "", free, own.source, MATCHED_BY)


def _own_card(own: UserRate, card: RateCard, above: int) -> RateCard:
    """Put a table's rates in the place of a card's. card: what is paid for the units that the table leaves out."""
    return replace(
        card,
        rates=_full(own.rates, card.rates),
        source=own.source,
        rules=(),
        effective_from=_start_of(own.scope),
        above_input_tokens=above,
        has_cache_rate="cache_read" in own.rates,
    )


def _at(cards: Sequence[RateCard], length: int) -> RateCard | None:
    reaching = [card for card in cards if card.above_input_tokens <= length]
    return max(reaching, key=lambda card: card.above_input_tokens) if reaching else None


def _covered(card: RateCard, commitment: Commitment) -> RateCard:
    free = dict.fromkeys(RATED, Decimal(0))
    return replace(card, rates=free, source=f"covered by {commitment.name} ({commitment.source})", rules=())


def paired_cards(
    key: CallKey, list_cards: Sequence[RateCard], prices: UserPrices, logged_name: str | None = None
) -> list[tuple[RateCard, RateCard]]:
    """Pair each list card with what the user pays, one pair a range of prompt lengths, the shortest first.

    list_cards: the published ones of the key, [] = unknown; then the user's own rates are the list. logged_name: the name in
    the log where an alias led to the key's. [] = neither the list nor the user has a rate for prompts of any length.
    """
    call = call_of(key, list_cards[0] if list_cards else None, logged_name)
    own = closest_first(prices.rates, call)
    discounts = closest_first(prices.discounts, call)
    commitment = _paying(prices, call)
    starts = {card.above_input_tokens for card in list_cards} | {one.above_input_tokens for one in own}
    pairs = []
    for above in sorted({_ANY_LENGTH, *starts}):
        published, rate = _at(list_cards, above), _own_at(own, call, above)
        listed = replace(published, above_input_tokens=above) if published else None
        contracted = _discounted(listed, discounts) if listed else None
        if rate:
            contracted = _own_card(rate, contracted or _unlisted(rate, key), above)
        if contracted is None:
            return []
        pairs.append((listed or contracted, _covered(contracted, commitment) if commitment else contracted))
    return pairs


def contracted_cards(
    key: CallKey, list_cards: Sequence[RateCard], prices: UserPrices, logged_name: str | None = None
) -> list[RateCard]:
    """Return what the user pays, one card a range of prompt lengths (as `paired_cards`)."""
    return [contracted for _, contracted in paired_cards(key, list_cards, prices, logged_name)]
