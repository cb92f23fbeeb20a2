"""Drafts as the Publishing API shows them, each with the links that its clients follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from pydantic import JsonValue

from opengazette.localportal.publishing.drafts import (
    Approval,
    Config,
    InputSchema,
    Job,
    OutputSchema,
    Revision,
    Source,
)
from opengazette.localportal.values import TYPE_NAME

Shown = dict[str, JsonValue]
BASE: Final = "/api/publishing/v1"


def moment(seconds: int | None) -> str | None:
    """Write a moment as the API does, in UTC without an offset."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000")


def _person(name: str) -> Shown:
    return {"user_id": name, "display_name": name, "email": None}


def revision_json(revision: Revision) -> Shown:
    """Show a revision."""
    at = f"{BASE}/revision/{revision.view_id}/{revision.seq}"
    attachments = revision.attachments or ()
    resource: Shown = {
        "id": revision.id,
        "fourfour": revision.view_id,
        "revision_seq": revision.seq,
        "metadata": dict(revision.metadata),
        "action": {"type": revision.action, "permission": revision.permission},
        "output_schema_id": revision.output_schema_id,
        "blob_id": revision.blob_id,
        "attachments": [
            {"name": one.name, "filename": one.filename, "asset_id": one.asset_id}
            for one in attachments
        ],
        "notes": revision.notes,
        "task_sets": [job_json(revision, job)["resource"] for job in revision.jobs],
        "is_parent": True,
        "created_at": moment(revision.created_at),
        "created_by": _person(revision.created_by),
        "closed_at": moment(revision.closed_at),
        "discarded_at": moment(revision.closed_at) if revision.discarded else None,
    }
    links: Shown = {
        "show": at,
        "update": at,
        "discard": at,
        "create_source": f"{at}/source",
        "list_sources": f"{at}/source",
        "apply": f"{at}/apply",
        "plan": f"{at}/plan",
        "restore": f"{at}/restore",
        "attachment": f"{at}/attachment",
    }
    return {"resource": resource, "links": links}


def job_json(revision: Revision, job: Job) -> Shown:
    """Show a job."""
    resource: Shown = {
        "id": job.id,
        "status": job.status,
        "output_schema_id": job.output_schema_id,
        "log": [
            {"stage": entry.stage, "time": moment(entry.time), "details": entry.details}
            for entry in reversed(job.log)
        ],
        "created_at": moment(job.created_at),
        "created_by": _person(job.created_by),
        "finished_at": moment(job.finished_at),
    }
    show = f"{BASE}/revision/{revision.view_id}/{revision.seq}/apply/{job.id}"
    return {"resource": resource, "links": {"show": show}}


def approval_json(revision: Revision, approval: Approval) -> Shown:
    """Show a change that waits for a second person."""
    resource: Shown = {
        "key": "approval_submitted",
        "id": approval.id,
        "state": approval.state,
        "fourfour": revision.view_id,
        "revision_seq": revision.seq,
        "submitted_at": moment(approval.submitted_at),
        "submitted_by": _person(approval.submitted_by),
        "reviewed_at": moment(approval.reviewed_at),
        "reviewed_by": _person(approval.reviewed_by) if approval.reviewed_by else None,
    }
    review = f"/api/views/{revision.view_id}/approvals/{approval.id}"
    return {"resource": resource, "links": {"review": review}}


def source_json(source: Source) -> Shown:
    """Show a source with its schemas."""
    at = f"{BASE}/source/{source.id}"
    kind: Shown = {"type": source.type}
    if source.type == "upload":
        kind["filename"] = source.filename
    else:
        kind |= {"fourfour": source.fourfour, "loaded": source.finished_at is not None}
    resource: Shown = {
        "id": source.id,
        "source_type": kind,
        "parse_options": parse_options_json(source.parse_options.model_dump()),
        "content_type": source.content_type,
        "filesize": source.filesize,
        "created_at": moment(source.created_at),
        "created_by": _person(source.created_by),
        "finished_at": moment(source.finished_at),
        "failed_at": moment(source.failed_at),
        "failure_details": {"message": source.failure} if source.failure else None,
        "schemas": [input_schema_json(schema) for schema in source.schemas],
    }
    output_links = _output_links(f"{at}/schema/{{input_schema_id}}/output/{{output_schema_id}}")
    input_links = {**_input_links(f"{at}/schema/{{input_schema_id}}")}
    input_links["output_schema_links"] = output_links
    links: Shown = {
        "show": at,
        "update": at,
        "add_to_revision": at,
        "load": f"{at}/load",
        "bytes": f"{at}/bytes",
        "initiate": f"{at}/initiate",
        "chunk": f"{at}/chunk/{{seq_num}}/{{byte_offset}}",
        "commit": f"{at}/chunk/{{seq_num}}/{{byte_offset}}/commit",
        "show_input_schema": f"{at}/schema/{{input_schema_id}}",
        "input_schema_links": input_links,
    }
    return {"resource": resource, "links": links}


