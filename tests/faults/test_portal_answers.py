"""Every answer that a portal can give is waited for, repeated, or refused in our own words."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace

import pytest
from examples.broken_portals import (
    CANARY,
    NAMES,
    TAKEN,
    UID,
    USER,
    Answer,
    Asked,
    Behaviour,
    guarded,
    promise,
    said,
    serving,
    shipment,
)

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import read_back, replace_rows, shows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import count_and_digest, read_table_csv
from opengazette.errors import PortalRejected, PortalUnavailable


def test_accepted_with_a_place_to_ask_is_asked_there() -> None:
    waiting = Answer(202, b"", "", {"Location": "/jobs/7?x=1", "Retry-After": "2"})
    with serving(lambda _asked, number: promise(number, waiting)) as server:
        replace_rows(guarded(server), UID, shipment(b"name\na\n"))
        assert server.asked[1].path == "/jobs/7?x=1"


def test_the_password_follows_no_portal_to_another_machine() -> None:
    elsewhere = Answer(202, b"", "", {"Location": "http://evil.example/jobs/7"})
    with serving(lambda _asked, number: promise(number, elsewhere)) as server:
        replace_rows(guarded(server), UID, shipment(b"name\na\n"))
        assert [a.method for a in server.asked] == ["PUT", "PUT"]
    moved = Answer(302, b"", "", {"Location": "http://evil.example/"})
    with (
        serving(lambda _asked, _number: moved) as server,
        pytest.raises(PortalRejected, match="302"),
    ):
        guarded(server).get(UID)


def test_bare_accepted_is_sent_again_whole() -> None:
    with serving(lambda _asked, number: promise(number, Answer(202, b"", ""))) as server:
        replace_rows(guarded(server), UID, shipment(b"name\na\n"))
        assert [a.body for a in server.asked] == [b"name\na\n"] * 2


def test_accepted_for_ever_is_given_up() -> None:
    with serving(lambda _asked, _number: Answer(202, b"", "", {"Retry-After": "60"})) as server:
        with pytest.raises(PortalUnavailable, match="did not finish"):
            replace_rows(guarded(server), UID, shipment(b"name\na\n"))
        assert len(server.asked) < 20


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_portal_is_asked_again_and_the_body_is_whole_each_time(status: int) -> None:
    busy = said({"error": True}, status, Retry_After="0")
    with serving(lambda _asked, number: busy if number < 2 else said({})) as server:
        assert replace_rows(guarded(server, attempts=3), UID, shipment(NAMES.encode()))
        assert [a.body for a in server.asked] == [NAMES.encode()] * 3


def test_what_must_not_happen_twice_is_never_repeated() -> None:
    with serving(lambda _asked, _number: said({}, 503, Retry_After="0")) as server:
        with pytest.raises(PortalUnavailable, match="503"):
            guarded(server, attempts=3).create_draft({"name": "x"})
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_portal_that_stays_busy_is_unavailable(status: int) -> None:
    locked = said({"code": "soda.dataset.cannot-acquire-write-lock", "message": CANARY}, status)
    with (
        serving(lambda _asked, _number: locked) as server,
        pytest.raises(PortalUnavailable, match=f"{status}.*write-lock") as busy,
    ):
        replace_rows(guarded(server), UID, shipment(b"name\na\n"))
    assert CANARY not in str(busy.value)


@pytest.mark.parametrize("code", ["soda.column.maltyped", f"{CANARY} is no code"])
def test_a_refusal_says_the_code_and_never_the_words(code: str) -> None:
    refusal = said({"code": code, "message": CANARY, "data": {"got": CANARY}}, 400)
    with (
        serving(lambda _asked, _number: refusal) as server,
        pytest.raises(PortalRejected, match="status 400") as refused,
    ):
        replace_rows(guarded(server), UID, shipment(b"name\na\n"))
    assert CANARY not in str(refused.value)
    assert ("maltyped" in str(refused.value)) == code.startswith("soda")
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "broken",
    [
        Answer(200, b'[{"name": "a"', announced=500),
        Answer(200, b'[{"name": "a"'),
        Answer(200, b"\xff\xfe", "application/json"),
    ],
    ids=["connection cut", "JSON cut", "garbage"],
)
def test_a_body_that_breaks_off_is_unavailable(broken: Answer) -> None:
    with serving(lambda _asked, _number: broken) as server, pytest.raises(PortalUnavailable):
        guarded(server).get(UID)


def test_a_silent_portal_is_given_up_in_time() -> None:
    silence = threading.Event()

    def wait(_asked: Asked, _number: int) -> Answer:
        silence.wait(20)
        return Answer()

    with serving(wait) as server:
        client = Connection(server.url, USER, seconds=(1.0, 0.3), attempts=0)
        with pytest.raises(PortalUnavailable, match="did not answer"):
            client.get(UID)
        silence.set()


def test_a_stranger_sends_no_password_whatever_the_machine_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.NamedTemporaryFile("w", suffix="netrc") as netrc, serving(TAKEN) as server:
        netrc.write("machine 127.0.0.1 login publisher password hunter2\n")
        netrc.flush()
        monkeypatch.setenv("NETRC", netrc.name)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        Connection(server.url, None, attempts=0).get(UID)
        assert "Authorization" not in server.asked[0].headers


def sheet(text: str) -> Behaviour:
    return counting(2, text)


COLUMNS = {"name": "text", "cases": "number"}
SHOWN = '"name","cases"\n"José","1"\n"Ann",\n'


@pytest.mark.parametrize("cut", ['"Ann"', '"A', '"Ann",'])
def test_rows_that_break_off_are_no_table(cut: str) -> None:
    text = SHOWN[: SHOWN.index('"Ann"')] + cut
    with serving(sheet(text)) as server, pytest.raises(PortalUnavailable):
        read_back(guarded(server), UID, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        '"cases","name"\n"1.0","José"\n,"Ann"\n',
        '"name",":version","cases"\n"Ann","rv-1",\n"José","rv-2","1"\n',
    ],
)
def test_rows_are_the_same_in_another_order_and_beside_what_is_the_portals_own(text: str) -> None:
    with serving(sheet(SHOWN)) as server:
        shown = read_back(guarded(server), UID, COLUMNS)
    with serving(sheet(text)) as server:
        assert read_back(guarded(server), UID, COLUMNS) == shown


@pytest.mark.parametrize(
    "text",
    [
        SHOWN.replace('"cases"', '"ssn"'),
        SHOWN.replace('"Ann",', '"Ann"'),
        SHOWN.replace('"1"', '"one"'),
        SHOWN.replace('"1"', '"2"'),
        SHOWN.replace("\n", ',"more"\n'),
    ],
)
def test_rows_with_other_columns_or_cells_are_not_the_table(text: str) -> None:
    with serving(sheet(SHOWN)) as server:
        shown = read_back(guarded(server), UID, COLUMNS)
    with serving(sheet(text)) as server:
        assert read_back(guarded(server), UID, COLUMNS).digest != shown.digest


SENT = 'name,cases\nJosé,1\nAnn,\n"a, ""b""",2.50\n'


