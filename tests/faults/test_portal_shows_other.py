"""A portal that fails or shows something else in the middle of a publication."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from examples.broken_portals import CANARY, Answer, Asked, Between, is_rows, said, serving
from examples.releases import filed_release, portal_columns

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals.connection import Credentials
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.errors import PortalRejected, PortalUnavailable
from opengazette.model.stages import Approved


class Office:
    def __init__(self, folder: Path, real: Any) -> None:
        self.papers = ArchivePapers(FolderArchive(folder))
        self.real = real
        self.first = self.release("name,cases\nJosé,12\nAnn,\n")
        self.second = self.release("name,cases\nJosé,13\nAnn,\nBo,4\n")

    def release(self, table: str) -> Approved:
        types = {"name": "text", "cases": "number"}
        said = {"name": "Cases by name", "tags": ["x"], "columns": portal_columns(types)}
        return filed_release(self.papers, "cases", table.encode(), said)

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
    changed = replace(answer, body=answer.body.replace(b"13", b"14"))
    return changed if is_rows(asked) else answer


def lost_row(asked: Asked, answer: Answer) -> Answer:
    less = b"".join(answer.body.splitlines(keepends=True)[:-1])
    return replace(answer, body=less) if is_rows(asked) else answer


def extra_column(asked: Asked, answer: Answer) -> Answer:
    if not is_rows(asked):
        return answer
    header, *rows = answer.body.decode().splitlines()
    more = "\n".join([f'{header},"ssn"', *(f'{row},"{CANARY}"' for row in rows), ""])
    return replace(answer, body=more.encode())


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
        changed = replace(answer, body=answer.body.replace(b"Ann", b"Eve"))
        return changed if is_rows(asked) else answer

    with (
        serving(Between(office.real.url, garble)) as server,
        pytest.raises(PortalRejected, match="made private"),
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert office.public() == {}


def refusing(asked_for: Callable[[Asked], bool], times: int) -> Callable[[Asked], Answer | None]:
    """Refuse some requests as often as that."""
    left = iter(range(times))

    def refuse(asked: Asked) -> Answer | None:
        refused = asked_for(asked) and next(left, None) is not None
        return said({"code": "forbidden", "message": CANARY}, 403) if refused else None

    return refuse


def is_document(asked: Asked) -> bool:
    return asked.method == "PUT" and asked.path.startswith("/api/views/")


def is_attachment(asked: Asked) -> bool:
    return "/files.txt" in asked.path


def is_opening(asked: Asked) -> bool:
    return "ermission" in asked.path


@pytest.mark.parametrize(
    ("refused", "times", "told"),
    [(is_attachment, 100, "papers were refused too"), (is_document, 1, "put back")],
)
def test_a_portal_that_refuses_after_the_rows_gets_the_previous_rows_back(
    office: Office, refused: Callable[[Asked], bool], times: int, told: str
) -> None:
    uid = office.direct().publish(office.first, uid=None, before=None).uid
    before, refuse = office.public(), refusing(refused, times)
    with (
        serving(Between(office.real.url, lambda _asked, answer: answer, refuse)) as server,
        pytest.raises(PortalRejected, match=told) as rejected,
    ):
        office.portal(server.url).publish(office.second, uid=uid, before=office.first.release)
    assert CANARY not in str(rejected.value)
    assert office.public() == before


def test_a_new_dataset_that_the_portal_will_not_open_leaves_nothing(office: Office) -> None:
    refuse = refusing(is_opening, 100)
    with (
        serving(Between(office.real.url, lambda _asked, answer: answer, refuse)) as server,
        pytest.raises(PortalRejected) as rejected,
    ):
        office.portal(server.url).publish(office.first, uid=None, before=None)
    assert CANARY not in str(rejected.value)
    assert office.public() == {}
    assert office.drafts() == 0


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
    stale = [requests.get(f"{office.real.url}/resource/{uid}.csv", timeout=10).content] * 2

    def lag(asked: Asked, answer: Answer) -> Answer:
        if is_rows(asked) and stale and b"13" in answer.body:
            return replace(answer, body=stale.pop())
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
