"""A portal that fails in every known way: what the bare library does, and what we do.

Each test that says so shows a defect of sodapy 2.2.0 first and the guarded client after it.
"""

from __future__ import annotations

import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from sodapy import Socrata

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.adapters.portals.rows import replace_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.errors import Fault, PortalRejected, PortalUnavailable
from opengazette.model.stages import Approved, DocumentRef, Release, TableRef

CANARY = "078-05-1120"
UID = "abcd-1234"
USER = Credentials("publisher", "hunter2")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None


def said(value: object, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), headers=names)


Behaviour = Callable[[Asked, int], Answer]


@dataclass
class Server:
    host: str
    url: str
    asked: list[Asked]


@contextmanager
def serving(behave: Behaviour) -> Iterator[Server]:
    """Serve on a free port; `behave` is told what is asked and how many requests came before."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            names = {name.title(): text for name, text in self.headers.items()}
            request = Asked(self.command, self.path, body, names)
            asked.append(request)
            answer = behave(request, len(asked) - 1)
            self.send_response(answer.status)
            if answer.kind:
                self.send_header("Content-Type", answer.kind)
            for name, text in answer.headers.items():
                self.send_header(name, text)
            size = len(answer.body) if answer.announced is None else answer.announced
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.announced is not None

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_all  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            """Say nothing of clients that hung up: that is what is tested."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield Server(host, f"http://{host}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bare(server: Server, timeout: float = 5) -> Socrata:
    return Socrata(
        server.host,
        "token",
        username="publisher",
        password="hunter2",
        session_adapter={"prefix": "http://", "adapter": HTTPAdapter()},
        timeout=timeout,
    )


def guarded(server: Server, attempts: int = 0) -> Connection:
    return Connection(
        server.url, USER, seconds=(2.0, 3.0), attempts=attempts, sleep=lambda _seconds: None
    )


def shipment(content: bytes, rows: int = 1) -> Shipment:
    return Shipment(content, {"name": "text"}, rows, "", {}, ())


NAMES = "name\r\n" + "José Muñoz\r\n" * 100
TAKEN: Behaviour = lambda _asked, _number: said({"Rows Created": 1})  # noqa: E731


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


def promise(number: int, first: Answer) -> Answer:
    return first if number == 0 else said({"Rows Created": 1, "Errors": 0})


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


@dataclass
class Between:
    """Stands between the publisher and a real portal, and changes what it likes."""

    upstream: str
    change: Callable[[Asked, Answer], Answer]
    before: Callable[[Asked], Answer | None] = lambda _asked: None

    def __call__(self, asked: Asked, _number: int) -> Answer:
        instead = self.before(asked)
        if instead is not None:
            return instead
        kept = ("Authorization", "Content-Type", "X-File-Name")
        with requests.Session() as session:
            session.trust_env = False
            real = session.request(
                asked.method,
                f"{self.upstream}{asked.path}",
                data=asked.body,
                headers={name: asked.headers[name] for name in kept if name in asked.headers},
                timeout=20,
            )
        kind = real.headers.get("Content-Type", "")
        return self.change(asked, Answer(real.status_code, real.content, kind))


