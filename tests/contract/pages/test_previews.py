"""A draft beside what is public: what differs, and who may see it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from opengazette.localportal.accounts import change_accounts, new_account

COLUMNS = {"county": "text", "year": "number", "visits": "number", "visits_annotation": "text"}
PUBLIC = [
    {"county": "Alameda", "year": 2020, "visits": 100, "visits_annotation": None},
    {"county": "Alpine", "year": 2020, "visits": None, "visits_annotation": "1"},
    {"county": "Butte", "year": 2020, "visits": 30, "visits_annotation": None},
    {"county": "Colusa", "year": 2020, "visits": 0, "visits_annotation": None},
]
#: One value changed, one cell withheld, one shown, one row gone and one new.
DRAFT = [
    {"county": "Alameda", "year": 2020, "visits": 101, "visits_annotation": None},
    {"county": "Alpine", "year": 2020, "visits": 7, "visits_annotation": None},
    {"county": "Butte", "year": 2020, "visits": None, "visits_annotation": "2"},
    {"county": "Glenn", "year": 2020, "visits": 55, "visits_annotation": None},
]
CSV = "county,year,visits,visits_annotation\n" + "\n".join(
    ",".join("" if cell is None else str(cell) for cell in row.values()) for row in DRAFT
)


def working_copy(office: Any, made: str) -> str:
    copy: str = office.ask("POST", f"/api/views/{made}/publication.json?method=copy")["id"]
    office.ask("PUT", f"/resource/{copy}.json", json=DRAFT)
    office.ask("PUT", f"/api/views/{copy}", json={"name": "Visits, corrected"})
    return copy


def revision(office: Any, made: str, action: str = "replace", csv: str = CSV) -> str:
    asked = {"action": {"type": action}, "metadata": {"name": "Visits, corrected"}}
    opened = office.ask("POST", f"/api/publishing/v1/revision/{made}", json=asked)
    links = opened["links"]
    office.ask("PUT", links["update"], json={"notes": "Two counties corrected."})
    source = office.ask(
        "POST",
        links["create_source"],
        json={"source_type": {"type": "upload", "filename": "a.csv"}, "parse_options": {}},
    )["links"]
    head = {"Content-Type": "text/csv"}
    office.ask("POST", source["bytes"], content=csv.encode(), headers=head)
    place = f"/d/{made}/revisions/{opened['resource']['revision_seq']}"
    while "still being read" in office.read_signed_in(place):
        time.sleep(0.05)
    return place


def verdict(page: str) -> dict[str, int]:
    found = re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)</dd>", page.split("</dl>", maxsplit=1)[0])
    return {name: int(count.replace(",", "")) for name, count in found}


EXPECTED = {
    "Cells newly shown": 1,
    "Cells newly withheld": 1,
    "Rows added": 1,
    "Rows removed": 1,
    "Rows changed": 3,
    "Values changed": 1,
}


def test_a_working_copy_is_set_against_what_is_public(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    page = office.read_signed_in(f"/d/{working_copy(office, made)}/compare")
    assert verdict(page) == EXPECTED
    assert "<del>Visits</del>" in page
    assert "<ins>Visits, corrected</ins>" in page


def test_a_revision_is_set_against_what_is_public_and_changes_nothing(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    before = office.read(f"/resource/{made}.json")
    page = office.read_signed_in(revision(office, made))
    assert verdict(page) == EXPECTED
    assert "Two counties corrected." in page
    assert office.read(f"/resource/{made}.json") == before


def test_each_kind_of_difference_has_its_rows(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    place = revision(office, made)
    for part, county in (
        ("shown", "Alpine"),
        ("withheld", "Butte"),
        ("added", "Glenn"),
        ("removed", "Colusa"),
    ):
        page = office.read_signed_in(f"{place}?part={part}")
        rows = re.findall(r'<th scope="row">(\w+)</th><th scope="row">2020', page)
        assert rows == [county], part


def test_a_cell_newly_shown_is_warned_of(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    assert "Make sure that is meant" in office.read_signed_in(revision(office, made))


def test_an_update_keeps_the_rows_that_it_does_not_name(office: Any) -> None:
    document = {"metadata": {"rowIdentifier": "county"}}
    made = office.publish(COLUMNS, PUBLIC, **document)
    place = revision(office, made, "update", "county,visits\nButte,31\nYolo,5\n")
    found = verdict(office.read_signed_in(place))
    assert (found["Rows added"], found["Rows changed"], found["Rows removed"]) == (1, 1, 0)


def test_of_a_dataset_that_was_never_public_everything_is_new(office: Any) -> None:
    columns = [
        {"name": name, "fieldName": name, "dataTypeName": kind}
        for name, kind in {**COLUMNS, "open": "checkbox", "place": "point"}.items()
    ]
    made = office.ask("POST", "/api/views", json={"name": "New", "columns": columns})["id"]
    rows = [{**row, "open": True} for row in DRAFT]
    office.ask("PUT", f"/resource/{made}.json", json=rows)
    page = office.read_signed_in(f"/d/{made}/compare")
    assert verdict(page)["Rows added"] == 4
    assert "Glenn" in page


def test_without_anything_to_tell_rows_apart_a_changed_row_is_one_removed_and_one_added(
    office: Any,
) -> None:
    made = office.publish({"note": "text"}, [{"note": "a"}, {"note": "a"}, {"note": "b"}])
    copy = office.ask("POST", f"/api/views/{made}/publication.json?method=copy")["id"]
    office.ask("PUT", f"/resource/{copy}.json", json=[{"note": "a"}, {"note": "b"}, {"note": "c"}])
    found = verdict(office.read_signed_in(f"/d/{copy}/compare"))
    assert (found["Rows added"], found["Rows removed"], found["Rows changed"]) == (1, 1, 0)


def test_rows_that_a_revision_takes_out_or_cannot_read_are_counted(office: Any) -> None:
    document = {"metadata": {"rowIdentifier": "county"}}
    made = office.publish(COLUMNS, PUBLIC, **document)
    page = office.read_signed_in(revision(office, made, "delete", "county\nButte\nNowhere\n"))
    assert verdict(page)["Rows removed"] == 1
    page = office.read_signed_in(
        revision(office, made, "update", "county,visits\nButte,31\nYolo,many\n")
    )
    assert verdict(page)["Rows with errors, left out"] == 1
    assert verdict(page)["Rows changed"] == 1


def test_equal_numbers_are_one_key_and_a_row_without_a_key_takes_nothing_out(office: Any) -> None:
    rows = [{"number": "1"}, {"number": "2.50"}, {"number": "3"}]
    document = {"metadata": {"rowIdentifier": "number"}}
    made = office.publish({"number": "number"}, rows, **document)
    place = revision(office, made, "delete", 'number\n2.5\n""\n')
    assert verdict(office.read_signed_in(place))["Rows removed"] == 1


def test_strangers_see_no_draft_and_learn_no_difference(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    copy = working_copy(office, made)
    place = revision(office, made)
    nothing = office.read("/d/aaaa-aaaa/compare", 404)
    for path in (f"/d/{copy}/compare", place, f"/d/{made}/revisions/99", f"/d/{copy}"):
        page = office.read(path, 404)
        assert "Glenn" not in page
        assert "corrected" not in page
        assert page.replace(path, "") == nothing.replace("/d/aaaa-aaaa/compare", "")


def test_the_addresses_that_clients_open_lead_to_the_comparison(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    place = revision(office, made)
    answer = office.client.get(f"{place}/sources/7/preview", follow_redirects=False)
    assert answer.headers["location"] == place


def test_what_is_prepared_is_listed_for_those_who_are_signed_in(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    place = revision(office, made)
    assert place in office.read_signed_in("/")
    assert place not in office.read("/")


def test_a_viewer_reads_what_is_private_and_sees_no_change_being_prepared(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC, public=False)
    place = revision(office, made)
    viewer = new_account("eve", "viewer", "a long enough secret")
    change_accounts(office.folder, lambda kept: kept.with_account(viewer))
    eve = ("eve", "a long enough secret")
    assert office.client.get(f"/d/{made}", auth=eve).status_code == 200
    assert office.client.get(place, auth=eve).status_code == 404
    assert place not in office.client.get("/", auth=eve).text
    change_accounts(office.folder, lambda kept: kept.without("eve"))
    assert office.client.get(f"/d/{made}", auth=eve).status_code == 404


def test_a_user_who_is_removed_is_out_with_the_cookie_in_hand(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC, public=False)
    viewer = new_account("eve", "viewer", "a long enough secret")
    change_accounts(office.folder, lambda kept: kept.with_account(viewer))
    office.client.post("/sign-in", data={"name": "eve", "password": "a long enough secret"})
    assert office.client.get(f"/d/{made}").status_code == 200
    change_accounts(office.folder, lambda kept: kept.without("eve"))
    assert office.client.get(f"/d/{made}").status_code == 404


@pytest.mark.parametrize(
    ("action", "csv"),
    [
        ("replace", CSV),
        ("update", "county,visits\nButte,31\nYolo,5\nAlpine,\n"),
        ("update", "county,visits,beds\nButte,30,4\n"),
        ("delete", "county\nButte\nNowhere\n"),
    ],
)
def test_what_is_foretold_is_what_applying_does(office: Any, action: str, csv: str) -> None:
    document = {"metadata": {"rowIdentifier": "county"}}
    made = office.publish(COLUMNS, PUBLIC, **document)
    place = revision(office, made, action, csv)
    foretold = verdict(office.read_signed_in(place))
    before = {row["county"]: row for row in office.client.get(f"/resource/{made}.json").json()}
    links = office.ask("GET", f"/api/publishing/v1/revision/{made}/{place.rsplit('/', 1)[1]}")
    job = office.ask("PUT", links["links"]["apply"], json={})["links"]["show"]
    while office.ask("GET", job)["resource"]["status"] not in ("successful", "failure"):
        time.sleep(0.05)
    after = {row["county"]: row for row in office.client.get(f"/resource/{made}.json").json()}
    common = before.keys() & after.keys()
    shared = set(COLUMNS)
    changed = [
        key
        for key in common
        if {k: v for k, v in before[key].items() if k in shared}
        != {k: v for k, v in after[key].items() if k in shared}
    ]
    assert foretold["Rows added"] == len(after.keys() - before.keys())
    assert foretold["Rows removed"] == len(before.keys() - after.keys())
    assert foretold["Rows changed"] == len(changed)
    assert "This revision is closed" in office.read_signed_in(place)


def test_a_comparison_says_what_its_marks_mean(office: Any) -> None:
    made = office.publish(COLUMNS, PUBLIC)
    page = office.read_signed_in(f"/d/{working_copy(office, made)}/compare")
    _, legend = page.split('aria-label="What the marks mean"', maxsplit=1)
    assert "Withheld to protect the privacy" in legend.split("</dl>", maxsplit=1)[0]
