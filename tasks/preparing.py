"""Tasks that bring a department's table to the gate.

References go in and come out, never rows: Prefect sees dataset ids, stages and flags only.
"""

from __future__ import annotations

from opengazette.model.stages import Cleared, Deidentified, Documented, Extracted, Validated
from opengazette.steps import clear as clearing
from opengazette.steps import deidentify as deidentifying
from opengazette.steps import document as documenting
from opengazette.steps import extract as extracting
from opengazette.steps import publish as publishing
from opengazette.steps import validate as validating
from opengazette.steps.recollection import linked_releases
from opengazette.tasks.private import private_task
from opengazette.tasks.world import world


@private_task
def extract(dataset: str) -> Extracted:
    """Bring the department's table into the restricted archive."""
    here, contract = world(), world().contract(dataset)
    last = publishing.last_published(here.ledger().entries(dataset))
    before = last.release.extracted_rows if last else None
    return extracting.extract(contract, here.source(contract), here.archive(), before)


@private_task
def validate(extracted: Extracted) -> Validated:
    """Hold the extract against its data standards."""
    here, contract = world(), world().contract(extracted.dataset)
    return validating.validate(
        extracted, contract, here.elements(), here.validator(), here.archive()
    )


@private_task
def deidentify(validated: Validated) -> Deidentified:
    """Generalise, add up and withhold as the rule pack demands."""
    here, contract = world(), world().contract(validated.dataset)
    return deidentifying.deidentify(
        validated,
        contract,
        here.rule_pack(contract.disclosure.rule_pack),
        here.populations(),
        publishing.earlier_releases(here.ledger().entries(validated.dataset)),
        here.archive(),
        here.tabulator(),
        here.tables(),
        here.papers(),
        linked=linked_releases(contract, here.contract, here.ledger()),
    )


@private_task
def clear(deidentified: Deidentified) -> Cleared:
    """Attack the masked table before somebody else does."""
    here, contract = world(), world().contract(deidentified.dataset)
    return clearing.clear(
        deidentified,
        contract,
        here.rule_pack(contract.disclosure.rule_pack),
        here.populations(),
        publishing.earlier_releases(here.ledger().entries(deidentified.dataset)),
        here.tables(),
        here.papers(),
        linked=linked_releases(contract, here.contract, here.ledger()),
    )


@private_task
def document(cleared: Cleared) -> Documented:
    """Make the release's papers and seal it."""
    here, contract = world(), world().contract(cleared.dataset)
    return documenting.document(
        cleared,
        contract,
        here.rule_pack(contract.disclosure.rule_pack),
        here.department(contract.department),
        publishing.published_releases(here.ledger().entries(cleared.dataset)),
        here.tables(),
        here.papers(),
    )
