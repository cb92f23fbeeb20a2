"""One function for each thing that is timed; each runs in a process of its own.

Every function takes the folder that `prepare` filled, times itself, and returns what it came to
(`checked`), so that a step and its baseline can be compared: they must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.measuring import CHECKOUT, median_seconds
from opengazette.adapters import contracts
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements

TIMES = 3
DATASET = "emergency_encounters"


def prepare(folder: str, rows: int) -> dict[str, Any]:
    """Generate the encounters, and what each step of the pipeline takes from the one before."""
    import duckdb

    from opengazette.demo import synthetic

    place = Path(folder)
    with duckdb.connect(str(place / "departments.duckdb")) as connection:
        connection.register("generated", synthetic.reader(rows))
        texts = ("patient_name", "county", "sex", "race_ethnicity", "expected_payer")
        plain = ", ".join(f"{name}::VARCHAR AS {name}" for name in texts)
        connection.execute(
            f"CREATE TABLE {DATASET} AS SELECT * REPLACE ({plain}) FROM generated"  # noqa: S608
        )
    _source(place).extract(_contract(), place / "extract.parquet")
    base = _tabulator().tabulate(place / "extract.parquet", _contract())
    base.to_parquet(place / "base.parquet")
    return {"rows": rows, "cells": len(base)}


def extract_ours(folder: str) -> dict[str, Any]:
    """Extract through the contract: types cast, rows in an order that never changes."""
    place, source = Path(folder), _source(Path(folder))
    out = place / "ours.parquet"
    return _timed(lambda: source.extract(_contract(), out).rows)


def extract_copy(folder: str) -> dict[str, Any]:
    """Copy the same columns to Parquet in one statement, in any order."""
    return _timed(lambda: _copy(Path(folder), ordered=False))


def extract_copy_ordered(folder: str) -> dict[str, Any]:
    """Copy the same columns to Parquet in one statement, in the same order as ours."""
    return _timed(lambda: _copy(Path(folder), ordered=True))


def tabulate_ours(folder: str) -> dict[str, Any]:
    """Generalise and add up through the contract, with all its checks."""
    extract = Path(folder) / "extract.parquet"
    return _timed(lambda: _sum_of(_tabulator().tabulate(extract, _contract())))


def tabulate_sql(folder: str) -> dict[str, Any]:
    """Add up in one hand-written statement without a check."""
    return _timed(lambda: _sum_of(_query(_GROUP_BY.format(extract=_extract(folder)))))


def tabulate_pandas(folder: str) -> dict[str, Any]:
    """Read all needed columns into pandas and group them."""
    import pyarrow.parquet as pq

    def grouped() -> int:
        columns = ["encounter_date", "county", "age_years", "sex"]
        frame = pq.read_table(_extract(folder), columns=columns).to_pandas()
        frame["year"] = pd.to_datetime(frame["encounter_date"]).dt.year.astype(str)
        bands = [-1, 17, 44, 64, 200]
        frame["age_group"] = pd.cut(frame["age_years"], bands, labels=["a", "b", "c", "d"])
        keys = ["year", "county", "age_group", "sex"]
        cells = frame.groupby(keys, observed=True).size()
        return int(cells.sum())

    return _timed(grouped)


def validate_ours(folder: str) -> dict[str, Any]:
    """Run every expectation of the contract and of its file with Great Expectations."""
    from opengazette.adapters.great_expectations import GreatExpectationsValidator

    validator = GreatExpectationsValidator(CHECKOUT / "expectations")
    extract = Path(_extract(folder))

    def failed() -> int:
        return sum(not r.passed for r in validator.validate(extract, _contract(), _elements()))

    return _timed(failed)


def validate_sql(folder: str) -> dict[str, Any]:
    """Check the same rules in one hand-written statement."""
    counties = ", ".join(f"'{name}'" for name in _counties())

    def failed() -> int:
        row = _query(_CHECKS.format(extract=_extract(folder), counties=counties)).iloc[0]
        return int((~row.astype(bool)).sum())

    return _timed(failed)


def margins_ours(folder: str) -> dict[str, Any]:
    """Add every total and region, with a zero for each combination that has no records."""
    from opengazette.disclosure.tables.margins import with_margins

    base = _base(folder)
    return _timed(lambda: _sum_of(with_margins(base, _contract().publication)))


def margins_cube(folder: str) -> dict[str, Any]:
    """Add the same totals with GROUP BY CUBE, observed combinations alone."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("base", _base(folder))
        connection.register("codes", _codes())
        return _timed(lambda: _sum_of(connection.execute(_CUBE).df()))


