"""An office at a portal of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.offices import LocalPortal, Office


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Office:
    """An office that has published nothing yet."""
    return Office(tmp_path / "archive", local_portal)
