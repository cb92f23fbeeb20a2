"""Every fault in every operation, by each protocol: the public sees the old table or the new one.

`FAULTS=all pytest tests/faults/test_fault_matrix.py` strikes at nine places of each operation,
evenly spread, and writes the tables in docs/operators/faults.md; without it, at one of the nine,
and other than by soda in one operation for each fault. `PLACES` chooses another number than nine.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from examples.offices import ROOT, SENDERS, LocalPortal, Office
from examples.operations import OPERATIONS, Operation, begun, converges
from examples.strikes import CALLS, FAULTS, TICKETS, Road, Strikes, Wire

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.adapters.portals.revisions import LargeSender
from opengazette.errors import HeldByPortal, OpenGazetteError, PortalRejected

pytestmark = pytest.mark.servers

PAGE = ROOT / "docs/operators/faults.md"
EVERYWHERE = os.environ.get("FAULTS") == "all"
#: How many places of each operation; with fewer the page says so.
PLACES = int(os.environ.get("PLACES", "9"))
#: The third is how large releases go where the protocol is chosen for each.
PROTOCOLS = (*SENDERS, "large")
Cell = tuple[str, str, str]
"""A protocol, a fault and an operation."""
Totals = dict[str, Counter[Road]]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every release be a large one by the third protocol."""
    monkeypatch.setitem(SENDERS, "large", lambda: LargeSender(pause=0.02))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found, begin = Wire(), Connection.__init__

    def opened(client: Connection, address: str, user: Credentials | None, **named: Any) -> None:
        begin(client, address, user, **named)
        client.session.request = found.sent(client.session.request, user is not None)

    monkeypatch.setattr(Connection, "__init__", opened)
    for name in CALLS:
        monkeypatch.setattr(FolderArchive, name, found.reached(name, getattr(FolderArchive, name)))
    return found


def struck(office: Office, operation: Operation, wire: Wire, strikes: Strikes) -> str:
    """Do an operation under a fault and say how it ended; nothing else may be seen."""
    before = office.shown()
    wire.strikes, wire.clock, error = strikes, office.clock, None
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
    if now == before and isinstance(error, HeldByPortal):
        return "waits for the portal's reviewers"
    if now == before:
        return "rolled back" if office.kinds()[-1:] == ["rolled_back"] else "unchanged"
    return "the rows are whole, the next run finishes the papers"


def places(total: int, chosen: int) -> list[int]:
    """Return the numbers of the requests to strike: the first, the last and between."""
    spread = [round(n * (total - 1) / (PLACES - 1)) for n in range(PLACES)]
    return sorted(set(spread)) if EVERYWHERE else [spread[chosen % PLACES]]


@pytest.fixture(scope="module")
def totals() -> Totals:
    """Remember how many calls each operation makes on each road."""
    return {}


def calls_of(cell: Cell, folder: Path, server: LocalPortal, wire: Wire, totals: Totals) -> int:
    protocol, fault, name = cell
    key = f"{protocol} {name}"
    if key not in totals:
        office = begun(folder / "whole", server, OPERATIONS[name], protocol)
        wire.passed.clear()
        OPERATIONS[name].act(office)
        totals[key] = wire.passed.copy()
        office.clear_away()
    return totals[key][FAULTS[fault].road]


def outcomes_of(
    cell: Cell, at: list[int], folder: Path, server: LocalPortal, wire: Wire
) -> set[str]:
    protocol, fault, name = cell
    operation = OPERATIONS[name]
    found: set[str] = set()
    for place in at:
        TICKETS.clear()
        office = begun(folder / str(place), server, operation, protocol)
        found.add(struck(office, operation, wire, Strikes(FAULTS[fault], place)))
        converges(office, operation)
        office.clear_away()
    return found


def written() -> dict[Cell, set[str]]:
    """Return the outcomes that the page lists."""
    found: dict[Cell, set[str]] = {}
    for part in PAGE.read_text("utf-8").split("\n## By ")[1:]:
        table = [line for line in part.splitlines() if line.startswith("|")]
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
        protocol = part.partition("\n")[0].strip()
        for line in lines[2:]:
            for name, outcomes in zip(lines[0][1:], line[1:], strict=True):
                found[protocol, line[0], name] = set(outcomes.split("; "))
    return found


def foreseen(cell: Cell) -> set[str]:
    """Return the outcomes that the page foresees.

    How often a portal is asked while it applies a revision differs from run to run, and with it
    which request is struck: but by soda, those of the fault in any operation count.
    """
    listed = written()
    if cell[0] == "soda":
        return listed[cell]
    return {"done"}.union(*(listed[(*cell[:2], name)] for name in OPERATIONS))


HEAD = """\
# Every fault

Made by `FAULTS=all pytest tests/faults/test_fault_matrix.py`: each fault strikes at several
requests of each operation, or at several calls of its archive or its ledger, one after the other
and evenly spread, on a real portal, by each protocol (`OPENGAZETTE_PORTAL_PROTOCOL`); `large` is
how `automatic` sends large releases. After each, the public sees the old table or the new one,
whole; the operation is then done again without a fault and ends as it was meant, with a whole
ledger. A cell lists every outcome that was seen.
"""


def page(found: Mapping[Cell, set[str]], tried: str) -> str:
    return HEAD + "".join(
        f"\n## By {protocol}\n\n{struck_at(protocol, tried)}\n\n{table(found, protocol)}\n"
        for protocol in PROTOCOLS
    )


def struck_at(protocol: str, tried: str) -> str:
    """Say at how many places, of a protocol that was not tried as the page said before."""
    told = re.search(rf"## By {protocol}\n\n(Struck at .*)", PAGE.read_text("utf-8"))
    if protocol != tried and told:
        return told[1]
    return f"Struck at up to {PLACES} places of each operation."


def table(found: Mapping[Cell, set[str]], protocol: str) -> str:
    def line(fault: str) -> str:
        seen = (found.get((protocol, fault, name), {"not tried"}) for name in OPERATIONS)
        return f"| {' | '.join((fault, *('; '.join(sorted(cell)) for cell in seen)))} |"

    head = [f"| Fault | {' | '.join(OPERATIONS)} |", f"|{'---|' * (len(OPERATIONS) + 1)}"]
    return "\n".join((*head, *map(line, FAULTS)))


def chosen() -> list[Cell]:
    """Return the cells to try: all of them, or other than by soda one for each fault."""
    every = [
        (protocol, fault, name) for protocol in PROTOCOLS for fault in FAULTS for name in OPERATIONS
    ]
    turns = dict(zip(FAULTS, cycle(OPERATIONS), strict=False))
    return [cell for cell in every if EVERYWHERE or cell[0] == "soda" or turns[cell[1]] == cell[2]]


@pytest.mark.parametrize("cell", chosen(), ids="-".join)
def test_the_public_sees_the_old_table_or_the_new_one_and_the_next_run_finishes(
    cell: Cell,
    tmp_path: Path,
    shared_portal: LocalPortal,
    wire: Wire,
    totals: Totals,
) -> None:
    total = calls_of(cell, tmp_path, shared_portal, wire, totals)
    at = places(total, [*FAULTS].index(cell[1]) + 2 * [*OPERATIONS].index(cell[2]))
    found = outcomes_of(cell, at, tmp_path, shared_portal, wire)
    if not EVERYWHERE:
        assert found <= foreseen(cell), "docs/operators/faults.md says otherwise"
        return
    PAGE.write_text(page({**written(), cell: found}, cell[0]), "utf-8")
