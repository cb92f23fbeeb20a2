"""The world as it was when a release was made: its extract, its contract and rules, its past.

Nothing is written to the archive from here: what is made anew lies in a folder beside it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger, Records
from opengazette.adapters.archives.papers import ArchivePapers, Vault
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.governance.ledger_state import tried
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry, Portrait
from opengazette.model.reference import DataElements
from opengazette.model.rulepack import RulePack
from opengazette.ports import CheckResult, ExtractSummary, Papers, Tables
from opengazette.steps.of_its_day import contract_of, of_its_day
from opengazette.steps.publish import earlier_releases, release_of


class Beside:
    """The archive to read from, and a folder to write to."""

    def __init__(self, archive: Vault, scratch: FolderArchive) -> None:
        self._archive, self._scratch = archive, scratch

    def staging(self) -> AbstractContextManager[Path]:
        """Open a private folder that is gone afterwards."""
        return self._scratch.staging()

    def keep(self, file: Path) -> str:
        """Keep a file beside the archive."""
        return self._scratch.keep(file)

    def fetch(self, sha256: str, *, verify: bool = False) -> Path:
        """Return what was made anew, else what the archive holds. Raises ArchiveUnavailable."""
        if self._scratch.has(sha256):
            return self._scratch.fetch(sha256, verify=verify)
        return self._archive.fetch(sha256, verify=verify)


class PastLedger(ArchiveLedger):
    """The ledger as it stood before a release was first meant to be published."""

    def __init__(self, records: Records, release: LedgerEntry) -> None:
        super().__init__(records)
        self._release = release

    def entries(self, dataset: str) -> tuple[LedgerEntry, ...]:
        """Return the verified chain up to that moment. Raises LedgerConflict."""
        chain = super().entries(dataset)
        begun = self._begun()
        if dataset != self._release.dataset:
            return tuple(entry for entry in chain if entry.at < begun.at)
        return chain[: begun.sequence - 1]

    def _begun(self) -> LedgerEntry:
        """Return the first entry of the release that was not given up before it was sent."""
        named = self._release.release.release
        chain = tried(super().entries(self._release.dataset))
        return next(entry for entry in chain if entry.release.release == named)


class ArchivedExtract:
    """The extract of a release in the place of the department's database."""

    def __init__(self, archive: Vault, portrait: Portrait) -> None:
        self._archive, self._portrait = archive, portrait

    def extract(self, contract: Contract, into: Path) -> ExtractSummary:
        """Give the archived file again. Raises ArchiveUnavailable."""
        shutil.copyfile(self._archive.fetch(self._portrait.extract, verify=True), into)
        columns = dict.fromkeys(contract.columns, "")
        return ExtractSummary(self._portrait.extracted_rows, columns, self._portrait.extract, ())


class ValidatedBefore:
    """A validator of what was validated in its day: expectations may be others now."""

    def validate(
        self,
        extract: Path,  # noqa: ARG002 - the protocol's
        contract: Contract,  # noqa: ARG002 - the protocol's
        elements: DataElements,  # noqa: ARG002 - the protocol's
    ) -> Sequence[CheckResult]:
        """Return no result: nothing is checked again."""
        return ()


class PastWorld(World):
    """The world in which a release is made once more.

    What is not done: departments and population tables are those of today; where they have
    changed, the papers that quote them differ and are named.
    """

    def __init__(self, settings: Settings, release: LedgerEntry, scratch: Path) -> None:
        super().__init__(settings)
        self._release = release
        self._beside = Beside(super().archive(), FolderArchive(scratch))

    def archive(self) -> Vault:
        """Return the archive to read from, with a folder to write to."""
        return self._beside

    def tables(self) -> Tables:
        """Return the tables of the archive and of that folder."""
        return ParquetTables(self._beside)

    def papers(self) -> Papers:
        """Return the documents of the archive and of that folder."""
        return ArchivePapers(self._beside)

    def ledger(self) -> PastLedger:
        """Return the ledger as it stood before the release."""
        return PastLedger(self._archive, self._release)

    def contract(self, dataset: str) -> Contract:
        """Return the contract of that day. Raises ArchiveUnavailable, ContractInvalid."""
        if dataset == self._release.dataset:
            return contract_of(self._release, self.papers())
        before = earlier_releases(self.ledger().entries(dataset))
        if not before:
            return super().contract(dataset)
        return of_its_day(before[0], self.papers(), "contract.json", Contract)

    def rule_pack(self, name: str) -> RulePack:  # noqa: ARG002 - there was but one
        """Return the rule pack of that day. Raises ArchiveUnavailable."""
        return of_its_day(release_of(self._release), self.papers(), "rulepack.json", RulePack)

    def source(self, contract: Contract) -> ArchivedExtract:  # noqa: ARG002 - there was but one
        """Return the archived extract in the place of the department's database."""
        return ArchivedExtract(self._beside, self._release.release)

    def validator(self) -> ValidatedBefore:
        """Return a validator that checks nothing again."""
        return ValidatedBefore()
