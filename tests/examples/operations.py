"""What an operator does, from what, and what the public is to see afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from examples.offices import CONTRACT, TYPES, LocalPortal, Office

from opengazette.governance.ledger_state import hold_of
from opengazette.model.column_change import ColumnChange, shown


@dataclass(frozen=True)
class Operation:
    """What an operator does, from what, and what the public is to see afterwards."""

    before: tuple[Callable[[Office], object], ...]
    act: Callable[[Office], object]
    target: tuple[int, str] | None


#: So many rows that a few are changed one by one, and the same table with four of them changed.
MANY = {f"é{n}": n for n in range(40)}
CHANGED = {**{place: n for place, n in MANY.items() if n}, "é7": 70, "x": 1, "y": 2}

#: The last column goes, as a person has approved.
FEWER = dict(list(TYPES.items())[:-1])
FEWER_COLUMNS = ColumnChange(
    dataset=CONTRACT.id,
    before=shown({name: "text" if kind == "text" else "number" for name, kind in TYPES.items()}),
    after=shown({name: "text" if kind == "text" else "number" for name, kind in FEWER.items()}),
    approver="A. Tester",
    role="Approver of the tests",
    approved_on=date(2026, 1, 1),
    reason="made up",
)

OPERATIONS = {
    "first publication": Operation((), lambda o: o.publish(3), (3, "All.")),
    "later publication": Operation(
        (lambda o: o.publish(3),), lambda o: o.publish(4, "More."), (4, "More.")
    ),
    "few rows changed": Operation(
        (lambda o: o.publish(MANY),), lambda o: o.publish(CHANGED, "More."), (41, "More.")
    ),
    "other papers, same rows": Operation(
        (lambda o: o.publish(3),), lambda o: o.publish(3, "Better."), (3, "Better.")
    ),
    "rollback": Operation(
        (lambda o: o.publish(3), lambda o: o.publish(4, "More.")), Office.rollback, (3, "All.")
    ),
    "other columns": Operation(
        (lambda o: o.publish(3),),
        lambda o: o.send(replace(o.release(4, "More.", FEWER), columns=FEWER_COLUMNS)),
        (4, "More."),
    ),
    "withdrawal": Operation((lambda o: o.publish(3),), Office.withdraw, None),
}


def begun(
    folder: Path, server: LocalPortal, operation: Operation, protocol: str = "soda"
) -> Office:
    """Return an office that has done what comes before an operation."""
    office = Office(folder, server, protocol)
    for earlier in operation.before:
        earlier(office)
    return office


def converges(office: Office, operation: Operation) -> None:
    """Do it again without a fault: the public sees what was meant, and the ledger is whole."""
    operation.act(office)
    assert office.shown() == operation.target
    entries = office.entries()
    assert entries[-1].kind in ("published", "withdrawn")
    if hold_of(entries):
        office.resume()
