"""Datasets as the views API tells and changes them, case for case."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from examples.places import ROW, Places, Served

pytestmark = pytest.mark.servers


def test_what_is_missing_has_two_shapes(shared_portal: Served) -> None:
    rows = requests.get(f"{shared_portal.url}/resource/aaaa-bbbb.json", timeout=10)
    assert rows.status_code == 404
    assert rows.json()["code"] == "dataset.missing"
    assert (rows.json()["error"], rows.json()["message"]) == (True, "Not found")
    assert rows.json()["data"] == {"id": "aaaa-bbbb"}
    view = requests.get(f"{shared_portal.url}/api/views/aaaa-bbbb.json", timeout=10)
    assert (view.status_code, view.json()["code"]) == (404, "not_found")
    assert view.headers["X-Error-Code"] == "not_found"


def test_strangers_neither_write_nor_see_what_is_private(places: Places) -> None:
    url = f"{places.url}/resource/{places.id}.json"
    for auth in (None, ("publisher", "wrong"), ("nobody", "a-password-of-the-tests")):
        assert requests.get(url, auth=auth, timeout=10).status_code == 403
        assert requests.put(url, auth=auth, json=[], timeout=10).status_code == 403
        created = requests.post(
            f"{places.url}/api/views.json", auth=auth, json={"name": "x"}, timeout=10
        )
        assert created.status_code == 403
    assert requests.get(f"{places.url}/d/{places.id}", timeout=10).status_code == 404
    places.open_to_all()
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.put(url, json=[], timeout=10).status_code == 403
    shown = requests.get(f"{places.url}/api/views/{places.id}.json", timeout=10).json()
    assert shown["rights"] == ["read"]


def test_private_metadata_stays_private(shared_portal: Served) -> None:
    asked = Places(shared_portal, privateMetadata={"note": "for us"})
    asked.open_to_all()
    assert "for us" in asked.views("GET").text
    assert "for us" not in requests.get(f"{asked.url}/api/views/{asked.id}.json", timeout=10).text


def test_a_published_dataset_changes_its_columns_through_a_working_copy(places: Places) -> None:
    places.rows("PUT", json=[ROW])
    places.open_to_all()
    column = {"name": "More", "fieldName": "more", "dataTypeName": "text"}
    for method, suffix in (("POST", "/columns"), ("DELETE", "/columns/amount")):
        refused = places.views(method, suffix, json=column)
        assert refused.status_code == 409
        assert refused.json()["code"] == "soda.dataset.incorrect-lifecycle-stage"
    copy = places.views("POST", "/publication.json?method=copy").json()["id"]
    work = f"{places.url}/api/views/{copy}"
    places.session.post(f"{work}/columns", json=column, timeout=10)
    places.session.delete(f"{work}/columns/amount", timeout=10)
    assert "amount" in places.rows().json()[0]
    back = places.session.post(f"{work}/publication.json", timeout=10).json()
    assert back["id"] == places.id
    stranger = requests.get(f"{places.url}/resource/{places.id}.json", timeout=10)
    assert "amount" not in stranger.json()[0]
    assert "more" in json.loads(stranger.headers["X-SODA2-Fields"])
    assert places.session.get(work, timeout=10).status_code == 404


def test_columns_are_added_described_and_taken_out_of_a_draft(places: Places) -> None:
    made = places.views(
        "POST", "/columns", json={"name": "More Names", "dataTypeName": "text"}
    ).json()
    assert made["fieldName"] == "more_names"
    places.views("PUT", "/columns/more_names", json={"description": "Several"})
    places.rows("PUT", json=[{"more_names": "x"}])
    assert places.rows().json() == [{"more_names": "x"}]
    assert places.views("GET", "/columns").json()[-1]["description"] == "Several"
    assert places.views("DELETE", "/columns/more_names").status_code == 200
    assert places.rows().json() == [{}]


@pytest.mark.parametrize(
    "document",
    [
        {"name": " "},
        {"tags": "one"},
        {"columns": [{"name": "A", "dataTypeName": "document"}]},
        {"columns": [{"name": "A", "fieldName": "a b", "dataTypeName": "text"}]},
        {"columns": [{"name": "A", "dataTypeName": "text"}, {"name": "a", "dataTypeName": "text"}]},
        {"metadata": {"rowIdentifier": "nowhere"}},
    ],
)
def test_a_document_that_cannot_be_is_refused(
    shared_portal: Served, document: dict[str, Any]
) -> None:
    body = {"name": "Places", **document}
    auth = (shared_portal.user, shared_portal.password)
    before = requests.get(f"{shared_portal.url}/api/views.json", auth=auth, timeout=10).json()
    answered = requests.post(
        f"{shared_portal.url}/api/views.json", json=body, auth=auth, timeout=10
    )
    assert answered.status_code == 400
    listed = requests.get(f"{shared_portal.url}/api/views.json", auth=auth, timeout=10)
    assert listed.json() == before


def test_an_attached_file_is_served_as_it_came(places: Places) -> None:
    sent = b"column,meaning\nplace,Ort\n"
    headers = {"X-File-Name": "dictionary.csv", "Content-Type": "text/csv"}
    made = places.views("POST", "/files.txt", data=sent, headers=headers).json()
    assert made["nameForOutput"] == "dictionary.csv"
    url = f"{places.url}/api/views/{places.id}/files/{made['file']}"
    assert requests.get(url, timeout=10).status_code == 403
    places.open_to_all()
    got = requests.get(url, timeout=10)
    assert got.content == sent
    assert 'filename="dictionary.csv"' in got.headers["Content-Disposition"]
    assert places.views("POST", "/files.txt", data=sent).status_code == 400


def test_data_json_says_only_what_is_known(shared_portal: Served) -> None:
    plain = Places(shared_portal)
    plain.open_to_all()
    private = {"contactEmail": "data@example.gov"}
    full = Places(shared_portal, licenseId="CC0_10", attribution="Health", privateMetadata=private)
    full.open_to_all()
    catalogue = requests.get(f"{shared_portal.url}/data.json", timeout=10).json()
    assert catalogue["conformsTo"].endswith("/v1.1/schema")
    said = {entry["identifier"][-9:]: entry for entry in catalogue["dataset"]}
    assert "license" not in said[plain.id]
    assert "contactPoint" not in said[plain.id]
    assert said[full.id]["license"].startswith("https://creativecommons.org/")
    assert said[full.id]["contactPoint"]["hasEmail"] == "mailto:data@example.gov"
    for part in said[full.id]["distribution"]:
        assert requests.get(part["downloadURL"], timeout=10).status_code == 200


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "xml"])
def test_a_dataset_without_columns_has_nothing_to_show(shared_portal: Served, form: str) -> None:
    bare = Places(shared_portal, columns=[])
    answer = bare.rows(suffix=f".{form}")
    assert answer.status_code == 200
    assert len(answer.text) < 100
    assert bare.rows(suffix=".json?$select=:*,*").json() == []
    assert bare.rows(suffix=".json?$select=count(*)").json() == [{"count": "0"}]
    v3 = f"{bare.url}/api/v3/views/{bare.id}/query.json"
    assert bare.session.get(v3, timeout=10).json() == []
    assert bare.views("GET", "/rows.csv").status_code == 200


def test_permissions_are_shown_and_set_for_all_or_for_accounts(places: Places) -> None:
    path = "/permissions"
    shown = places.views("GET", path).json()
    owner = shown["users"][0]["id"]
    level = {"name": "current_owner", "version": "all"}
    assert (shown["scope"], shown["users"][0]["accessLevels"]) == ("private", [level])
    for scope in ("public", "private"):
        answer = places.views("PUT", path, json={"scope": scope, "users": [{"id": owner}]})
        assert (answer.status_code, answer.json()["scope"]) == (200, scope)
        assert places.views("GET").json()["permissions"] == {"scope": scope}
    for refused in ({"scope": "site"}, {"scope": "public", "users": [{"id": "eve"}]}, {}):
        assert places.views("PUT", path, json=refused).status_code == 400
    assert places.views("GET", path).json()["scope"] == "private"
    stranger = requests.get(f"{places.url}/api/views/{places.id}{path}", timeout=10)
    assert stranger.status_code == 403
