"""The local portal beside Datasette: the same table, the same questions, the same machine."""

from __future__ import annotations

import json
import os
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.measuring import CHECKOUT, machine
from benchmarks.pipeline_portal import SECRET, USER
from benchmarks.portal_table import write_table

DATASETTE = ("datasette==0.65.1", "sqlite-utils==3.38", "setuptools==80.9.0")
LOAD = "autocannon@8.0.0"
CLIENTS = 50
#: Datasette without what it does besides for people who look around.
_BARE = "_size=100&_shape=array&_nocount=1&_nofacet=1&_nosuggest=1"
_SUMS = "select county, sum(visits) as s from visits group by county order by county"
#: What is asked of both, each in its own words.
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "first page": (
        "$limit=100&$order=:id",
        f"visits.json?_sort=rowid&{_BARE}",
    ),
    "filtered page": (
        "county=county 07&year=2020&$limit=100&$order=:id",
        f"visits.json?county=county 07&year=2020&_sort=rowid&{_BARE}",
    ),
    "sorted page": (
        "$order=visits DESC, :id&$limit=100",
        f"visits.json?_sort_desc=visits&{_BARE}",
    ),
    "sums of groups": (
        "$select=county,sum(visits)&$group=county&$order=county",
        f"?sql={_SUMS}&_shape=array",
    ),
}


@dataclass(frozen=True)
class Imported:
    """How a table came in: seconds, rows a second, and the most memory that it took."""

    tool: str
    rows: int
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Answered:
    """How a question was answered to many clients at once; latencies in milliseconds."""

    tool: str
    question: str
    a_second: float
    p50: float
    p99: float
    failed: str = ""


@dataclass(frozen=True)
class Found:
    """All that was measured."""

    imported: tuple[Imported, ...]
    answered: tuple[Answered, ...]


def measured(rows: int, large: int, seconds: int, out: Path) -> Found:
    """Import and ask `rows` rows in both; import `large` rows in ours for its memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = write_table(folder / "visits.csv", rows)
        ours, ours_answered = _ours(folder / "ours", file, rows, seconds)
        peer, peer_answered = _datasette(folder, file, rows, seconds)
        much = _large(folder, large) if large else ()
    found = Found((ours, peer, *much), (*ours_answered, *peer_answered))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"machine": machine(), **asdict(found)}, indent=2))
    return found


def _large(folder: Path, rows: int) -> tuple[Imported, ...]:
    file = write_table(folder / "large.csv", rows)
    imported, _ = _ours(folder / "large", file, rows, seconds=0)
    return (imported,)


def _ours(
    folder: Path, file: Path, rows: int, seconds: int
) -> tuple[Imported, tuple[Answered, ...]]:
    password = secrets.token_urlsafe(16)
    with _portal_process(folder, password) as (url, pid):
        session = requests.Session()
        session.auth = (USER, password)
        uid = _empty_dataset(session, url, file)
        begun = time.perf_counter()
        with file.open("rb") as body:
            kind = {"Content-Type": "text/csv"}
            answer = session.put(f"{url}/resource/{uid}.csv", data=body, headers=kind, timeout=900)
        imported = Imported("opengazette", rows, time.perf_counter() - begun, _peak_mb(pid))
        answer.raise_for_status()
        session.post(f"{url}/api/views/{uid}/publication.json", timeout=60)
        public = f"{url}/api/views/{uid}.json?method=setPermission&value=public.read"
        session.put(public, timeout=60).raise_for_status()
        asked = {
            name: f"{url}/resource/{uid}.json?{query}" for name, (query, _) in QUESTIONS.items()
        }
        return imported, tuple(_answers("opengazette", asked, seconds))


def _empty_dataset(session: requests.Session, url: str, file: Path) -> str:
    with file.open() as lines:
        names = next(lines).strip().split(",")
    numbers = ("year", "visits", "rate")
    columns = [
        {"name": name, "fieldName": name, "dataTypeName": "number" if name in numbers else "text"}
        for name in names
    ]
    body = {"name": "Visits", "columns": columns}
    made = session.post(f"{url}/api/views.json", json=body, timeout=60)
    made.raise_for_status()
    return str(made.json()["id"])


def _datasette(
    folder: Path, file: Path, rows: int, seconds: int
) -> tuple[Imported, tuple[Answered, ...]]:
    database = folder / "t.db"
    command = ["sqlite-utils", "insert", str(database), "visits", str(file), "--csv"]
    begun = time.perf_counter()
    subprocess.run([*_uv(), *command, "--detect-types"], check=True, stdout=subprocess.DEVNULL)
    spent = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    imported = Imported("sqlite-utils", rows, spent, peak)
    with _datasette_process(database) as url:
        asked = {name: f"{url}/t/{query}" for name, (_, query) in QUESTIONS.items()}
        asked["sums of groups"] = asked["sums of groups"].replace("/t/?", "/t.json?")
        return imported, tuple(_answers("Datasette", asked, seconds))


def _uv() -> list[str]:
    own = CHECKOUT / ".tools" / "bin" / "uv"
    uv = str(own) if own.is_file() else "uv"
    wanted = [word for package in DATASETTE for word in ("--with", package)]
    return [uv, "run", "--quiet", "--no-project", *wanted]


@contextmanager
def _portal_process(folder: Path, password: str) -> Iterator[tuple[str, int]]:
    """Serve a portal until the block ends; yield its address and the number of its process."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.pipeline_portal", str(folder)],
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


@contextmanager
def _datasette_process(database: Path) -> Iterator[str]:
    port = str(_free_port())
    command = ["datasette", "serve", "--immutable", str(database), "--port", port]
    limits = ["--setting", "sql_time_limit_ms", "60000", "--setting", "max_returned_rows", "1000"]
    server = subprocess.Popen(
        [*_uv(), *command, *limits], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _until_up(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _until_up(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError


def _answers(tool: str, asked: Mapping[str, str], seconds: int) -> Iterator[Answered]:
    for question, wanted in asked.items() if seconds else ():
        address = requests.Request("GET", wanted).prepare().url or wanted
        rows = requests.get(address, timeout=60).json()
        if not isinstance(rows, list) or len(rows) < 58:
            yield Answered(tool, question, 0, 0, 0, failed=f"{len(rows)} rows")
            continue
        yield _loaded(tool, question, address, seconds)


def _loaded(tool: str, question: str, address: str, seconds: int) -> Answered:
    options = ["--json", "--connections", str(CLIENTS), "--duration", str(seconds)]
    ran = subprocess.run(
        [*_load_generator(), *options, address], check=True, capture_output=True, text=True
    )
    told: Mapping[str, Any] = json.loads(ran.stdout)
    wrong = told["non2xx"] + told["errors"] + told["timeouts"]
    return Answered(
        tool,
        question,
        told["requests"]["average"],
        told["latency"]["p50"],
        told["latency"]["p99"],
        failed=f"{wrong} requests failed" if wrong else "",
    )


def _load_generator() -> Sequence[str]:
    if shutil.which("npx") is None:
        sys.exit("The load generator needs npx, which comes with Node.js.")
    return ["npx", "--yes", LOAD]


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