def parse_options_json(options: Mapping[str, JsonValue]) -> Shown:
    """Show parse options; an encoding that was guessed is shown as the common one."""
    return {**options, "encoding": options.get("encoding") or "utf8"}


def _input_links(at: str) -> Shown:
    return {"show": at, "transform": at, "latest_output": f"{at}/latest_output"}


def _output_links(at: str) -> Shown:
    return {
        "show": at,
        "rows": f"{at}/rows",
        "schema_errors": f"{at}/errors",
        "validate_row_id": f"{at}/validate_row_id/{{transform_id}}",
        "build_config": f"{at}/config",
    }


def input_schema_json(schema: InputSchema) -> Shown:
    """Show an input schema without links, as it stands in its source."""
    return {
        "id": schema.id,
        "name": None,
        "total_rows": schema.total_rows,
        "created_at": moment(schema.created_at),
        "input_columns": [
            {
                "id": column.id,
                "field_name": column.field_name,
                "display_name": column.display_name,
                "position": column.number,
                "soql_type": TYPE_NAME[column.kind],
                "semantic_type": None,
                "input_schema_id": schema.id,
            }
            for column in schema.columns
        ],
        "output_schemas": [output_schema_json(output) for output in schema.outputs],
    }


def linked_input_schema_json(source: Source, schema: InputSchema) -> Shown:
    """Show an input schema with its links."""
    at = f"{BASE}/source/{source.id}/schema/{schema.id}"
    links = {**_input_links(at)}
    links["output_schema_links"] = _output_links(f"{at}/output/{{output_schema_id}}")
    return {"resource": input_schema_json(schema), "links": links}


def output_schema_json(output: OutputSchema) -> Shown:
    """Show an output schema without links."""
    columns = [_output_column_json(output, number) for number in range(len(output.columns))]
    return {
        "id": output.id,
        "input_schema_id": output.input_schema_id,
        "output_columns": [*columns],
        "sort_bys": [sort.model_dump() for sort in output.sort_bys],
        "error_count": output.error_count,
        "total_rows": output.total_rows,
        "created_at": moment(output.created_at),
        "created_by": _person(output.created_by),
        "completed_at": moment(output.completed_at),
        "finished_at": moment(output.completed_at),
    }


def _output_column_json(output: OutputSchema, at: int) -> Shown:
    column = output.columns[at]
    failed = moment(output.failed_at)
    transform: Shown = {
        "id": column.transform_id,
        "transform_expr": column.transform_expr,
        "output_soql_type": TYPE_NAME[column.kind],
        "completed_at": moment(output.completed_at),
        "finished_at": moment(output.completed_at),
        "failed_at": failed,
        "failure_details": {"message": "The transform cannot be computed."} if failed else None,
    }
    return {
        "id": column.id,
        "field_name": column.field_name,
        "display_name": column.display_name,
        "description": column.description,
        "position": at + 1,
        "format": column.format,
        "is_primary_key": column.is_primary_key,
        "flags": [],
        "transform": transform,
    }


def linked_output_schema_json(source: Source, output: OutputSchema) -> Shown:
    """Show an output schema with its links."""
    at = f"{BASE}/source/{source.id}/schema/{output.input_schema_id}/output/{output.id}"
    return {"resource": output_schema_json(output), "links": _output_links(at)}


def config_json(config: Config) -> Shown:
    """Show a recipe."""
    at = f"{BASE}/config/{quote(config.name, safe='')}"
    resource: Shown = {
        "name": config.name,
        "data_action": config.data_action,
        "parse_options": parse_options_json(config.parse_options.model_dump()),
        "columns": [column.model_dump() for column in config.columns or ()],
        "created_at": moment(config.created_at),
        "created_by": _person(config.created_by),
    }
    links: Shown = {
        "show": at,
        "update": at,
        "delete": at,
        "create_revision": f"{at}/revision/{{fourfour}}",
    }
    return {"resource": resource, "links": links}
