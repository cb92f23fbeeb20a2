"""The page on scores shows an example that works, and names every field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_contract
from opengazette.model import described
from opengazette.model.contract import Disclosure
from opengazette.model.described import DescribedTable
from opengazette.model.frozen import Frozen
from opengazette.model.mitigation import Mitigation
from opengazette.model.special_class import BudgetClass, FacilityClass, MandatedReportClass

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/stewards/score.md").read_text("utf-8")
FORMS = (
    described.DescribedTable,
    described.DescribedEvents,
    described.DescribedPeriod,
    described.DescribedArea,
    described.DescribedService,
    described.DescribedInsurance,
    described.DescribedAge,
    described.AgeBand,
    described.DescribedGroups,
    described.ListedGroups,
    described.SideBySide,
    Mitigation,
    FacilityClass,
    BudgetClass,
    MandatedReportClass,
)


def test_the_example_is_the_file_in_the_examples() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[0]
    assert shown == (ROOT / "docs/examples/asthma.yaml").read_text("utf-8")
    assert DescribedTable.model_validate(YAML(typ="safe").load(shown)).variables


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_field_of_a_described_table_is_documented(form: type[Frozen]) -> None:
    assert [f for f in form.model_fields if not re.search(rf"`{f}[`:]", PAGE)] == []


def test_the_special_class_on_the_page_is_taken() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
    whole = YAML(typ="safe").load(shown[0]) | YAML(typ="safe").load(shown[1])
    assert DescribedTable.model_validate(whole).special_class is not None


def test_what_people_record_is_taken_by_a_contract() -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)[2]
    recorded = YAML(typ="safe").load(shown)["disclosure"]
    rules = load_contract(ROOT, "covid_testing").disclosure.model_dump(mode="json") | recorded
    assert Disclosure.model_validate(rules).mitigation is not None
