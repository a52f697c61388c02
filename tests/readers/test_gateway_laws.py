"""Whatever a gateway's record holds, reading it ends in calls whose tokens add up, in no call, or in a fixed reason."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.golden import FIXTURES, records
from readers.test_laws import check, chosen, values
from tokaudit.readers.bills import BILLS
from tokaudit.readers.gateways import azure_apim_llm_log

NAMES = """azure_apim_gateway azure_apim_llm_log azure_diagnostics cloudflare_ai_gateway databricks_inference_table
envoy_ai_gateway helicone kong_ai litellm_error_logs litellm_spend_logs nvidia_flywheel one_api openrouter_activity
openrouter_generation portkey""".split()  # noqa: SIM905
LOGS = [log for name in NAMES for log in (FIXTURES / name).iterdir() if not log.name.endswith(".expected.json")]
RECORDS = [record for log in LOGS for record in records(log)]
BILL_RECORDS = [record for log in (FIXTURES.parent / "bills").glob("*.*") for record in records(log)]
MANGLED = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def mangled(record: Any, data: st.DataObject) -> Any:
    """The record with one value, anywhere in it, replaced or taken out."""
    changed: Any = json.loads(json.dumps(record))
    place = changed
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 2)) == 0:
            if isinstance(place, dict) and data.draw(st.booleans()):
                del place[key]
            else:
                place[key] = data.draw(values)
            break
        place = place[key]
    return changed


@MANGLED
@given(st.sampled_from(RECORDS), st.data())
def test_mangled_records_are_borne(record: Any, data: st.DataObject) -> None:
    check(mangled(mangled(record, data), data), chosen)


@MANGLED
@given(st.sampled_from(BILL_RECORDS), st.data())
def test_mangled_bills_are_borne(record: Any, data: st.DataObject) -> None:
    changed = mangled(record, data)
    if isinstance(changed, dict):
        assert sum(bill.identify(changed) for bill in BILLS) <= 1


@MANGLED
@given(st.permutations(range(9)))
def test_rows_of_a_request_may_come_in_any_order(order: list[int]) -> None:
    from tokaudit.readers.contract import ReadOptions, Spot

    rows = records(FIXTURES / "azure_apim_llm_log" / "table.jsonl")[:9]
    session = azure_apim_llm_log.READER.open_session(ReadOptions())  # type: ignore[misc]
    told = [one for place in order for one in session.add(rows[place], Spot(place + 1, place))]
    told += session.end()
    assert sorted(spot.line for spot, _ in told) == list(range(1, 10))
    calls = {spot.line: outcome for spot, outcome in told if spot.line in (2, 3)}
    assert {line: (len(call.prompt), len(call.answer)) for line, call in calls.items()} == {2: (2, 1), 3: (0, 1)}  # type: ignore[union-attr]
