"""Tasks that let a release through the gate and before the public."""

from __future__ import annotations

from opengazette.cli.way import planned
from opengazette.errors import ApprovalMissing, HeldByPortal
from opengazette.governance.ledger_state import refuse_held
from opengazette.model.stages import Approved, Documented, Published
from opengazette.steps import approve as approving
from opengazette.steps import publish as publishing
from opengazette.tasks.private import private_task
from opengazette.tasks.world import world


@private_task
def approve(documented: Documented) -> Approved | ApprovalMissing:
    """Find a standing approval that fits, or say what is missing: waiting is no failure.

    A dataset that a person has stopped waits as well.
    """
    here, dataset = world(), documented.release.dataset
    try:
        refuse_held(here.ledger().entries(dataset))
        return approving.approve(
            documented,
            here.contract(dataset),
            here.approval(dataset),
            here.column_change(dataset),
        )
    except ApprovalMissing as missing:
        return missing


@private_task
def plan(documented: Documented) -> tuple[str, ...]:
    """Say in words what publishing the release would change; send nothing."""
    return planned(world(), documented)


@private_task
def publish(approved: Approved) -> Published | HeldByPortal:
    """Put the release before the public, unless the public already sees it.

    Where the portal's own reviewers hold it, the release waits: that is no failure.
    """
    here, contract = world(), world().contract(approved.release.dataset)
    try:
        return publishing.publish(approved, contract, here.portal(), here.ledger(), here.clock())
    except HeldByPortal as held:
        return held
