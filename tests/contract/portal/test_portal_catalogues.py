"""What catalogues elsewhere read: the search, data.json and its successor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT4

SCHEMAS = {
    file.stem: json.loads(file.read_text())
    for file in (Path(__file__).parent / "dcat_us_1_1").glob("*.json")
}
#: What only agencies of the federal government have.
FEDERAL = {"bureauCode", "programCode"}
CSV = "county,visits\nAlameda,120\nButte,35\n"
WORDS = {
    "name": "Emergency visits",
    "description": "Visits by county.",
    "category": "Health",
    "tags": ["emergency", "visits"],
    "attribution": "Department of Public Health",
    "licenseId": "CC0_10",
}
FIELDS = {
    "Publication": {
        "publisher": "Department of Public Health",
        "frequency": "monthly",
        "coverage": "2019-01-01/2024-12-31",
        "geography": "California",
        "contact": "Open Data Office <opendata@example.gov>",
    }
}


@pytest.fixture
def dataset(desk: Any) -> str:
    """A public dataset that says everything."""
    made = str(desk.published(CSV))
    desk.ask("PUT", f"/api/views/{made}.json", json=WORDS)
    desk.ask("PUT", f"/api/views/{made}.json", json={"metadata": {"custom_fields": FIELDS}})
    opened(desk, made)
    return made


def opened(desk: Any, dataset: str) -> None:
    path = f"/api/views/{dataset}.json?method=setPermission&value=public.read"
    assert desk.client.put(path, auth=desk.auth).status_code == 200


def faults(found: dict[str, Any]) -> list[str]:
    """Return what the official schemas find, but for the fields of federal agencies."""
    resources = [
        (schema["id"].rstrip("#"), DRAFT4.create_resource(schema)) for schema in SCHEMAS.values()
    ]
    local: Registry[Any] = Registry().with_resources(resources)
    validator = Draft4Validator(SCHEMAS["catalog"], registry=local, format_checker=FormatChecker())
    return [
        f"{list(error.path)}: {error.message}"
        for error in validator.iter_errors(found)
        if not (error.validator == "required" and any(name in error.message for name in FEDERAL))
    ]


def test_data_json_is_what_the_official_schema_asks_for(desk: Any, dataset: str) -> None:
    found = desk.client.get("/data.json").json()
    assert faults(found) == []
    [entry] = found["dataset"]
    assert entry["identifier"].endswith(dataset)
    assert entry["accrualPeriodicity"] == "R/P1M"
    assert entry["temporal"] == "2019-01-01/2024-12-31"
    assert entry["spatial"] == "California"
    assert entry["contactPoint"]["fn"] == "Open Data Office"
    assert entry["contactPoint"]["hasEmail"] == "mailto:opendata@example.gov"


def test_the_schema_finds_what_is_wrong(desk: Any, dataset: str) -> None:
    found = desk.client.get("/data.json").json()
    del found["dataset"][0]["publisher"]
    found["dataset"][0]["modified"] = "yesterday"
    assert len(faults(found)) == 2, dataset


def test_a_dataset_in_data_json_can_be_downloaded_whole(desk: Any, dataset: str) -> None:
    [entry] = desk.client.get("/data.json").json()["dataset"]
    sizes = {}
    for part in entry["distribution"]:
        answer = desk.client.get(part["downloadURL"])
        assert answer.headers["content-type"].startswith(part["mediaType"])
        sizes[part["format"]] = answer.text.count("Alameda") + answer.text.count("Butte")
    assert sizes == {"CSV": 2, "JSON": 2}, dataset


def test_dcat_us_3_says_the_same_in_its_own_way(desk: Any, dataset: str) -> None:
    found = desk.client.get("/dcat-us/3.0/catalog.json").json()
    assert (found["@type"], found["title"]) == ("Catalog", "Open data")
    assert found["conformsTo"] == {"@type": "Standard", "title": "DCAT-US 3.0"}
    [entry] = found["dataset"]
    required = {"description", "publisher", "title", "contactPoint", "identifier"}
    assert required <= set(entry)
    assert entry["identifier"].endswith(f"/d/{dataset}")
    contact = {"@type": "Kind", "fn": "Open Data Office", "hasEmail": "mailto:opendata@example.gov"}
    assert entry["contactPoint"] == contact
    period = {"@type": "PeriodOfTime", "startDate": "2019-01-01", "endDate": "2024-12-31"}
    assert entry["temporal"] == [period]
    assert entry["theme"] == [{"@type": "Concept", "prefLabel": "Health"}]
    assert {part["mediaType"] for part in entry["distribution"]} == {"text/csv", "application/json"}


@pytest.mark.parametrize(
    ("flag", "hidden_in"),
    [
        ("hideFromCatalog", ["/api/catalog/v1", "/"]),
        ("hideFromDataJson", ["/data.json", "/dcat-us/3.0/catalog.json"]),
    ],
)
def test_a_dataset_stays_out_of_what_it_is_hidden_from(
    desk: Any, dataset: str, flag: str, hidden_in: list[str]
) -> None:
    desk.ask("PUT", f"/api/views/{dataset}.json", json={flag: True})
    for path in ("/", "/api/catalog/v1", "/data.json", "/dcat-us/3.0/catalog.json"):
        shown = dataset in desk.client.get(path).text
        assert shown is (path not in hidden_in), path


def test_what_is_private_is_in_neither(desk: Any) -> None:
    dataset = desk.published(CSV)
    for path in ("/data.json", "/dcat-us/3.0/catalog.json"):
        whole = desk.client.get(path, auth=desk.auth).text
        assert dataset not in whole


def test_the_catalogue_says_of_a_dataset_what_socrata_says(desk: Any, dataset: str) -> None:
    found = desk.client.get("/api/catalog/v1").json()
    assert set(found) == {"results", "resultSetSize", "timings"}
    [result] = found["results"]
    parts = {"resource", "classification", "metadata", "permalink", "link", "owner"}
    assert set(result) == parts
    resource = result["resource"]
    assert resource["columns_field_name"] == ["county", "visits"]
    assert resource["columns_datatype"] == ["Text", "Number"]
    assert (resource["type"], resource["id"]) == ("dataset", dataset)
    classification = result["classification"]
    assert classification["domain_tags"] == ["emergency", "visits"]
    assert {"key": "Publication_frequency", "value": "monthly"} in classification["domain_metadata"]
    assert result["metadata"] == {
        "domain": "testserver",
        "license": "Creative Commons 1.0 Universal",
    }


@pytest.fixture
def three(desk: Any) -> list[str]:
    """Three public datasets, A, B and C, made in the order C, A, B."""
    made = {name: str(desk.published(CSV, name=name)) for name in ("C", "A", "B")}
    for dataset in made.values():
        opened(desk, dataset)
    return [made[name] for name in ("A", "B", "C")]


def listed(desk: Any, query: str) -> list[str]:
    answer = desk.client.get(f"/api/catalog/v1?{query}")
    assert answer.status_code == 200, answer.text
    return [result["resource"]["id"] for result in answer.json()["results"]]


def test_the_catalogue_is_put_in_order_and_paged(desk: Any, three: list[str]) -> None:
    assert listed(desk, "order=name") == three
    assert listed(desk, "order=name%20DESC") == three[::-1]
    assert listed(desk, "order=name&limit=1&offset=1") == three[1:2]
    assert desk.client.get("/api/catalog/v1?order=colour").status_code == 400
    assert desk.client.get("/api/catalog/v1?limit=many").status_code == 400


def test_the_catalogue_is_scrolled_to_its_end(desk: Any, three: list[str]) -> None:
    seen: list[str] = []
    while page := listed(desk, f"limit=2&scroll_id={seen[-1] if seen else ''}"):
        seen += page
    assert seen == sorted(three)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=emergency%20county", 1),
        ("q=nowhere", 0),
        ("categories=Health", 1),
        ("categories=Money,Health", 1),
        ("tags=visits", 1),
        ("tags=money", 0),
        ("only=datasets", 1),
        ("only=maps", 0),
        ("domains=testserver", 1),
        ("domains=elsewhere.gov", 0),
        ("column_names=county", 1),
        ("attribution=Department%20of%20Public%20Health", 1),
        ("ids=aaaa-bbbb", 0),
    ],
)
def test_the_catalogue_finds(desk: Any, dataset: str, query: str, found: int) -> None:
    assert listed(desk, query) == [dataset] * found
