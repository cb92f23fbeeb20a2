"""A portal that shows more than it was sent: what a stranger must not find is looked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from examples.broken_portals import CANARY, Answer, Asked, Between, said, serving
from examples.offices import SENDERS, TYPES, LocalPortal, Office, portal_of
from examples.operations import OPERATIONS

from opengazette.errors import PortalRejected
from opengazette.governance.ledger_state import place_of

pytestmark = pytest.mark.servers

Change = Callable[[dict[str, Any]], object]
DERIVED = "view-0001"
#: What the operation "other columns" takes away.
REMOVED = list(TYPES)[-1]


@pytest.fixture(params=SENDERS)
def office(request: pytest.FixtureRequest, tmp_path: Path, shared_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", shared_portal, request.param)


def is_stranger(asked: Asked) -> bool:
    return "Authorization" not in asked.headers


def is_view(asked: Asked) -> bool:
    return asked.method == "GET" and urlsplit(asked.path).path.count("/") == 3 and (
        asked.path.startswith("/api/views/")
    )  # fmt: skip


def view_with(change: Change) -> Callable[[Asked, Answer], Answer]:
    """Show strangers another view, once it says what the second release says."""

    def changed(asked: Asked, answer: Answer) -> Answer:
        if not (is_view(asked) and is_stranger(asked)) or answer.status != 200:
            return answer
        view = json.loads(answer.body)
        if view.get("description") == "More.":
            change(view)
        return said(view)

    return changed


def published(office: Office, change: Callable[[Asked, Answer], Answer], name: str) -> None:
    """Do an operation of an office through a portal that lies."""
    act = OPERATIONS[name].act if name in OPERATIONS else lambda o: o.publish(4, "More.")
    whole = office.portal
    with serving(Between(office.server.url, change)) as server:
        office.portal = portal_of(office.server, office.papers, office.protocol, server.url)
        try:
            act(office)
        finally:
            office.portal = whole


def add_column(view: dict[str, Any]) -> None:
    view["columns"].append({"fieldName": "ssn", "name": CANARY, "dataTypeName": "text"})


def counts(view: dict[str, Any]) -> dict[str, Any]:
    """Return the column that holds each row's number."""
    return next(column for column in view["columns"] if column["fieldName"] == "cases")


def retype(view: dict[str, Any]) -> None:
    counts(view)["dataTypeName"] = "text"


def reorder(view: dict[str, Any]) -> None:
    view["columns"].insert(0, view["columns"].pop())
    for column in view["columns"]:
        column.pop("position", None)


def attach_old(view: dict[str, Any]) -> None:
    listed = view["metadata"]["attachments"]
    listed.append({"filename": f"{CANARY}.xlsx", "assetId": listed[0]["assetId"]})


def summary(**said_of_it: object) -> Change:
    def put(view: dict[str, Any]) -> None:
        counts(view)["cachedContents"] = {"non_null": "4", **said_of_it}

    return put


