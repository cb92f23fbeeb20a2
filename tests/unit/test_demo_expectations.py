"""The expectations of the demonstration pass on its tables and bite on spoilt rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from ruamel.yaml import YAML

from opengazette.adapters.expectation_suites import Built
from opengazette.adapters.extract_frames import comparable
from opengazette.adapters.great_expectations import planned, run
from opengazette.demo import departments
from opengazette.demo.sample import sample
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements
from opengazette.standards.expected import ROW_COUNT

ROOT = Path(__file__).parents[2]
DATASETS = (
    "births_by_state",
    "contagious_diseases",
    "covid_testing",
    "emergency_encounters",
    "restaurant_inspections",
    "substance_use_outcomes",
    "substance_use_transfers",
    "youth_risk_survey",
)
Spoil = Callable[[pd.DataFrame, dict[str, object]], pd.DataFrame]


def yaml(*path: str) -> object:
    return YAML(typ="safe").load(ROOT.joinpath(*path))


@cache
def elements() -> DataElements:
    return DataElements.model_validate(yaml("config", "standards", "elements.yaml"))


@cache
def contract(dataset: str) -> Contract:
    return Contract.model_validate(yaml("config", "datasets", f"{dataset}.yaml"))


@cache
def suite(dataset: str) -> tuple[Built, ...]:
    return planned(ROOT / "expectations", contract(dataset), elements())


def own(dataset: str) -> list[Built]:
    """Return the expectations of the dataset's file, which follow the implied ones."""
    file = yaml("expectations", f"{dataset}.yaml")
    assert isinstance(file, dict)
    return list(suite(dataset)[-len(file["expectations"]) :])


def frame_of(rows: pd.DataFrame) -> pd.DataFrame:
    return comparable(pa.Table.from_pandas(rows, preserve_index=False))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "departments.duckdb"
    departments.load(path, synthetic_rows=20_000)
    return path


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_departments_tables_meet_every_critical_expectation(
    dataset: str, database: Path
) -> None:
    made = contract(dataset)
    columns = ", ".join(f'"{name}"' for name in made.columns)
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(f"SELECT {columns} FROM {made.source.table}").df()
    critical = [b for b in suite(dataset) if b.asked.severity == "critical"]
    tallies = run(frame_of(rows), critical)
    assert [b.asked.type for b, t in zip(critical, tallies, strict=True) if not t.passed] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_sample_rows_meet_every_expectation_but_the_number_of_rows(dataset: str) -> None:
    asked = [b for b in suite(dataset) if b.asked.type != ROW_COUNT]
    tallies = run(frame_of(sample(contract(dataset), elements())), asked)
    assert [b.asked.type for b, t in zip(asked, tallies, strict=True) if not t.passed] == []


def repeated(rows: pd.DataFrame, _: dict[str, object]) -> pd.DataFrame:
    return pd.concat([rows, rows], ignore_index=True)


def single(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    column = str(kwargs["column"])
    return rows.assign(**{column: rows[column].dropna().iloc[0]})


def emptied(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    column = str(kwargs["column"])
    return rows.assign(**{column: rows[column].where(rows.index < len(rows) / 5)})


def written(text: str) -> Spoil:
    def spoil(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
        return rows.assign(**{str(kwargs["column"]): text})

    return spoil


def exchanged(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    one, two = str(kwargs["column_A"]), str(kwargs["column_B"])
    return rows.assign(**{one: rows[two], two: rows[one]})


def equalled(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    columns = kwargs["column_list"]
    assert isinstance(columns, list)
    return rows.assign(**{columns[1]: rows[columns[0]]})


def lowered(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    return rows.assign(**{str(kwargs["column"]): 1})


def misdated(rows: pd.DataFrame, kwargs: dict[str, object]) -> pd.DataFrame:
    return rows.assign(**{str(kwargs["column"]): pd.Timestamp("1901-01-01")})


SPOILERS: dict[str, Spoil] = {
    "expect_compound_columns_to_be_unique": repeated,
    "expect_column_distinct_values_to_contain_set": single,
    "expect_column_unique_value_count_to_be_between": single,
    "expect_column_proportion_of_non_null_values_to_be_between": emptied,
    "expect_column_value_lengths_to_be_between": written("x"),
    "expect_column_values_to_match_regex": written(" x"),
    "expect_column_values_to_not_match_regex": written("078-05-1120"),
    "expect_column_pair_values_a_to_be_greater_than_b": exchanged,
    "expect_select_column_values_to_be_unique_within_record": equalled,
    "expect_column_mean_to_be_between": lowered,
    "expect_column_values_to_be_between": misdated,
}


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_expectation_fails_on_rows_spoilt_for_it(dataset: str) -> None:
    rows = sample(contract(dataset), elements())
    for built in own(dataset):
        spoilt = SPOILERS[built.asked.type](rows, dict(built.asked.kwargs))
        (tally,) = run(frame_of(spoilt), [built])
        assert not tally.passed, built.asked.type
        assert not tally.raised, built.asked.type
