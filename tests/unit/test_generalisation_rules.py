"""What a contract says under `generalise`, and what is published for it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_contract
from opengazette.adapters.tabulator import IbisTabulator
from opengazette.errors import ContractInvalid, StandardsNotMet
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Bands, Categories, Period

ROOT = Path(__file__).parents[2]
ZIP_RULE = {"rule": "zip3", "lookup": "us_census_2000"}


def contract(type_: str, generalise: dict[str, Any]) -> Contract:
    made: Any = YAML(typ="safe").load(ROOT / "config/datasets/restaurant_inspections.yaml")
    made["columns"] = {"value": {"type": type_, "role": "dimension", "label": "Value"}}
    dimension = made["publication"]["dimensions"][0] | {"name": "shown", "column": "value"}
    dimension |= {"generalise": generalise, "total": None, "groups": {}}
    made["publication"] |= {"dimensions": [dimension], "suppression": {}}
    count = {"kind": "count", "name": "cases", "label": "Cases", "unit": "cases"}
    made["publication"]["measures"] = [count | {"definition": "One for each record."}]
    made["disclosure"] |= {"reporting_period": {"years": 1}}
    made["documentation"]["coverage"] = {"start": "2014-01-01", "end": "2023-12-31"}
    return Contract.model_validate_json(json.dumps(made, default=str))


def shown(tmp_path: Path, type_: str, generalise: dict[str, Any], *values: Any) -> list[str]:
    file = tmp_path / "extract.parquet"
    pd.DataFrame({"value": pd.Series(values)}).to_parquet(file)
    table = IbisTabulator().tabulate(file, contract(type_, generalise))
    return [str(label) for label in table["shown"]]


def labels(**given: int) -> list[str]:
    made = Bands.model_validate_json(json.dumps({"rule": "bands"} | given), strict=True)
    return [band.label for band in made.bands]


def test_bands_of_one_width_are_written_as_their_width() -> None:
    assert labels(every=5, open_at=15) == ["0 to 4", "5 to 9", "10 to 14", "15 or Older"]
    assert labels(every=10, lowest=18, open_at=35) == [
        "18 to 27", "28 to 34", "35 or Older",
    ]  # fmt: skip
    assert labels(every=1, open_at=2) == ["0", "1", "2 or Older"]


def test_both_ends_can_be_coded() -> None:
    coded = labels(every=5, open_at=20, bottom_at=9)
    assert coded == ["9 or Younger", "10 to 14", "15 to 19", "20 or Older"]


def test_even_bands_are_the_same_contract_as_the_bands_written_out() -> None:
    short = Bands.model_validate({"rule": "bands", "every": 5, "open_at": 15})
    long = Bands.model_validate(short.model_dump())
    assert short == long
    assert short.fingerprint() == long.fingerprint()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"every": 5},
        {"open_at": 85},
        {"every": 5, "open_at": 85, "bands": [{"label": "0", "low": 0, "high": 0}]},
    ],
)
def test_bands_that_are_half_said_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="every"):
        Bands.model_validate({"rule": "bands"} | given)


def test_the_top_takes_every_age_above(tmp_path: Path) -> None:
    rule = {"rule": "bands", "every": 30, "open_at": 90}
    assert shown(tmp_path, "integer", rule, 3, 89, 90, 104) == [
        "0 to 29",
        "60 to 89",
        "90 or Older",
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"unit": "half_year"}, ["2018-H2", "2019-H1", "2023-H2"]),
        ({"unit": "year", "years": 5, "first": 2019}, ["2014-2018", "2019-2023"]),
        ({"unit": "year", "years": 2, "first": 2018}, ["2018-2019", "2022-2023"]),
    ],
)
def test_dates_become_longer_periods(
    tmp_path: Path, rule: dict[str, Any], expected: list[str]
) -> None:
    days = (date(2018, 12, 31), date(2019, 6, 30), date(2023, 7, 1))
    assert shown(tmp_path, "date", {"rule": "period"} | rule, *days) == expected


def test_several_years_need_a_beginning_and_only_they() -> None:
    for wrong in ({"years": 5}, {"first": 2019}, {"years": 2, "first": 2019, "unit": "month"}):
        with pytest.raises(ValidationError):
            Period.model_validate({"rule": "period", "unit": "year"} | wrong)


def test_a_period_that_lacks_years_is_refused() -> None:
    with pytest.raises(ValidationError, match="do not fill the coverage from 2014 to 2023"):
        contract("date", {"rule": "period", "unit": "year", "years": 3, "first": 2014})


@pytest.fixture
def office(tmp_path: Path) -> Path:
    for folder in ("config", "expectations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def county_by(office: Path, generalise: dict[str, Any]) -> Contract:
    yaml, file = YAML(), office / "config/datasets/emergency_encounters.yaml"
    made = yaml.load(file)
    county = made["publication"]["dimensions"][1]
    county["generalise"] = generalise
    del county["groups"]
    county["characteristic"] = {"kind": "residence", "smallest_population": 400_000}
    made["disclosure"]["denominator"] = {"kind": "people", "people": 400_000, "basis": "A test."}
    yaml.dump(made, file)
    return load_contract(office, "emergency_encounters")


def test_areas_are_published_as_the_areas_that_they_lie_in(office: Path) -> None:
    made = county_by(office, {"rule": "categories", "areas": "california_regions"})
    rule = made.publication.dimensions[1].generalise
    assert isinstance(rule, Categories)
    assert "Alpine" in rule.groups["Northern and Sierra Region"]
    assert sum(len(parts) for parts in rule.groups.values()) == 58
    assert Contract.model_validate_json(made.model_dump_json()) == made


def test_a_look_up_that_is_not_there_is_named_with_its_line(office: Path) -> None:
    with pytest.raises(
        ContractInvalid, match=r"emergency_encounters.yaml:\d+.*'regions' is not in"
    ):
        county_by(office, {"rule": "categories", "areas": "regions"})


def test_a_zip_code_is_published_as_its_start_or_as_zeros(office: Path, tmp_path: Path) -> None:
    made = county_by(office, dict(ZIP_RULE))
    rule = made.publication.dimensions[1].generalise.model_dump(mode="json")
    assert len(rule["restricted"]) == 17
    values = ("95814", "95999-0001", "03601", "82190", "90001")
    assert shown(tmp_path, "text", rule, *values) == ["000", "900", "958", "959"]


@pytest.mark.parametrize("value", ["9581", "Alameda", "958140"])
def test_what_is_no_zip_code_is_refused_and_not_quoted(tmp_path: Path, value: str) -> None:
    with pytest.raises(StandardsNotMet, match="1 rows fit no") as caught:
        shown(tmp_path, "text", ZIP_RULE | {"restricted": ["036"]}, "95814", value)
    assert value not in str(caught.value)


def test_no_zip_code_is_shortened_without_its_list(tmp_path: Path) -> None:
    with pytest.raises(ContractInvalid, match="us_census_2000"):
        shown(tmp_path, "text", ZIP_RULE, "95814")
