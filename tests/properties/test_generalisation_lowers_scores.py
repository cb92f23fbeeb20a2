"""Whatever is merged, the score never rises and no event is lost."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from opengazette.disclosure.assessment.scoring import score, table_facts
from opengazette.disclosure.generalisation.coarser import forms
from opengazette.disclosure.generalisation.proposals import coarsened
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

CONFIG = Path(__file__).parents[2] / "config"


def yaml(path: str) -> Any:
    return YAML(typ="safe").load(CONFIG / path)


V1, V2 = (
    RulePack.model_validate(yaml(f"rulepacks/calhhs-ddg-{edition}.yaml"))
    for edition in ("1.0", "2.0")
)
PEOPLE = PopulationTable.model_validate(yaml("standards/populations/california_counties_2010.yaml"))
ENCOUNTERS = Contract.model_validate_json(
    json.dumps(yaml("datasets/emergency_encounters.yaml"), default=str)
)
AGES = ("0 to 17", "18 to 44", "45 to 64", "65 or Older")


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    counties = draw(
        st.lists(st.sampled_from(sorted(PEOPLE.people)), min_size=2, max_size=6, unique=True)
    )
    years = [str(2019 + n) for n in range(draw(st.integers(1, 4)))]
    cells = list(product(years, counties, AGES, ("Female", "Male")))
    counts = draw(st.lists(st.integers(1, 40), min_size=len(cells), max_size=len(cells)))
    frame = pd.DataFrame(cells, columns=["year", "county", "age_group", "sex"])
    return frame.assign(encounters=pd.Series(counts, dtype="Int64"))


@pytest.mark.parametrize("pack", [V1, V2], ids=["v1", "v2"])
@settings(max_examples=30, deadline=None)
@given(table=tables(), draw=st.data())
def test_no_generalisation_raises_a_score(
    pack: RulePack, table: pd.DataFrame, draw: st.DataObject
) -> None:
    chosen = tuple(
        draw.draw(
            st.sampled_from(
                forms(
                    d,
                    tuple(dict.fromkeys(table[d.name])),
                    {},
                    PEOPLE.people if d.name == "county" else None,
                    needed=d.name in ("year", "county"),
                )
            )
        )
        for d in ENCOUNTERS.publication.dimensions
    )
    populations = {PEOPLE.id: PEOPLE}
    coarse = coarsened(ENCOUNTERS, table, populations, chosen)
    fine_score = score(table_facts(ENCOUNTERS, table, populations), pack).total
    facts = table_facts(coarse.contract, coarse.base, coarse.populations)
    assert score(facts, pack).total <= fine_score
    assert coarse.base["encounters"].sum() == table["encounters"].sum()
