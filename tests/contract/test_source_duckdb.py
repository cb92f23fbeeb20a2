"""What a source promises, shown on a DuckDB file as a department would hold it."""

from __future__ import annotations

import hashlib
import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from opengazette.adapters.sources.duckdb import DuckDBSource
from opengazette.errors import SchemaDrift, SourceUnavailable
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements

CANARY = "078-05-1120"
ELEMENTS = DataElements.model_validate(
    {
        "elements": {
            "sex": {
                "label": "Sex",
                "type": "text",
                "definition": "Sex of the person.",
                "source": "A standard",
            }
        }
    }
)
COLUMNS: dict[str, dict[str, Any]] = {
    "sex": {"element": "sex", "role": "dimension", "label": "Sex"},
    "age": {"type": "integer", "role": "quasi_identifier", "label": "Age"},
    "cost": {"type": "number", "role": "measure", "label": "Cost", "required": False},
    "seen": {"type": "date", "role": "attribute", "label": "Seen"},
    "first visit": {"type": "boolean", "role": "attribute", "label": "First visit"},
}


def contract(columns: dict[str, dict[str, Any]] = COLUMNS, table: str = "visits") -> Contract:
    return Contract.model_validate(
        {
            "id": "visits",
            "title": "Visits of a clinic",
            "summary": "Visits by sex.",
            "department": "clinic",
            "classification": {"level": 1, "basis": "Public record."},
            "legal": {"regimes": ["public_record"], "authority": "Public record."},
            "source": {"database": "departments", "table": table, "fewest_rows": 1},
            "columns": columns,
            "publication": {
                "row": "one sex",
                "dimensions": [
                    {
                        "name": "sex",
                        "label": "Sex",
                        "column": "sex",
                        "characteristic": {"kind": "sex"},
                    }
                ],
                "measures": [
                    {
                        "kind": "count",
                        "name": "visits",
                        "label": "Visits",
                        "unit": "visits",
                        "definition": "Visits.",
                    }
                ],
            },
            "disclosure": {
                "personal_characteristics": {"present": False, "basis": "None at all."},
                "high_risk": {"present": False, "basis": "None at all."},
                "reporting_period": {"years": 1},
            },
            "documentation": {
                "description": "Visits.",
                "limitations": "None known.",
                "topic": "Health Care",
                "tags": ["visits"],
                "frequency": "annual",
                "coverage": {"start": "2024-01-01", "end": "2024-12-31"},
                "geography": "California",
                "contact": {"name": "Open data", "email": "opendata@example.gov"},
                "attribution": "Clinic",
            },
            "schedule": {"cron": "0 2 * * *"},
        }
    )


ROWS = f"""
    values ('F', 30::tinyint, 1.5::decimal(9, 2), timestamp '2024-01-02 23:59', true, '{CANARY}'),
           ('M', 41::tinyint, null, timestamp '2024-02-29 00:00:00', false, 'x'),
           (null, 7::tinyint, 0.1::decimal(9, 2), timestamp '2023-12-31 01:00:00', true, 'y')
"""
TABLE = f'select * from ({ROWS}) as t(sex, age, cost, seen, "first visit", ssn)'


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "departments.duckdb"
    load(path, TABLE)
    return path


