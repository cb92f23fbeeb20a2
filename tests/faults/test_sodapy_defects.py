"""Each defect of sodapy 2.2.0: first what the bare library does, then what the guarded one does."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
import requests
from examples.broken_portals import (
    CANARY,
    NAMES,
    TAKEN,
    UID,
    Answer,
    Asked,
    Server,
    guarded,
    promise,
    said,
    serving,
    shipment,
)
from requests.adapters import HTTPAdapter
from sodapy import Socrata

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import numbered_rows, read_back, replace_rows
from opengazette.documentation.canonical import table_csv
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
        # The cut-off request is noted whenever its thread sees that nobody is there any more.
        whole = [a.body for a in server.asked if len(a.body) == int(a.headers["Content-Length"])]
        assert whole == [NAMES.encode()]


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


NO_JSON = [float("nan"), float("inf"), datetime(2026, 1, 1, tzinfo=UTC), Decimal(1), np.int64(1)]


@pytest.mark.parametrize("cell", [*NO_JSON, pd.NA, pd.NaT], ids=lambda cell: type(cell).__name__)
def test_defect_3_what_is_no_json_is_sent_or_obscure_in_the_bare_library_and_never_leaves_ours(
    cell: object,
) -> None:
    with serving(TAKEN) as server:
        with suppress(TypeError):
            bare(server).upsert(UID, [{"name": cell}])
            assert server.asked.pop().body in (b'[{"name": NaN}]', b'[{"name": Infinity}]')
        with pytest.raises(Fault, match="no JSON"):
            guarded(server).upsert(UID, [{"name": cell}])
        assert server.asked == []
    table = pd.DataFrame({"name": pd.Series([cell, "x"], dtype=object)})
    with suppress(Fault):
        cleaned = table_csv(table, {"name": 0})
        assert cleaned in (b'name\n""\nx\n', b"name\n1\nx\n"), "a table is cleaned before it goes"


@pytest.mark.parametrize("rows", [({"name": "a"},), iter([{"name": "a"}])], ids=["tuple", "iter"])
def test_defect_4_rows_of_another_kind_are_obscure_in_the_bare_library_and_a_fault_in_ours(
    rows: object,
) -> None:
    with serving(TAKEN) as server:
        with pytest.raises(Exception, match="Unrecognized payload"):
            bare(server).upsert(UID, rows)
        with pytest.raises(Fault, match="no JSON"):
            guarded(server).upsert(UID, rows)
        assert server.asked == []


def test_defect_5_the_bare_library_says_no_content_type_and_ours_does() -> None:
    with serving(TAKEN) as server:
        bare(server).upsert(UID, [{"name": "a"}])
        assert "Content-Type" not in server.asked[0].headers
        guarded(server).upsert(UID, [{"name": "a"}])
        assert server.asked[1].headers["Content-Type"] == "application/json"


def test_defect_7_a_busy_portal_is_asked_once_by_the_bare_library_and_again_by_ours() -> None:
    busy = said({"error": True}, 503, Retry_After="0")
    with serving(lambda _asked, number: busy if number < 3 else said({})) as server:
        with pytest.raises(requests.HTTPError):
            bare(server).replace(UID, io.BytesIO(b"name\na\n"))
        assert len(server.asked) == 1
        assert replace_rows(guarded(server, attempts=3), UID, shipment(b"name\na\n"))
        assert len(server.asked) == 4
    assert Socrata("example.gov", "token").timeout == 10, "too short for a large table"


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


def test_defect_10_the_bare_library_asks_for_something_else_and_ours_asks_what_it_means() -> None:
    with serving(lambda _asked, _number: said([])) as server:
        bare(server).get(UID, having="rows > 1", exclude_system_fields=False)
        asked = server.asked.pop().path
        assert "having=" in asked
        assert "%24having" not in asked, "a filter on a column of that name"
        assert "=False" in asked
        bare(server).delete(UID, row_id="a/b")
        assert server.asked.pop().path == f"/resource/{UID}/a/b.json"
    counted = said([{"rows": "1"}])
    sheet = Answer(body=b'"name"\n"a"\n', kind="text/csv")
    numbered = Answer(body=b'":id","name"\n"row-aaaa-bbbb-cccc","a"\n', kind="text/csv")

    def answer(asked: Asked, _number: int) -> Answer:
        chosen = numbered if "select" in asked.path else sheet
        return counted if "count" in asked.path else chosen

    with serving(answer) as server:
        assert read_back(guarded(server), UID, {"name": "text"}).rows == 1
        assert list(numbered_rows(guarded(server), UID, {"name": "text"}))
        named = {name for asked in server.asked for name in parse_qs(urlsplit(asked.path).query)}
    assert named <= {"$select", "$order", "$limit", "$offset"}


def test_defect_11_the_bare_library_empties_the_portal_and_ours_refuses() -> None:
    with serving(TAKEN) as server:
        bare(server).replace(UID, [])
        assert server.asked.pop().body == b"[]"
        with pytest.raises(PortalRejected, match="empty"):
            replace_rows(guarded(server), UID, shipment(b"name\n", rows=0))
        assert server.asked == []


def test_defect_12_the_bare_library_quotes_the_portal_and_loses_its_code_and_ours_does_not() -> (
    None
):
    refusal = said({"code": "soda.column.maltyped", "message": CANARY, "data": {}}, 400)
    with serving(lambda _asked, _number: refusal) as server:
        with pytest.raises(requests.HTTPError, match=CANARY) as quoted:
            bare(server).get(UID)
        assert "maltyped" not in str(quoted.value)
        with pytest.raises(PortalRejected, match=r"soda\.column\.maltyped") as told:
            guarded(server).get(UID)
    assert CANARY not in str(told.value)


def test_defect_13_a_move_loses_the_rows_in_the_bare_library_and_is_refused_by_ours() -> None:
    moved = Answer(302, b"", "", {"Location": "/elsewhere"})
    with serving(lambda asked, _number: moved if asked.method == "PUT" else said({})) as server:
        assert bare(server).replace(UID, io.BytesIO(b"name\na\n")) == {}
        assert [(a.method, a.body) for a in server.asked][1] == ("GET", b""), "the rows are lost"
        with pytest.raises(PortalRejected, match="302"):
            replace_rows(guarded(server), UID, shipment(b"name\na\n"))
    with serving(lambda _asked, _number: Answer(200)) as server:
        assert isinstance(bare(server).get(UID), requests.Response), "no data, but an object"
        assert guarded(server).get(UID) is None


def test_defect_14_what_the_bare_library_cannot_do_goes_over_the_same_guarded_session() -> None:
    for can in ("attach", "attached", "describe_column", "exchange", "discard", "visible_view"):
        assert not hasattr(Socrata, can)
        assert callable(getattr(Connection, can))
    with serving(lambda _asked, _number: said({"file": "asset-1"})) as server:
        guarded(server).attach(UID, "dictionary.csv", "text/csv", b"x")
        assert server.asked[0].headers["Authorization"].startswith("Basic ")


def test_defect_15_the_bare_library_tells_the_portal_a_password_of_the_machine_and_ours_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(lambda _asked, _number: said([])) as server:
        adapter = {"prefix": "http://", "adapter": HTTPAdapter()}
        Socrata(server.host, "token", session_adapter=adapter).get(UID)
        Connection(server.url, None, attempts=0).get(UID)
        assert ["Authorization" in asked.headers for asked in server.asked] == [True, False]
