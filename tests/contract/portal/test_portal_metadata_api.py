"""The Metadata API: what a dataset says of itself, field by field."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "/api/views/metadata/v1"


@pytest.fixture
def dataset(desk: Any) -> str:
    """A private dataset with some words."""
    made = str(desk.published("county\nAlameda\n"))
    fields = {"Publication": {"frequency": "monthly", "geography": "California"}}
    words = {"description": "Visits by county.", "tags": ["visits"], "licenseId": "CC0_10"}
    desk.ask("PUT", f"/api/views/{made}.json", json=words)
    desk.ask("PUT", f"/api/views/{made}.json", json={"metadata": {"custom_fields": fields}})
    return made


def test_it_shows_every_field_with_the_licence_by_its_name(desk: Any, dataset: str) -> None:
    found = desk.ask("GET", f"{PATH}/{dataset}")
    read_only = {
        *("id", "domain", "dataUri", "webUri", "createdAt", "updatedAt", "dataUpdatedAt"),
        *("metadataUpdatedAt", "provenance", "hideFromCatalog", "hideFromDataJson"),
    }
    settable = {
        *("name", "description", "category", "tags", "license", "attribution"),
        *("attributionLink", "externalId", "customFields"),
    }
    assert set(found) == read_only | settable
    assert found["license"] == "Creative Commons 1.0 Universal"
    assert found["customFields"]["Publication"]["frequency"] == "monthly"
    assert found["dataUri"].endswith(f"/resource/{dataset}")


def test_a_change_touches_what_it_names_and_nothing_else(desk: Any, dataset: str) -> None:
    sent = {"category": "Health", "license": "Public Domain", "externalId": "ed-1"}
    changed = desk.ask("PATCH", f"{PATH}/{dataset}", json=sent)
    assert {key: changed[key] for key in sent} == sent
    assert (changed["tags"], changed["description"]) == (["visits"], "Visits by county.")
    view = desk.view(dataset)
    assert (view["licenseId"], view["category"]) == ("PUBLIC_DOMAIN", "Health")


def test_custom_fields_are_merged_and_null_erases(desk: Any, dataset: str) -> None:
    def patched(fields: object) -> Any:
        sent = {"customFields": fields}
        return desk.ask("PATCH", f"{PATH}/{dataset}", json=sent)["customFields"]

    assert patched({"Publication": {"frequency": "daily"}, "More": {"a": "b"}}) == {
        "Publication": {"frequency": "daily", "geography": "California"},
        "More": {"a": "b"},
    }
    assert patched({"Publication": {"frequency": None}})["Publication"] == {
        "geography": "California"
    }
    assert patched({"Publication": None}) == {"More": {"a": "b"}}
    assert patched(None) == {}


def test_it_can_be_asked_what_would_be_wrong(desk: Any, dataset: str) -> None:
    sent = {"name": "Other", "createdAt": "2020-01-01", "colour": "red", "tags": "one"}
    found = desk.ask("PATCH", f"{PATH}/{dataset}?validateOnly=true", json=sent)
    assert found == {
        "errors": ["tags does not have the form of a tags."],
        "warnings": ["createdAt cannot be set.", "colour is not known."],
    }
    found = desk.ask("PATCH", f"{PATH}/{dataset}?validateOnly=true&strict=true", json=sent)
    assert (len(found["errors"]), found["warnings"]) == (3, [])
    assert desk.view(dataset)["name"] == "Visits"


@pytest.mark.parametrize(
    ("sent", "strict", "status"),
    [
        ({"createdAt": "2020-01-01"}, "false", 200),
        ({"createdAt": "2020-01-01"}, "true", 400),
        ({"name": None}, "false", 400),
        ({"license": "Mine"}, "false", 400),
        ({"customFields": {"Publication": "monthly"}}, "false", 400),
        ({"description": 7}, "false", 400),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    desk: Any, dataset: str, sent: dict[str, object], strict: str, status: int
) -> None:
    before = desk.view(dataset)
    path = f"{PATH}/{dataset}?strict={strict}"
    answer = desk.client.patch(path, json=sent, auth=desk.auth)
    assert answer.status_code == status
    moments = ("viewLastModified",)
    after = desk.view(dataset)
    assert {**after, **dict.fromkeys(moments)} == {**before, **dict.fromkeys(moments)}


def test_strangers_read_what_is_public_and_change_nothing(desk: Any, dataset: str) -> None:
    at = f"{PATH}/{dataset}"
    assert desk.client.get(at).status_code == 403
    assert desk.client.get(PATH).json() == []
    assert desk.client.patch(at, json={"name": "Mine"}).status_code == 403
    desk.client.put(f"/api/views/{dataset}.json?method=setPermission&value=public", auth=desk.auth)
    assert desk.client.get(at).json()["name"] == "Visits"
    assert desk.client.patch(at, json={"name": "Mine"}).status_code == 403
    assert desk.client.get(f"{PATH}/zzzz-9999").status_code == 404


def test_the_list_goes_page_by_page(desk: Any) -> None:
    made = {str(desk.published("a\n1\n")) for _ in range(3)}
    pages = [desk.ask("GET", f"{PATH}?limit=2&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert {one["id"] for page in pages for one in page} == made
