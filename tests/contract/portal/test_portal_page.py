"""The page on the portal names all there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from opengazette.localportal import PortalSettings
from opengazette.localportal.faults import FaultKind
from opengazette.localportal.publishing.functions import FUNCTIONS
from opengazette.localportal.soql.calls import CALLS

PAGE = Path(__file__).parents[3] / "docs/operators/portal.md"
NAMES = [
    *FUNCTIONS,
    *CALLS,
    *("case", "coalesce"),
    *get_args(FaultKind),
    *(field.name for field in fields(PortalSettings)),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_function_fault_and_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text("utf-8")
