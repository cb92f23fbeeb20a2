"""Clients that no one here wrote, each in an environment of its own, take the portal for Socrata.

Each does what its users do: it reads page by page, filters, and finds numbers and dates as
numbers and dates. Where a package cannot be installed, or a program is not there, there is
nothing to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.servers

PROGRAMS = Path(__file__).parent / "foreign"
ANN = ("ann", "correct horse")
COLUMNS = [
    {"name": "County", "fieldName": "county", "dataTypeName": "text"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
    {"name": "Visits", "fieldName": "visits", "dataTypeName": "number"},
]
ROWS = [
    {"county": "Alameda", "day": "2020-01-01", "visits": "120"},
    {"county": "Butte", "day": "2021-01-01", "visits": "35.5"},
    {"county": "L'Anse", "day": "2021-01-01", "visits": "41"},
    {"county": "Ñuble", "day": "2021-06-30"},
    {"county": "Yolo", "day": "2020-01-01", "visits": "2"},
]


class Place:
    """A public dataset at a portal over TLS, and what a program needs to reach it."""

    def __init__(self, address: str, authority: Path) -> None:
        self.address, self.authority = address, authority
        body: dict[str, Any] = {"name": "Visits", "category": "Health", "columns": COLUMNS}
        body["metadata"] = {"rowIdentifier": "county"}
        self.id = self.ask("POST", "/api/views.json", json=body).json()["id"]
        self.ask("PUT", f"/resource/{self.id}.json", json=ROWS)
        self.ask("POST", f"/api/views/{self.id}/publication.json")
        self.ask("PUT", f"/api/views/{self.id}.json?method=setPermission&value=public.read")

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        answer = requests.request(
            method, self.address + path, auth=ANN, verify=str(self.authority), timeout=30, **given
        )
        assert answer.ok, answer.text
        return answer

    def environment(self) -> dict[str, str]:
        authority = str(self.authority)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.authority.parent),
            "TABLE": f"{self.address}/resource/{self.id}.json",
            "SITE": self.address.removeprefix("https://"),
            "DATASET": self.id,
            "NAME": ANN[0],
            "SECRET": ANN[1],
            **dict.fromkeys(
                ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"),
                authority,
            ),
        }


@pytest.fixture
def place(https_portal: tuple[str, Path]) -> Place:
    address, folder = https_portal
    return Place(address, folder / "tls" / "authority.pem")


@pytest.fixture(scope="module")
def python_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make environments that hold a client and nothing of ours."""

    def made(*packages: str) -> Path:
        folder = tmp_path_factory.mktemp("client")
        venv.create(folder, with_pip=True)
        python = folder / "bin" / "python"
        command = [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *packages]
        if subprocess.run(command, check=False, capture_output=True, timeout=600).returncode:
            pytest.skip(f"{packages[0]} cannot be installed from the package index")
        return python

    return made


def told(command: list[str], environment: Mapping[str, str], folder: Path) -> Any:
    ran = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr.decode()[-3000:]
    return json.loads(ran.stdout)


def test_shillelagh_asks_in_sql(
    place: Place, python_with: Callable[..., Path], tmp_path: Path
) -> None:
    python = python_with("shillelagh[socrataapi]==1.4.5")
    # It passes over what the environment says of authorities; what its environment holds, counts.
    trusted = subprocess.check_output([python, "-m", "certifi"], text=True).strip()
    with Path(trusted).open("a") as authorities:
        authorities.write(place.authority.read_text())
    program = str(PROGRAMS / "read_with_shillelagh.py")
    found = told([str(python), program], place.environment(), tmp_path)
    assert found == {
        "columns": ["county", "day", "visits"],
        "filtered": [["L'Anse", 41.0], ["Alameda", 120.0]],
        "dates": [["Butte", "2021-01-01"], ["L'Anse", "2021-01-01"], ["Ñuble", "2021-06-30"]],
        "range": [["Butte"]],
        "empty": [["Ñuble"]],
        "page": [["Butte"], ["L'Anse"]],
        "grouped": [["2020-01-01", 122.0], ["2021-01-01", 76.5], ["2021-06-30", None]],
        "quoted": [[41.0]],
    }


