"""Which call stands above which, and what do spans take over from those above them, within one record?

Linear in the number of spans: each span is looked at once on the way up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tokaudit.readers.tracing.otel.attribution import Attribution, attribution_of, inherited, own_name
from tokaudit.readers.tracing.otel.kinds import Kind
from tokaudit.readers.tracing.otel.span import Span


class Lineage:
    """The spans of one record by their ids, with their kinds."""

    def __init__(self, spans: Sequence[Span], kinds: Sequence[Kind], columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._spans = {span.key: span for span in spans if span.key is not None}
        self._calls = {
            span.key
            for span, kind in zip(spans, kinds, strict=True)
            if kind.operation is not None and span.key is not None
        }
        self._wrappers: set[str] = set()
        self._attributions: dict[str, Attribution] = {}
        self._callers: dict[str, str | None] = {}

    def _way_up(self, key: str, known: Mapping[str, object]) -> list[str]:
        """List a span and those above it, up to one that is known, one of another record, or one seen before."""
        way: dict[str, None] = {}
        at: str | None = key
        while at is not None and at in self._spans and at not in known and at not in way:
            way[at] = None
            at = self._spans[at].parent_key
        return list(way)

    def attribution(self, span: Span) -> Attribution:
        """Say what a span and those above it say of whom and what it is for."""
        if span.key is None or self._spans.get(span.key) is not span:
            return attribution_of(span, self._columns)
        for key in reversed(self._way_up(span.key, self._attributions)):
            here = self._spans[key]
            own = attribution_of(here, self._columns)
            above = here.parent_key
            if above is not None and above in self._attributions:
                is_call = above in self._calls or above in self._wrappers
                own = inherited(own, self._attributions[above], None if is_call else own_name(self._spans[above]))
            self._attributions[key] = own
        return self._attributions[span.key]

    def caller(self, span: Span) -> str | None:
        """Name the nearest call above a span; the span above it in another record where there is none in this one."""
        above = span.parent_key
        if above is None or above in self._calls or above not in self._spans:
            return above
        way = self._way_up(above, self._callers)
        for key in reversed(way):
            upper = self._spans[key].parent_key
            if upper is None or upper in self._calls or upper not in self._spans:
                self._callers[key] = upper
            else:
                self._callers[key] = self._callers.get(upper)
        return self._callers.get(above)

    def drop_wrappers(self, uncounted: Iterable[Span]) -> set[str]:
        """Take out the calls that count nothing themselves and stand above others: they only wrap them.

        Returns their keys.
        """
        empty = {span.key for span in uncounted if span.key is not None}
        above_calls = {self.caller(self._spans[key]) for key in self._calls} & empty
        self._wrappers = {key for key in above_calls if key is not None}
        self._calls -= self._wrappers
        self._callers.clear()
        return self._wrappers