LIES: dict[str, tuple[Change, str]] = {
    "another column": (add_column, r"columns \(1\)"),
    "another type": (retype, r"columns \(1\)"),
    "another order": (reorder, r"columns \(\d+\)"),
    "an old attachment": (attach_old, r"attachments \(1\)"),
    "a value in a summary": (summary(top=[{"item": CANARY, "count": "1"}]), r"summaries \(1\)"),
    "a largest value": (summary(largest="99999", smallest="0"), r"summaries \(1\)"),
    "a sum": (summary(sum="99999"), r"summaries \(1\)"),
    "an average": (summary(average="77.5"), r"summaries \(1\)"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_was_never_sent_is_found_and_the_previous_release_put_back(
    office: Office, lie: str
) -> None:
    change, told = LIES[lie]
    office.publish(3)
    with pytest.raises(PortalRejected, match=told) as found:
        published(office, view_with(change), "later publication")
    assert "previous release was put back" in found.value.problem
    assert CANARY not in str(found.value)
    assert office.shown() == (3, "All.")
    assert office.kinds()[-1] == "rolled_back"


@pytest.mark.parametrize("lie", LIES)
def test_a_new_dataset_beside_which_more_is_shown_does_not_stay_public(
    office: Office, lie: str
) -> None:
    with pytest.raises(PortalRejected, match="what is not of the release"):
        published(office, view_with(LIES[lie][0]), "a new dataset")
    assert office.shown() is None


def test_a_lie_that_stays_after_the_release_before_is_put_back_makes_it_private(
    office: Office,
) -> None:
    office.publish(3)

    def always(asked: Asked, answer: Answer) -> Answer:
        if not (is_view(asked) and is_stranger(asked)) or answer.status != 200:
            return answer
        view = json.loads(answer.body)
        add_column(view)
        return said(view)

    with pytest.raises(PortalRejected, match="private|look at the portal now"):
        published(office, always, "later publication")
    assert office.shown() is None


def test_a_summary_of_what_is_public_or_was_is_no_lie(office: Office) -> None:
    office.publish(3)
    honest = summary(
        top=[{"item": "2", "count": "1"}, {"item": 3, "count": "1"}],
        smallest="0",
        largest="3.0",
        sum="6",
        average="1.5",
    )
    published(office, view_with(honest), "later publication")
    assert office.shown() == (4, "More.")
    lags = summary(sum="6", average="1.5", largest="3")
    published(office, view_with(lags), "few rows changed")
    assert office.shown() == (41, "More.")
    with pytest.raises(PortalRejected, match="summaries"):
        published(office, view_with(summary(largest="300")), "a new dataset")


def still_given(asked: Asked, answer: Answer) -> Answer:
    wanted = parse_qs(urlsplit(asked.path).query).get("$select")
    if is_stranger(asked) and wanted == [REMOVED] and answer.status == 400:
        return said([{REMOVED: CANARY}])
    return answer


def derived(uid: Callable[[], str | None], **told: object) -> Callable[[Asked, Answer], Answer]:
    """List a view that somebody derived from a dataset."""

    def listed(asked: Asked, answer: Answer) -> Answer:
        if not asked.path.startswith("/api/catalog/v1"):
            return answer
        resource: Mapping[str, object] = {"id": DERIVED, "parent_fxf": [uid()], **told}
        return said({"results": [{"resource": resource}], "resultSetSize": 1})

    return listed


def test_a_removed_column_that_is_still_given_is_found(office: Office) -> None:
    office.publish(3)
    with pytest.raises(PortalRejected, match=r"columns that are still given \(1\)") as found:
        published(office, still_given, "other columns")
    assert CANARY not in str(found.value)
    assert office.shown() == (3, "All.")


def test_a_derived_view_that_still_shows_a_removed_column_is_found(office: Office) -> None:
    office.publish(3)
    shows = derived(lambda: place_of(office.entries()), columns_field_name=["x", REMOVED])
    with pytest.raises(PortalRejected, match=r"derived views with a removed column \(1\)"):
        published(office, shows, "other columns")
    assert office.shown() == (3, "All.")


def test_a_derived_view_of_what_is_public_does_not_matter(office: Office) -> None:
    office.publish(3)
    others = derived(lambda: "abcd-0001", columns_field_name=[REMOVED])
    published(office, others, "other columns")
    assert office.shown() == (4, "More.")


def test_a_withdrawn_dataset_that_a_derived_view_still_shows_is_not_gone(office: Office) -> None:
    office.publish(3)
    lists = derived(lambda: place_of(office.entries()))

    def shows(asked: Asked, answer: Answer) -> Answer:
        if asked.path == f"/api/views/{DERIVED}.json":
            return said({"id": DERIVED, "name": CANARY})
        return lists(asked, answer)

    with pytest.raises(PortalRejected, match=f"View {DERIVED}, which somebody derived"):
        published(office, shows, "withdrawal")
    assert office.kinds()[-1] == "hold", "it is not said to be withdrawn"
    published(office, lists, "withdrawal")
    assert office.kinds()[-1] == "withdrawn"
