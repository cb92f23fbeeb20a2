"""The connections to the departments' databases: config/databases.yaml."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field

from opengazette.model.frozen import FileName, Frozen


class DuckDBDatabase(Frozen):
    """A DuckDB file."""

    engine: Literal["duckdb"]
    path: PurePosixPath = Field(description="the file; from the folder var unless absolute")


Database = Annotated[DuckDBDatabase, Field(discriminator="engine")]


class Databases(Frozen):
    """config/databases.yaml: the name that contracts use, and where the database is."""

    databases: Annotated[dict[FileName, Database], Field(min_length=1)]