def test_pandas_reads_page_by_page_with_dates_and_numbers(
    place: Place, python_with: Callable[..., Path], tmp_path: Path
) -> None:
    program = str(PROGRAMS / "read_with_pandas.py")
    found = told([str(python_with("pandas==3.0.0")), program], place.environment(), tmp_path)
    assert found["pages"] == [2, 2, 1, 0]
    assert found["types"]["visits"] == "float64"
    assert found["types"]["day"].startswith("datetime64")
    assert (found["sum"], found["missing"]) == (198.5, 1)
    assert found["newest"] == "2021-06-30 00:00:00"
    assert found["counties"] == [row["county"] for row in ROWS]
    assert found["filtered"] == ["Alameda", "L'Anse"]
    assert found["json"] == [198.5, "2021-06-30 00:00:00"]


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where node finds soda-js."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node, or no npm, on this machine")
    folder = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "soda-js@0.2.3"]
    ran = subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=300)
    if ran.returncode:
        pytest.skip("soda-js cannot be installed from the package registry")
    shutil.copy(PROGRAMS / "use_soda_js.js", folder)
    return folder


def test_soda_js_reads_and_writes(place: Place, node_folder: Path) -> None:
    found = told(["node", "use_soda_js.js"], place.environment(), node_folder)
    assert [row["county"] for row in found["filtered"]] == ["Alameda", "L'Anse"]
    assert [row["visits"] for row in found["equal"]] == ["35.5"]
    assert found["pages"] == [["Alameda", "Butte"], ["L'Anse", "Ñuble"], ["Yolo"]]
    assert found["grouped"] == [{"count": "5"}]
    assert (found["upserted"]["Rows Created"], found["upserted"]["Errors"]) == (1, 0)
    assert found["added"] == {"county": "Del Norte", "visits": "8"}
    assert found["updated"] == {"county": "Colusa", "visits": "9"}
    day = {"county": "Del Norte", "day": "2024-01-01T00:00:00.000"}
    assert found["replaced"] == day
    assert found["deleted"] == [{"typ": "delete", "id": "Colusa"}]
    assert day in found["left"]
    assert len(found["left"]) == len(ROWS) + 1
    assert found["refused"]["message"] == "You must be logged in to access this resource"


def curled(place: Place, *words: str) -> bytes:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    ran = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", *words],
        env=place.environment(),
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_curl_does_what_the_documentation_shows(place: Place, tmp_path: Path) -> None:
    rows = f"{place.address}/resource/{place.id}"
    login = ["--user", ":".join(ANN), "--header", "X-App-Token: a-token"]
    asked = ["--get", "--data-urlencode", "$where=day = '2021-01-01' AND visits > 40"]
    assert json.loads(curled(place, *asked, f"{rows}.json"))[0]["county"] == "L'Anse"
    page = curled(place, "--header", "Accept: text/csv", f"{rows}?$order=:id&$limit=1&$offset=4")
    assert page == b'"county","day","visits"\n"Yolo","2020-01-01T00:00:00.000","2"\n'
    body = tmp_path / "more.csv"
    body.write_text("county,day,visits\nColusa,2024-01-01,7\nYolo,2020-01-01,\n")
    kind = ["--header", "Content-Type: text/csv", "--data-binary", f"@{body}"]
    counters = json.loads(curled(place, *login, *kind, f"{rows}.json"))
    assert (counters["Rows Created"], counters["Rows Updated"]) == (1, 1)
    replaced = ["--request", "PUT", "--header", "Content-Type: application/json"]
    one = ["--data", '[{"county": "Alone", "visits": 1}]']
    assert json.loads(curled(place, *login, *replaced, *one, f"{rows}.json"))["Rows Created"] == 1
    assert json.loads(curled(place, f"{rows}.json")) == [{"county": "Alone", "visits": "1"}]


def test_rsocrata_reads_and_writes_data_frames(place: Place, tmp_path: Path) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("there is no R on this machine")
    known = ["-e", 'quit(status = !requireNamespace("RSocrata", quietly = TRUE))']
    if subprocess.run([rscript, *known], check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("RSocrata is not installed in R")
    environment = place.environment() | {"LC_ALL": "C.UTF-8"}
    found = told([rscript, str(PROGRAMS / "use_rsocrata.R")], environment, tmp_path)
    frame = {"sum": 198.5, "missing": 1, "day": "POSIXct", "newest": "2021-06-30"}
    frame["counties"] = [row["county"] for row in ROWS]
    assert found["json"] == found["csv"] == frame
    assert found["filtered"] == ["Alameda", "L'Anse"]
    assert found["page"] == ["Butte", "L'Anse"]
    assert found["person"] == len(ROWS)
    assert "Visits" in found["catalogue"]
    counters = found["upserted"]
    assert (counters["Rows Created"], counters["Rows Updated"], found["after"]) == (1, 1, 206.5)
    assert (found["replaced"]["Rows Created"], found["left"]) == (1, "Colusa")
    assert found["refused"] == 403
