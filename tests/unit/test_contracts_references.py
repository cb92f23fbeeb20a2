"""What one file of the configuration says of another is held against that other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opengazette.adapters.contracts import (
    dataset_ids,
    load_approval,
    load_contract,
    load_contracts,
    load_department,
    load_populations,
    load_rule_pack,
    read_expectations,
)
from opengazette.errors import ContractInvalid

SHIPPED = Path(__file__).parents[2]
COVID = "config/datasets/covid_testing.yaml"
INSPECTIONS = "config/datasets/restaurant_inspections.yaml"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Return a copy of the shipped configuration."""
    for folder in ("config", "expectations"):
        shutil.copytree(SHIPPED / folder, tmp_path / folder)
    return tmp_path


def edited(office: Path, file: str, old: str, new: str) -> None:
    text = (office / file).read_text(encoding="utf-8")
    assert old in text
    (office / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_shipped_file_is_sound(office: Path) -> None:
    contracts = load_contracts(office)
    assert tuple(contracts) == dataset_ids(office)
    assert load_populations(office)
    for contract in contracts.values():
        assert load_department(office, contract.department).id == contract.department
        pack = contract.disclosure.rule_pack
        assert load_rule_pack(office, pack).name == pack


CASES = {
    "unknown department": (
        "department: public_health_laboratory", "department: public_health_labratory",
        "department", "did you mean 'public_health_laboratory'?",
    ),
    "unknown database": (
        "database: departments", "database: warehouse", "source.database", "there are: departments"
    ),
    "unknown data element": (
        "element: sex_lower_case", "element: sex_lowercase",
        "columns.gender.element", "did you mean 'sex_lower_case'?",
    ),
    "type and element": (
        "element: sex_lower_case", "element: sex_lower_case\n    type: text",
        "columns.gender", "give exactly one of the two",
    ),
    "neither type nor element": (
        "    element: sex_lower_case\n", "", "columns.gender", "give exactly one of the two"
    ),
    "bound on a text": (
        "    type: text\n    role: attribute", "    type: text\n    lowest: 1\n    role: attribute",
        "columns.result.lowest", "does not fit a column of type text",
    ),
    "bounds exchanged": ("highest: 140", "highest: -1", "columns.age_years.highest", "exchange"),
    "number among texts": (
        "- charity care", "- 12", "columns.payor_group.allowed", "put it in quotes"
    ),
    "codes that the rule pack merges": (
        "rule_pack: calhhs-ddg-2.0", "rule_pack: calhhs-ddg-1.0",
        "publication.suppression.annotation", "write `annotation: merged`",
    ),
    "label that is none": (
        "payer: [Not Recorded,", "payer: [Not Reported,",
        "publication.suppression.least_interesting.payer[0]", "'Not Reported' is no label of payer",
    ),
    "id of another file": ("id: covid_testing", "id: covid_tests", "id", "rename the file"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_reference_in_vain_is_refused_with_file_line_field_and_fix(
    office: Path, case: tuple[str, str, str, str]
) -> None:
    old, new, field, words = case
    edited(office, COVID, old, new)
    with pytest.raises(ContractInvalid) as refused:
        load_contract(office, "covid_testing")
    lines = [line.strip() for line in str(refused.value).splitlines()]
    assert any(
        line.startswith(f"{COVID}:") and f": {field}: " in line and words in line for line in lines
    ), lines


def test_a_label_that_no_value_of_the_column_has_is_refused(office: Path) -> None:
    wish = "  suppression:\n    least_interesting: {county: [Alpin]}\n\ndisclosure:"
    edited(office, "config/datasets/emergency_encounters.yaml", "\ndisclosure:", wish)
    with pytest.raises(ContractInvalid, match=r"least_interesting\.county.*did you mean 'Alpine'"):
        load_contract(office, "emergency_encounters")


def test_a_broken_contract_stops_no_other(office: Path) -> None:
    edited(office, COVID, "role: identifier", "role: secret")
    assert load_contract(office, "restaurant_inspections").id == "restaurant_inspections"
    with pytest.raises(ContractInvalid, match="covid_testing"):
        load_contracts(office)


def test_all_broken_contracts_are_told_at_once(office: Path) -> None:
    edited(office, COVID, "role: identifier", "role: secret")
    edited(office, INSPECTIONS, "title:", "tilte:")
    with pytest.raises(ContractInvalid) as refused:
        load_contracts(office)
    assert COVID in str(refused.value)
    assert INSPECTIONS in str(refused.value)


def test_a_dataset_that_is_not_there_is_answered_with_those_that_are(office: Path) -> None:
    with pytest.raises(ContractInvalid, match="The datasets are: births_by_state"):
        load_contract(office, "../../secrets")


def test_without_an_approval_nobody_has_approved(office: Path) -> None:
    shutil.rmtree(office / "config/approvals", ignore_errors=True)
    assert load_approval(office, "covid_testing") is None


def test_an_approval_of_another_dataset_is_refused(office: Path) -> None:
    folder = office / "config/approvals"
    folder.mkdir(exist_ok=True)
    digits = "0" * 64
    (folder / "covid_testing.yaml").write_text(
        f"dataset: births_by_state\ncontract: '{digits}'\nrule_pack: '{digits}'\n"
        "envelope: {largest_withheld_percent: 10.0, fewest_rows: 1}\n"
        "approver: A. Person\nrole: Approver\napproved_on: 2026-01-31\nreason: Looked at it\n"
    )
    with pytest.raises(ContractInvalid, match=r"approvals/covid_testing.yaml:1: dataset"):
        load_approval(office, "covid_testing")


def test_an_expectation_of_an_unlisted_column_is_refused(office: Path) -> None:
    contract = load_contract(office, "covid_testing")
    edited(office, "expectations/covid_testing.yaml", "column: gender", "column: sex")
    reading = read_expectations(office / "expectations", contract)
    assert reading is not None
    assert [p.field for p in reading.problems] == ["expectations[1].kwargs.column"]
    assert reading.value is None
