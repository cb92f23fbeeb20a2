"""The conformance cases of rows, datasets and the catalogue, by their numbers.

Cases 10, 11 and 18 are in `test_portal_fails_on_demand`, 17 and 19 in `test_portal_revisions`
and its neighbours, 12 and 22 go on in `test_portal_reads`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from fastapi.testclient import TestClient

from opengazette.localportal import PortalSettings, create_app

COLUMNS = [
    {"name": "Place", "fieldName": "place", "dataTypeName": "text"},
    {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
    {"name": "Open", "fieldName": "is_open", "dataTypeName": "checkbox"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
    {"name": "Moment", "fieldName": "moment", "dataTypeName": "date"},
    {"name": "Spot", "fieldName": "spot", "dataTypeName": "point"},
]
ROWS = [{"place": "a", "amount": 1, "is_open": True}, {"place": "b", "amount": 2}]
SIX = {"Rows Created", "Rows Updated", "Rows Deleted", "Errors", "By RowIdentifier", "By SID"}
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def dataset(desk: Any) -> str:
    """A draft whose rows are identified by their place."""
    body = {"name": "Places", "columns": COLUMNS, "metadata": {"rowIdentifier": "place"}}
    made = desk.ask("POST", "/api/views.json", json=body)["id"]
    desk.ask("PUT", f"/resource/{made}.json", json=ROWS)
    return str(made)


def read(desk: Any, path: str, **given: Any) -> Any:
    return desk.client.get(path, auth=desk.auth, **given)


def test_case_1_and_2_six_counters_and_a_retry_that_changes_nothing(
    desk: Any, dataset: str
) -> None:
    path = f"/resource/{dataset}.json"
    rows = [{"place": "a", "amount": 3}, {"place": "c"}, {"place": "b", ":deleted": True}]
    first = desk.ask("POST", path, json=rows)
    assert set(first) == SIX
    assert [first[name] for name in sorted(SIX)] == [0, 0, 0, 1, 1, 1]
    again = desk.ask("POST", path, json=rows)
    counted = (again["Rows Created"], again["Rows Updated"], again["Errors"])
    assert counted == (0, 2, 1)


def test_case_3_a_bad_row_in_the_middle_of_a_replace_leaves_the_old_rows(
    desk: Any, dataset: str
) -> None:
    before = desk.table(dataset)
    rows = [{"place": "x"}, {"place": "y", "amount": "many"}, {"place": "z"}]
    refused = desk.ask("PUT", f"/resource/{dataset}.json", 400, json=rows)
    assert refused["code"] == "soda.column.maltyped"
    assert "many" not in json.dumps(refused)
    assert desk.table(dataset) == before


def test_case_4_absent_keys_merge_null_clears_and_so_does_a_blank_in_csv(
    desk: Any, dataset: str
) -> None:
    path = f"/resource/{dataset}"
    desk.ask("POST", f"{path}.json", json=[{"place": "a", "is_open": None}])
    assert desk.table(dataset)[0] == {"place": "a", "amount": "1"}
    desk.ask("POST", f"{path}.csv", content=b"place,amount\na,\n", headers=CSV)
    assert desk.table(dataset)[0] == {"place": "a"}


def test_case_5_an_unknown_column_refuses_the_whole_request(desk: Any, dataset: str) -> None:
    rows = [{"place": "new"}, {"place": "a", "size": 1}]
    refused = desk.ask("POST", f"/resource/{dataset}.json", 400, json=rows)
    assert refused["message"] == "Illegal field name sent: size"
    assert len(desk.table(dataset)) == 2


def test_case_6_and_7_rows_are_written_byte_for_byte(desk: Any, dataset: str) -> None:
    row = {
        "place": 'The "Mill"',
        "amount": "1204.50",
        "is_open": False,
        "day": "2014-10-13",
        "moment": "2014-10-14T00:00:00-07:00",
        "spot": "POINT (-122.3 47.5)",
    }
    desk.ask("PUT", f"/resource/{dataset}.json", json=[row, {"place": "b"}])
    assert read(desk, f"/resource/{dataset}.json").content == (
        b'[{"place":"The \\"Mill\\"","amount":"1204.50","is_open":false,'
        b'"day":"2014-10-13T00:00:00.000","moment":"2014-10-14T07:00:00.000Z",'
        b'"spot":{"type":"Point","coordinates":[-122.3,47.5]}}\n,{"place":"b"}]\n'
    )
    assert read(desk, f"/resource/{dataset}.csv").content == (
        b'"place","amount","is_open","day","moment","spot"\n'
        b'"The ""Mill""","1204.50","false","2014-10-13T00:00:00.000",'
        b'"2014-10-14T07:00:00.000Z","POINT (-122.3 47.5)"\n"b",,,,,\n'
    )


