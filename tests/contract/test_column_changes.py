"""Other columns for a public table: only those that a person approved, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from examples.broken_portals import Answer, Asked, Between, is_rows, said, serving
from examples.offices import (
    APPROVAL,
    CONTRACT,
    KEY,
    SENDERS,
    TYPES,
    WHO,
    LocalPortal,
    Office,
    portal_of,
)

from opengazette.errors import NotPublished, PortalRejected, PortalUnavailable
from opengazette.governance.ledger_state import place_of, release_named
from opengazette.model.column_change import ColumnChange, shown
from opengazette.model.stages import Approved, Published
from opengazette.steps.approve_columns import approve_columns
from opengazette.steps.plan import plan
from opengazette.steps.rollback import rollback

pytestmark = pytest.mark.servers

FEWER = {name: kind for name, kind in TYPES.items() if name != list(TYPES)[-1]}
MORE = {**TYPES, "more": "text", "rate": "number"}
MOVED = dict(sorted(TYPES.items()))
RETYPED = {**TYPES, next(n for n in TYPES if n not in KEY): "text"}
GONE = list(TYPES)[-1]
SIGNED = {
    "approver": "A. Tester",
    "role": "Approver",
    "approved_on": date(2026, 1, 1),
    "reason": "The form has changed.",
}


def kinds(types: Mapping[str, str]) -> dict[str, str]:
    return {name: "text" if kind == "text" else "number" for name, kind in types.items()}


def consent(before: Mapping[str, str], after: Mapping[str, str]) -> ColumnChange:
    columns = {"before": shown(kinds(before)), "after": shown(kinds(after))}
    return ColumnChange(dataset=CONTRACT.id, **columns, **SIGNED)  # type: ignore[arg-type]


@pytest.fixture(params=SENDERS)
def office(request: pytest.FixtureRequest, tmp_path: Path, shared_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", shared_portal, request.param)


def changed(office: Office, types: Mapping[str, str], change: ColumnChange | None) -> Published:
    return office.send(replace(office.release(4, "More.", types), columns=change))


def seen_columns(office: Office) -> dict[str, str]:
    uid = place_of(office.entries())
    view = requests.get(f"{office.server.url}/api/views/{uid}.json", timeout=9).json()
    return {column["fieldName"]: column["dataTypeName"] for column in view["columns"]}


def working_copies(office: Office) -> list[str]:
    uid = place_of(office.entries())
    return [v["id"] for v in office.known() if v.get("publishedViewUid") == uid]


@pytest.mark.parametrize("types", [FEWER, MORE, MOVED, RETYPED], ids=["-", "+", "order", "type"])
def test_approved_columns_come_with_their_rows_and_papers_at_the_same_address(
    office: Office, types: dict[str, str]
) -> None:
    first = office.publish(3)
    second = changed(office, types, consent(TYPES, types))
    assert second.uid == first.uid
    assert list(seen_columns(office).items()) == list(kinds(types).items())
    assert office.shown() == (4, "More.")
    assert working_copies(office) == []
    assert office.kinds() == ["intent", "intent", "published", "intent", "published"]


@pytest.mark.parametrize(
    "change",
    [None, consent(TYPES, MORE), consent(MORE, FEWER), consent(FEWER, TYPES)],
    ids=["none", "to others", "from others", "the other way"],
)
def test_columns_that_nobody_approved_are_refused_before_anything_is_sent(
    office: Office, change: ColumnChange | None
) -> None:
    office.publish(3)
    with pytest.raises(PortalRejected, match="not those of the release") as refused:
        changed(office, FEWER, change)
    assert "approve-columns" in refused.value.remedy
    assert seen_columns(office) == kinds(TYPES)
    assert office.shown() == (3, "All.")


def test_a_column_that_somebody_added_by_hand_is_counted_and_never_named(office: Office) -> None:
    office.publish(3)
    uid = place_of(office.entries())
    copy = office.by_hand("POST", f"/api/views/{uid}/publication.json?method=copy")["id"]
    mine = {"name": "Ann Smith", "fieldName": "ann_smith", "dataTypeName": "text"}
    office.by_hand("POST", f"/api/views/{copy}/columns", json=mine)
    office.by_hand("POST", f"/api/views/{copy}/publication.json")
    with pytest.raises(PortalRejected, match="1 that it has not") as refused:
        office.publish(4)
    assert "ann" not in str(refused.value)


def test_a_release_of_before_comes_back_with_its_columns_where_that_is_approved(
    office: Office,
) -> None:
    first = office.publish(3)
    changed(office, FEWER, consent(TYPES, FEWER))
    receipt = release_named({CONTRACT.id: office.entries()}, first.release.fingerprint[:10])
    world = (office.portal, office.ledger, office.clock, office.papers)
    with pytest.raises(PortalRejected, match="not those of the release"):
        rollback(receipt, CONTRACT, APPROVAL, *world, **WHO)
    change = approve_columns(
        first.release,
        office.entries(),
        office.portal,
        office.papers,
        **SIGNED,  # type: ignore[arg-type]
    )
    assert change == consent(FEWER, TYPES)
    rollback(receipt, CONTRACT, APPROVAL, *world, **WHO, columns=change)
    assert seen_columns(office) == kinds(TYPES)
    assert office.shown() == (3, "All.")
    with pytest.raises(NotPublished, match="already"):
        approve_columns(
            first.release,
            office.entries(),
            office.portal,
            office.papers,
            **SIGNED,  # type: ignore[arg-type]
        )


def test_the_plan_says_that_columns_change_and_whether_anybody_approved_it(
    office: Office,
) -> None:
    office.publish(3)
    release = office.release(4, "More.", FEWER)

    def planned(change: ColumnChange | None) -> Any:
        documented: Any = replace_documented(release)
        world = (office.entries(), office.portal, office.papers)
        return plan(documented, CONTRACT, APPROVAL, *world, change)

    assert planned(None).action == "refuse"
    assert "approve-columns" in "\n".join(planned(None).lines())
    assert planned(consent(TYPES, MORE)).action == "refuse"
    agreed = planned(consent(TYPES, FEWER))
    assert agreed.action == "change columns"
    assert f"Columns removed: {GONE}." in agreed.lines()


def replace_documented(release: Approved) -> Any:
    from opengazette.model.stages import Documented

    return Documented(release.release, release.receipts, release.compared)


@pytest.mark.parametrize("dies_at", range(1, 28, 4))
def test_a_change_that_breaks_off_anywhere_leaves_the_old_table_or_the_new_one(
    office: Office, dies_at: int
) -> None:
    office.publish(3)
    count = iter(range(1_000))

    def fail(_asked: Asked) -> Answer | None:
        return said({}, 503) if next(count) >= dies_at else None

    whole = office.portal
    with serving(Between(office.server.url, lambda _asked, answer: answer, fail)) as server:
        office.portal = portal_of(office.server, office.papers, office.protocol, server.url)
        with pytest.raises((PortalUnavailable, PortalRejected)):
            changed(office, FEWER, consent(TYPES, FEWER))
    now = office.shown()
    assert now is not None
    assert (now[0], len(seen_columns(office))) in ((3, len(TYPES)), (4, len(FEWER)))
    office.portal = whole
    changed(office, FEWER, consent(TYPES, FEWER))
    assert (office.shown(), seen_columns(office)) == ((4, "More."), kinds(FEWER))


def test_a_table_that_is_not_as_sent_gets_its_old_columns_back(office: Office) -> None:
    office.publish(3)

    def garble(asked: Asked, answer: Answer) -> Answer:
        stranger = "Authorization" not in asked.headers
        lies = stranger and is_rows(asked) and answer.body.count(b"\n") == 5
        return replace(answer, body=answer.body.replace("é3".encode(), b"e3")) if lies else answer

    with serving(Between(office.server.url, garble)) as server:
        office.portal = portal_of(office.server, office.papers, office.protocol, server.url)
        with pytest.raises(PortalRejected, match="previous release was put back"):
            changed(office, FEWER, consent(TYPES, FEWER))
    assert seen_columns(office) == kinds(TYPES)
    assert office.shown() == (3, "All.")
    assert office.kinds()[-1] == "rolled_back"
