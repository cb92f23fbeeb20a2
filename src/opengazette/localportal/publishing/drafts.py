"""What the Publishing API keeps of a change before it is public, as values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from opengazette.localportal.values import Kind
from opengazette.localportal.views import Column, Kept

Action = Literal["update", "replace", "delete"]
Permission = Literal["public", "private"]
JobStatus = Literal[
    "initializing", "creating_columns", "upserting", "finishing", "successful", "failure"
]


class ParseOptions(Kept):
    """How the bytes of a source are cut into rows. `column_header` counts from one."""

    encoding: str | None = None
    column_separator: str = ","
    quote_char: str = '"'
    header_count: int = 1
    column_header: int = 1
    remove_empty_rows: bool = True
    trim_whitespace: bool = True
    parse_source: bool = True


class InputColumn(Kept):
    """A column as it came; `number` names it in the table of the input."""

    id: int
    number: int
    field_name: str
    display_name: str
    kind: Kind = "text"


class OutputColumn(Kept):
    """A column as it is to be: what is computed, and what it says of itself."""

    id: int
    transform_id: int
    transform_expr: str
    kind: Kind
    reads: tuple[int, ...] = ()
    field_name: str
    display_name: str
    description: str = ""
    format: dict[str, JsonValue] = Field(default_factory=dict)
    is_primary_key: bool = False


class SortBy(Kept):
    """One term of the order that the rows are put in."""

    field_name: str
    ascending: bool = True


class OutputSchema(Kept):
    """A set of transforms of one input, and what came of computing them."""

    id: int
    input_schema_id: int
    created_by: str
    created_at: int
    columns: tuple[OutputColumn, ...]
    sort_bys: tuple[SortBy, ...] = ()
    table: str | None = None
    error_count: int = 0
    error_rows: int = 0
    total_rows: int = 0
    completed_at: int | None = None
    failed_at: int | None = None


class InputSchema(Kept):
    """The columns of a source as one reading of it found them, and where its rows are."""

    id: int
    created_at: int
    columns: tuple[InputColumn, ...]
    table: str
    total_rows: int
    outputs: tuple[OutputSchema, ...] = ()

    def output(self, output_id: int) -> OutputSchema | None:
        """Find an output schema."""
        return next((output for output in self.outputs if output.id == output_id), None)


class RevisionKey(Kept):
    """The name of a revision: its dataset and its number there."""

    view_id: str
    seq: int


class Source(Kept):
    """Where the rows of a change come from: an upload, or the rows of a dataset."""

    id: int
    created_by: str
    created_at: int
    type: Literal["upload", "view"]
    filename: str = ""
    fourfour: str | None = None
    archived_seq: int | None = None
    revision: RevisionKey | None = None
    parse_options: ParseOptions = ParseOptions()
    content_type: str | None = None
    filesize: int | None = None
    uploaded_at: int | None = None
    finished_at: int | None = None
    failed_at: int | None = None
    failure: str | None = None
    schemas: tuple[InputSchema, ...] = ()

    def schema_of(self, input_id: int) -> InputSchema | None:
        """Find an input schema."""
        return next((schema for schema in self.schemas if schema.id == input_id), None)


class LogEntry(Kept):
    """One line of a job's log: counts and names, never a value."""

    stage: str
    time: int
    details: dict[str, JsonValue] | None = None


class Job(Kept):
    """One attempt to make a change public."""

    id: int
    created_by: str
    created_at: int
    output_schema_id: int | None
    status: JobStatus = "initializing"
    log: tuple[LogEntry, ...] = ()
    finished_at: int | None = None


class Attachment(Kept):
    """A file that the dataset is to list."""

    name: str
    filename: str
    asset_id: str


class Approval(Kept):
    """A change that waits for a second person."""

    id: int
    submitted_by: str
    submitted_at: int
    output_schema_id: int | None
    state: Literal["pending", "approved", "rejected"] = "pending"
    reviewed_by: str | None = None
    reviewed_at: int | None = None


class Snapshot(Kept):
    """The rows of a dataset as a revision left them."""

    table: str
    columns: tuple[Column, ...]
    row_identifier: int | None
    row_count: int


class Revision(Kept):
    """One change to a dataset: what is to be said of it, its rows, and who may read it."""

    id: int
    view_id: str
    seq: int
    created_by: str
    created_at: int
    action: Action
    permission: Permission | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    notes: str | None = None
    config: str | None = None
    output_schema_id: int | None = None
    blob_id: int | None = None
    attachments: tuple[Attachment, ...] | None = None
    uploaded_assets: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    approval: Approval | None = None
    snapshot: Snapshot | None = None
    discarded: bool = False
    closed_at: int | None = None

    @property
    def key(self) -> RevisionKey:
        """Return the name of the revision."""
        return RevisionKey(view_id=self.view_id, seq=self.seq)

    def job(self, job_id: int) -> Job | None:
        """Find a job."""
        return next((job for job in self.jobs if job.id == job_id), None)


class ConfigColumn(Kept):
    """A column that a recipe makes."""

    field_name: str
    display_name: str
    transform_expr: str
    description: str = ""
    format: dict[str, JsonValue] = Field(default_factory=dict)
    is_primary_key: bool | None = None
    flags: list[JsonValue] = Field(default_factory=list)


class Config(Kept):
    """A kept recipe: how a file is read and what becomes of its columns."""

    name: str
    created_by: str
    created_at: int
    data_action: Action
    parse_options: ParseOptions = ParseOptions()
    columns: tuple[ConfigColumn, ...] | None = None
