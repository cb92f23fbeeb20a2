"""The code on a dataset's page runs as it stands and finds the rows that the page shows."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.servers

ROWS = [
    {"county": "O'Brien", "visits": 12},
    {"county": 'Q"x" \\ $y', "visits": 30},
    {"county": "Alpine", "visits": 50},
]
ASKED = {"from.visits": "20", "sort": "visits", "way": "desc"}
QUOTED = {"is.county": 'Q"x" \\ $y'}


@pytest.fixture(scope="module")
def place(shared_portal: Any) -> Iterator[str]:
    with requests.Session() as session:
        session.auth = (shared_portal.user, shared_portal.password)
        views = f"{shared_portal.url}/api/views"
        columns = [
            {"name": name, "fieldName": name, "dataTypeName": kind}
            for name, kind in (("county", "text"), ("visits", "number"))
        ]
        made = session.post(views, json={"name": "Run", "columns": columns}).json()["id"]
        session.put(f"{shared_portal.url}/resource/{made}.json", json=ROWS)
        session.post(f"{views}/{made}/publication.json")
        session.put(f"{views}/{made}?method=setPermission&value=public.read")
        yield f"{shared_portal.url}/d/{made}"
        session.delete(f"{views}/{made}")


def code(place: str, title: str, asked: dict[str, str]) -> str:
    page = requests.get(place, params=asked, timeout=10).text
    found = re.search(rf'aria-label="{title}"><code>(.*?)</code>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found.group(1))


def run(*command: str) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CASES = [(ASKED, ["50", "30"]), (QUOTED, ["30"])]


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_curl_runs(place: str, asked: dict[str, str], visits: list[str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this system")
    script = code(place, "Command line, with curl", asked)
    found = run("sh", "-c", script.replace("curl ", "curl --silent ", 1))
    assert [row["visits"] for row in found] == visits


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_sodapy_runs(place: str, asked: dict[str, str], visits: list[str]) -> None:
    script = code(place, "Python, with sodapy", asked)
    found = run(sys.executable, "-c", f"{script}\nimport json\nprint(json.dumps(rows))")
    assert [row["visits"] for row in found] == visits


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_pandas_runs(place: str, asked: dict[str, str], visits: list[str]) -> None:
    script = code(place, "Python, with pandas", asked)
    found = run(sys.executable, "-c", f"{script}\nprint(rows.to_json(orient='records'))")
    assert [str(row["visits"]) for row in found] == visits


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_javascript_runs(place: str, asked: dict[str, str], visits: list[str]) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this system")
    script = code(place, "JavaScript", asked) + "\nconsole.log(JSON.stringify(rows));"
    found = run(node, "--input-type=module", "-e", script)
    assert [row["visits"] for row in found] == visits


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_r_runs(place: str, asked: dict[str, str], visits: list[str]) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("no R on this system")
    listed = 'cat("[", paste(rows$visits, collapse = ","), "]")'
    found = run(rscript, "-e", f"{code(place, 'R', asked)}; {listed}")
    assert [str(number) for number in found] == visits


@pytest.mark.parametrize(("asked", "visits"), CASES)
def test_the_address_in_the_code_for_r_answers(
    place: str, asked: dict[str, str], visits: list[str]
) -> None:
    script = code(place, "R", asked)
    found = re.fullmatch(r'rows <- read\.csv\("([^"\\]+)"\)', script)
    assert found is not None
    answer = requests.get(found.group(1), timeout=10).text
    assert [line.split(",")[-1].strip('"') for line in answer.splitlines()[1:]] == visits
