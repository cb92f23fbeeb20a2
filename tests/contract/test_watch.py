"""What somebody has changed by hand on a real portal is found, and put back where that may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from examples.offices import APPROVAL, CONTRACT, KEY, Office

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.publication import Publication
from opengazette.errors import (
    ApprovalMissing,
    DriftFound,
    OnHold,
    PortalRejected,
    PortalUnavailable,
)
from opengazette.model.approval import Approval
from opengazette.model.watching import Watch
from opengazette.steps.repair import repair
from opengazette.steps.watch import Finding, watch

CANARY = "Jane Doe"


def watched(office: Office, **terms: Any) -> dict[str, Finding]:
    contract = CONTRACT.model_copy(update=terms)
    found = watch(CONTRACT.id, contract, office.portal, office.ledger, office.papers, office.clock)
    return {finding.kind: finding for finding in found}


def repaired(office: Office, approval: Approval | None = APPROVAL) -> tuple[Finding, ...]:
    found = tuple(watched(office).values())
    world = (office.portal, office.ledger, office.papers, office.clock)
    return repair(CONTRACT.id, found, approval, *world)


def scope(office: Office, uid: str, value: str) -> None:
    office.by_hand(
        "PUT", f"/api/views/{uid}.json", params={"method": "setPermission", "value": value}
    )


def test_the_watch_is_content_with_what_was_published(office: Office) -> None:
    assert watched(office) == {}
    office.publish({"a": 1, "b": 2})
    assert watched(office) == {}


def test_what_a_portal_keeps_otherwise_than_sent_is_noted_and_not_taken_for_a_hand_edit(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Connection.visible_view

    def shortened(client: Connection, uid: str) -> dict[str, Any] | None:
        view = look(client, uid)
        return view and {**view, "description": view.get("description", "")[:2]}

    monkeypatch.setattr(Connection, "visible_view", shortened)
    office.publish({"a": 1})
    receipt = office.entries()[-1]
    assert receipt.note == "The portal shows otherwise: description."
    assert watched(office) == {}
    assert not office.publish({"a": 1}).changed


def edit_a_row(office: Office, uid: str) -> None:
    row = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":id"})[0]
    office.by_hand("POST", f"/resource/{uid}.json", json=[{**row, ":deleted": True}])


def edit_a_text(office: Office, uid: str) -> None:
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"description": "By hand"})


def edit_a_column(office: Office, uid: str) -> None:
    office.by_hand("PUT", f"/api/views/{uid}/columns/{KEY[0]}", json={"description": "By hand"})


def exchange_an_attachment(office: Office, uid: str) -> None:
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    kept = view["metadata"]["attachments"][:1]
    office.by_hand(
        "PUT",
        f"/api/views/{uid}.json",
        json={"metadata": {**view["metadata"], "attachments": kept}},
    )


def attach_a_file_named_after_a_person(office: Office, uid: str) -> None:
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    named = {"X-File-Name": f"{CANARY}.txt"}
    file = office.by_hand("POST", f"/api/views/{uid}/files.txt", data=b"x", headers=named)
    entry = {"filename": f"{CANARY}.txt", "name": CANARY, "assetId": file["file"]}
    kept = [*view["metadata"]["attachments"], entry]
    fields = {"custom_fields": {CANARY: {CANARY: "x"}}}
    inner = {**view["metadata"], **fields, "attachments": kept}
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"metadata": inner})


def test_what_somebody_has_named_is_counted_and_never_quoted(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    attach_a_file_named_after_a_person(office, uid)
    found = watched(office)["papers"]
    assert found.problem.count("1 not of the release") == 2
    assert CANARY not in repr(found)
    assert repaired(office) == ()
    assert watched(office) == {}, "files and fields that are not of the release are gone"


@pytest.mark.parametrize(
    ("edit", "kind", "words"),
    [
        (edit_a_row, "rows", "0 added, 0 changed, 1 removed"),
        (edit_a_text, "papers", "by hand: description."),
        (edit_a_column, "papers", f"column {KEY[0]}: description"),
        (exchange_an_attachment, "papers", "methodology.md"),
    ],
)
def test_what_was_edited_by_hand_is_found_and_put_back_through_the_gate(
    office: Office, edit: Any, kind: str, words: str
) -> None:
    uid = office.publish({"a": 1, "b": 2}).uid
    edit(office, uid)
    found = watched(office)
    assert list(found) == [kind]
    assert words in found[kind].problem
    with pytest.raises(ApprovalMissing, match="no standing approval"):
        repaired(office, approval=None)
    assert repaired(office) == ()
    assert watched(office) == {}
    assert office.entries()[-1].note == "put back by the watch"


def test_what_was_edited_by_hand_is_put_back_by_the_next_night_as_well(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    edit_a_text(office, uid)
    assert office.publish({"a": 1}).changed
    assert watched(office) == {}


def test_a_withdrawn_dataset_that_somebody_makes_public_is_made_private_again(
    office: Office,
) -> None:
    uid = office.publish({"a": 1}).uid
    office.withdraw()
    assert watched(office) == {}
    scope(office, uid, "public.read")
    assert "is public again" in watched(office)["public"].problem
    assert repaired(office) == ()
    assert watched(office) == {}
    assert not requests.get(f"{office.server.url}/api/views/{uid}.json", timeout=9).ok


def test_what_somebody_has_hidden_is_shown_again_by_nobody_but_a_person(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    scope(office, uid, "private")
    found = watched(office)["hidden"]
    assert found.repair is None
    assert repaired(office) == (found,)
    for cases in (1, 2):
        with pytest.raises(DriftFound, match="made its dataset .* private"):
            office.publish({"a": cases})
    assert office.entries()[-1].kind == "published", "nothing was even meant"
    scope(office, uid, "public.read")
    assert office.publish({"a": 2}).changed


def test_what_a_person_has_stopped_is_left_as_it_is(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    office.stop()
    edit_a_text(office, uid)
    with pytest.raises(OnHold, match="stopped by B. Night"):
        repaired(office)
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    assert view["description"] == "By hand", "somebody may be taking it off by hand"


def test_what_a_person_has_rolled_back_to_is_kept_as_it_was_shown(office: Office) -> None:
    first, uid = office.publish({"a": 1}), office.publish({"a": 2}).uid
    office.rollback(first)
    edit_a_text(office, uid)
    assert repaired(office) == ()
    assert watched(office) == {}


def test_what_failed_and_was_made_private_is_told_as_that(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish({"a": 1})
    monkeypatch.setattr(Publication, "_look", lambda *_arguments: None)
    with pytest.raises(PortalRejected, match="made private; nothing of it is public"):
        office.publish({"a": 2})
    monkeypatch.undo()
    assert "private since a publication failed" in watched(office)["hidden"].problem
    assert office.publish({"a": 2}).changed
    assert watched(office) == {}


def test_a_portal_that_turns_strangers_away_is_not_taken_for_one_that_hides(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish({"a": 1})
    see = Connection.visible_view

    def turned_away(client: Connection, uid: str) -> dict[str, Any] | None:
        return None if callable(client.session.auth) else see(client, uid)

    monkeypatch.setattr(Connection, "visible_view", turned_away)
    with pytest.raises(PortalUnavailable, match="shows it to no stranger"):
        watched(office)


def test_a_dataset_that_is_gone_needs_a_person(office: Office) -> None:
    uid = office.publish({"a": 1}).uid
    with Connection(office.server.url, office.user) as client:
        client.withdraw(uid)
    found = watched(office)["gone"]
    assert found.repair is None
    assert "--delete" in found.remedy


def test_a_publication_that_did_not_end_is_told_once_it_should_have(office: Office) -> None:
    office.publish({"a": 1})
    newest = office.entries()[-1]
    office.ledger.append(CONTRACT.id, "intent", office.clock.now(), newest.release, uid=newest.uid)
    assert watched(office) == {}, "it may be under way"
    office.clock.time += timedelta(hours=2)
    assert "did not end" in watched(office)["unfinished"].problem


def test_a_table_with_the_same_numbers_for_too_long_is_too_old(office: Office) -> None:
    office.publish({"a": 1})
    office.clock.time += timedelta(days=40)
    assert watched(office, watch=Watch(stale_after_days=40)) == {}
    office.clock.time += timedelta(days=1)
    assert (
        "same numbers for 41 days"
        in watched(office, watch=Watch(stale_after_days=40))["stale"].problem
    )
    office.publish({"a": 2})
    assert watched(office, watch=Watch(stale_after_days=40)) == {}


def test_a_contract_without_a_watch_keeps_its_fingerprint() -> None:
    told = CONTRACT.model_dump(mode="json")
    assert "watch" not in told
    watched = CONTRACT.model_copy(update={"watch": Watch(repair=True)})
    assert watched.fingerprint() != CONTRACT.fingerprint()
