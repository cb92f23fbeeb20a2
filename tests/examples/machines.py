"""Machines that share an archive, and what each publishes and takes back from there."""

from __future__ import annotations

from pathlib import Path

from examples.obliging_portals import Obliging
from examples.offices import CONTRACT, Noon
from examples.releases import SHA

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.model.contract import Contract
from opengazette.model.stages import Approved, DocumentRef, Published, Release, TableRef
from opengazette.ports import Ledger, Portal
from opengazette.steps.publish import earlier_releases, publish
from opengazette.steps.withdraw import resume, stop, withdraw


class Machine:
    """A machine on an archive, with a portal for each dataset, and a person at it."""

    def __init__(self, root: Path, name: str = "first", person: str = "Ann") -> None:
        self.ledger = ArchiveLedger(FolderArchive(root), lambda: name)
        self.portals: dict[str, Obliging] = {}
        self.clock, self.person = Noon(), person

    def portal(self, contract: Contract = CONTRACT) -> Obliging:
        """Return the portal of a dataset, which shows nothing at first."""
        uid = f"{len(self.portals):04}-data"
        return self.portals.setdefault(contract.id, Obliging(uid))

    def cleared(self, table: str, contract: Contract = CONTRACT) -> Approved:
        """Return a release that was attacked with all that the public has seen until now."""
        ref = TableRef(contract.id, table * 32, 3, ("county",))
        paper = DocumentRef("evidence.json", "application/json", SHA)
        release = Release(contract.id, SHA, SHA, ref, ref, ref, paper, (paper,), None, 0, 0)
        chains = [contract.id, *(link.dataset for link in contract.linked_to)]
        seen = [r for each in chains for r in earlier_releases(self.ledger.entries(each))]
        return Approved(release, SHA, (), frozenset(each.tables for each in seen))

    def publish(
        self,
        approved: Approved,
        contract: Contract = CONTRACT,
        ledger: Ledger | None = None,
        portal: Portal | None = None,
    ) -> Published:
        """Publish a release to the dataset's portal."""
        there = portal or self.portal(contract)
        return publish(approved, contract, there, ledger or self.ledger, self.clock)

    def stop(self, reason: str = "Wrong numbers.") -> None:
        """Stop the dataset."""
        stop(CONTRACT.id, self.ledger, self.clock, by=self.person, reason=reason)

    def withdraw(self, portal: Obliging, reason: str = "Wrong numbers.") -> None:
        """Stop the dataset and make it private."""
        self.stop(reason)
        withdraw(CONTRACT.id, portal, self.ledger, self.clock, by=self.person, reason=reason)

    def resume(self) -> None:
        """Let the dataset go on."""
        resume(CONTRACT.id, self.ledger, self.clock, by=self.person, reason="All is well.")

    def kinds(self, contract: Contract = CONTRACT) -> list[str]:
        """Return what kinds of entries the chain has."""
        return [entry.kind for entry in self.ledger.entries(contract.id)]
