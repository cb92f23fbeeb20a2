"""What `opengazette score ID` says of a table: masked or released."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from opengazette.adapters.contracts import load_contract, load_rule_pack
from opengazette.disclosure.assessment.explanation import Explained, explain_table
from opengazette.model.contract import Contract

ROOT = Path(__file__).parents[2]
V2 = load_rule_pack(ROOT, "calhhs-ddg-2.0")


def agreed(*, financial: bool, personal: bool, kind: str = "sex") -> Contract:
    """The agreement of a table of cases and their mean cost, by one dimension."""
    known = load_contract(ROOT, "covid_testing").model_dump(mode="json")
    column = {"type": "text", "role": "dimension", "label": "Group"}
    dimension = {"name": "group", "label": "Group", "column": "g", "characteristic": {"kind": kind}}
    said = {"label": "Cases", "unit": "cases", "definition": "Cases."}
    count = {"kind": "count", "name": "cases"} | said
    mean = {"kind": "mean", "name": "cost", "column": "c", "over": "cases"} | said
    return Contract.model_validate(
        known
        | {
            "columns": {"g": column, "c": column | {"type": "integer", "role": "measure"}},
            "publication": {
                "row": "one group",
                "dimensions": [dimension],
                "measures": [count, mean | {"financial": financial}],
            },
            "disclosure": {
                "personal_characteristics": {"present": personal, "basis": "Read by a lawyer."},
                "high_risk": {"present": False, "basis": "Read by an expert."},
                "denominator": {"kind": "people", "people": 39_000_000, "basis": "A census."},
                "reporting_period": {"years": 1},
            },
        }
    )


def explained(smallest: int, **terms: Any) -> Explained:
    table = pd.DataFrame({"group": ["a", "b"], "cases": [smallest, 900], "cost": [10.0, 12.0]})
    return explain_table(agreed(**terms), table.astype({"cases": "Int64"}), {}, V2)


@pytest.mark.parametrize(
    ("smallest", "financial", "outcome"),
    [(4, False, "release"), (4, True, "mask"), (11, True, "release"), (0, True, "release")],
)
def test_a_mean_of_money_masks_small_counts_whatever_the_score(
    smallest: int, financial: bool, outcome: str
) -> None:
    found = explained(smallest, financial=financial, personal=True)
    assert found.outcome == outcome
    assert [s.number for s in found.assessment.steps if s.number == 4] == [4] * (outcome == "mask")


def test_the_steps_say_that_money_is_why() -> None:
    steps = explained(4, financial=True, personal=True).assessment.steps
    third, fourth = (next(s.reason for s in steps if s.number == n) for n in (3, 4))
    assert "Amounts of money are shown: small counts are always withheld." in third
    assert "withheld because amounts of money are shown" in fourth


@pytest.mark.parametrize(
    ("smallest", "financial", "outcome"),
    [(4, False, "release"), (4, True, "mask"), (11, True, "release")],
)
def test_money_of_few_is_masked_in_a_table_that_tells_nothing_of_a_person(
    smallest: int, financial: bool, outcome: str
) -> None:
    found = explained(smallest, financial=financial, personal=False, kind="facility")
    assert [step.number for step in found.assessment.steps] == [1, 6]
    assert (found.outcome, found.score) == (outcome, None)
