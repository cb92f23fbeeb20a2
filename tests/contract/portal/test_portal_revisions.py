"""Conformance cases 17 and 19: revisions, from their sources to what the public sees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

CSV = "county,year,visits\nAlameda,2020,120\nButte,2020,35.5\nÑuble,2021,\n"
CHUNK = {"Content-Type": "application/octet-stream"}


def test_case_17_chunks_lie_at_byte_offsets_in_any_order(desk: Any) -> None:
    data = CSV.encode()
    source = desk.source(desk.new())
    links = source["links"]
    begun = desk.ask("POST", links["initiate"], json={"content_type": "text/csv"})
    assert begun == {"preferred_chunk_size": 4194304, "preferred_upload_parallelism": 4}
    # The second cut goes through the middle of a letter of two bytes.
    cuts = [0, 10, data.index("Ñ".encode()) + 1, len(data)]
    for seq in (2, 0, 1, 1):
        chunk = links["chunk"].format(seq_num=seq, byte_offset=cuts[seq])
        piece = data[cuts[seq] : cuts[seq + 1]]
        desk.ask("POST", chunk, 201, content=piece, headers=CHUNK)
    desk.ask("POST", links["commit"].format(seq_num=2, byte_offset=len(data)))
    source = desk.settled(source)
    assert source["resource"]["filesize"] == len(data)
    assert desk.values(desk.output(source))[2] == ["Ñuble", "2021", None]


def test_case_17_a_commit_of_another_size_or_without_a_chunk_is_refused(desk: Any) -> None:
    data = CSV.encode()
    source = desk.source(desk.new())
    links = source["links"]
    first = links["chunk"].format(seq_num=0, byte_offset=0)
    refused = desk.ask("POST", first, 400, content=data, headers=CHUNK)
    assert refused["code"] == "upload.not-initiated"
    desk.ask("POST", links["initiate"], json={"content_type": "text/csv"})
    desk.ask("POST", first, 201, content=data, headers=CHUNK)
    in_letters = links["commit"].format(seq_num=0, byte_offset=len(CSV))
    refused = desk.ask("POST", in_letters, 400)
    assert refused["code"] == "upload.size-mismatch"
    assert f"{len(data)} bytes" in refused["message"]
    refused = desk.ask("POST", links["commit"].format(seq_num=1, byte_offset=len(data)), 400)
    assert refused["code"] == "upload.chunk-missing"
    whole = links["commit"].format(seq_num=0, byte_offset=len(data))
    desk.ask("POST", whole)
    desk.ask("POST", whole)
    assert desk.settled(source)["resource"]["schemas"][0]["total_rows"] == 3


def test_case_17_a_transform_that_fails_for_a_row_counts_and_shows_it(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, CSV)
    output = desk.transform(source, {"county": "`county`", "n": "to_number(county)"})
    assert output["resource"]["error_count"] == 3
    assert output["resource"]["total_rows"] == 3
    errors = desk.rows(output, "schema_errors", limit=1)
    assert errors == [
        [
            {"ok": "Alameda"},
            {
                "error": {
                    "message": {"english": "Unable to convert from text to number"},
                    "inputs": {"county": {"ok": "Alameda"}},
                }
            },
        ]
    ]
    csv = {"Accept": "text/csv"}
    whole = desk.client.get(output["links"]["rows"], auth=desk.auth, headers=csv)
    assert whole.text == "county,n\nAlameda,\nButte,\nÑuble,\n"
    listed = desk.client.get(output["links"]["schema_errors"], auth=desk.auth, headers=csv)
    assert listed.text.splitlines()[:2] == [
        "error,row,county,year,visits",
        "Unable to convert from text to number,1,Alameda,2020,120",
    ]


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


def test_case_17_a_job_goes_through_its_states_and_publishes(desk: Any) -> None:
    revision = desk.new(description="All of them", tags=["emergency"])
    dataset = revision["resource"]["fourfour"]
    assert desk.view(dataset)["publicationStage"] == "unpublished"
    output = desk.output(desk.upload(revision, CSV))
    job = desk.apply(revision, output)
    assert job["status"] == "successful"
    stages = ["upsert_complete", "upserting", "creating_columns", "started"]
    assert [entry["stage"] for entry in job["log"]] == stages
    view = desk.view(dataset)
    assert (view["publicationStage"], view["description"]) == ("published", "All of them")
    assert [column["dataTypeName"] for column in view["columns"]] == ["text", "number", "number"]
    assert desk.show(revision)["resource"]["closed_at"] is not None
    assert desk.table(dataset)[1] == {"county": "Butte", "year": "2020", "visits": "35.5"}


def test_case_17_what_becomes_public_waits_for_a_second_person(
    desks_with_approval: tuple[Any, Any],
) -> None:
    ann, bob = desks_with_approval
    first = ann.new()
    dataset = first["resource"]["fourfour"]
    assert ann.apply(first, ann.output(ann.upload(first, CSV)))["status"] == "successful"
    second = ann.revise(dataset, permission="public")
    output = ann.output(ann.upload(second, "county\nColusa\n"))
    body = {"output_schema_id": output["resource"]["id"]}
    held = ann.ask("PUT", second["links"]["apply"], 201, json=body)
    assert held["resource"]["key"] == "approval_submitted"
    assert ann.view(dataset)["permissions"] == {"scope": "private"}
    assert len(ann.table(dataset)) == 3
    review = held["links"]["review"]
    own = ann.ask("PUT", review, 403, json={"state": "approved"})
    assert own["code"] == "approval.own"
    assert bob.ask("PUT", review, json={"state": "approved"})["reviewed_by"]["user_id"] == "bob"
    job = ann.show(second)["resource"]["task_sets"][0]
    shown = f"{second['links']['apply']}/{job['id']}"
    assert ann.ended({"links": {"show": shown}})["status"] == "successful"
    assert ann.table(dataset) == [{"county": "Colusa"}]
    assert ann.view(dataset)["permissions"] == {"scope": "public"}
    assert bob.ask("PUT", review, 409, json={"state": "rejected"})["code"] == "approval.decided"


def test_case_17_what_was_changed_after_it_was_submitted_is_submitted_again(
    desks_with_approval: tuple[Any, Any],
) -> None:
    ann, bob = desks_with_approval
    revision = ann.new()
    change = {"action": {"type": "replace", "permission": "public"}}
    ann.ask("PUT", revision["links"]["update"], json=change)
    ann.output(ann.upload(revision, CSV))
    held = ann.ask("PUT", revision["links"]["apply"], 201, json={})
    ann.ask("PUT", revision["links"]["update"], json={"metadata": {"description": "Sneaked in"}})
    bob.ask("PUT", held["links"]["review"], 404, json={"state": "approved"})


def test_case_17_nothing_becomes_public_past_the_second_person(
    desks_with_approval: tuple[Any, Any],
) -> None:
    ann, bob = desks_with_approval
    dataset = ann.published(CSV)
    public = f"/api/views/{dataset}.json?method=setPermission&value=public.read"
    assert ann.ask("PUT", public, 409)["code"] == "approval.needed"
    revision = ann.revise(dataset, "update", permission="public")
    held = ann.ask("PUT", revision["links"]["apply"], 201, json={})
    bob.ask("PUT", held["links"]["review"], json={"state": "approved"})
    job = ann.show(revision)["resource"]["task_sets"][0]
    ann.ended({"links": {"show": f"{revision['links']['apply']}/{job['id']}"}})
    copy = ann.ask("POST", f"/api/views/{dataset}/publication.json?method=copy")["id"]
    refused = ann.ask("POST", f"/api/views/{copy}/publication.json", 409)
    assert refused["code"] == "approval.needed"


def test_case_17_a_rejected_change_stays_private(desks_with_approval: tuple[Any, Any]) -> None:
    ann, bob = desks_with_approval
    revision = ann.new()
    change = {"action": {"type": "replace", "permission": "public"}}
    revision = ann.ask("PUT", revision["links"]["update"], json=change)
    ann.output(ann.upload(revision, CSV))
    held = ann.ask("PUT", revision["links"]["apply"], 201, json={})
    bob.ask("PUT", held["links"]["review"], json={"state": "rejected"})
    dataset = revision["resource"]["fourfour"]
    assert ann.view(dataset)["publicationStage"] == "unpublished"
    listed = ann.ask("GET", f"/api/views/{dataset}/approvals")
    assert [approval["state"] for approval in listed] == ["rejected"]


def test_case_17_without_a_permission_the_scope_stays(desk: Any) -> None:
    dataset = desk.published(CSV)
    for action, permission, scope in [
        ("replace", None, "private"),
        ("replace", "public", "public"),
        ("update", None, "public"),
        ("replace", None, "public"),
        ("update", "private", "private"),
    ]:
        revision = desk.revise(dataset, action, permission=permission)
        output = desk.output(desk.upload(revision, CSV))
        assert desk.apply(revision, output)["status"] == "successful"
        assert desk.view(dataset)["permissions"]["scope"] == scope


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


def test_case_19_a_list_of_attachments_replaces_the_one_before(desk: Any) -> None:
    dataset = desk.published(CSV)
    revision = desk.revise(dataset, "update")
    files = [
        desk.ask(
            "POST",
            f"{revision['links']['show']}/attachment",
            201,
            content=name.encode(),
            headers={"X-File-Name": name, "Content-Type": "text/plain"},
        )
        for name in ("one.txt", "two.txt")
    ]
    assert [file["filename"] for file in files] == ["one.txt", "two.txt"]
    listed = [{"name": "One", "filename": "one.txt", "asset_id": files[0]["file_id"]}]
    desk.ask("PATCH", revision["links"]["update"], json={"attachments": listed})
    listed = [{"name": "Two", "filename": "two.txt", "asset_id": files[1]["file_id"]}]
    shown = desk.ask("PATCH", revision["links"]["update"], json={"attachments": listed})
    assert [one["name"] for one in shown["resource"]["attachments"]] == ["Two"]
    assert desk.apply(revision)["status"] == "successful"
    attachments = desk.view(dataset)["metadata"]["attachments"]
    assert [one["name"] for one in attachments] == ["Two"]
    held = f"/api/views/{dataset}/files/"
    assert desk.client.get(held + files[1]["file_id"], auth=desk.auth).text == "two.txt"
    assert desk.client.get(held + files[0]["file_id"], auth=desk.auth).status_code == 404


def test_case_19_metadata_without_attachments_empties_the_list(desk: Any) -> None:
    revision = desk.new()
    headers = {"X-File-Name": "one.txt", "Content-Type": "text/plain"}
    at = f"{revision['links']['show']}/attachment"
    file = desk.ask("POST", at, 201, content=b"one", headers=headers)
    listed = {"attachments": [{"name": "One", "asset_id": file["file_id"]}]}
    desk.ask("PATCH", revision["links"]["update"], json=listed)
    changed = {"metadata": {"description": "Another"}}
    shown = desk.ask("PATCH", revision["links"]["update"], json=changed)
    assert shown["resource"]["attachments"] == []


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


def test_a_discarded_revision_leaves_nothing(desk: Any) -> None:
    dataset = desk.published(CSV)
    before = desk.table(dataset)
    revision = desk.revise(dataset, metadata={"name": "Another name"})
    source = desk.upload(revision, "county\nNowhere\n")
    assert desk.ask("DELETE", revision["links"]["discard"])["resource"]["closed_at"] is not None
    desk.ask("DELETE", revision["links"]["discard"])
    desk.ask("GET", source["links"]["show"], 404)
    assert desk.ask("PUT", revision["links"]["apply"], 409, json={})["code"] == "revision.closed"
    assert desk.table(dataset) == before
    assert desk.view(dataset)["name"] == "Visits"


def test_a_revision_of_words_alone_leaves_the_rows(desk: Any) -> None:
    dataset = desk.published(CSV, key="county")
    revision = desk.revise(dataset, "update", metadata={"description": "New words"})
    plan = desk.ask("GET", revision["links"]["plan"])["resource"]
    assert "upsert_task" not in [step["type"] for step in plan]
    rows = desk.table(dataset)
    assert desk.apply(revision)["status"] == "successful"
    view = desk.view(dataset)
    assert view["description"] == "New words"
    assert view["metadata"]["rowIdentifier"] == "county"
    assert desk.table(dataset) == rows


def test_a_recipe_makes_the_next_revision(desk: Any) -> None:
    dataset = desk.published(CSV)
    first = desk.revise(dataset)
    source = desk.upload(first, "a;b\n1;x\n", column_separator=";")
    output = desk.transform(source, {"n": "to_number(a) * 2", "word": "upper(b)"}, key="n")
    body = {"name": "Doubled words", "data_action": "replace"}
    config = desk.ask("POST", output["links"]["build_config"], 201, json=body)
    assert config["resource"]["parse_options"]["column_separator"] == ";"
    path = config["links"]["create_revision"].format(fourfour=dataset)
    revision = desk.ask("POST", path, 201)
    assert revision["resource"]["action"]["type"] == "replace"
    source = desk.upload(revision, "a;b\n4;y\n")
    assert desk.values(desk.output(source)) == [["8", "Y"]]
    misfit = desk.upload(desk.ask("POST", path, 201), "c;d\n4;y\n")
    assert misfit["resource"]["failure_details"] == {"message": "No such column: a"}


def test_strangers_see_nothing_of_drafts(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, CSV)
    output = desk.output(source)
    for path in [
        revision["links"]["show"],
        source["links"]["show"],
        output["links"]["rows"],
        "/api/publishing/v1/config",
        f"/api/views/{revision['resource']['fourfour']}/approvals",
    ]:
        answer = desk.client.get(path)
        assert (answer.status_code, "Alameda" in answer.text) == (403, False), path


def test_what_is_not_there_is_404_and_what_is_malformed_400(desk: Any) -> None:
    revision = desk.new()
    source = desk.upload(revision, CSV)
    for path in [
        "/api/publishing/v1/revision/zzzz-9999/0",
        f"{revision['links']['show']}9",
        "/api/publishing/v1/source/999999",
        f"{source['links']['show']}/schema/999999",
        f"{source['links']['show']}/schema/{source['resource']['schemas'][0]['id']}/output/9",
        "/api/publishing/v1/config/none",
    ]:
        desk.ask("GET", path, 404)
    for body in [
        {"action": {"type": "append"}},
        {"action": {"type": "replace", "permission": "everyone"}},
        {"metadata": {"tags": "one"}},
        {"output_schema_id": "first"},
        {"attachments": [{"asset_id": "none"}]},
    ]:
        desk.ask("PUT", revision["links"]["update"], 400, json=body)
    refused = desk.ask("POST", "/api/publishing/v1/revision?deleted_at=2030-01-01", 400, json={})
    assert "deletes no dataset" in refused["message"]


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
