"""Every fault in every operation: the public sees the old table or the new one.

`FAULTS=all pytest tests/faults/test_fault_matrix.py` strikes at nine requests of each operation,
evenly spread, and writes the table in docs/operators/faults.md; without it, at one of the nine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from examples.offices import ROOT, LocalPortal, Office
from examples.operations import OPERATIONS, Operation, begun, converges
from examples.strikes import FAULTS, TICKETS, Strikes, Wire

from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.errors import OpenGazetteError, PortalRejected

pytestmark = pytest.mark.servers

PAGE = ROOT / "docs/operators/faults.md"
EVERYWHERE = os.environ.get("FAULTS") == "all"
PLACES = 9


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found, begin = Wire(), Connection.__init__

    def opened(client: Connection, address: str, user: Credentials | None, **named: Any) -> None:
        begin(client, address, user, **named)
        client.session.request = found.sent(client.session.request, user is not None)

    monkeypatch.setattr(Connection, "__init__", opened)
    return found


def struck(office: Office, operation: Operation, wire: Wire, strikes: Strikes) -> str:
    """Do an operation under a fault and say how it ended; nothing else may be seen."""
    before = office.shown()
    wire.strikes, error = strikes, None
    try:
        operation.act(office)
    except OpenGazetteError as raised:
        error = raised
    finally:
        wire.strikes = None
    now = office.shown()
    if error is None:
        assert now == operation.target, "it said that it was done"
        return "done"
    rows = {seen[0] if seen else None for seen in (before, operation.target)}
    assert (now[0] if now else None) in {*rows, None}, "a part is public"
    if now is None and before is not None and operation.target is not None:
        assert isinstance(error, PortalRejected)
        return "made private, a person is called"
    if now == operation.target:
        return "done, the next run writes the receipt"
    if now == before:
        return "rolled back" if office.kinds()[-1:] == ["rolled_back"] else "unchanged"
    return "the rows are whole, the next run finishes the papers"


def places(total: int, chosen: int) -> list[int]:
    """Return the numbers of the requests to strike: the first, the last and between."""
    spread = [round(n * (total - 1) / (PLACES - 1)) for n in range(PLACES)]
    return sorted(set(spread)) if EVERYWHERE else [spread[chosen % PLACES]]


@pytest.fixture(scope="module")
def totals() -> dict[str, int]:
    """Remember how many requests each operation makes."""
    return {}


def requests_of(
    name: str, folder: Path, server: LocalPortal, wire: Wire, totals: dict[str, int]
) -> int:
    if name not in totals:
        office = begun(folder / "whole", server, OPERATIONS[name])
        wire.passed = 0
        OPERATIONS[name].act(office)
        totals[name] = wire.passed
        office.clear_away()
    return totals[name]


def outcomes_of(
    fault: str, name: str, at: list[int], folder: Path, server: LocalPortal, wire: Wire
) -> set[str]:
    operation, (strike, lasts) = OPERATIONS[name], FAULTS[fault]
    found: set[str] = set()
    for place in at:
        TICKETS.clear()
        office = begun(folder / str(place), server, operation)
        found.add(struck(office, operation, wire, Strikes(strike, place, lasts)))
        converges(office, operation)
        office.clear_away()
    return found


def written() -> dict[tuple[str, str], set[str]]:
    """Return the outcomes that the page lists, by fault and operation."""
    table = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {
        (line[0], name): set(cell.split("; "))
        for line in lines[2:]
        for name, cell in zip(lines[0][1:], line[1:], strict=True)
    }


HEAD = """\
# Every fault

Made by `FAULTS=all pytest tests/faults/test_fault_matrix.py`: each fault strikes at nine requests
of each operation, one after the other and evenly spread, on a real portal. After each, the public
sees the old table or the new one, whole; the operation is then done again without a fault and ends
as it was meant, with a whole ledger. A cell lists every outcome that was seen.

"""


def page(found: Mapping[tuple[str, str], set[str]]) -> str:
    rows = [f"| Fault | {' | '.join(OPERATIONS)} |", f"|{'---|' * (len(OPERATIONS) + 1)}"]
    rows += [
        f"| {fault} | {' | '.join('; '.join(sorted(found[fault, name])) for name in OPERATIONS)} |"
        for fault in FAULTS
    ]
    return HEAD + "\n".join(rows) + "\n"


SEEN: dict[tuple[str, str], set[str]] = {}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_public_sees_the_old_table_or_the_new_one_and_the_next_run_finishes(
    fault: str,
    name: str,
    tmp_path: Path,
    shared_portal: LocalPortal,
    wire: Wire,
    totals: dict[str, int],
) -> None:
    total = requests_of(name, tmp_path, shared_portal, wire, totals)
    at = places(total, [*FAULTS].index(fault) + 2 * [*OPERATIONS].index(name))
    found = outcomes_of(fault, name, at, tmp_path, shared_portal, wire)
    if not EVERYWHERE:
        assert found <= written()[fault, name], "docs/operators/faults.md says otherwise"
        return
    SEEN[fault, name] = found
    if len(SEEN) == len(FAULTS) * len(OPERATIONS):
        PAGE.write_text(page(SEEN), "utf-8")
