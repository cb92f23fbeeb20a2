"""Whatever is sent to the Publishing API and the reads of SODA 3, the portal does not fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CSV = "county,visits\nAlameda,120\nButte,few\n"
WORDS = [
    *("metadata", "action", "type", "permission", "name", "tags", "attachments", "asset_id"),
    *("output_schema_id", "notes", "config", "source_type", "filename", "fourfour"),
    *("parse_options", "encoding", "column_separator", "quote_char", "header_count"),
    *("output_columns", "field_name", "display_name", "transform", "transform_expr", "position"),
    *("is_primary_key", "format", "sort_bys", "ascending", "revision", "revision_seq"),
    *("content_type", "data_action", "columns", "state", "query", "page", "pageNumber", "pageSize"),
    *("update", "replace", "upload", "view", "public", "approved", "county", "to_number(visits)"),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=10,
)
RELAXED = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def places(desk: Any) -> list[tuple[str, str]]:
    """Methods and paths of a portal where there is something of everything."""
    dataset = desk.published(CSV)
    revision = desk.revise(dataset)
    source = desk.upload(revision, CSV)
    output = desk.output(source)
    name = {"name": "A recipe", "data_action": "replace"}
    config = desk.ask("POST", output["links"]["build_config"], 201, json=name)
    inputs = desk.input(source)["links"]
    return [
        ("POST", "/api/publishing/v1/revision"),
        ("POST", f"/api/publishing/v1/revision/{dataset}"),
        ("PUT", revision["links"]["update"]),
        ("PATCH", revision["links"]["update"]),
        ("POST", revision["links"]["create_source"]),
        ("POST", "/api/publishing/v1/source"),
        ("POST", source["links"]["update"]),
        ("PATCH", source["links"]["add_to_revision"]),
        ("POST", source["links"]["initiate"]),
        ("POST", inputs["transform"]),
        ("POST", output["links"]["build_config"]),
        ("POST", "/api/publishing/v1/config"),
        ("PATCH", config["links"]["update"]),
        ("PUT", f"/api/views/{dataset}/approvals/1"),
        ("POST", f"/api/v3/views/{dataset}/query.json"),
        ("POST", f"/api/v3/views/{dataset}/export.csv"),
        ("PUT", f"/resource/{dataset}.json?expectedDataVersion=x"),
    ]


@given(data=st.data())
@RELAXED
def test_any_body_is_taken_or_refused(
    desk: Any, places: list[tuple[str, str]], data: st.DataObject
) -> None:
    method, path = data.draw(st.sampled_from(places))
    answer = desk.client.request(method, path, json=data.draw(BODIES), auth=desk.auth)
    assert answer.status_code < 500, (method, path, answer.text)
    assert answer.status_code < 300 or answer.json()["error"] is True


@given(
    seq=st.integers(-1, 2**80),
    tail=st.sampled_from(["", "/apply/1", "/plan", "/source", "/restore", "/attachment", "/x"]),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    dataset=st.one_of(
        st.just("abcd-1234"), st.text(st.characters(categories=["L", "N"]), min_size=1)
    ),
)
@RELAXED
def test_any_address_is_there_or_not(
    desk: Any, seq: int, tail: str, method: str, dataset: str
) -> None:
    for path in (f"revision/{dataset}/{seq}{tail}", f"source/{seq}{tail}", f"config/{dataset}"):
        answer = desk.client.request(method, f"/api/publishing/v1/{path}", auth=desk.auth)
        assert answer.status_code < 500, (method, path, answer.text)


@given(
    content=st.binary(max_size=300), kind=st.sampled_from(["csv", "tsv", "kml", "geojson", "zip"])
)
@settings(RELAXED, max_examples=60)
def test_any_bytes_are_read_or_fail_as_a_source(desk: Any, content: bytes, kind: str) -> None:
    media = {
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "kml": "application/vnd.google-earth.kml+xml",
        "geojson": "application/vnd.geo+json",
        "zip": "application/zip",
    }
    revision = desk.new()
    resource = desk.upload(revision, content, f"file.{kind}", media[kind])["resource"]
    assert bool(resource["failed_at"]) != bool(resource["schemas"])
    said = (resource["failure_details"] or {}).get("message", "a table")
    assert said != "The rows cannot be read."


def test_an_unforeseen_error_of_the_work_says_nothing_of_the_rows(
    desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("078-05-1120")

    monkeypatch.setattr("opengazette.localportal.publishing.work.read_upload", fail)
    source = desk.upload(desk.new(), "ssn\n078-05-1120\n")
    assert source["resource"]["failure_details"] == {"message": "The rows cannot be read."}
    assert "078-05-1120" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_what_is_uploaded_leaves_the_folder_when_it_is_done_with(desk: Any, tmp_path: Path) -> None:
    uploads = tmp_path / "portal" / "uploads"
    dataset = desk.published(CSV)
    revision = desk.revise(dataset)
    desk.upload(revision, CSV)
    assert len(list(uploads.iterdir())) == 1
    desk.ask("DELETE", revision["links"]["discard"])
    assert list(uploads.iterdir()) == []
