"""The demonstration's configuration fits together and fits the departments' tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from ruamel.yaml import YAML

from opengazette.demo import departments
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Categories
from opengazette.model.reference import DataElements, Department, PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.standards.columns import resolve_columns

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
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
FAMILIES = {
    "text": {"VARCHAR"},
    "integer": {"INTEGER", "BIGINT"},
    "number": {"DOUBLE"},
    "boolean": {"BOOLEAN"},
    "date": {"DATE"},
}


def yaml(path: Path) -> object:
    return YAML(typ="safe").load(path)


def contract(dataset: str) -> Contract:
    return Contract.model_validate(yaml(CONFIG / "datasets" / f"{dataset}.yaml"))


def elements() -> DataElements:
    return DataElements.model_validate(yaml(CONFIG / "standards" / "elements.yaml"))


def population(name: str) -> PopulationTable:
    return PopulationTable.model_validate(
        yaml(CONFIG / "standards" / "populations" / f"{name}.yaml")
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "departments.duckdb"
    departments.load(path, synthetic_rows=20_000)
    return path


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_contract_names_only_what_exists(dataset: str) -> None:
    made = contract(dataset)
    assert made.id == dataset
    Department.model_validate(yaml(CONFIG / "departments" / f"{made.department}.yaml"))
    pack = CONFIG / "rulepacks" / f"{made.disclosure.rule_pack}.yaml"
    assert RulePack.model_validate(yaml(pack)).name == made.disclosure.rule_pack
    assert len(resolve_columns(made, elements())) == len(made.columns)


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_department_holds_the_columns_with_the_types_of_the_contract(
    dataset: str, database: Path
) -> None:
    made = contract(dataset)
    with duckdb.connect(str(database), read_only=True) as connection:
        described = connection.execute(f"DESCRIBE {made.source.table}").fetchall()
        found = connection.execute(f"SELECT count(*) FROM {made.source.table}").fetchone()
    held = {name: kind for name, kind, *_ in described}
    assert found is not None
    assert found[0] >= made.source.fewest_rows
    for column in resolve_columns(made, elements()):
        assert held[column.name] in FAMILIES[column.type]


@pytest.mark.parametrize("dataset", DATASETS)
def test_titles_keep_the_state_handbook(dataset: str) -> None:
    title = contract(dataset).title
    assert "California" not in title
    assert not any(word.isdigit() and len(word) == 4 for word in title.split())


def test_levels_of_detail_are_those_of_the_rule_pack() -> None:
    made = contract("youth_risk_survey")
    pack = RulePack.model_validate(yaml(CONFIG / "rulepacks" / "calhhs-ddg-2.0.yaml"))
    race = next(d for d in made.publication.dimensions if d.name == "race_ethnicity")
    assert race.characteristic.level in pack.scores.race_ethnicity.levels


def test_every_state_of_the_births_has_a_population() -> None:
    state = next(d for d in contract("births_by_state").publication.dimensions if d.name == "state")
    assert isinstance(state.generalise, Categories)
    assert set(state.generalise.groups) == set(population("us_states_1970").people)
    codes = [code for group in state.generalise.groups.values() for code in group]
    assert tuple(sorted(map(str, codes))) == elements().elements["us_state_code"].allowed


def test_the_census_of_1970_is_the_one_that_the_diseases_carry(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        carried = dict(
            connection.execute(
                "SELECT DISTINCT state, population FROM disease_years WHERE year = 1970"
            ).fetchall()
        )
    assert carried == population("us_states_1970").people


def test_counties_regions_and_populations_name_the_same_places() -> None:
    made = contract("emergency_encounters")
    county = next(d for d in made.publication.dimensions if d.name == "county")
    people = population("california_counties_2010").people
    assert len(people) == 58
    assert sum(people.values()) == 37_309_382
    assert sorted(c for members in county.groups.values() for c in members) == sorted(people)
    assert elements().elements["california_county"].allowed == tuple(sorted(people))


def test_the_smallest_state_population_is_stated_rightly(database: Path) -> None:
    made = contract("contagious_diseases")
    state = next(d for d in made.publication.dimensions if d.name == "state")
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("SELECT min(population) FROM reported_diseases").fetchone()
    assert found == (state.characteristic.smallest_population,)


def test_the_number_of_people_tested_is_stated_rightly(database: Path) -> None:
    denominator = contract("covid_testing").disclosure.denominator
    assert denominator is not None
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("SELECT count(DISTINCT subject_id) FROM covid_tests").fetchone()
    assert found == (denominator.people,)
