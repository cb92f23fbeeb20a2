"""A contract to assess, by county, age or sex, against the six steps."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from examples.contracts import example_contract
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.assessment import Assessment, assess
from opengazette.disclosure.tables.margins import with_margins
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"
V2 = RulePack.model_validate(YAML(typ="safe").load(FOLDER / "calhhs-ddg-2.0.yaml"))
COUNTIES = PopulationTable(
    id="counties",
    title="Residents of counties",
    source="A census of the tests",
    as_of=date(2020, 4, 1),
    people={"Alpine": 1_163, "Amador": 37_853, "Kern": 841_146},
)
POPULATIONS = {"counties": COUNTIES}
COUNTY = {"kind": "residence", "reference": "counties"}
BANDS = [
    {"label": "0 to 11", "low": 0, "high": 11},
    {"label": "12 to 14", "low": 12, "high": 14},
    {"label": "15 to 18", "low": 15, "high": 18},
    {"label": "19 or Older", "low": 19},
]
PEOPLE = {
    "kind": "population",
    "name": "people",
    "label": "People",
    "definition": "Residents.",
    "column": "c_people",
}
EVERYBODY = {"kind": "people", "people": 39_000_000, "basis": "Census of the tests."}
BY_COUNTY = {
    "kind": "reference",
    "dimension": "county",
    "reference": "counties",
    "basis": "Census of the tests.",
}


def dimension(name: str, characteristic: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "column": f"c_{name}",
        "characteristic": characteristic,
    } | more


def contract(
    *dimensions: dict[str, Any],
    personal: bool = True,
    high_risk: bool = False,
    denominator: dict[str, Any] | None = EVERYBODY,
    period: dict[str, Any] | None = None,
    measures: tuple[dict[str, Any], ...] = (),
) -> Contract:
    return example_contract(
        *dimensions,
        measures=measures,
        disclosure={
            "personal_characteristics": {"present": personal, "basis": "Read by a lawyer."},
            "high_risk": {"present": high_risk, "basis": "Read by an expert."},
            "denominator": denominator,
            "reporting_period": period or {"years": 1},
        },
    )


def assessed(agreed: Contract, base: pd.DataFrame, pack: RulePack = V2) -> Assessment:
    return assess(agreed, with_margins(base, agreed.publication), POPULATIONS, pack)


def way(found: Assessment) -> list[tuple[int, str]]:
    return [(step.number, step.decision) for step in found.steps]


SEX = dimension("sex", {"kind": "sex"}, total="All")
