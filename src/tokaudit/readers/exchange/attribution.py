"""For what and for whom was a gateway's call, by the names that the team itself gave?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tokaudit.readers.contract import ReadOptions
from tokaudit.readers.exchange.envelope import envelope, gather
from tokaudit.readers.exchange.pair import Layer
from tokaudit.readers.values.feature_names import feature_of
from tokaudit.schema import Json, Record

_FIELDS = ("feature", "user_id", "conversation_id")


class Attribution(NamedTuple):
    """Whom and what a call was for; feature_from is the path where its name stood."""

    feature: str | None
    feature_from: str | None
    user_id: str | None
    conversation_id: str | None


def attribution(
    record: Record, options: ReadOptions, own: Sequence[Layer], named: Iterable[tuple[str, Json]] = ()
) -> Attribution:
    """Read the team's own keys, which stand in the layers `own`.

    named  the platform's own names for what a call was for (a key, a consumer): path and value, the best first; they
           count where no key of the team's names a use case
    """
    found = gather(own, options.columns)
    if options.columns:
        stated = gather((("", record),), options.columns)
        found |= {field: item for field, item in stated.items() if item.rank < 0}
    around = envelope({field: found[field] for field in _FIELDS if field in found}, options.timezone)
    feature, feature_from = around.feature, around.feature_from
    if feature is None:
        usual = ((name, path) for path, value in named if (name := feature_of(value)))
        feature, feature_from = next(usual, (None, None))
    return Attribution(feature, feature_from, around.user_id, around.conversation_id)
