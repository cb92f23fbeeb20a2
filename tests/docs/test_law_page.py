"""What the page on law tells a steward to write is what is taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from opengazette.model.legal import Legal, Regime
from opengazette.model.record_release import RecordRelease

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/stewards/law.md").read_text("utf-8")
FENCES: list[dict[str, Any]] = [
    yaml.safe_load(fence) for fence in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
]


@pytest.mark.parametrize("legal", [fence["legal"] for fence in FENCES if "legal" in fence])
def test_every_part_on_law_is_taken(legal: dict[str, Any]) -> None:
    assert Legal.model_validate(legal).needs_hipaa_standard


def test_the_request_for_records_is_the_example_that_is_kept() -> None:
    (request,) = [fence for fence in FENCES if "record_level" in fence]
    kept = yaml.safe_load((ROOT / "docs/examples/records.yaml").read_text("utf-8"))
    assert RecordRelease.model_validate(request) == RecordRelease.model_validate(kept)


@pytest.mark.parametrize("regime", get_args(Regime))
def test_every_regime_has_its_line(regime: str) -> None:
    assert f"| `{regime}` |" in PAGE
