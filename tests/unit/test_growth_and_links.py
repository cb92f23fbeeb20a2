"""What a contract may say of its past and of other datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opengazette.adapters.contracts import load_contract
from opengazette.model.contract import Contract

ROOT = Path(__file__).parents[2]
GROUND = "Both count the same encounters."


def contract(**said: Any) -> Contract:
    told = load_contract(ROOT, "emergency_encounters").model_dump(mode="json")
    return Contract.model_validate({**told, **said})


def test_a_contract_names_what_grows_and_what_it_is_linked_to() -> None:
    link = {"dataset": "encounters_by_payer", "names": {"county": "residence"}, "basis": GROUND}
    found = contract(growth={"over": "year", "basis": GROUND}, linked_to=[link])
    assert found.growth is not None
    assert (found.growth.over, found.growth.between_releases) == ("year", False)
    assert found.linked_to[0].names == {"county": "residence"}


def test_a_contract_that_says_nothing_of_it_is_linked_to_nothing() -> None:
    assert (contract().growth, contract().linked_to) == (None, ())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"growth": {"basis": GROUND}}, "give over, between_releases or both"),
        ({"growth": {"over": "week", "basis": GROUND}}, "growth: 'week' is not a dimension"),
        ({"growth": {"over": "sex", "basis": GROUND}}, "take away its total and groups"),
        (
            {"linked_to": [{"dataset": "emergency_encounters", "basis": GROUND}]},
            "name each other dataset once, and not this one",
        ),
        (
            {"linked_to": [{"dataset": "by_payer", "basis": GROUND}] * 2},
            "name each other dataset once",
        ),
        (
            {"linked_to": [{"dataset": "by_payer", "names": {"zip": "z"}, "basis": GROUND}]},
            "linked_to 'by_payer': 'zip' is no dimension or count here",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        contract(**said)
