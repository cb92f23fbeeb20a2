"""Sample rows satisfy what a contract says of its columns, whatever the seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from opengazette.demo.sample import sample
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Bands
from opengazette.model.reference import DataElements
from opengazette.standards.columns import ResolvedColumn, resolve_columns

CONFIG = Path(__file__).parents[2] / "config"
DATASETS = sorted(path.stem for path in (CONFIG / "datasets").glob("*.yaml"))


def contract(dataset: str) -> Contract:
    return Contract.model_validate(YAML(typ="safe").load(CONFIG / "datasets" / f"{dataset}.yaml"))


def elements() -> DataElements:
    return DataElements.model_validate(
        YAML(typ="safe").load(CONFIG / "standards" / "elements.yaml")
    )


def broken(column: ResolvedColumn, values: pd.Series) -> list[str]:
    present = values.dropna()
    found = {
        "required": column.required and len(present) < len(values),
        "unique": column.unique and present.duplicated().any(),
        "allowed": column.allowed is not None and not present.isin(list(column.allowed)).all(),
        "lowest": column.lowest is not None and (present < column.lowest).any(),
        "highest": column.highest is not None and (present > column.highest).any(),
    }
    return [rule for rule, is_broken in found.items() if is_broken]


@pytest.mark.parametrize("seed", [1, 2, 99])
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_column_keeps_its_rules(dataset: str, seed: int) -> None:
    made = contract(dataset)
    rows = sample(made, elements(), 300, seed)
    assert list(rows.columns) == list(made.columns)
    assert len(rows) == 300
    for column in resolve_columns(made, elements()):
        assert broken(column, rows[column.name]) == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_number_falls_in_a_published_band(dataset: str) -> None:
    made = contract(dataset)
    rows = sample(made, elements())
    for dimension in made.publication.dimensions:
        if isinstance(dimension.generalise, Bands):
            bands = dimension.generalise.bands
            values = rows[dimension.column].dropna()
            inside = [(values >= b.low) & (values <= (b.high or 999)) for b in bands]
            assert pd.concat(inside, axis=1).any(axis=1).all()


def test_columns_that_may_be_empty_are_so_at_times() -> None:
    rows = sample(contract("covid_testing"), elements())
    assert 0 < rows["payor_group"].isna().sum() < len(rows) / 5


def test_the_same_seed_makes_the_same_rows() -> None:
    made = contract("emergency_encounters")
    pd.testing.assert_frame_equal(sample(made, elements()), sample(made, elements()))
    assert not sample(made, elements(), seed=1).equals(sample(made, elements(), seed=2))


def test_a_contract_that_no_row_can_satisfy_is_refused_by_column() -> None:
    made = contract("youth_risk_survey")
    days = made.columns["days_active"].model_copy(update={"unique": True})
    impossible = made.model_copy(update={"columns": {**made.columns, "days_active": days}})
    with pytest.raises(ContractInvalid, match=r"columns\.days_active: only 8 values"):
        sample(impossible, elements())
