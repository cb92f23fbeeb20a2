"""A revision is killed at any moment: the public table is the old one or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.servers

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


def counted(portal: Running, dataset: str) -> list[tuple[str, str]]:
    query = "$select=word,count(*)&$group=word"
    found = portal.ask("GET", f"/resource/{dataset}.json?{query}")
    return [(row["word"], row["count"]) for row in found]


def test_a_kill_while_applying_leaves_the_old_table_or_the_new(tmp_path: Path) -> None:
    portal = Running(tmp_path)
    opened = portal.ask("POST", f"{API}/revision", json={"metadata": {"name": "Words"}})
    dataset, revision = opened["resource"]["fourfour"], opened["links"]["show"]
    portal.computed(portal.upload(revision, words("old", 40_000)))
    job = portal.ask("PUT", f"{revision}/apply", json={})["links"]["show"]
    portal.until(job, lambda shown: shown["finished_at"] is not None)
    before = [("old", "40000")]
    for turn, pause in enumerate((0.0, 0.02, 0.05, 0.1, 0.2, 0.4), start=1):
        assert counted(portal, dataset) == before
        body = {"action": {"type": "replace"}}
        opened = portal.ask("POST", f"{API}/revision/{dataset}", json=body)
        portal.computed(portal.upload(opened["links"]["show"], words(f"new{turn}", 50_000)))
        job = portal.ask("PUT", opened["links"]["apply"], json={})["links"]["show"]
        time.sleep(pause)
        portal.kill()
        portal = Running(tmp_path)
        status = portal.ask("GET", job)["resource"]["status"]
        new = [(f"new{turn}", "50000")]
        assert (status, counted(portal, dataset)) in [("failure", before), ("successful", new)]
        before = counted(portal, dataset)
        if status == "failure":
            again = portal.ask("PUT", opened["links"]["apply"], json={})["links"]["show"]
            ended = portal.until(again, lambda shown: shown["finished_at"] is not None)
            assert ended["status"] == "successful"
            before = new
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
