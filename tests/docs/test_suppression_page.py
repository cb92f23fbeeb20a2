"""The examples of the page on suppression are contracts that hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_contract
from opengazette.model.contract import Contract
from opengazette.model.publication import Sum
from opengazette.model.suppression import Suppression

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/stewards/suppression.md"


def examples() -> list[Any]:
    fences = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [YAML(typ="safe").load(fence) for fence in fences]


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return load_contract(ROOT, "covid_testing").model_dump(mode="json")


def test_the_first_example_fits_the_demonstration_s_contract(shipped: dict[str, Any]) -> None:
    example = examples()[0]["suppression"]
    publication = shipped["publication"] | {"suppression": example}
    contract = Contract.model_validate(shipped | {"publication": publication})
    assert [entry.be for entry in contract.publication.suppression.forced] == ["shown", "withheld"]


def test_the_first_example_shows_every_field() -> None:
    assert set(examples()[0]["suppression"]) == set(Suppression.model_fields)


def test_the_second_example_is_a_sum() -> None:
    (measure,) = examples()[1]
    assert Sum.model_validate(measure).contributor == "provider_id"
