"""What is each file, what can it show and what not, and what should be switched on at the source to see more?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tokaudit.ingest.survey import ABILITIES, FileSurvey, FormatSurvey, ModelKey
from tokaudit.prices.quotes import NO_PRICES, PriceKey, quote
from tokaudit.prices.rates_file import UserPrices
from tokaudit.readers.contract import Ability

NO_RECORDS = "it holds no records"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AbilityFound:
    """How many of a format's calls show what an ability needs.

    share      0-1 of the calls
    limit      what no export of this format can show of it, whatever its calls show; None = nothing is known to be missing
    switch_on  what to switch on at the source to see more; None where all calls show it, or nothing helps
    """

    ability: Ability
    share: float
    limit: str | None
    switch_on: str | None


@dataclass(frozen=True, slots=True)
class FormatFound:
    """The records of one format in a file.

    unpriced         reason -> model -> calls that have no price; the model is empty where none is named
    """

    reader: str
    title: str
    sign: str
    calls: int
    fragments: int
    asides: Mapping[str, int]
    first_call: datetime | None
    last_call: datetime | None
    undated: int
    usage_state: Mapping[str, int]
    usage_rules: Mapping[str, int]
    unpriced: Mapping[str, Mapping[str, int]]
    abilities: tuple[AbilityFound, ...]


@dataclass(frozen=True, slots=True)
class RejectsFound:
    """Records that could not be kept for one reason."""

    reason: str
    count: int
    first_lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FileFound:
    """One file.

    layers    what it is packed in and how its records are cut
    refused   why nothing of it can be read
    repeated  calls that stand earlier in it or in an earlier file: they count once
    unknown   the names of the columns or keys of the first record that no reader knows
    """

    file: str
    bytes: int
    layers: tuple[str, ...]
    refused: str | None
    blanks: int
    formats: tuple[FormatFound, ...]
    unnamed: Mapping[str, int]
    rejects: tuple[RejectsFound, ...]
    columns: Mapping[str, str]
    repeated: int = 0
    unknown: tuple[str, ...] = ()


def found_in(survey: FileSurvey, prices: UserPrices = NO_PRICES) -> FileFound:
    """Judge what a survey of a file counted. prices: the user's own, by which more models have a price."""
    formats = sorted(survey.formats.values(), key=lambda own: (-own.calls, own.reader.name))
    return FileFound(
        file=survey.name,
        bytes=survey.bytes,
        layers=survey.layers,
        refused=survey.refused or _nothing_to_audit(survey),
        blanks=survey.blanks,
        formats=tuple(_format(own, prices) for own in formats),
        unnamed=dict(sorted(survey.unnamed.items())),
        rejects=tuple(
            RejectsFound(reason, rejects.count, tuple(rejects.first_lines))
            for reason, rejects in sorted(survey.rejects.items(), key=lambda item: (-item[1].count, item[0]))
        ),
        columns=survey.columns,
        repeated=survey.repeated,
        unknown=survey.unknown,
    )


def _nothing_to_audit(survey: FileSurvey) -> str | None:
    told = any(own.calls or own.fragments for own in survey.formats.values())
    if told:
        return None
    if not survey.rejects:
        is_empty = not (survey.formats or survey.unnamed)
        return NO_RECORDS if is_empty else None
    reason = max(survey.rejects, key=lambda reason: survey.rejects[reason].count)
    return reason if len(survey.rejects) == 1 else f"no call could be read; most often: {reason}"


def _format(own: FormatSurvey, prices: UserPrices) -> FormatFound:
    return FormatFound(
        reader=own.reader.name,
        title=own.reader.title,
        sign=own.reader.sign,
        calls=own.calls,
        fragments=own.fragments,
        asides=dict(sorted(own.asides.items())),
        first_call=_moment(own.first_at),
        last_call=_moment(own.last_at),
        undated=own.undated,
        usage_state=dict(sorted(own.usage_states.items())),
        usage_rules=dict(sorted(own.usage_rules.items())),
        unpriced=_unpriced(own, prices),
        abilities=tuple(_ability(own, ability) for ability in ABILITIES) if own.calls else (),
    )


def _ability(own: FormatSurvey, ability: Ability) -> AbilityFound:
    share = own.shown[ability] / own.calls
    switch_on = own.reader.switch_on.get(ability) if share < 1 else None
    return AbilityFound(ability, share, own.reader.limits.get(ability), switch_on)


def _unpriced(own: FormatSurvey, prices: UserPrices) -> Mapping[str, Mapping[str, int]]:
    """Count the calls of models without a rate when they were last called: reason -> model -> calls."""
    unpriced: dict[str, Counter[str]] = {}
    for model, calls in own.models.items():
        key = PriceKey(*model, None, None, _moment(own.priced_at.get(model)))
        row = quote([key], prices).row(0, named=True)
        if row["list_rate_output"] is None:
            unpriced.setdefault(row["price_source"], Counter())[_name(model)] += calls
    return {reason: dict(sorted(models.items())) for reason, models in sorted(unpriced.items())}


def _name(model: ModelKey) -> str:
    _, asked, served = model
    return served or asked or ""


def _moment(at: int | None) -> datetime | None:
    return None if at is None else _EPOCH + timedelta(microseconds=at)
