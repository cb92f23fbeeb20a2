"""What a revision is before it is public: typed, read, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples.offices import SENDERS, TYPES, LocalPortal, Office
from examples.releases import filed_release, portal_columns

from opengazette.adapters.portals import drafts
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.revisions import RevisionSender
from opengazette.adapters.portals.shipment import pack
from opengazette.errors import PortalRejected, PortalUnavailable

CANARY = "078-05-1120"


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Iterator[Office]:
    return Office(tmp_path / "archive", local_portal, "revisions")


def listed(office: Office, uid: str) -> list[dict[str, Any]]:
    found = office.by_hand("GET", f"/api/publishing/v1/revision/{uid}")
    return [one["resource"] for one in found]


def stamps(office: Office, uid: str) -> Any:
    return office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})


def respell(monkeypatch: pytest.MonkeyPatch, written: bytes, otherwise: bytes) -> None:
    """Let a portal write something otherwise in every draft that it is asked for."""
    given = drafts._draft_text

    def text(output: Any) -> Iterator[bytes]:
        yield b"".join(given(output)).replace(written, otherwise)

    monkeypatch.setattr(drafts, "_draft_text", text)


def test_what_cannot_be_made_is_told_by_column_and_count_and_never_by_value(
    office: Office, tmp_path: Path
) -> None:
    uid = office.publish(3).uid
    good = pack(office.release(3).release, office.papers)
    cases = list(TYPES).index("cases")
    lines = [line.split(",") for line in good.table.read_text().splitlines()]
    for line in lines[1:3]:
        line[cases] = CANARY
    changed = tmp_path / "changed.csv"
    changed.write_text("\n".join(map(",".join, lines)) + "\n")
    broken = replace(good, table=changed)
    with (
        Connection(office.server.url, office.user) as client,
        pytest.raises(PortalRejected, match=r"could not take 2 cells .*: cases \(2\)") as told,
    ):
        RevisionSender(pause=0.02).send_rows(client, uid, broken, None)
    assert CANARY not in str(told.value)
    assert office.shown() == (3, "All.")
    assert listed(office, uid)[-1]["discarded_at"]


def test_a_draft_that_holds_something_else_is_discarded_before_anybody_sees_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(3).uid
    before = stamps(office, uid)
    respell(monkeypatch, "é0".encode(), b"e0")
    with pytest.raises(PortalRejected, match="draft holds something other"):
        office.publish(4)
    assert stamps(office, uid) == before
    assert all(one["closed_at"] for one in listed(office, uid))
    monkeypatch.undo()
    office.publish(4)
    assert office.shown() == (4, "All.")


def test_a_draft_that_is_spelled_otherwise_is_what_was_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    respell(monkeypatch, b"\n", b"\r\n")
    office.publish(3)
    assert office.shown() == (3, "All.")


def test_what_others_have_begun_is_left_alone_and_what_ours_left_is_discarded(
    office: Office,
) -> None:
    uid = office.publish(3).uid
    path = f"/api/publishing/v1/revision/{uid}"
    others = office.by_hand("POST", path, json={"metadata": {"description": "Mine"}})
    ours = office.by_hand("POST", path, json={"metadata": {}})
    office.by_hand("PUT", ours["links"]["update"], json={"notes": "OpenGazette release old"})
    office.publish(4)
    closed = {one["revision_seq"]: one["closed_at"] for one in listed(office, uid)}
    assert closed[others["resource"]["revision_seq"]] is None
    assert closed[ours["resource"]["revision_seq"]] is not None


def test_other_words_of_a_column_take_the_rows_along_and_other_papers_do_not(
    office: Office,
) -> None:
    uid = office.publish(3).uid
    before = stamps(office, uid)
    office.publish(3, "Better.")
    assert stamps(office, uid) == before
    columns = [{**column, "description": "New."} for column in portal_columns(TYPES)]
    table = office.papers.read(office.release(3).release.document("table.csv"))
    said = {"name": "Diseases", "description": "Better.", "tags": ["Flu"], "columns": columns}
    office.send(filed_release(office.papers, "contagious_diseases", table, said))
    shown = office.by_hand("GET", f"/api/views/{uid}.json")["columns"]
    assert {column["description"] for column in shown} == {"New."}


def test_any_line_end_in_a_cell_comes_back_from_a_draft_as_it_was_sent(office: Office) -> None:
    plain = office.papers.read(office.release(3).release.document("table.csv"))
    table = plain.replace("é0".encode(), b'"a\rb"').replace("é1".encode(), b'"a\r\n,""b"')
    said = {"name": "Diseases", "tags": ["Flu"], "columns": portal_columns(TYPES)}
    sent = office.send(filed_release(office.papers, "contagious_diseases", table, said))
    shown = {next(iter(row.values())) for row in office.rows_seen(sent.uid) or []}
    assert {"a\rb", 'a\r\n,"b'} <= shown


def test_a_revision_that_was_applied_unheard_of_is_not_applied_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(3).uid

    def unheard(*_arguments: object) -> bool:
        raise PortalUnavailable("The portal did not answer.")

    apply = RevisionSender._apply
    monkeypatch.setattr(
        RevisionSender, "_apply", lambda sender, one: apply(sender, one) and unheard()
    )
    with pytest.raises(PortalUnavailable):
        office.publish(4)
    monkeypatch.undo()
    before = stamps(office, uid)
    office.publish(4)
    assert stamps(office, uid) == before
    assert office.kinds()[-1] == "published"


@pytest.mark.parametrize("protocol", SENDERS)
def test_a_release_goes_out_over_tls_to_a_portal_that_is_vouched_for(
    tmp_path: Path, tls_portal: LocalPortal, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path / "archive", tls_portal, protocol)
    published = office.publish(3)
    assert published.address.startswith("https://")
    assert office.public() == {published.uid: 3}
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(PortalUnavailable, match="SSLError"):
        office.publish(4)