def test_case_8_the_type_of_a_body_decides_before_the_suffix(desk: Any, dataset: str) -> None:
    path = f"/resource/{dataset}"
    body = b'[{"place":"c"}]'
    assert desk.ask("POST", f"{path}.json", content=body)["Rows Created"] == 1
    csv = desk.ask("POST", f"{path}.json", content=b"place\nd\n", headers=CSV)
    assert csv["Rows Created"] == 1
    typed = {"Content-Type": "application/json"}
    sent_back = desk.ask("POST", path, content=b'{"place":"e","amount":5}', headers=typed)
    assert sent_back == {"place": "e", "amount": "5"}
    sent_back = desk.ask("POST", path, content=b'{"place":"e","is_open":true}', headers=typed)
    assert sent_back == {"place": "e", "amount": "5", "is_open": True}
    assert desk.ask("POST", path, 400, content=body)["code"] == "req.content-type.missing"
    desk.ask("POST", f"{path}.json", 415, content=body, headers={"Content-Type": "text/plain"})


def test_a_row_is_written_under_its_name_and_sent_back(desk: Any, dataset: str) -> None:
    path = f"/resource/{dataset}"
    changed = desk.ask("POST", f"{path}/a.json", json={"amount": 7})
    assert changed == {"place": "a", "amount": "7", "is_open": True}
    assert desk.ask("POST", f"{path}/new.json", json={"amount": 1})["place"] == "new"
    row_id = desk.ask("GET", f"{path}.json?$select=:id&place=b")[0][":id"]
    assert desk.ask("POST", f"{path}/{row_id}.json", json={"is_open": True})["place"] == "b"
    desk.ask("POST", f"{path}/row-zzzz.zzzz~zzzz.json", 404, json={"amount": 1})
    desk.ask("POST", f"{path}/a.json", 400, json=[{"amount": 1}, {"amount": 2}])
    assert len(desk.table(dataset)) == 3


def test_case_9_fields_and_types_are_sent_while_they_are_short(desk: Any, dataset: str) -> None:
    headers = read(desk, f"/resource/{dataset}.json").headers
    assert json.loads(headers["X-SODA2-Fields"])[:2] == ["place", "amount"]
    assert json.loads(headers["X-SODA2-Types"])[:3] == ["text", "number", "boolean"]
    wide = [{"name": f"Column number {n}", "dataTypeName": "text"} for n in range(250)]
    made = desk.ask("POST", "/api/views.json", json={"name": "Wide", "columns": wide})["id"]
    headers = read(desk, f"/resource/{made}.json").headers
    assert "X-SODA2-Fields" not in headers
    assert "X-SODA2-Warning" in headers


def test_case_12_a_write_while_another_runs_waits_and_is_then_refused(
    desk: Any, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opengazette.localportal.store.LOCK_WAIT_SECONDS", 0.1)
    with desk.client.app.state.portal.store.writing():
        refused = desk.ask("PUT", f"/resource/{dataset}.json", 409, json=[])
    assert refused["code"] == "soda.dataset.cannot-acquire-write-lock"
    assert len(desk.table(dataset)) == 2


def test_case_13_what_is_missing_has_the_shape_of_its_api(desk: Any) -> None:
    rows = desk.ask("GET", "/resource/zzzz-9999.json", 404)
    assert (rows["code"], rows["message"]) == ("dataset.missing", "Not found")
    assert rows["data"] == {"id": "zzzz-9999"}
    view = read(desk, "/api/views/zzzz-9999")
    assert (view.status_code, view.json()["code"]) == (404, "not_found")
    assert view.headers["X-Error-Code"] == "not_found"


def test_an_answer_has_the_name_of_its_request(desk: Any, dataset: str) -> None:
    def named(sent: str) -> str:
        headers = {"X-Socrata-RequestId": sent} if sent else {}
        answer = desk.client.get(f"/resource/{dataset}.json", auth=desk.auth, headers=headers)
        return str(answer.headers["X-Socrata-RequestId"])

    mine = "0123456789abcdef" * 2
    assert named(mine) == mine
    drawn = {named(""), named(""), named("<script>")}
    assert len(drawn) == 3
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in drawn)


def test_case_14_names_of_rows_stay_and_pages_by_them_lose_none(desk: Any, dataset: str) -> None:
    desk.ask("PUT", f"/resource/{dataset}.json", json=[{"place": f"p{n}"} for n in range(25)])
    pages = [
        desk.ask("GET", f"/resource/{dataset}.json?$select=:id,place&$order=:id{page}")
        for page in ("&$limit=10", "&$limit=10&$offset=10", "&$limit=10&$offset=20")
    ]
    rows = [row for page in pages for row in page]
    assert sorted(row["place"] for row in rows) == sorted(f"p{n}" for n in range(25))
    one = desk.ask("GET", f"/resource/{dataset}/{rows[3][':id']}.json")
    assert one == {"place": rows[3]["place"]}


