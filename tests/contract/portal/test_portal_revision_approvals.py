"""Conformance case 17: who sees a revision, and who must agree before the public does."""

from __future__ import annotations

from typing import Any

CSV = "county,year,visits\nAlameda,2020,120\nButte,2020,35.5\nÑuble,2021,\n"


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
    refused = bob.ask("PUT", held["links"]["review"], 404, json={"state": "approved"})
    assert refused["code"] == "not_found"
    view = ann.view(revision["resource"]["fourfour"])
    assert (view["publicationStage"], view["permissions"]["scope"]) == ("unpublished", "private")


def test_what_was_discarded_waits_for_nobody(desks_with_approval: tuple[Any, Any]) -> None:
    ann, bob = desks_with_approval
    revision = ann.new()
    change = {"action": {"type": "replace", "permission": "public"}}
    ann.ask("PUT", revision["links"]["update"], json=change)
    ann.output(ann.upload(revision, CSV))
    held = ann.ask("PUT", revision["links"]["apply"], 201, json={})
    dataset = revision["resource"]["fourfour"]
    waiting = bob.ask("GET", f"/api/views/{dataset}/approvals")
    assert [one["state"] for one in waiting] == ["pending"]
    ann.ask("DELETE", revision["links"]["discard"])
    assert bob.ask("GET", f"/api/views/{dataset}/approvals") == []
    refused = bob.ask("PUT", held["links"]["review"], 404, json={"state": "approved"})
    assert refused["code"] == "not_found"


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


def test_rows_of_what_is_public_already_change_at_once(
    desks_with_approval: tuple[Any, Any],
) -> None:
    ann, bob = desks_with_approval
    dataset = ann.published(CSV)
    revision = ann.revise(dataset, "update", permission="public")
    held = ann.ask("PUT", revision["links"]["apply"], 201, json={})
    bob.ask("PUT", held["links"]["review"], json={"state": "approved"})
    ann.ended({"links": {"show": _job_of(ann, revision)}})
    field = ann.view(dataset)["columns"][0]["fieldName"]
    ann.ask("PUT", f"/resource/{dataset}.json", json=[{field: "9"}])
    rows = ann.client.get(f"/resource/{dataset}.json").json()
    assert rows == [{field: "9"}]


def _job_of(desk: Any, revision: Any) -> str:
    job = desk.show(revision)["resource"]["task_sets"][0]
    return f"{revision['links']['apply']}/{job['id']}"


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
