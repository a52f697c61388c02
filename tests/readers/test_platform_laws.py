"""Whatever happens to a record of a tracing platform, it is read or rejected with a fixed reason, and its tokens add up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, fixture_logs, records
from readers.test_laws import check, values
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.gateways import tensorzero
from tokaudit.readers.registry import PLATFORMS
from tokaudit.readers.tracing import braintrust, datadog_llm_obs, langfuse, langsmith, mlflow, posthog, weave
from tokaudit.schema import Record

READERS = tuple(
    each.READER for each in (langfuse, langsmith, mlflow, weave, braintrust, posthog, datadog_llm_obs, tensorzero)
)
ITEMS = {
    reader.name: [item for log in fixture_logs() if log.parent == FIXTURES / reader.name for item in records(log)]
    for reader in READERS
}


def mangled(value: Any, data: st.DataObject) -> Any:
    """The value with something inside it replaced, dropped or opened, also inside JSON texts."""
    if isinstance(value, str) and value.startswith(("{", "[")) and data.draw(st.booleans()):
        try:
            return json.dumps(mangled(json.loads(value), data))
        except ValueError:
            return data.draw(values)
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 5)) == 0:
        return data.draw(values)
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    key = data.draw(st.sampled_from(sorted(changed) if isinstance(changed, dict) else range(len(changed))))
    changed[key] = mangled(changed[key], data)
    if isinstance(changed, dict) and data.draw(st.integers(0, 9)) == 0:
        del changed[key]
    return changed


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mangled_records_are_borne(reader: Reader, data: st.DataObject) -> None:
    record: Record = mangled(data.draw(st.sampled_from(ITEMS[reader.name])), data)
    if not isinstance(record, dict):
        return
    for other in READERS:
        other.identify(record)
    check(record, lambda found: reader.read(found, ReadOptions()))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_reader_says_what_it_is_for_people(reader: Reader) -> None:
    assert reader in PLATFORMS
    assert not reader.sign.endswith(".")
    for sentence in (reader.how_to_export, *reader.switch_on.values(), *reader.limits.values()):
        assert sentence.endswith(".")
    assert not set(reader.switch_on) & set(reader.limits)