def test_case_15_every_row_is_new_after_a_replace(desk: Any, dataset: str) -> None:
    path = f"/resource/{dataset}.json?$select=:id,:updated_at"
    before = {tuple(row.values()) for row in desk.ask("GET", path)}
    desk.ask("PUT", f"/resource/{dataset}.json", json=ROWS)
    assert before.isdisjoint({tuple(row.values()) for row in desk.ask("GET", path)})


def test_case_16_a_working_copy_is_published_under_the_id_of_its_original(
    desk: Any, dataset: str
) -> None:
    at = f"/api/views/{dataset}"
    desk.ask("POST", f"{at}/publication.json")
    column = {"name": "More", "dataTypeName": "text"}
    refused = desk.ask("POST", f"{at}/columns", 409, json=column)
    assert refused["code"] == "soda.dataset.incorrect-lifecycle-stage"
    copy = desk.ask("POST", f"{at}/publication.json?method=copy")["id"]
    assert copy != dataset
    desk.ask("POST", f"/api/views/{copy}/columns", json=column)
    desk.ask("PUT", f"/resource/{copy}.json", json=[{"place": "new", "more": "x"}])
    assert len(desk.table(dataset)) == 2
    assert desk.ask("POST", f"/api/views/{copy}/publication.json")["id"] == dataset
    assert desk.table(dataset) == [{"place": "new", "more": "x"}]
    desk.ask("GET", f"/api/views/{copy}", 404)


def test_case_16_a_draft_is_made_ready_and_filled_under_its_id(desk: Any) -> None:
    columns = [{"name": "County", "fieldName": "county", "dataTypeName": "text"}]
    body = {"name": "T", "displayType": "draft", "columns": columns}
    draft = desk.ask("POST", "/api/views.json?nbe=true", json=body)["id"]
    prepare = f"/api/views/{draft}?method=prepareDraftForImport&nbe=true"
    assert desk.ask("PATCH", prepare, json={})["publicationStage"] == "unpublished"
    rows = f"/id/{draft}.json"
    assert desk.ask("POST", rows, json=[{"county": "Alameda"}])["Rows Created"] == 1
    assert desk.ask("PUT", rows, json=[{"county": "Butte"}])["Rows Created"] == 1
    assert desk.ask("GET", rows) == [{"county": "Butte"}]
    replicated = desk.ask("GET", f"/api/views/{draft}/replication.json")
    assert replicated["read_replication_up_to_date"] is True
    desk.ask("POST", f"/api/views/{draft}/publication.json")
    refused = desk.ask("PATCH", prepare, 409, json={})
    assert refused["code"] == "soda.dataset.incorrect-lifecycle-stage"
    assert desk.ask("PATCH", f"/api/views/{draft}", 400, json={})["error"] is True


def test_case_20_what_is_private_is_for_publishers_and_passwords_for_https(
    desk: Any, dataset: str, tmp_path: Path
) -> None:
    for path in (f"/resource/{dataset}.json", f"/api/views/{dataset}", f"/id/{dataset}"):
        assert desk.client.get(path).status_code == 403
        assert desk.client.get(path, auth=("ann", "wrong")).status_code == 403
    settings = PortalSettings(
        folder=tmp_path / "strict", users={"ann": "correct horse"}, refuse_plain_http=True
    )
    with TestClient(create_app(settings)) as client:
        refused = client.get("/api/users/current.json", auth=desk.auth)
        assert (refused.status_code, "HTTPS" in refused.json()["message"]) == (403, True)


def test_case_21_the_catalogue_and_data_json_list_what_is_public(desk: Any, dataset: str) -> None:
    def listed() -> tuple[list[str], bool]:
        found = desk.client.get("/api/catalog/v1?q=places").json()
        ids = [result["resource"]["id"] for result in found["results"]]
        assert found["resultSetSize"] == len(ids)
        return ids, dataset in desk.client.get("/data.json").text

    assert listed() == ([], False)
    desk.ask("POST", f"/api/views/{dataset}/publication.json")
    path = f"/api/views/{dataset}.json?method=setPermission&value=public.read"
    assert desk.client.put(path, auth=desk.auth).status_code == 200
    assert listed() == ([dataset], True)


def test_case_23_letters_are_composed(desk: Any, dataset: str) -> None:
    apart = normalize("NFD", "Ñuñoa é")
    desk.ask("PUT", f"/resource/{dataset}.json", json=[{"place": apart}])
    assert desk.table(dataset) == [{"place": "Ñuñoa é"}]
    found = read(desk, f"/resource/{dataset}.json", params={"place": apart}).json()
    assert found == [{"place": "Ñuñoa é"}]


def test_case_24_a_row_beyond_the_limit_is_413(
    desk: Any, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opengazette.localportal.bodies.LARGEST_ROW", 1_000_000)
    body = [{"place": "x" * 3_000_000}]
    refused = desk.ask("POST", f"/resource/{dataset}.json", 413, json=body)
    assert refused["code"] == "req.body.too-large"
