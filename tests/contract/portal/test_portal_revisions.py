"""Conformance cases 17 and 19: revisions, from their sources to what the public sees."""

from __future__ import annotations

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
        assert desk.client.get(path, auth=desk.auth).status_code == 404, path
    for body in [
        {"action": {"type": "append"}},
        {"action": {"type": "replace", "permission": "everyone"}},
        {"metadata": {"tags": "one"}},
        {"output_schema_id": "first"},
        {"attachments": [{"asset_id": "none"}]},
    ]:
        answer = desk.client.put(revision["links"]["update"], json=body, auth=desk.auth)
        assert answer.status_code == 400, body
    refused = desk.ask("POST", "/api/publishing/v1/revision?deleted_at=2030-01-01", 400, json={})
    assert "deletes no dataset" in refused["message"]
