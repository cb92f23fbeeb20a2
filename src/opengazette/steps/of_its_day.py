"""What a release was made under, as the archive has it."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from opengazette.errors import ArchiveUnavailable
from opengazette.model.contract import Contract
from opengazette.model.frozen import Frozen
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Release
from opengazette.ports import Papers
from opengazette.steps.publish import release_of

Made = TypeVar("Made", bound=Frozen)


def contract_of(receipt: LedgerEntry, papers: Papers) -> Contract:
    """Return the contract that a release was made under. Raises ArchiveUnavailable."""
    return of_its_day(release_of(receipt), papers, "contract.json", Contract)


def of_its_day(release: Release, papers: Papers, name: str, kind: type[Made]) -> Made:
    """Return a paper of a release as the value that it was written from.

    Raises:
        ArchiveUnavailable: it is lost, or of a form that this version does not read.
    """
    try:
        return kind.model_validate_json(papers.read(release.document(name)))
    except (KeyError, ValidationError):
        raise ArchiveUnavailable(
            f"{release.dataset}: {name} of the release has no form that this version reads.",
            "Use the version that made the release: 'opengazette ledger --release' names it. "
            "'opengazette replay --stored' reads its files as they are.",
        ) from None