def _timed(work: Callable[[], int]) -> dict[str, Any]:
    checked = list[int]()
    seconds = median_seconds(lambda: checked.append(work()), times=TIMES)
    if len(set(checked)) > 1:
        raise ValueError("the same work came to different results")
    return {"seconds": seconds, "checked": checked[0]}


@cache
def _contract() -> Contract:
    return contracts.load_contract(CHECKOUT, DATASET)


@cache
def _elements() -> DataElements:
    return contracts.load_elements(CHECKOUT)


def _source(place: Path) -> Any:  # noqa: ANN401
    from opengazette.adapters.sources.duckdb import DuckDBSource

    return DuckDBSource("departments", place / "departments.duckdb", _elements())


def _tabulator() -> Any:  # noqa: ANN401
    from opengazette.adapters.tabulator import IbisTabulator

    return IbisTabulator()


def _extract(folder: str) -> str:
    return str(Path(folder) / "extract.parquet")


def _base(folder: str) -> pd.DataFrame:
    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.read_table(Path(folder) / "base.parquet").to_pandas()
    return frame


def _sum_of(cells: pd.DataFrame) -> int:
    return int(cells["encounters"].sum())


def _query(statement: str) -> pd.DataFrame:
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(statement).df()


def _copy(place: Path, *, ordered: bool) -> int:
    import duckdb

    columns = ", ".join(_contract().columns)
    order = f"ORDER BY {columns}" if ordered else ""
    with duckdb.connect(str(place / "departments.duckdb"), read_only=True) as connection:
        copied = connection.execute(
            f"COPY (SELECT {columns} FROM {DATASET} {order}) "  # noqa: S608
            f"TO '{place / 'copied.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    return int(copied[0]) if copied else 0


def _counties() -> tuple[str, ...]:
    element = _contract().publication.dimensions[1]
    return tuple(county for group in element.groups.values() for county in group)


def _codes() -> pd.DataFrame:
    dimension = _contract().publication.dimensions[1]
    pairs = [(county, group) for group, members in dimension.groups.items() for county in members]
    pairs += [(county, code) for county in _counties() for code in (county, str(dimension.total))]
    return pd.DataFrame(pairs, columns=["county", "code"])


_GROUP_BY = """
SELECT year(encounter_date)::VARCHAR AS year, county,
  CASE WHEN age_years <= 17 THEN '0 to 17' WHEN age_years <= 44 THEN '18 to 44'
       WHEN age_years <= 64 THEN '45 to 64' ELSE '65 or Older' END AS age_group,
  sex, count(*) AS encounters
FROM '{extract}' GROUP BY ALL ORDER BY ALL
"""

_CHECKS = """
SELECT count(*) >= 5000, count(encounter_id) = count(*),
  count(DISTINCT encounter_id) = count(*), count(patient_name) = count(*),
  count(medical_record_number) = count(*), count(encounter_date) = count(*),
  count(county) = count(*), bool_and(county IN ({counties})), count(age_years) = count(*),
  bool_and(age_years BETWEEN 0 AND 100), count(sex) = count(*),
  bool_and(sex IN ('Female', 'Male')), bool_and(length(encounter_id) BETWEEN 8 AND 20),
  bool_and(length(medical_record_number) BETWEEN 8 AND 20),
  bool_and(encounter_id <> medical_record_number), count(DISTINCT sex) = 2,
  count(DISTINCT county) BETWEEN 45 AND 58,
  NOT bool_or(regexp_matches(patient_name, '\\b\\d{{3}}-\\d{{2}}-\\d{{4}}\\b')),
  bool_and(encounter_date BETWEEN '2019-01-01' AND '2023-12-31')
FROM '{extract}'
"""

_CUBE = """
SELECT year, code, age_group, sex, sum(encounters) AS encounters
FROM base JOIN codes USING (county) GROUP BY year, code, CUBE (age_group, sex)
"""
