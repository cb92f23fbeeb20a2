"""Files that are datasets of their own, as sodapy sends them and as bytes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from examples.places import Served
from requests.adapters import HTTPAdapter
from sodapy import Socrata


@pytest.fixture
def publisher(shared_portal: Served) -> Any:
    return Socrata(
        shared_portal.host,
        None,
        username=shared_portal.user,
        password=shared_portal.password,
        session_adapter={"prefix": "http://", "adapter": HTTPAdapter()},
    )


def test_sodapy_makes_a_dataset_of_a_file_and_replaces_it(publisher: Any) -> None:
    made = publisher.create_non_data_file({}, {"file": ("plan.pdf", io.BytesIO(b"%PDF one"))})
    assert (made["name"], made["viewType"], made["blobFileSize"]) == ("plan.pdf", "blobby", 8)
    sent = {"file": ("plan-2.pdf", io.BytesIO(b"%PDF second"))}
    changed = publisher.replace_non_data_file(made["id"], {}, sent)
    assert (changed["id"], changed["blobFilename"]) == (made["id"], "plan-2.pdf")
    address = f"{publisher.uri_prefix}{publisher.domain}/api/views/{made['id']}/files"
    answer = publisher.session.get(f"{address}/{changed['blobId']}")
    assert answer.content == b"%PDF second"


def test_a_file_comes_as_bytes_with_its_name_in_the_address(desk: Any) -> None:
    made = desk.ask("POST", "/api/imports2/?method=blob&fileName=a.zip", content=b"PK")
    assert (made["name"], made["blobFilename"]) == ("a.zip", "a.zip")


def test_a_file_is_offered_on_the_page_of_its_dataset(desk: Any) -> None:
    made = desk.ask("POST", "/api/imports2?method=blob&fileName=a.zip", content=b"PK")
    page = desk.client.get(f"/d/{made['id']}", auth=desk.auth).text
    assert f"/api/views/{made['id']}/files/{made['blobId']}" in page


def test_a_draft_becomes_a_file_that_comes_with_its_name_in_a_header(desk: Any) -> None:
    draft = desk.ask("POST", "/api/views.json", json={"name": "Plan"})["id"]
    path = f"/api/imports2?method=setBlobForDraft&saveUnderViewUid={draft}"
    named = {"X-File-Name": "plan.pdf"}
    made = desk.ask("POST", path, content=b"%PDF", headers=named)
    assert (made["id"], made["name"], made["blobFilename"]) == (draft, "Plan", "plan.pdf")
    replaced = f"/api/views/{draft}?method=replaceBlob"
    named = {"X-File-Name": "plan-2.pdf"}
    assert desk.ask("POST", replaced, content=b"%", headers=named)["blobFilename"] == "plan-2.pdf"
    desk.ask("POST", f"/api/views/{draft}/publication")
    refused = desk.ask("POST", path, 409, content=b"%PDF", headers=named)
    assert refused["code"] == "soda.dataset.incorrect-lifecycle-stage"
    desk.ask("POST", "/api/imports2?method=setBlobForDraft", 404, content=b"", headers=named)


def test_a_table_does_not_become_a_file(desk: Any) -> None:
    body = {"name": "T", "columns": [{"name": "a", "dataTypeName": "text"}]}
    table = desk.ask("POST", "/api/views.json", json=body)["id"]
    path = f"/api/views/{table}.txt?method=replaceBlob&fileName=a.zip"
    refused = desk.ask("POST", path, 400, content=b"PK")
    assert "is a table" in refused["message"]
    assert desk.view(table)["viewType"] == "tabular"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/imports2/?method=scan", 400),
        ("/api/imports2/?method=blob", 400),
        ("/api/views/zzzz-zzzz.txt?method=replaceBlob&fileName=a", 404),
        ("/api/views/zzzz-zzzz.txt", 400),
    ],
)
def test_what_is_no_file_is_refused(desk: Any, path: str, status: int) -> None:
    assert desk.ask("POST", path, status, content=b"PK")["error"] is True


def test_strangers_bring_no_files(desk: Any) -> None:
    answer = desk.client.post("/api/imports2/?method=blob&fileName=a", content=b"PK")
    assert answer.status_code == 403


def test_what_is_only_asked_changes_nothing(desk: Any) -> None:
    body = {"name": "T", "columns": [{"name": "a", "dataTypeName": "text"}]}
    before = len(desk.ask("GET", "/api/views.json"))
    assert desk.ask("POST", "/api/views.json?validateOnly=true", json=body)["name"] == "T"
    assert len(desk.ask("GET", "/api/views.json")) == before
    table = desk.ask("POST", "/api/views.json", json=body)["id"]
    for question in ("validateOnly=true", "method=validate"):
        path = f"/api/views/{table}.json?{question}"
        assert desk.ask("PUT", path, json={"name": "Other"})["name"] == "Other"
        assert desk.ask("PUT", path, 400, json={"name": ""})["message"] == "A dataset needs a name."
    assert desk.view(table)["name"] == "T"
