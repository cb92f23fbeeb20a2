"""What publishing would change, on a real portal."""

from __future__ import annotations

from collections.abc import Mapping

import requests
from examples.offices import APPROVAL, CONTRACT, TYPES, Office

from opengazette.adapters.portals.connection import Connection
from opengazette.model.stages import Documented
from opengazette.steps.plan import Plan, plan

CANARY = "Jane Doe"


def planned(office: Office, cases: Mapping[str, int], types: Mapping[str, str] = TYPES) -> Plan:
    documented = Documented(office.release(cases, types=types).release, ())
    return plan(documented, CONTRACT, APPROVAL, office.entries(), office.portal, office.papers)


def test_a_plan_counts_rows_and_sends_nothing(office: Office) -> None:
    assert planned(office, {"a": 1}).lines()[0] == "A new public dataset with 1 rows."
    uid = office.publish({"a": 1, "b": 2, "c": 3}).uid
    found = planned(office, {"a": 1, "b": 20, "d": 4})
    assert found.action == "replace"
    changes = found.changes
    assert (changes.rows_added, changes.rows_changed, changes.rows_removed) == (1, 1, 1)
    assert "Rows: 1 added, 1 changed, 1 removed; 3 afterwards." in found.lines()
    assert planned(office, {"a": 1, "b": 2, "c": 3}).action == "nothing"
    assert len(requests.get(f"{office.server.url}/resource/{uid}.json", timeout=9).json()) == 3
    assert [entry.kind for entry in office.entries()][-1] == "published"


def test_a_plan_names_what_is_said_otherwise_and_the_rows_are_left_alone(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"description": "By hand"})
    found = planned(office, {"a": 1})
    assert found.action == "papers alone"
    assert "Metadata: description." in found.lines()
    before = office.by_hand("GET", f"/api/views/{uid}.json")["rowsUpdatedAt"]
    stamps = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    assert office.publish({"a": 1}).changed
    assert office.by_hand("GET", f"/api/views/{uid}.json")["rowsUpdatedAt"] == before
    after = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    assert after == stamps, "nobody who follows the table is told that rows changed"
    assert not office.publish({"a": 1}).changed


def test_a_plan_refuses_other_columns_and_a_dataset_that_is_gone(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    fewer = dict(list(TYPES.items())[:-1])
    found = planned(office, {"a": 1}, fewer)
    assert found.action == "refuse"
    assert f"Columns removed: {list(TYPES)[-1]}." in found.lines()
    with Connection(office.server.url, office.user) as client:
        client.withdraw(uid)
    assert "gone from the portal" in planned(office, {"a": 1}).lines()[0]


def test_a_plan_says_who_holds_the_gate(office: Office) -> None:
    office.publish({"a": 1})
    office.stop()
    gates = planned(office, {"a": 2}).gates
    assert "stopped by B. Night" in gates[0]
    office.withdraw()
    assert planned(office, {"a": 2}).action == "show again"


def test_a_plan_holds_no_cell(office: Office) -> None:
    office.publish({"a": 4711})
    assert "4711" not in repr(planned(office, {"Alameda": 4712}))
    assert "Alameda" not in "".join(planned(office, {"Alameda": 4712}).lines())


def test_a_plan_counts_what_somebody_has_named_and_never_quotes_it(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    inner = office.by_hand("GET", f"/api/views/{uid}.json")["metadata"]
    fields = {"custom_fields": {CANARY: {CANARY: "x"}}}
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"metadata": {**inner, **fields}})
    found = planned(office, {"a": 1})
    assert "1 not of the release" in "".join(found.lines())
    assert CANARY not in repr(found)
