"""What the publisher promises, by each protocol, shown against the real local portal."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from examples.offices import SENDERS, LocalPortal, portal_of
from examples.releases import filed_release, portal_columns

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.errors import Fault, PortalRejected, PortalUnavailable, SettingsInvalid
from opengazette.model.stages import Approved

TYPES = {"county": "text", "cases": "integer", "rate": "number", "cases_annotation": "text"}
ROWS = [
    ["Ángeles, \u201cLos\u201d", "1200", "3.50", ""],
    ["Jose\u0301", "", "", "1"],
    ['"quoted"\nline', "0", "0.0", ""],
    ["007", "12", "-0.1", ""],
]


class Office:
    """Everything that a release needs, on a folder of its own."""

    def __init__(self, folder: Path, portal: LocalPortal, protocol: str) -> None:
        self.papers = ArchivePapers(FolderArchive(folder))
        self.credentials = Credentials(portal.user, portal.password)
        self.portal = portal_of(portal, self.papers, protocol)
        self.url, self.protocol = portal.url, protocol

    def release(self, rows: list[list[str]], **metadata: Any) -> Approved:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([list(TYPES), *rows])
        return self.release_of(text.getvalue().encode(), **metadata)

    def release_of(self, table: bytes, **metadata: Any) -> Approved:
        return filed_release(self.papers, "cases", table, about(metadata))

    def view(self, uid: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/api/views/{uid}.json", timeout=10)
        answer.raise_for_status()
        return dict(answer.json())

    def rows(self, uid: str) -> list[dict[str, str]]:
        answer = requests.get(f"{self.url}/resource/{uid}.json?$order=:id", timeout=10)
        answer.raise_for_status()
        return list(answer.json())


def about(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "Cases by county",
        "description": "Cases.",
        "category": "Health Care",
        "tags": ["cases"],
        "attribution": "Public Health",
        "attributionLink": None,
        "licenseId": "PUBLIC_DOMAIN",
        "rowLabel": "one county",
        "custom_fields": {"Publication": {"publisher": "Public Health"}},
        "columns": portal_columns(TYPES),
        **changes,
    }


@pytest.fixture(params=SENDERS)
def office(request: pytest.FixtureRequest, tmp_path: Path, shared_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", shared_portal, request.param)


def test_a_new_dataset_is_public_with_all_its_rows_and_papers(office: Office) -> None:
    state = office.portal.publish(office.release(ROWS), uid=None, before=None)
    assert state.rows == 4
    assert state.is_public
    assert state.address == f"{office.url}/d/{state.uid}"
    assert [row["county"] for row in office.rows(state.uid)] == [
        "Ángeles, \u201cLos\u201d", "Jos\u00e9", '"quoted"\nline', "007"
    ]  # fmt: skip
    assert "cases" not in office.rows(state.uid)[1], "a withheld cell is not 0"
    view = office.view(state.uid)
    assert view["name"] == "Cases by county"
    assert view["metadata"]["custom_fields"] == {"Publication": {"publisher": "Public Health"}}
    assert {c["fieldName"]: c["dataTypeName"] for c in view["columns"]} == {
        name: "text" if kind == "text" else "number" for name, kind in TYPES.items()
    }
    files = {a["filename"]: a["assetId"] for a in view["metadata"]["attachments"]}
    assert list(files) == ["dictionary.csv", "methodology.md", "dictionary.xlsx"]
    note = requests.get(
        f"{office.url}/api/views/{state.uid}/files/{files['methodology.md']}", timeout=10
    )
    assert note.content == "How: é".encode()


def test_the_state_is_what_was_published_and_what_a_stranger_sees(office: Office) -> None:
    state = office.portal.publish(office.release(ROWS), uid=None, before=None)
    assert office.portal.state(state.uid, TYPES) == state
    other = office.portal.state(state.uid, {"county": "text"})
    assert other is not None
    assert other.digest != state.digest
    assert office.portal.state("aaaa-0000", TYPES) is None
    with Connection(office.url, office.credentials) as client:
        client.set_permission(state.uid, "private")
    hidden = office.portal.state(state.uid, TYPES)
    assert hidden is not None
    assert (hidden.is_public, hidden.rows, hidden.digest) == (False, 0, "")


def test_a_later_release_takes_the_place_of_the_first(office: Office) -> None:
    first = office.release(ROWS)
    uid = office.portal.publish(first, uid=None, before=None).uid
    columns = about({})["columns"]
    columns[1] = {**columns[1], "name": "Known cases", "description": "Otherwise."}
    second = office.release(ROWS[:2], description="Newer.", columns=columns)
    state = office.portal.publish(second, uid=uid, before=first.release)
    assert (state.uid, state.rows, len(office.rows(uid))) == (uid, 2, 2)
    view = office.view(uid)
    assert view["description"] == "Newer."
    assert view["columns"][1]["name"] == "Known cases"
    assert len(view["metadata"]["attachments"]) == 3


def test_a_release_of_before_there_was_a_workbook_gets_its_papers_once_more_and_keeps_its_rows(
    office: Office,
) -> None:
    now = office.release(ROWS)
    kept = tuple(d for d in now.release.documents if d.name != "dictionary.xlsx")
    then = replace(now, release=replace(now.release, documents=kept))
    uid = office.portal.publish(then, uid=None, before=None).uid
    assert "dictionary.xlsx" not in str(office.view(uid)["metadata"]["attachments"])
    rows = f"{office.url}/resource/{uid}.json?$select=:id,:updated_at&$order=:id"
    before = requests.get(rows, timeout=10).json()
    state = office.portal.publish(now, uid=uid, before=then.release)
    assert "dictionary.xlsx" in str(office.view(uid)["metadata"]["attachments"])
    assert requests.get(rows, timeout=10).json() == before
    assert state.otherwise == ()
    office.portal.publish(then, uid=uid, before=now.release)
    assert "dictionary.xlsx" not in str(office.view(uid)["metadata"]["attachments"])


def test_what_others_set_in_the_metadata_is_kept(office: Office) -> None:
    first = office.release(ROWS)
    uid = office.portal.publish(first, uid=None, before=None).uid
    with Connection(office.url, office.credentials) as client:
        inner = client.get_metadata(uid)["metadata"]
        client.update_metadata(uid, {"metadata": {**inner, "jsonQuery": {"order": []}}})
    office.portal.publish(first, uid=uid, before=first.release)
    assert office.view(uid)["metadata"]["jsonQuery"] == {"order": []}


def test_many_rows_are_read_back_page_by_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opengazette.adapters.portals.rows.ROWS_AT_ONCE", 7)
    rows = [[f"é{number}", str(number), "1.5", ""] for number in range(50)]
    state = office.portal.publish(office.release(rows), uid=None, before=None)
    assert state.rows == 50


def test_a_release_without_rows_never_leaves(office: Office) -> None:
    first = office.release(ROWS)
    uid = office.portal.publish(first, uid=None, before=None).uid
    with pytest.raises(PortalRejected, match="no rows"):
        office.portal.publish(office.release([]), uid=uid, before=first.release)
    assert len(office.rows(uid)) == 4


def test_a_release_with_other_columns_than_the_portal_is_refused_before_it_is_sent(
    office: Office,
) -> None:
    first = office.release(ROWS)
    uid = office.portal.publish(first, uid=None, before=None).uid
    columns = about({})["columns"]
    columns[1] = {**columns[1], "dataTypeName": "text"}
    with pytest.raises(PortalRejected, match="other|not those of the release: cases"):
        office.portal.publish(office.release(ROWS, columns=columns), uid=uid, before=first.release)
    assert len(office.rows(uid)) == 4


def test_a_file_that_breaks_its_own_types_never_leaves_and_is_not_quoted(office: Office) -> None:
    canary = "078-05-1120"
    first = office.release(ROWS)
    uid = office.portal.publish(first, uid=None, before=None).uid
    with pytest.raises(PortalRejected, match="'cases'") as refused:
        office.portal.publish(
            office.release([["a", canary, "", ""]]), uid=uid, before=first.release
        )
    assert canary not in str(refused.value)
    with pytest.raises(PortalRejected, match="name other columns"):
        office.portal.publish(
            office.release_of(b"county,ssn\na,1\n"), uid=uid, before=first.release
        )
    assert len(office.rows(uid)) == 4


def test_a_wrong_password_is_refused_and_never_shown(office: Office) -> None:
    sender = SENDERS[office.protocol]()
    wrong = SocrataPortal(
        office.url, Credentials("publisher", "hunter2"), office.papers, sender, attempts=0
    )
    with pytest.raises(PortalRejected, match="401|403") as refused:
        wrong.publish(office.release(ROWS), uid=None, before=None)
    assert "hunter2" not in str(refused.value)
    assert "OPENGAZETTE_PORTAL_PASSWORD" in refused.value.remedy
    assert "hunter2" not in repr(Credentials("publisher", "hunter2", "hunter2"))


def test_a_dataset_that_is_gone_is_refused(office: Office) -> None:
    first = office.release(ROWS)
    with pytest.raises(PortalRejected, match="no dataset aaaa-0000"):
        office.portal.publish(first, uid="aaaa-0000", before=first.release)


@pytest.mark.parametrize("uid", ["", "../x", "aaaa-000", "AAAA-0000", "aaaa-0000/../bbbb-0000"])
def test_an_address_that_is_no_dataset_is_never_asked_for(office: Office, uid: str) -> None:
    with pytest.raises(PortalRejected, match="xxxx-xxxx"):
        office.portal.state(uid, TYPES)
    with pytest.raises(PortalRejected, match="xxxx-xxxx"):
        office.portal.publish(office.release(ROWS), uid=uid, before=None)


def test_nothing_is_deleted_through_sodapy_and_only_own_drafts_are_taken_back(
    office: Office,
) -> None:
    uid = office.portal.publish(office.release(ROWS), uid=None, before=None).uid
    with Connection(office.url, office.credentials) as client:
        with pytest.raises(Fault):
            client.delete(uid, row_id=0)
        with pytest.raises(Fault):
            client.delete(uid)
        with pytest.raises(Fault):
            client.discard(uid)
    assert len(office.rows(uid)) == 4


def test_a_portal_that_is_down_is_unavailable(tmp_path: Path) -> None:
    papers = ArchivePapers(FolderArchive(tmp_path))
    portal = SocrataPortal("http://127.0.0.1:1", Credentials("a", "b"), papers, attempts=0)
    with pytest.raises(PortalUnavailable, match="did not answer"):
        portal.state("aaaa-0000", TYPES)


def test_no_password_goes_over_plain_http_to_another_machine(tmp_path: Path) -> None:
    papers = ArchivePapers(FolderArchive(tmp_path))
    portal = SocrataPortal("http://data.example.gov", Credentials("a", "b"), papers)
    with pytest.raises(SettingsInvalid, match="plain http"):
        portal.state("aaaa-0000", TYPES)
