"""Offices at a portal of their own, by each protocol."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from examples.offices import SENDERS, LocalPortal, Office

#: What does not depend on the protocol is tested by one of them, and with FAULTS=all by each.
PROTOCOLS = list(SENDERS) if os.environ.get("FAULTS") == "all" else ["soda"]


@pytest.fixture(params=PROTOCOLS)
def office(request: pytest.FixtureRequest, tmp_path: Path, local_portal: LocalPortal) -> Office:
    """An office that has published nothing yet."""
    return Office(tmp_path / "archive", local_portal, request.param)


@pytest.fixture(params=SENDERS)
def every_office(
    request: pytest.FixtureRequest, tmp_path: Path, local_portal: LocalPortal
) -> Office:
    """An office that has published nothing yet, by each protocol."""
    return Office(tmp_path / "archive", local_portal, request.param)
