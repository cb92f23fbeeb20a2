"""What publishing a release would change, before anything is sent: in counts and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from opengazette.documentation.public_face import differences, in_words_of
from opengazette.errors import ApprovalMissing
from opengazette.governance.ledger_state import place_of, public_entry, refuse_held, settled
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry
from opengazette.model.public_face import Differences, PublicFace, Seen, Standing, is_small
from opengazette.model.stages import Documented
from opengazette.ports import Papers, PublicView
from opengazette.steps.approve import approve
from opengazette.steps.faces import face_of

Action = Literal[
    "create",
    "show again",
    "change columns",
    "replace",
    "change rows",
    "papers alone",
    "nothing",
    "refuse",
]
"""What publishing would do: make a dataset, make one public again, give it other columns with their
rows, replace its rows, change the few that differ, change what is said of it, leave it alone, or be
refused."""

_MOST_NAMED = 12


@dataclass(frozen=True)
class Plan:
    """What publishing would change. `gates` says why nobody would let it out tonight."""

    dataset: str
    action: Action
    address: str | None
    standing: Standing
    rows: int
    changes: Differences
    gates: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """Return the plan in words, one line for each thing that changes."""
        return (_headline(self), *_row_lines(self), *_name_lines(self.changes), *self.gates)


def plan(
    documented: Documented,
    contract: Contract,
    approval: Approval | None,
    entries: Sequence[LedgerEntry],
    portal: PublicView,
    papers: Papers,
    columns: ColumnChange | None = None,
) -> Plan:
    """Compare a release with what the public sees now; send nothing.

    `columns` is what a person has approved of a change of the public table's columns.

    Raises:
        PortalUnavailable: the portal did not answer to the end.
        ArchiveUnavailable: a file of the release is lost or damaged.
    """
    release, uid = documented.release, place_of(entries)
    then = face_of(release, papers, contract.publication.key())
    seen = portal.seen(uid, then.columns, contract.publication.key()) if uid else None
    now = seen.face if seen is not None and seen.face is not None else _NOTHING
    last = public_entry(entries)
    earlier = last.release.columns if last is not None else ()
    changes = in_words_of(differences(now, then), then, earlier)
    by_row = portal.changes_rows(release.dataset) and is_small(changes, then.row_count)
    allowed = columns is not None and columns.covers(now.columns, then.columns)
    return Plan(
        dataset=release.dataset,
        action=_action(seen, changes, entries, by_row=by_row, approved=allowed),
        address=seen.address if seen else None,
        standing=seen.standing if seen else "absent",
        rows=release.public.rows,
        changes=changes,
        gates=_gates(documented, contract, approval, entries),
    )


_NOTHING = PublicFace({}, b"", {}, {})


def _action(
    seen: Seen | None,
    changes: Differences,
    entries: Sequence[LedgerEntry],
    *,
    by_row: bool,
    approved: bool,
) -> Action:
    if seen is None:
        return "create"
    if seen.standing == "absent":
        return "refuse"
    if seen.standing == "private":
        return "show again" if settled(entries) is None else "refuse"
    if changes.columns:
        return "change columns" if approved else "refuse"
    if changes.rows:
        return "change rows" if by_row else "replace"
    return "papers alone" if changes.papers else "nothing"


def _gates(
    documented: Documented,
    contract: Contract,
    approval: Approval | None,
    entries: Sequence[LedgerEntry],
) -> tuple[str, ...]:
    found: list[str] = []
    try:
        refuse_held(entries)
    except ApprovalMissing as stopped:
        found.append(stopped.problem)
    try:
        approve(documented, contract, approval)
    except ApprovalMissing as missing:
        found.append(missing.problem)
    return tuple(found)


def _headline(plan: Plan) -> str:
    match plan.action:
        case "create":
            return f"A new public dataset with {plan.rows:,} rows."
        case "show again":
            return f"{plan.address} is private; it becomes public with {plan.rows:,} rows."
        case "change columns":
            return f"The columns of {plan.address} change with its rows, in one step, as approved."
        case "replace":
            return f"The rows of {plan.address} are replaced in one transaction."
        case "change rows":
            return f"The rows that differ are changed at {plan.address}, in one transaction."
        case "papers alone":
            return f"The rows of {plan.address} stay; what is said of them changes."
        case "nothing":
            return f"Nothing changes: the public sees exactly this at {plan.address}."
        case "refuse":
            return f"Refused: {plan.address} {_REFUSED[plan.standing]}."


#: Why publishing would be refused, and what to do, by how the dataset stands.
_REFUSED: dict[Standing, str] = {
    "absent": "is gone from the portal: restore it there, or withdraw the dataset and resume",
    "private": (
        "was made private by somebody, and is not shown again by itself: withdraw the dataset if "
        "that was meant, else make it public on the portal"
    ),
    "public": (
        "has other columns, which never change by themselves: a person must approve that, with "
        "'opengazette approve-columns'"
    ),
}


def _row_lines(plan: Plan) -> tuple[str, ...]:
    changes = plan.changes
    if plan.standing != "public" or plan.action == "nothing":
        return ()
    moves = f"{changes.rows_added:,} added, {changes.rows_changed:,} changed"
    return (f"Rows: {moves}, {changes.rows_removed:,} removed; {plan.rows:,} afterwards.",)


def _name_lines(changes: Differences) -> tuple[str, ...]:
    named = {
        "Columns added": changes.columns_added,
        "Columns removed": changes.columns_removed,
        "Columns of another type": changes.columns_retyped,
        "Metadata": changes.fields,
        "Attachments": changes.attachments,
    }
    lines = [f"{what}: {_listed(names)}." for what, names in named.items() if names]
    return (*lines, *(["Columns stand in another order."] if changes.columns_moved else ()))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
