"""The unchanged sodapy client takes the local portal for a portal of Socrata."""

from __future__ import annotations

import io
from typing import Any, Protocol

import pytest
import requests
from requests.adapters import HTTPAdapter
from sodapy import Socrata

pytestmark = pytest.mark.servers

COLUMNS = [
    {"name": "County", "fieldName": "county", "dataTypeName": "text", "description": "Where"},
    {"name": "Year", "fieldName": "year", "dataTypeName": "number"},
    {"name": "Visits", "fieldName": "visits", "dataTypeName": "number"},
]
ROWS = [
    {"county": "Alameda", "year": 2020, "visits": 120},
    {"county": "Butte", "year": 2020, "visits": 35.5},
    {"county": "Ñuble", "year": 2021},
]


class Served(Protocol):
    host: str
    url: str
    user: str
    password: str


def client(portal: Served, *, stranger: bool = False) -> Socrata:
    credentials = {} if stranger else {"username": portal.user, "password": portal.password}
    adapter = {"prefix": "http://", "adapter": HTTPAdapter()}
    return Socrata(portal.host, "a-token", session_adapter=adapter, timeout=30, **credentials)


def published(soda: Socrata, **given: Any) -> str:
    made = soda.create("Visits", columns=COLUMNS, **given)
    soda.replace(made["id"], ROWS)
    soda.publish(made["id"])
    soda.set_permission(made["id"], "public")
    return str(made["id"])


def test_a_dataset_goes_from_draft_to_public_and_back(local_portal: Served) -> None:
    with client(local_portal) as soda, client(local_portal, stranger=True) as stranger:
        made = soda.create("Visits", columns=COLUMNS, tags=["emergency"], category="Health")
        assert made["publicationStage"] == "unpublished"
        assert [column["fieldName"] for column in made["columns"]] == ["county", "year", "visits"]
        with pytest.raises(requests.HTTPError, match="(?s)403.*logged in"):
            stranger.get(made["id"])
        soda.replace(made["id"], ROWS)
        assert soda.publish(made["id"])["publicationStage"] == "published"
        with pytest.raises(requests.HTTPError, match="403"):
            stranger.get(made["id"])
        soda.set_permission(made["id"], "public")
        assert len(stranger.get(made["id"])) == 3
        soda.set_permission(made["id"], "private")
        with pytest.raises(requests.HTTPError, match="403"):
            stranger.get_metadata(made["id"])
        soda.delete(made["id"])
        with pytest.raises(requests.HTTPError, match="404"):
            soda.get(made["id"])


def test_writes_answer_with_the_six_counters(local_portal: Served) -> None:
    with client(local_portal) as soda:
        dataset = published(soda, row_identifier="county")
        first = soda.upsert(dataset, [{"county": "Alameda", "visits": 1}, {"county": "Colusa"}])
        assert first == {
            "Rows Created": 1,
            "Rows Updated": 1,
            "Rows Deleted": 0,
            "Errors": 0,
            "By RowIdentifier": 0,
            "By SID": 0,
        }
        order = [{"county": "Butte", ":deleted": True}, {"county": "Alameda", "visits": 1}]
        assert soda.upsert(dataset, order)["Rows Deleted"] == 1
        again = soda.upsert(dataset, order)
        assert (again["Rows Created"], again["Rows Updated"], again["Errors"]) == (0, 1, 1)


def test_csv_replaces_through_a_binary_handle(local_portal: Served) -> None:
    body = io.BytesIO("county,year,visits\nJosé,2020,12\nB,2021,\n".encode())
    with client(local_portal) as soda:
        dataset = published(soda)
        assert soda.replace(dataset, body)["Rows Created"] == 2
        assert soda.get(dataset) == [
            {"county": "José", "year": "2020", "visits": "12"},
            {"county": "B", "year": "2021"},
        ]


def test_queries_read_as_on_socrata(local_portal: Served) -> None:
    with client(local_portal) as soda:
        dataset = published(soda)
        found = soda.get(dataset, select="year, sum(visits)", group="year", order="year DESC")
        assert found == [{"year": "2021"}, {"year": "2020", "sum_visits": "155.5"}]
        assert soda.get(dataset, where="visits > 40") == [
            {"county": "Alameda", "year": "2020", "visits": "120"}
        ]
        assert soda.get(dataset, county="Ñuble", content_type="csv")[1] == ["Ñuble", "2021", ""]
        assert soda.get(dataset, q="butte 2020")[0]["county"] == "Butte"
        assert soda.get(dataset, query="select count(*) where year = 2020") == [{"count": "2"}]
        with pytest.raises(requests.HTTPError, match="No such column: nowhere"):
            soda.get(dataset, where="nowhere = 1")


def test_paging_through_get_all_finds_every_row_once(local_portal: Served) -> None:
    with client(local_portal) as soda:
        dataset = published(soda)
        soda.replace(dataset, [{"county": f"c{at}", "year": at} for at in range(25)])
        found = list(soda.get_all(dataset, limit=7, order=":id"))
        assert [row["county"] for row in found] == [f"c{at}" for at in range(25)]


def test_the_catalogue_lists_public_datasets_only(local_portal: Served) -> None:
    with client(local_portal) as soda, client(local_portal, stranger=True) as stranger:
        dataset = published(soda, category="Health", tags=["emergency"])
        hidden = soda.create("A draft", columns=COLUMNS)["id"]
        found = stranger.datasets()
        assert [entry["resource"]["id"] for entry in found] == [dataset]
        assert found[0]["classification"]["domain_category"] == "Health"
        assert found[0]["resource"]["columns_field_name"] == ["county", "year", "visits"]
        assert stranger.datasets(q="nothing-of-it") == []
        assert hidden not in requests.get(f"{local_portal.url}/data.json", timeout=10).text


def test_metadata_merges_keys_and_replaces_what_they_hold(local_portal: Served) -> None:
    with client(local_portal) as soda:
        dataset = published(soda)
        soda.update_metadata(dataset, {"description": "First", "metadata": {"rowLabel": "Visit"}})
        soda.update_metadata(dataset, {"metadata": {"custom_fields": {"A": {"b": "c"}}}})
        found = soda.get_metadata(dataset)
        assert found["description"] == "First"
        assert found["metadata"] == {"custom_fields": {"A": {"b": "c"}}}
        soda.update_metadata(dataset, found)
        assert soda.get_metadata(dataset)["metadata"] == found["metadata"]


def test_a_row_is_deleted_by_its_name(local_portal: Served) -> None:
    with client(local_portal) as soda:
        dataset = published(soda, row_identifier="county")
        assert soda.delete(dataset, row_id="Butte") == [{"typ": "delete", "id": "Butte"}]
        row = soda.get(dataset, select=":id", limit=1)[0][":id"]
        soda.delete(dataset, row_id=row)
        assert [found["county"] for found in soda.get(dataset)] == ["Ñuble"]
