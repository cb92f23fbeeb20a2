"""Each defect of sodapy 2.2.0: first what the bare library does, then what the guarded one does."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import requests
from examples.broken_portals import (
    CANARY,
    NAMES,
    TAKEN,
    UID,
    Answer,
    Server,
    guarded,
    promise,
    said,
    serving,
    shipment,
)
from requests.adapters import HTTPAdapter
from sodapy import Socrata

from opengazette.adapters.portals.rows import replace_rows
from opengazette.errors import Fault, PortalRejected, PortalUnavailable


def bare(server: Server, timeout: float = 5) -> Socrata:
    return Socrata(
        server.host,
        "token",
        username="publisher",
        password="hunter2",
        session_adapter={"prefix": "http://", "adapter": HTTPAdapter()},
        timeout=timeout,
    )


def test_defect_1_text_beyond_ascii_is_cut_off_by_the_bare_library_and_whole_by_ours() -> None:
    with serving(TAKEN) as server:
        bare(server).replace(UID, io.StringIO(NAMES))
        assert len(server.asked[0].body) < len(NAMES.encode())
        assert replace_rows(guarded(server), UID, shipment(NAMES.encode()))
        sent = server.asked[1]
    assert sent.body == NAMES.encode()
    assert sent.headers["Content-Type"] == "text/csv"
    assert sent.headers["Content-Length"] == str(len(NAMES.encode()))


def test_defect_2_windows_line_ends_hang_the_bare_library_and_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_bytes(NAMES.encode())
    with serving(TAKEN) as server:
        with file.open(encoding="utf-8") as text, pytest.raises(requests.RequestException):
            bare(server, timeout=1).replace(UID, text)
        assert replace_rows(guarded(server), UID, shipment(file.read_bytes()))
        assert server.asked[-1].body == NAMES.encode()


def test_defect_6_accepted_is_not_done_and_ours_waits_for_the_ticket() -> None:
    waiting = said({"code": "accepted", "error": False, "ticket": "t-1"}, 202)
    with serving(lambda _asked, _number: waiting) as server:
        assert bare(server).replace(UID, io.BytesIO(b"name\na\n"))["code"] == "accepted"
    with serving(lambda _asked, number: promise(number, waiting)) as server:
        assert replace_rows(guarded(server), UID, shipment(b"name\na\n"))
        assert [(a.method, a.path) for a in server.asked] == [
            ("PUT", f"/resource/{UID}.json"),
            ("GET", f"/resource/{UID}.json?ticket=t-1"),
        ]


@pytest.mark.parametrize("kind", ["text/html", ""])
def test_defect_8_a_maintenance_page_is_obscure_in_the_bare_library_and_clear_in_ours(
    kind: str,
) -> None:
    page = Answer(200, f"<html>{CANARY}".encode(), kind)
    with serving(lambda _asked, _number: page) as server:
        with pytest.raises((Exception, AttributeError)) as obscure:
            bare(server).get(UID)
        assert not isinstance(obscure.value, requests.RequestException)
        with pytest.raises(PortalUnavailable, match="maintenance") as clear:
            guarded(server).get(UID)
    assert CANARY not in str(clear.value)


def test_defect_9_the_bare_library_deletes_the_dataset_and_ours_deletes_nothing() -> None:
    with serving(lambda _asked, _number: Answer()) as server:
        bare(server).delete(UID, row_id=0)
        assert server.asked.pop().path == f"/api/views/{UID}.json"
        with pytest.raises(Fault):
            guarded(server).delete(UID, row_id=0)
        assert server.asked == []


def test_defect_11_the_bare_library_empties_the_portal_and_ours_refuses() -> None:
    with serving(TAKEN) as server:
        bare(server).replace(UID, [])
        assert server.asked.pop().body == b"[]"
        with pytest.raises(PortalRejected, match="empty"):
            replace_rows(guarded(server), UID, shipment(b"name\n", rows=0))
        assert server.asked == []
