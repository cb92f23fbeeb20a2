"""The demonstration departments appear whole or not at all."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import duckdb
import pytest

from opengazette.demo import departments, synthetic
from opengazette.errors import SettingsInvalid, SourceUnavailable

ROWS = 3_000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("departments") / "var" / "departments.duckdb"
    departments.load(path, synthetic_rows=ROWS)
    return path


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def types(database: Path, table: str) -> dict[str, str]:
    rows = query(database, f"SELECT column_name, column_type FROM (DESCRIBE {table})")
    return {str(name): str(kind) for name, kind in rows}


def test_every_row_of_the_public_tables_is_held(database: Path) -> None:
    held = departments.load(database, synthetic_rows=ROWS)
    assert held == {
        "covid_tests": 15_524,
        "disease_years": 16_065,
        "births_by_day": 372_864,
        "food_inspections": 27_178,
        "student_survey": 13_583,
        "emergency_encounters": ROWS,
    }


def test_columns_have_the_types_a_department_would_give_them(database: Path) -> None:
    assert types(database, "births_by_day")["birth_date"] == "DATE"
    assert types(database, "covid_tests")["age_years"] == "INTEGER"
    assert types(database, "food_inspections")["weekend"] == "BOOLEAN"
    assert types(database, "reported_diseases")["population"] == "BIGINT"
    assert "rownames" not in types(database, "covid_tests")


def test_what_was_empty_is_null_and_never_a_word(database: Path) -> None:
    held = query(
        database,
        "SELECT count(*) FILTER (payor_group IS NULL), count(*) FILTER (payor_group = 'nan')"
        " FROM covid_tests",
    )
    assert held == [(7087, 0)]


def test_the_views_hold_what_the_departments_report(database: Path) -> None:
    assert query(database, "SELECT count(*), min(weeks_reporting) FROM reported_diseases") == [
        (14_228, 1)
    ]
    hispanic = query(
        database, "SELECT count(*) FROM student_answers WHERE race_ethnicity = 'Hispanic or Latino'"
    )
    assert hispanic == [(3_421,)]


def test_loading_twice_leaves_the_file_alone(database: Path) -> None:
    before = database.stat()
    assert departments.is_current(database, synthetic_rows=ROWS)
    departments.load(database, synthetic_rows=ROWS)
    after = database.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_another_number_of_rows_or_another_seed_is_another_content(database: Path) -> None:
    assert not departments.is_current(database, synthetic_rows=ROWS + 1)
    assert not departments.is_current(database, synthetic_rows=ROWS, seed=synthetic.SEED + 1)


def test_a_failure_leaves_the_old_database_and_no_other_file(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "departments.duckdb"
    copy.write_bytes(database.read_bytes())

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(synthetic, "reader", broken)
    with pytest.raises(OSError, match="disk full"):
        departments.load(copy, synthetic_rows=ROWS + 1)
    assert [p.name for p in tmp_path.iterdir()] == ["departments.duckdb"]
    assert copy.read_bytes() == database.read_bytes()


def test_a_failure_of_the_first_load_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(synthetic, "reader", broken)
    with pytest.raises(OSError, match="disk full"):
        departments.load(tmp_path / "departments.duckdb", synthetic_rows=ROWS)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_no_demonstration_is_never_replaced(tmp_path: Path) -> None:
    other = tmp_path / "departments.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE treasure AS SELECT 1 AS gold")
    with pytest.raises(SettingsInvalid, match="not a database of demonstration departments"):
        departments.load(other)
    assert query(other, "SELECT gold FROM treasure") == [(1,)]


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "departments.duckdb"
    other.write_text("minutes of the last meeting\n" * 500)
    with pytest.raises(SourceUnavailable, match="cannot be opened"):
        departments.load(other)
    assert other.read_text().startswith("minutes")


def test_without_the_demo_extra_the_fix_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(departments.metadata, "version", missing)
    with pytest.raises(SettingsInvalid, match="--extra demo"):
        departments.load(tmp_path / "departments.duckdb")