def sent() -> Shipment:
    found = count_and_digest(COLUMNS, read_table_csv(SENT.encode())[1])
    return replace(shipment(SENT.encode()), columns=COLUMNS, measured=lambda: found)


def counting(count: int, text: str) -> Behaviour:
    counted, rows = said([{"rows": str(count)}]), Answer(body=text.encode(), kind="text/csv")
    return lambda asked, _number: counted if "count" in asked.path else rows


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ('"name","cases"\n"José","1"\n"Ann",\n"a, ""b""","2.50"\n', 1),
        (SENT, 1),
        ('name,cases\r\nJosé,1.0\r\nAnn,\r\n"a, ""b""",2.5\r\n', 2),
        ('"cases","name"\n"1","Jose\u0301"\n,"Ann"\n"2.5","a, ""b"""\n', 2),
        ('"name","cases"\n"Ann",\n"a, ""b""","2.5"\n"José","1"\n', 3),
    ],
    ids=[
        "in quotes",
        "as sent",
        "in another spelling",
        "with columns elsewhere",
        "in another order",
    ],
)
def test_rows_are_read_again_only_where_they_are_spelled_or_lie_otherwise(
    text: str, reads: int
) -> None:
    with serving(counting(3, text)) as server:
        assert shows(guarded(server), UID, sent())
        assert sum(".csv" in asked.path for asked in server.asked) == reads


@pytest.mark.parametrize(
    "text",
    [
        '"name","cases"\n"José","1"\n"Ann",\n"a, ""b""","2.6"\n',
        '"name","cases"\n"José","1"\n"Ann",\n"José","1"\n',
        '"name","ssn"\n"José","1"\n"Ann",\n"a, ""b""","2.5"\n',
        '"name","cases"\n"José","1"\n"Ann",\n"a, ""b""","two"\n',
        '"name","cases"\n"José","1"\n"Ann"\n"a, ""b""","2.5"\n',
        '"name","cases"\n"José","1","1"\n"Ann",\n"a, ""b""","2.5"\n',
    ],
)
def test_rows_that_differ_anywhere_are_not_those_of_the_file(text: str) -> None:
    with serving(counting(3, text)) as server:
        assert not shows(guarded(server), UID, sent())


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_rows_is_not_the_file_whatever_the_rows_are(count: int) -> None:
    with serving(counting(count, SENT)) as server:
        assert not shows(guarded(server), UID, sent())


def test_rows_of_the_file_that_stop_early_are_no_table() -> None:
    text = SENT[: SENT.index('"a')]
    with serving(counting(3, text)) as server, pytest.raises(PortalUnavailable):
        shows(guarded(server), UID, sent())
