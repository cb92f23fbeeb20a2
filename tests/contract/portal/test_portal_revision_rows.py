"""Conformance case 17: what a revision does to the rows of a dataset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from opengazette.localportal.publishing import outputs, work
from opengazette.localportal.publishing.drafts import InputSchema, OutputSchema
from opengazette.localportal.store import Store

CSV = "county,year,visits\nAlameda,2020,120\nButte,2020,35.5\nÑuble,2021,\n"


def test_case_17_rows_with_an_error_stay_out_and_are_counted(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, "county,visits\nAlameda,120\nButte,few\n")
    output = desk.transform(source, {"county": "county", "visits": "to_number(visits)"})
    job = desk.apply(revision, output)
    assert job["log"][0]["details"] == {
        "Rows Created": 1,
        "Rows Updated": 0,
        "Rows Deleted": 0,
        "Errors": 1,
        "By RowIdentifier": 0,
        "By SID": 0,
    }
    assert desk.table(revision["resource"]["fourfour"]) == [{"county": "Alameda", "visits": "120"}]


def test_case_17_an_archived_version_comes_back_in_a_new_revision(desk: Any) -> None:
    dataset = desk.published(CSV)
    not_archived = f"/api/publishing/v1/revision/{dataset}/0/restore"
    assert desk.ask("POST", not_archived, 409)["code"] == "revision.not-archived"
    desk.ask("POST", f"/api/archival?id={dataset}&method=enroll")
    copies = desk.ask("GET", f"/api/views/{dataset}/replication.json")
    versions = [{"name": "archival", "version": copies["truth_data_version"]}]
    assert copies["secondary_versions"] == versions
    good = desk.revise(dataset)
    assert desk.apply(good, desk.output(desk.upload(good, CSV)))["status"] == "successful"
    kept = desk.table(dataset)
    bad = desk.revise(dataset)
    desk.apply(bad, desk.output(desk.upload(bad, "county\nNowhere\n")))
    assert desk.table(dataset) == [{"county": "Nowhere"}]
    restoring = desk.ask("POST", good["links"]["restore"], 201)
    assert restoring["resource"]["revision_seq"] == 3
    source = desk.ask("GET", restoring["links"]["list_sources"])[0]
    expressions = [
        column["transform"]["transform_expr"]
        for column in desk.output(source)["resource"]["output_columns"]
    ]
    assert expressions[:1] == ["`county`"]
    assert desk.apply(restoring)["status"] == "successful"
    assert desk.table(dataset) == kept


def test_an_update_changes_rows_by_their_identifier_and_keeps_other_columns(desk: Any) -> None:
    dataset = desk.published(CSV, key="county")
    revision = desk.revise(dataset, "update")
    source = desk.upload(revision, "county,visits\nButte,36\nColusa,4\n")
    job = desk.apply(revision, desk.output(source))
    counters = job["log"][0]["details"]
    assert (counters["Rows Created"], counters["Rows Updated"]) == (1, 1)
    assert desk.table(dataset) == [
        {"county": "Alameda", "year": "2020", "visits": "120"},
        {"county": "Butte", "year": "2020", "visits": "36"},
        {"county": "Ñuble", "year": "2021"},
        {"county": "Colusa", "visits": "4"},
    ]


def test_an_update_can_bring_a_column(desk: Any) -> None:
    dataset = desk.published(CSV, key="county")
    revision = desk.revise(dataset, "update")
    source = desk.upload(revision, "county,beds\nButte,7\n")
    assert desk.apply(revision, desk.output(source))["status"] == "successful"
    names = [column["fieldName"] for column in desk.view(dataset)["columns"]]
    assert names == ["county", "year", "visits", "beds"]
    found = desk.ask("GET", f"/resource/{dataset}.json?county=Butte")
    assert found == [{"county": "Butte", "year": "2020", "visits": "35.5", "beds": "7"}]


def test_a_delete_takes_rows_out_and_counts_those_that_are_not_there(desk: Any) -> None:
    dataset = desk.published(CSV, key="county")
    revision = desk.revise(dataset, "delete")
    job = desk.apply(revision, desk.output(desk.upload(revision, "county\nButte\nNowhere\n")))
    counters = job["log"][0]["details"]
    assert (counters["Rows Deleted"], counters["Errors"]) == (1, 1)
    assert [row["county"] for row in desk.table(dataset)] == ["Alameda", "Ñuble"]


def test_a_change_that_does_not_fit_fails_and_leaves_the_table(desk: Any) -> None:
    dataset = desk.published(CSV)
    before = desk.table(dataset)
    delete = desk.revise(dataset, "delete")
    job = desk.apply(delete, desk.output(desk.upload(delete, "county\nButte\n")))
    assert job["status"] == "failure"
    assert "identifies rows" in job["log"][0]["details"]["message"]
    replace = desk.revise(dataset)
    source = desk.upload(replace, "county,visits\nButte,1\n,2\n")
    output = desk.transform(source, {"county": "county", "visits": "visits"}, key="county")
    job = desk.apply(replace, output)
    assert job["status"] == "failure"
    assert job["log"][0]["details"]["code"] == "soda.row.no-primary-key"
    update = desk.revise(dataset, "update")
    source = desk.upload(update, "county,visits\nButte,1\n")
    job = desk.apply(update, desk.transform(source, {"county": "county", "visits": "visits"}))
    assert "a replace revision can change types" in job["log"][0]["details"]["message"]
    assert desk.table(dataset) == before
    assert desk.show(replace)["resource"]["closed_at"] is None


def test_a_replace_can_change_columns_and_keeps_the_id(desk: Any) -> None:
    dataset = desk.published(CSV)
    revision = desk.revise(dataset)
    body = {"source_type": {"type": "view", "fourfour": dataset}}
    source = desk.ask("POST", revision["links"]["create_source"], 201, json=body)
    assert source["resource"]["source_type"]["loaded"] is True
    columns = {"place": "upper(county)", "year": "to_text(year)", "more": "visits + 0.1"}
    output = desk.transform(desk.settled(source), columns)
    assert desk.apply(revision, output)["status"] == "successful"
    assert desk.table(dataset) == [
        {"place": "ALAMEDA", "year": "2020", "more": "120.1"},
        {"place": "BUTTE", "year": "2020", "more": "35.6"},
        {"place": "ÑUBLE", "year": "2021"},
    ]


def test_rows_are_published_in_the_order_that_was_asked_for(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, "name,n\nb,2\na,10\nc,2\nd,\n")
    order = [
        {"field_name": "n", "ascending": False},
        {"field_name": "name", "ascending": False},
    ]
    output = desk.transform(source, {"name": "name", "n": "to_number(n)"}, sort_bys=order)
    desk.apply(revision, output)
    found = desk.table(revision["resource"]["fourfour"])
    assert [row["name"] for row in found] == ["a", "c", "b", "d"]


def test_a_column_identifies_rows_where_each_has_one_of_its_own(desk: Any) -> None:
    source = desk.upload(desk.new(), CSV)
    output = desk.output(source)
    columns = output["resource"]["output_columns"]
    valid = [
        desk.ask(
            "GET",
            output["links"]["validate_row_id"].format(transform_id=column["transform"]["id"]),
        )["valid"]
        for column in columns
    ]
    assert valid == [True, False, False]


def test_what_was_computed_already_is_not_computed_again_and_goes_with_its_source(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []

    def compute(store: Store, schema: InputSchema, output: OutputSchema) -> OutputSchema:
        made.append([column.transform_expr for column in output.columns])
        return outputs.compute(store, schema, output)

    monkeypatch.setattr(work, "compute", compute)
    revision = desk.new()
    source = desk.upload(revision, "county,cases\nAlameda,12\nButte,x\n")
    same = {"place": "`county`", "n": "to_number(`cases`)"}
    first, second = (desk.transform(source, same) for _ in range(2))
    other = desk.transform(source, {"place": "`county`", "n": "to_number(`cases`) + 1"})
    assert len(made) == 3
    assert made.count([*same.values()]) == 1
    assert first["resource"]["id"] != second["resource"]["id"]
    assert desk.values(first) == desk.values(second) == [["Alameda", "12"], ["Butte", "an error"]]
    assert second["resource"]["error_count"] == first["resource"]["error_count"] == 1
    assert desk.values(other)[0] == ["Alameda", "13"]
    assert desk.apply(revision, second)["status"] == "successful"
    dataset = revision["resource"]["fourfour"]
    desk.apply(desk.revise(dataset, "update", metadata={"description": "Later"}))
    assert desk.table(dataset) == [{"place": "Alameda", "n": "12"}]


def test_a_draft_is_written_as_it_came_where_cells_hold_commas_quotes_and_line_ends(
    desk: Any,
) -> None:
    content = 'a,b\nplain,\n"one, two",1\n"a ""b""",2\n"up\rdown\nleft",3\n'
    output = desk.output(desk.upload(desk.new(), content))
    csv = {"Accept": "text/csv"}
    shown = desk.client.get(output["links"]["rows"], auth=desk.auth, headers=csv)
    assert shown.content.decode() == content


def test_many_publish_at_once_and_each_gets_their_own(desk: Any) -> None:
    def one(number: int) -> tuple[str, int]:
        rows = "word,n\n" + "".join(f"w{number},{at}\n" for at in range(2_000 + number))
        dataset = desk.published(rows)
        for more in range(2):
            revision = desk.revise(dataset, "update" if more % 2 else "replace")
            job = desk.apply(revision, desk.output(desk.upload(revision, rows)))
            assert job["status"] == "successful", job
            desk.ask("PUT", f"/resource/{dataset}.json", json=[{"word": "x", "n": "1"}])
        revision = desk.revise(dataset)
        desk.apply(revision, desk.output(desk.upload(revision, rows)))
        counted = "$select=word,count(*)&$group=word"
        found = desk.ask("GET", f"/resource/{dataset}.json?{counted}")
        return found[0]["word"], int(found[0]["count"])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(4)))
    assert found == [(f"w{number}", 2_000 + number) for number in range(4)]
