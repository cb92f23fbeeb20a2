"""The portal is killed at any moment: the public table is the old one or the new one.

`KILLS=100 pytest tests/contract/portal/test_portal_killed.py` kills as often.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.servers

KILLS = int(os.environ.get("KILLS", "9"))
ROWS = 40_000
AUTH = ("ann", "correct horse")
API = "/api/publishing/v1"
SERVE = """
import socket, sys, uvicorn
from pathlib import Path
from opengazette.localportal import PortalSettings, create_app
app = create_app(PortalSettings(folder=Path(sys.argv[1]), users={"ann": "correct horse"}))
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
"""


class Running:
    """A portal in a process of its own, which can be killed."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", SERVE, str(folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def ask(self, method: str, path: str, **given: Any) -> Any:
        answer = requests.request(method, self.url + path, auth=AUTH, timeout=30, **given)
        assert answer.ok, (path, answer.status_code, answer.text[:300])
        return answer.json()

    def until(self, path: str, over: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            shown = self.ask("GET", path)["resource"]
            if over(shown):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{path} did not end")

    def upload(self, revision: str, content: str) -> str:
        """Send a file and return the path of its source, which may still be read."""
        kind = {"source_type": {"type": "upload", "filename": "words.csv"}}
        links = self.ask("POST", f"{revision}/source", json=kind)["links"]
        self.ask("POST", links["initiate"], json={"content_type": "text/csv"})
        path = links["chunk"].format(seq_num=0, byte_offset=0)
        self.ask("POST", path, data=content.encode())
        path = links["commit"].format(seq_num=0, byte_offset=len(content))
        self.ask("POST", path)
        return str(links["show"])

    def computed(self, source: str) -> None:
        def over(shown: Any) -> bool:
            return bool(
                shown["schemas"] and shown["schemas"][0]["output_schemas"][0]["completed_at"]
            )

        self.until(source, over)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()


def words(word: str, count: int) -> str:
    return "word,amount\n" + "".join(f"{word},{at}\n" for at in range(count))


Counted = list[tuple[str, str]]


def counted(portal: Running, dataset: str) -> Counted:
    query = "$select=word,count(*)&$group=word"
    found = portal.ask("GET", f"/resource/{dataset}.json?{query}")
    return [(row["word"], row["count"]) for row in found]


class Written:
    """A dataset whose rows all hold one word; each write puts another word in all of them."""

    def __init__(self, portal: Running) -> None:
        body = {
            "name": "Words",
            "columns": [
                {"name": "Word", "fieldName": "word", "dataTypeName": "text"},
                {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
            ],
            "metadata": {"rowIdentifier": "amount"},
        }
        self.id = portal.ask("POST", "/api/views.json", json=body)["id"]
        self.replace(portal, "old", ROWS)
        self.rows = ROWS

    def _send(self, portal: Running, method: str, word: str, count: int) -> None:
        kind = {"Content-Type": "text/csv"}
        path, body = f"/resource/{self.id}.csv", words(word, count).encode()
        portal.ask(method, path, data=body, headers=kind)

    def replace(self, portal: Running, word: str, count: int) -> None:
        self._send(portal, "PUT", word, count)

    def upsert(self, portal: Running, word: str, count: int) -> None:
        self._send(portal, "POST", word, count)

    def apply(self, portal: Running, word: str, count: int) -> None:
        body = {"action": {"type": "replace"}}
        opened = portal.ask("POST", f"{API}/revision/{self.id}", json=body)
        portal.computed(portal.upload(opened["links"]["show"], words(word, count)))
        job = portal.ask("PUT", opened["links"]["apply"], json={})["links"]["show"]
        portal.until(job, lambda shown: shown["finished_at"] is not None)


def seconds(act: Callable[[], None]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


@pytest.mark.parametrize("name", ["replace", "upsert", "apply"])
def test_a_kill_while_writing_leaves_the_old_table_or_the_new(tmp_path: Path, name: str) -> None:
    portal = Running(tmp_path)
    table = Written(portal)
    write: Callable[[Running, str, int], None] = getattr(table, name)
    whole = seconds(lambda: write(portal, "first", ROWS))
    kills = max(2, -(-KILLS // 3))
    for turn in range(kills):
        before, word, count = counted(portal, table.id), f"new{turn}", ROWS + turn
        writing = threading.Thread(target=_until_the_end, args=(write, portal, word, count))
        writing.start()
        time.sleep(1.1 * whole * (turn + 1) / kills)
        portal.kill()
        writing.join()
        portal = Running(tmp_path)
        after = counted(portal, table.id)
        assert after in (before, [(word, str(count))]), turn
        assert list((tmp_path / "incoming").iterdir()) == []
        if after == before:
            write(portal, word, count)
            assert counted(portal, table.id) == [(word, str(count))]
    portal.kill()


def _until_the_end(
    write: Callable[[Running, str, int], None], portal: Running, word: str, count: int
) -> None:
    with suppress(requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        write(portal, word, count)


def test_a_job_that_was_killed_says_so_and_can_be_started_again(tmp_path: Path) -> None:
    portal = Running(tmp_path)
    opened = portal.ask("POST", f"{API}/revision", json={"metadata": {"name": "Words"}})
    dataset, revision = opened["resource"]["fourfour"], opened["links"]["show"]
    portal.computed(portal.upload(revision, words("new", 50_000)))
    job = portal.ask("PUT", f"{revision}/apply", json={})["links"]["show"]
    portal.kill()
    portal = Running(tmp_path)
    status = portal.ask("GET", job)["resource"]["status"]
    if status == "failure":
        assert portal.ask("GET", f"/resource/{dataset}.json") == []
        again = portal.ask("PUT", f"{revision}/apply", json={})["links"]["show"]
        ended = portal.until(again, lambda shown: shown["finished_at"] is not None)
        assert ended["status"] == "successful"
    assert counted(portal, dataset) == [("new", "50000")]
    portal.kill()


def test_an_upload_that_was_being_read_is_read_after_a_restart(tmp_path: Path) -> None:
    portal = Running(tmp_path)
    opened = portal.ask("POST", f"{API}/revision", json={"metadata": {"name": "Words"}})
    source = portal.upload(opened["links"]["show"], words("new", 300_000))
    portal.kill()
    portal = Running(tmp_path)
    portal.computed(source)
    assert portal.ask("GET", source)["resource"]["schemas"][0]["total_rows"] == 300_000
    portal.kill()
    assert list((tmp_path / "incoming").iterdir()) == []