def is_rows(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.startswith("/resource/") and "order" in asked.path


class Office:
    def __init__(self, folder: Path, real: Any) -> None:
        self.papers = ArchivePapers(FolderArchive(folder))
        self.real = real
        self.first = self.release("name,cases\nJosé,12\nAnn,\n")
        self.second = self.release("name,cases\nJosé,13\nAnn,\nBo,4\n")

    def release(self, table: str) -> Approved:
        columns = [
            {"name": "Name", "fieldName": "name", "dataTypeName": "text", "description": "N."},
            {"name": "Cases", "fieldName": "cases", "dataTypeName": "number", "description": "C."},
        ]
        metadata = {"name": "Cases by name", "tags": ["x"], "columns": columns}
        documents = (
            self.papers.file("table.csv", "text/csv", table.encode()),
            self.papers.file("metadata.json", "application/json", json.dumps(metadata).encode()),
            self.papers.file("dictionary.csv", "text/csv", b"column\n"),
            self.papers.file("methodology.md", "text/markdown", b"How"),
        )
        ref, sha = TableRef("cases", "ab" * 32, 1, ()), "ab" * 32
        evidence = DocumentRef("evidence.json", "application/json", sha)
        return Approved(
            Release("cases", sha, sha, ref, ref, ref, evidence, documents, None, 0, 0), sha, ()
        )

    def portal(self, url: str) -> SocrataPortal:
        user = Credentials(self.real.user, self.real.password)
        return SocrataPortal(url, user, self.papers, attempts=0, sleep=lambda _seconds: None)

    def direct(self) -> SocrataPortal:
        return self.portal(self.real.url)

    def public(self) -> dict[str, list[dict[str, str]]]:
        """Return what a stranger sees: rows by dataset."""
        views = requests.get(f"{self.real.url}/api/views.json", timeout=10).json()
        return {
            v["id"]: requests.get(f"{self.real.url}/resource/{v['id']}.json", timeout=10).json()
            for v in views
        }

    def drafts(self) -> int:
        login = (self.real.user, self.real.password)
        return len(requests.get(f"{self.real.url}/api/views.json", auth=login, timeout=10).json())


@pytest.fixture
def office(tmp_path: Path, local_portal: Any) -> Office:
    return Office(tmp_path / "archive", local_portal)


def wrong_rows(asked: Asked, answer: Answer) -> Answer:
    return Answer(200, answer.body.replace(b"13", b"14")) if is_rows(asked) else answer


def lost_row(asked: Asked, answer: Answer) -> Answer:
    return said(json.loads(answer.body)[:-1] or [{}]) if is_rows(asked) else answer


def extra_column(asked: Asked, answer: Answer) -> Answer:
    if not is_rows(asked):
        return answer
    return said([{**row, "ssn": CANARY} for row in json.loads(answer.body)])


def claimed_errors(asked: Asked, answer: Answer) -> Answer:
    return said({"Rows Created": 2, "Errors": 1}) if asked.method == "PUT" else answer


def only_for_the_second(
    change: Callable[[Asked, Answer], Answer],
) -> Callable[[Asked, Answer], Answer]:
    """Change answers from the moment the second release is sent until another one is."""
    active = threading.Event()

    def changed(asked: Asked, answer: Answer) -> Answer:
        if asked.method == "PUT" and asked.path.startswith("/resource/"):
            (active.set if b"13" in asked.body else active.clear)()
        return change(asked, answer) if active.is_set() else answer

    return changed


@pytest.mark.parametrize("change", [wrong_rows, extra_column, claimed_errors])
def test_a_portal_that_shows_something_else_gets_the_previous_release_back(
    office: Office, change: Callable[[Asked, Answer], Answer]
) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    before = office.public()
    with (
        serving(Between(office.real.url, only_for_the_second(change))) as server,
        pytest.raises(PortalRejected, match="previous release was put back") as rejected,
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert CANARY not in str(rejected.value)
    assert office.public() == before


def test_a_portal_that_never_shows_what_was_sent_is_made_private(office: Office) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid

    def garble(asked: Asked, answer: Answer) -> Answer:
        return Answer(200, answer.body.replace(b"Ann", b"Eve")) if is_rows(asked) else answer

    with (
        serving(Between(office.real.url, garble)) as server,
        pytest.raises(PortalRejected, match="made private"),
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert office.public() == {}


@pytest.mark.parametrize(
    ("refused", "told"), [("/files.txt", "papers were refused too"), ("ermission", "put back")]
)
def test_a_portal_that_refuses_after_the_rows_gets_the_previous_rows_back(
    office: Office, refused: str, told: str
) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    before = office.public()

    def refuse(asked: Asked) -> Answer | None:
        return (
            said({"code": "forbidden", "message": CANARY}, 403) if refused in asked.path else None
        )

    with (
        serving(Between(office.real.url, lambda _asked, answer: answer, refuse)) as server,
        pytest.raises(PortalRejected, match=told) as rejected,
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert CANARY not in str(rejected.value)
    assert office.public() == before


def test_a_portal_that_refuses_the_rows_is_left_as_it_is(office: Office) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    before, asked_for = office.public(), []

    def refuse(asked: Asked) -> Answer | None:
        asked_for.append((asked.method, asked.path))
        return said({"code": "forbidden"}, 403) if asked.method == "PUT" else None

    with (
        serving(Between(office.real.url, lambda _asked, answer: answer, refuse)) as server,
        pytest.raises(PortalRejected, match="status 403, forbidden"),
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert [method for method, _ in asked_for].count("PUT") == 1
    assert office.public() == before


@pytest.mark.parametrize("change", [wrong_rows, extra_column, claimed_errors])
def test_a_new_dataset_that_is_not_what_was_sent_was_never_public_and_leaves_nothing(
    office: Office, change: Callable[[Asked, Answer], Answer]
) -> None:
    seen: list[dict[str, list[dict[str, str]]]] = []

    def watched(asked: Asked, answer: Answer) -> Answer:
        seen.append(office.public())
        return change(asked, answer)

    with (
        serving(Between(office.real.url, watched)) as server,
        pytest.raises(PortalRejected, match="taken back"),
    ):
        office.portal(server.url).publish(office.second, uid=None, before=None)
    assert all(public == {} for public in seen)
    assert office.drafts() == 0


def test_rows_that_are_missing_from_the_pages_are_not_taken_for_the_table(office: Office) -> None:
    with (
        serving(Between(office.real.url, lost_row)) as server,
        pytest.raises((PortalUnavailable, PortalRejected)),
    ):
        office.portal(server.url).publish(office.second, uid=None, before=None)
    assert office.public() == {}


def test_a_replica_that_lags_behind_is_waited_for(office: Office) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    stale = [json.dumps(office.public()[uid]).encode()] * 2

    def lag(asked: Asked, answer: Answer) -> Answer:
        if is_rows(asked) and stale and b"13" in answer.body:
            return Answer(200, stale.pop())
        return answer

    with serving(Between(office.real.url, lag)) as server:
        state = office.portal(server.url).publish(
            office.second, uid=uid, before=office.first.release
        )
    assert state.rows == 3
    assert not stale


def test_a_portal_that_dies_in_the_middle_is_finished_by_the_next_run(office: Office) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    for dies_at in (1, 2, 4, 6, 8):
        count = iter(range(100))

        def before(_asked: Asked, *, at: int = dies_at, n: Iterator[int] = count) -> Answer | None:
            return said({}, 503) if next(n) >= at else None

        with (
            serving(Between(office.real.url, lambda _asked, answer: answer, before)) as server,
            pytest.raises(PortalUnavailable),
        ):
            office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
        assert len(office.public()[uid]) in (2, 3), "the old table or the new one, whole"
    state = office.direct().publish(office.second, uid=uid, before=office.first.release)
    assert len(office.public()[uid]) == state.rows == 3


def test_a_new_dataset_whose_portal_dies_in_the_middle_never_shows_a_part(office: Office) -> None:
    for dies_at in (1, 2, 3, 5, 7, 9):
        count = iter(range(100))

        def before(asked: Asked, *, at: int = dies_at, n: Iterator[int] = count) -> Answer | None:
            over = next(n) >= at and asked.method != "DELETE"
            return said({}, 503) if over else None

        with (
            serving(Between(office.real.url, lambda _asked, answer: answer, before)) as server,
            pytest.raises(PortalUnavailable),
        ):
            office.portal(server.url).publish(office.second, uid=None, before=None)
        assert office.public() == {}
    assert office.drafts() == 0
