"""A plan promises only what publishing then does, and publishing says the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from examples.obliging_portals import Obliging
from examples.offices import APPROVAL, CONTRACT, LocalPortal, Office

from opengazette.errors import DriftFound
from opengazette.model.stages import Documented
from opengazette.steps.plan import Plan, plan


class Nowhere:
    """A server that nobody asks."""

    host = url = user = password = "none"
    folder = Path()


@pytest.fixture
def portal() -> Obliging:
    return Obliging()


@pytest.fixture
def office(tmp_path: Path, portal: Obliging) -> Office:
    server: LocalPortal = Nowhere()
    office = Office(tmp_path, server)
    office.portal = portal  # type: ignore[assignment]
    office.publish({"a": 1})
    return office


def planned(office: Office, portal: Obliging) -> Plan:
    documented = Documented(office.release({"a": 2}).release, ())
    return plan(documented, CONTRACT, APPROVAL, office.entries(), portal, office.papers)


def test_what_somebody_has_made_private_is_refused_by_the_plan_and_by_the_run(
    office: Office, portal: Obliging
) -> None:
    portal.standing = "private"
    found = planned(office, portal)
    assert found.action == "refuse"
    assert "was made private by somebody" in found.lines()[0]
    assert "withdraw the dataset if that was meant" in found.lines()[0]
    with pytest.raises(DriftFound, match="somebody has made"):
        office.publish({"a": 2})


def test_what_was_withdrawn_and_let_go_on_is_shown_again_by_both(
    office: Office, portal: Obliging
) -> None:
    office.withdraw()
    office.resume()
    assert planned(office, portal).action == "show again"
    assert office.publish({"a": 2}).changed
    assert portal.standing == "public"


@pytest.mark.parametrize("act", [Office.stop, Office.withdraw], ids=["stopped", "withdrawn"])
def test_what_a_person_stopped_is_held_at_the_gate(
    office: Office, portal: Obliging, act: Callable[[Office], object]
) -> None:
    act(office)
    assert "stopped by B. Night" in planned(office, portal).gates[0]
