"""What the page on releases tells a steward to write is what a contract takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from opengazette.model.memory import Growth, LinkedDataset

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/stewards/releases.md").read_text("utf-8")
FENCES: list[dict[str, Any]] = [
    yaml.safe_load(fence) for fence in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
]


@pytest.mark.parametrize("growth", [f["growth"] for f in FENCES if "growth" in f])
def test_every_growth_on_the_page_is_taken(growth: dict[str, Any]) -> None:
    assert Growth.model_validate(growth).basis == growth["basis"]


@pytest.mark.parametrize("link", [link for f in FENCES for link in f.get("linked_to", ())])
def test_every_link_on_the_page_is_taken(link: dict[str, Any]) -> None:
    assert LinkedDataset.model_validate(link).names == link["names"]


def test_every_example_of_the_page_is_tried() -> None:
    assert sorted(key for fence in FENCES for key in fence) == ["growth", "growth", "linked_to"]