def load(path: Path, select: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create or replace table visits as {select}")


def source(path: Path) -> DuckDBSource:
    return DuckDBSource("departments", path, ELEMENTS)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_only_the_listed_columns_are_read_in_the_types_of_the_contract(
    database: Path, tmp_path: Path
) -> None:
    summary = source(database).extract(contract(), tmp_path / "extract.parquet")
    table = pq.read_table(tmp_path / "extract.parquet")
    assert [(f.name, str(f.type)) for f in table.schema] == [
        ("sex", "string"),
        ("age", "int64"),
        ("cost", "double"),
        ("seen", "date32[day]"),
        ("first visit", "bool"),
    ]
    assert summary.rows == table.num_rows == 3
    assert dict(summary.columns) == {
        "sex": "text", "age": "integer", "cost": "number", "seen": "date", "first visit": "boolean"
    }  # fmt: skip
    assert CANARY.encode() not in (tmp_path / "extract.parquet").read_bytes()


def test_the_same_records_in_another_order_give_the_same_file(
    database: Path, tmp_path: Path
) -> None:
    source(database).extract(contract(), tmp_path / "one.parquet")
    load(database, f"select * from ({TABLE}) order by age desc")
    source(database).extract(contract(), tmp_path / "two.parquet")
    assert sha256(tmp_path / "one.parquet") == sha256(tmp_path / "two.parquet")


def test_the_database_is_not_changed_and_is_let_go(database: Path, tmp_path: Path) -> None:
    before = sha256(database)
    source(database).extract(contract(), tmp_path / "extract.parquet")
    assert sha256(database) == before
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table visits")
    with pytest.raises(SchemaDrift, match="no table 'visits'"):
        source(database).extract(contract(), tmp_path / "again.parquet")
    duckdb.connect(str(database)).close()


@pytest.mark.parametrize(
    ("column", "kind", "found"),
    [
        ("age", "text", "int8"),
        ("sex", "integer", "string"),
        ("sex", "number", "string"),
        ("sex", "boolean", "string"),
        ("age", "date", "int8"),
        ("cost", "integer", "decimal"),
        ("first visit", "number", "boolean"),
    ],
)
def test_another_type_than_the_contract_says_is_drift(
    database: Path, tmp_path: Path, column: str, kind: str, found: str
) -> None:
    columns = {**COLUMNS, column: {"type": kind, "role": "dimension", "label": "X"}}
    with pytest.raises(SchemaDrift) as drift:
        source(database).extract(contract(columns), tmp_path / "extract.parquet")
    assert repr(column) in str(drift.value)
    assert f"expected {kind}" in str(drift.value)
    assert found in str(drift.value)
    assert not (tmp_path / "extract.parquet").exists()


def test_a_missing_column_is_drift(database: Path, tmp_path: Path) -> None:
    columns = {**COLUMNS, "county": {"type": "text", "role": "attribute", "label": "County"}}
    with pytest.raises(SchemaDrift, match="'county'.*is missing"):
        source(database).extract(contract(columns), tmp_path / "extract.parquet")


def test_a_number_that_does_not_fit_is_drift_without_the_number(tmp_path: Path) -> None:
    path = tmp_path / "departments.duckdb"
    load(path, "select 'F' as sex, 18446744073709551615::ubigint as age")
    columns = {name: COLUMNS[name] for name in ("sex", "age")}
    with pytest.raises(SchemaDrift, match="do not fit") as drift:
        source(path).extract(contract(columns), tmp_path / "extract.parquet")
    assert "18446744073709551615" not in str(drift.value)
    assert drift.value.__suppress_context__


def test_an_absent_database_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="opengazette demo load"):
        source(tmp_path / "none.duckdb").extract(contract(), tmp_path / "extract.parquet")


def test_a_file_that_is_no_database_is_unavailable_and_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "departments.duckdb"
    path.write_text(CANARY * 1000)
    with pytest.raises(SourceUnavailable) as unavailable:
        source(path).extract(contract(), tmp_path / "extract.parquet")
    assert CANARY not in str(unavailable.value)


def _hold(path: Path, held: Event, release: Event) -> None:
    with duckdb.connect(str(path)):
        held.set()
        release.wait(30)


def test_a_database_that_is_being_loaded_is_unavailable(database: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held, release = context.Event(), context.Event()
    loading = context.Process(target=_hold, args=(database, held, release))
    loading.start()
    assert held.wait(30)
    try:
        with pytest.raises(SourceUnavailable, match="locked"):
            source(database).extract(contract(), tmp_path / "extract.parquet")
    finally:
        release.set()
        loading.join()
    assert source(database).extract(contract(), tmp_path / "extract.parquet").rows == 3


def test_an_empty_table_gives_an_empty_extract(database: Path, tmp_path: Path) -> None:
    load(database, f"select * from ({TABLE}) where age > 200")
    assert source(database).extract(contract(), tmp_path / "extract.parquet").rows == 0
    assert pq.read_table(tmp_path / "extract.parquet").num_rows == 0
