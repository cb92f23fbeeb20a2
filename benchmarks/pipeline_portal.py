"""Publishing to a real portal on this machine, and the bare request that it contains."""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from benchmarks.measuring import CHECKOUT, median_seconds
from opengazette.adapters import contracts
from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals.connection import Credentials
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.disclosure.tables.margins import with_margins
from opengazette.documentation.canonical import table_csv
from opengazette.model.stages import Approved, DocumentRef, Release, TableRef

TIMES = 3
USER = "publisher"
SECRET = "BENCHMARK_PORTAL_PASSWORD"  # noqa: S105 - the name of the variable
_SHA = "0" * 64


def publish_ours(folder: str) -> dict[str, Any]:
    """Replace a public table: sent, read back by a stranger, compared, papers beside it."""
    return _published(Path(folder), bare=False)


def publish_put(folder: str) -> dict[str, Any]:
    """Replace the same table by one PUT of the same file, and believe the answer."""
    return _published(Path(folder), bare=True)


def _published(place: Path, *, bare: bool) -> dict[str, Any]:
    password = secrets.token_urlsafe(16)
    papers = ArchivePapers(FolderArchive(place / f"archive-{secrets.token_hex(4)}"))
    with served_portal(place / f"portal-{secrets.token_hex(4)}", password) as (url, _):
        portal = SocrataPortal(url, Credentials(USER, password), papers)
        content = _table(place)
        release = _approved(papers, content)
        uid = portal.publish(release, uid=None, before=None).uid

        def put() -> None:
            answer = requests.put(
                f"{url}/resource/{uid}.json",
                data=content,
                auth=(USER, password),
                headers={"Content-Type": "text/csv"},
                timeout=60,
            )
            answer.raise_for_status()

        def publish() -> None:
            portal.publish(release, uid=uid, before=None)

        seconds = median_seconds(put if bare else publish, times=TIMES)
        return {"seconds": seconds, "checked": content.count(b"\n") - 1}


def _table(place: Path) -> bytes:
    import pyarrow.parquet as pq

    base = pq.read_table(place / "base.parquet").to_pandas()
    contract = contracts.load_contract(CHECKOUT, "emergency_encounters")
    table = with_margins(base, contract.publication)
    return table_csv(table, {str(name): 0 for name in table.columns})


def _approved(papers: ArchivePapers, content: bytes) -> Approved:
    names = content.split(b"\n", 1)[0].decode().split(",")
    about = {
        "name": "Generated encounters",
        "columns": [
            {
                "name": name,
                "fieldName": name,
                "dataTypeName": "number" if name == "encounters" else "text",
                "description": name,
            }
            for name in names
        ],
    }
    documents = (
        papers.file("table.csv", "text/csv", content),
        papers.file("metadata.json", "application/json", json.dumps(about).encode()),
        papers.file("dictionary.csv", "text/csv", b"column\n"),
        papers.file("methodology.md", "text/markdown", b"Generated.\n"),
    )
    nowhere = TableRef("benchmark", _SHA, 1, ())
    evidence = DocumentRef("evidence.json", "application/json", _SHA)
    release = Release(
        dataset="benchmark",
        contract=_SHA,
        rule_pack=_SHA,
        extract=nowhere,
        public=nowhere,
        private=nowhere,
        evidence=evidence,
        documents=documents,
        score=None,
        primary=0,
        complementary=0,
    )
    return Approved(release, _SHA, ())


@contextmanager
def served_portal(
    folder: Path, password: str, log: Path | None = None
) -> Iterator[tuple[str, int]]:
    """Serve a portal on a free port until the block ends; yield its address and its process.

    `log` gets one line for each request that the portal has answered.
    """
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmarks.pipeline_portal",
            str(folder),
            *([str(log)] if log else []),
        ],
        cwd=CHECKOUT,
        env={**os.environ, SECRET: password},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        port = server.stdout.readline().strip() if server.stdout else ""
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)


def _serve(folder: Path, *logs: str) -> None:
    import uvicorn

    from opengazette.localportal import PortalSettings, create_app

    settings = PortalSettings(folder=folder, title="Benchmark", users={USER: os.environ[SECRET]})
    config = uvicorn.Config(create_app(settings), log_level="error", access_log=bool(logs))
    for log in logs:
        heard = logging.getLogger("uvicorn.access")
        heard.setLevel(logging.INFO)
        heard.handlers[:] = [logging.FileHandler(log)]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), *sys.argv[2:])
