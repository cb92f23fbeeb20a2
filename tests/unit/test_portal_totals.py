"""What a contract says of totals is in the metadata that the portal gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from opengazette.adapters.contracts import load_contract, load_department
from opengazette.documentation.metadata import portal_metadata
from opengazette.model.contract import Contract

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def contract() -> Contract:
    return load_contract(CHECKOUT, "emergency_encounters")


def said(contract: Contract) -> dict[str, str]:
    department = load_department(CHECKOUT, contract.department)
    told = portal_metadata(contract, department, (), "", {})
    found: dict[str, str] = told["custom_fields"]["Publication"]
    return found


def test_totals_and_subtotals_are_named_with_their_columns(contract: Contract) -> None:
    lines = said(contract)["totals"].splitlines()
    assert lines == ["county: California", "age_group: All Ages", "sex: All"]
    groups = next(one.groups for one in contract.publication.dimensions if one.name == "county")
    assert said(contract)["subtotals"].splitlines() == [f"county: {label}" for label in groups]


def test_a_table_without_totals_says_so(contract: Contract) -> None:
    plain = tuple(
        one.model_copy(update={"total": None, "groups": {}})
        for one in contract.publication.dimensions
    )
    table = contract.publication.model_copy(update={"dimensions": plain})
    found = said(contract.model_copy(update={"publication": table}))
    assert found["totals"] == "none"
    assert "subtotals" not in found
