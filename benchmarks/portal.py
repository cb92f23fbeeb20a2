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
from benchmarks.pipeline_portal import USER, served_portal
from benchmarks.portal_table import write_keyed_table, write_table

DATASETTE = ("datasette==0.65.1", "sqlite-utils==3.38", "setuptools==80.9.0")
LOAD = "autocannon@8.0.0"
CLIENTS = 50
#: Datasette without what it does besides for people who look around.
_BARE = "_size=100&_shape=array&_nocount=1&_nofacet=1&_nosuggest=1"
_SUMS = (
    "select county, sum(visits) as s from visits where cause = '{cause}' and year = {year}"
    " group by county order by county"
)
VARIANTS = 1_500


def questions(variant: int) -> Mapping[str, tuple[str, str]]:
    """Return one variant of each question, in our words and in Datasette's.

    The first page is the same for everybody; of the others hardly one is asked twice.
    """
    county, year = f"county {variant % 58 + 1:02d}", 2010 + variant % 15
    cause, sex = f"Cause of death {variant % 113 + 1}", ("Female", "Male")[variant % 2]
    sums = _SUMS.format(cause=cause, year=year)
    return {
        "first page": ("$limit=100&$order=:id", f"visits.json?_sort=rowid&{_BARE}"),
        "filtered page": (
            f"county={county}&year={year}&sex={sex}&$limit=100&$order=:id",
            f"visits.json?county={county}&year={year}&sex={sex}&_sort=rowid&{_BARE}",
        ),
        "sorted page": (
            f"cause={cause}&year={year}&$order=visits DESC, :id&$limit=100",
            f"visits.json?cause={cause}&year={year}&_sort_desc=visits&{_BARE}",
        ),
        "sums of groups": (
            f"$select=county,sum(visits)&$group=county&$order=county&cause={cause}&year={year}",
            f"?sql={sums}&_shape=array",
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


def measured(rows: int, large: Sequence[int], seconds: int, out: Path) -> Found:
    """Import and ask `rows` rows in both; import and change `large` rows in ours for its memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = write_table(folder / "visits.csv", rows)
        ours, ours_answered = _ours(folder / "ours", file, rows, seconds)
        peer, peer_answered = _datasette(folder, file, rows, seconds)
        much = [_large(folder, many) for many in large if many]
        much += [_changed(folder, many) for many in large if many]
    found = Found((ours, peer, *much), (*ours_answered, *peer_answered))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"machine": machine(), **asdict(found)}, indent=2))
    return found


def _large(folder: Path, rows: int) -> Imported:
    file = write_table(folder / "large.csv", rows)
    imported, _ = _ours(folder / f"large-{rows}", file, rows, seconds=0)
    return imported


def _changed(folder: Path, rows: int) -> Imported:
    """Change every row of a table by one upsert."""
    file = write_keyed_table(folder / "keyed.csv", rows)
    password = secrets.token_urlsafe(16)
    with served_portal(folder / f"keyed-{rows}", password) as (url, pid):
        session = requests.Session()
        session.auth = (USER, password)
        uid = _empty_dataset(session, url, file)
        named = {"metadata": {"rowIdentifier": "row"}}
        session.put(f"{url}/api/views/{uid}.json", json=named, timeout=60).raise_for_status()
        _send(session, "PUT", f"{url}/resource/{uid}.csv", file)
        _forget_peak(pid)
        seconds = _send(session, "POST", f"{url}/resource/{uid}.csv", file)
        return Imported("opengazette, all rows changed", rows, seconds, _peak_mb(pid))


def _send(session: requests.Session, method: str, url: str, file: Path) -> float:
    begun = time.perf_counter()
    with file.open("rb") as body:
        kind = {"Content-Type": "text/csv"}
        answer = session.request(method, url, data=body, headers=kind, timeout=900)
    answer.raise_for_status()
    return time.perf_counter() - begun


def _ours(
    folder: Path, file: Path, rows: int, seconds: int
) -> tuple[Imported, tuple[Answered, ...]]:
    password = secrets.token_urlsafe(16)
    with served_portal(folder, password) as (url, pid):
        session = requests.Session()
        session.auth = (USER, password)
        uid = _empty_dataset(session, url, file)
        spent = _send(session, "PUT", f"{url}/resource/{uid}.csv", file)
        imported = Imported("opengazette", rows, spent, _peak_mb(pid))
        session.post(f"{url}/api/views/{uid}/publication.json", timeout=60)
        public = f"{url}/api/views/{uid}.json?method=setPermission&value=public.read"
        session.put(public, timeout=60).raise_for_status()
        return imported, tuple(_answers("opengazette", url, f"/resource/{uid}.json?", seconds))


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
        return imported, tuple(_answers("Datasette", url, "/t/", seconds))


def _uv() -> list[str]:
    own = CHECKOUT / ".tools" / "bin" / "uv"
    uv = str(own) if own.is_file() else "uv"
    wanted = [word for package in DATASETTE for word in ("--with", package)]
    return [uv, "run", "--quiet", "--no-project", *wanted]


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


def _answers(tool: str, url: str, place: str, seconds: int) -> Iterator[Answered]:
    for question in questions(0) if seconds else ():
        own = [questions(variant)[question] for variant in range(VARIANTS)]
        asked = [ours if tool == "opengazette" else theirs for ours, theirs in own]
        paths = [_path(place + query) for query in dict.fromkeys(asked)]
        rows = requests.get(url + paths[0], timeout=60).json()
        if isinstance(rows, list) and rows:
            yield _loaded(tool, question, url, paths, seconds)
        else:
            yield Answered(tool, question, 0, 0, 0, failed="no rows")


def _path(wanted: str) -> str:
    """Encode a path with its question as clients do."""
    query = wanted.replace("/t/?sql=", "/t.json?sql=")
    return requests.Request("GET", f"http://x{query}").prepare().path_url


def _loaded(tool: str, question: str, url: str, paths: Sequence[str], seconds: int) -> Answered:
    asked = {"url": url, "paths": list(paths), "connections": CLIENTS, "duration": seconds}
    program = str(CHECKOUT / "benchmarks" / "portal_load.js")
    ran = subprocess.run(
        ["node", program],
        input=json.dumps(asked),
        env={**os.environ, "NODE_PATH": str(_load_generator() / "node_modules")},
        check=True,
        capture_output=True,
        text=True,
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


def _load_generator() -> Path:
    """Return the folder of the load generator, which is installed on its first use."""
    folder = CHECKOUT / ".cache" / "autocannon"
    if shutil.which("npm") is None:
        sys.exit("The load generator needs npm, which comes with Node.js.")
    if not (folder / "node_modules" / "autocannon").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", LOAD]
        subprocess.run(command, cwd=folder, check=True)
    return folder


def _forget_peak(pid: int) -> None:
    """Let the peak of a process begin anew; where the system cannot, it stays the larger one."""
    place = Path(f"/proc/{pid}/clear_refs")
    if place.is_file():
        place.write_text("5")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
