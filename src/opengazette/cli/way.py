"""A table's way without an orchestrator: the steps, one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from opengazette.adapters.run_locks import holding, in_turn
from opengazette.adapters.run_reports import report_published, report_rehearsed, report_waiting
from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.errors import ApprovalMissing, PortalUnavailable, SettingsInvalid
from opengazette.governance.ledger_state import refuse_held
from opengazette.model.receipts import RunReport
from opengazette.model.stages import Documented
from opengazette.steps.approve import approve
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document
from opengazette.steps.extract import extract
from opengazette.steps.plan import plan
from opengazette.steps.publish import (
    earlier_releases,
    last_published,
    publish,
    published_releases,
)
from opengazette.steps.recollection import linked_releases
from opengazette.steps.validate import validate

Tell = Callable[[str], None]


def prepare(world: World, dataset: str, tell: Tell) -> Documented:
    """Bring a dataset to the gate; `tell` hears the name of each step as it begins.

    Raises any of our errors.
    """
    contract = world.contract(dataset)
    rule_pack, populations = world.rule_pack(contract.disclosure.rule_pack), world.populations()
    archive, tables, papers = world.archive(), world.tables(), world.papers()
    entries = world.ledger().entries(dataset)
    last, earlier = last_published(entries), earlier_releases(entries)
    linked = linked_releases(contract, world.contract, world.ledger())
    tell("extract")
    extracted = extract(
        contract, world.source(contract), archive, last.release.extracted_rows if last else None
    )
    tell("validate")
    validated = validate(extracted, contract, world.elements(), world.validator(), archive)
    tell("deidentify")
    deidentified = deidentify(
        validated,
        contract,
        rule_pack,
        populations,
        earlier,
        archive,
        world.tabulator(),
        tables,
        papers,
        linked=linked,
    )
    tell("clear")
    cleared = clear(
        deidentified, contract, rule_pack, populations, earlier, tables, papers, linked=linked
    )
    tell("document")
    department = world.department(contract.department)
    published = published_releases(entries)
    return document(cleared, contract, rule_pack, department, published, tables, papers)


def planned(world: World, documented: Documented) -> tuple[str, ...]:
    """Say in words what publishing a release would change, or why nobody can tell."""
    dataset = documented.release.dataset
    try:
        return plan(
            documented,
            world.contract(dataset),
            world.approval(dataset),
            world.ledger().entries(dataset),
            world.portal(),
            world.papers(),
            world.column_change(dataset),
        ).lines()
    except (PortalUnavailable, SettingsInvalid) as error:
        return (f"What the public sees now is not known: {error.problem}",)


def run(settings: Settings, world: World, dataset: str, tell: Tell, *, dry_run: bool) -> RunReport:
    """Take one dataset the whole way and report how it ended.

    Raises any of our errors but ApprovalMissing, which is reported as waiting.
    """
    started = monotonic()
    contract = world.contract(dataset)
    if contract.linked_to:
        tell("wait for linked datasets")
    with holding(settings, dataset), in_turn(settings, contract):
        documented = prepare(world, dataset, tell)
        release = documented.release
        if dry_run:
            changes = planned(world, documented)
            return report_rehearsed(contract.title, release, monotonic() - started, changes)
        tell("approve")
        try:
            refuse_held(world.ledger().entries(dataset))
            approved = approve(
                documented, contract, world.approval(dataset), world.column_change(dataset)
            )
            tell("publish")
            published = publish(approved, contract, world.portal(), world.ledger(), world.clock())
        except ApprovalMissing as missing:
            return report_waiting(contract.title, release, missing, monotonic() - started)
    return report_published(contract.title, published, monotonic() - started)
