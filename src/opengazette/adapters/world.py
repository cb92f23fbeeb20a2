"""Everything outside, opened when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from opengazette.adapters import contracts
from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger, Records
from opengazette.adapters.archives.papers import Vault
from opengazette.adapters.archives.stock import Stock
from opengazette.adapters.clock import SystemClock
from opengazette.adapters.machine import machine_name
from opengazette.adapters.settings import Settings, own_root
from opengazette.errors import ContractInvalid, SettingsInvalid
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.databases import Databases
from opengazette.model.reference import DataElements, Department, PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.ports import Clock, Papers, Source, Tables, Tabulator, Validator

if TYPE_CHECKING:
    from opengazette.adapters.portals.revisions import LargeSender, RevisionSender
    from opengazette.adapters.portals.senders import ByRevision
    from opengazette.adapters.portals.socrata import SocrataPortal


class StoredArchive(Vault, Records, Stock, Protocol):
    """An archive of files and of the ledger's records, wherever it lies."""


class World:
    """The configuration and the adapters that the settings describe, each opened once.

    Configuration is read once, so one run sees one state of it; an approval is read each time,
    for a person may give it while the run waits. Heavy libraries are imported where an adapter
    that needs them is opened. Every reader raises ContractInvalid.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.root
        self._contracts: dict[str, Contract] = {}
        self._departments: dict[str, Department] = {}
        self._rule_packs: dict[str, RulePack] = {}

    @property
    def settings(self) -> Settings:
        """Return the settings of this world."""
        return self._settings

    def contracts(self) -> dict[str, Contract]:
        """Return every contract by id."""
        self._contracts = contracts.load_contracts(self._root)
        return dict(self._contracts)

    def contract(self, dataset: str) -> Contract:
        """Return one contract; a broken contract of another dataset does not matter."""
        if dataset not in self._contracts:
            self._contracts[dataset] = contracts.load_contract(self._root, dataset)
        return self._contracts[dataset]

    def department(self, department: str) -> Department:
        """Return a department."""
        if department not in self._departments:
            self._departments[department] = contracts.load_department(self._root, department)
        return self._departments[department]

    def rule_pack(self, name: str) -> RulePack:
        """Return a rule pack."""
        if name not in self._rule_packs:
            self._rule_packs[name] = contracts.load_rule_pack(self._root, name)
        return self._rule_packs[name]

    def elements(self) -> DataElements:
        """Return the data elements of the standards."""
        return self._elements

    def populations(self) -> dict[str, PopulationTable]:
        """Return every population table by id."""
        return dict(self._populations)

    def approval(self, dataset: str) -> Approval | None:
        """Return the standing approval of a dataset, as it is now."""
        return contracts.load_approval(self._root, dataset)

    def column_change(self, dataset: str) -> ColumnChange | None:
        """Return what a person has approved of a dataset's public columns, as it is now."""
        return contracts.load_column_change(self._root, dataset)

    def archive(self) -> Vault:
        """Return the restricted archive."""
        return self._archive

    def stock(self) -> Stock:
        """Return the restricted archive for whoever looks whether it is whole."""
        return self._archive

    def tables(self) -> Tables:
        """Return the publication tables of the archive."""
        from opengazette.adapters.archives.tables import ParquetTables

        return ParquetTables(self._archive)

    def papers(self) -> Papers:
        """Return the documents of the archive."""
        from opengazette.adapters.archives.papers import ArchivePapers

        return ArchivePapers(self._archive)

    def ledger(self) -> ArchiveLedger:
        """Return the ledger."""
        return ArchiveLedger(self._archive, lambda: machine_name(self._settings))

    def source(self, contract: Contract) -> Source:
        """Return the database that a contract names."""
        from opengazette.adapters.sources.duckdb import DuckDBSource

        name = contract.source.database
        database = self._databases.databases.get(name)
        if database is None:
            raise ContractInvalid(
                f"{contract.id}: config/databases.yaml has no database {name!r}.",
                "Correct source.database in the contract, or add the connection.",
            )
        return DuckDBSource(name, self._settings.var / database.path, self._elements)

    def tabulator(self) -> Tabulator:
        """Return what adds records up."""
        from opengazette.adapters.tabulator import IbisTabulator

        return IbisTabulator()

    def validator(self) -> Validator:
        """Return what checks extracts."""
        from opengazette.adapters.great_expectations import GreatExpectationsValidator

        return GreatExpectationsValidator(self._root / "expectations")

    def portal(self) -> SocrataPortal:
        """Return the portal that releases go to.

        Raises:
            SettingsInvalid: no password is set and the local portal has none, what the package
                itself brings would go to another portal than the local one, or the protocol
                needs a package that is not installed.
        """
        return self._portal

    def clock(self) -> Clock:
        """Return the clock."""
        return SystemClock()

    @cached_property
    def _archive(self) -> StoredArchive:
        near = FolderArchive(self._settings.var / "archive")
        url = self._settings.archive_url
        if url is None:
            return near
        from opengazette.adapters.archives.object_store import open_object_store

        return open_object_store(url, self._settings.archive_endpoint, near)

    @cached_property
    def _elements(self) -> DataElements:
        return contracts.load_elements(self._root)

    @cached_property
    def _populations(self) -> dict[str, PopulationTable]:
        return contracts.load_populations(self._root)

    @cached_property
    def _databases(self) -> Databases:
        return contracts.load_databases(self._root)

    @cached_property
    def _portal(self) -> SocrataPortal:
        from opengazette.adapters.portals.connection import Credentials
        from opengazette.adapters.portals.socrata import SocrataPortal

        settings = self._settings
        if settings.portal_url is not None:
            own_root(settings)
        token = settings.portal_app_token
        credentials = Credentials(
            settings.portal_user,
            self._portal_password(),
            token.get_secret_value() if token else None,
        )
        address, papers = settings.portal_address, self.papers()
        if settings.portal_protocol == "revisions":
            return SocrataPortal(address, credentials, papers, _reviewed_sender())
        return SocrataPortal(address, credentials, papers, by_revision=_by_revision(settings))

    def _portal_password(self) -> str:
        given, file = self._settings.portal_password, self._settings.portal_secret_file
        if given is not None:
            return given.get_secret_value()
        if self._settings.portal_url is None and file.is_file():
            return file.read_text(encoding="utf-8").strip()
        raise SettingsInvalid(
            f"There is no password for the portal at {self._settings.portal_address}.",
            "Set OPENGAZETTE_PORTAL_PASSWORD, or start the local portal, which makes its own "
            "(opengazette portal serve).",
        )


def _by_revision(settings: Settings) -> ByRevision:
    """Return which releases go as a revision; large ones only where socrata-py is installed."""
    from opengazette.adapters.portals.senders import ByRevision

    reviewed = frozenset(filter(None, settings.portal_reviewed.split(",")))
    datasets = settings.root / "config" / "datasets"
    unknown = sorted(name for name in reviewed if not (datasets / f"{name}.yaml").is_file())
    if unknown:
        raise SettingsInvalid(
            f"OPENGAZETTE_PORTAL_REVIEWED names what is no dataset: {', '.join(unknown)}.",
            "Name datasets by their ids, with commas and no spaces between them.",
        )
    if reviewed:
        _reviewed_sender()
    large = settings.portal_protocol == "automatic" and find_spec("socrata") is not None
    return ByRevision(
        reviewed=reviewed,
        every=_reviewed_sender,
        from_bytes=settings.portal_large_mb * 1_000_000,
        large=_large_sender if large else None,
    )


def _reviewed_sender() -> RevisionSender:
    return _revision_senders()[0]()


def _large_sender() -> LargeSender:
    return _revision_senders()[1]()


def _revision_senders() -> tuple[type[RevisionSender], type[LargeSender]]:
    try:
        from opengazette.adapters.portals.revisions import LargeSender, RevisionSender
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "socrata":
            raise
        raise SettingsInvalid(
            "OPENGAZETTE_PORTAL_PROTOCOL or OPENGAZETTE_PORTAL_REVIEWED asks for revisions, and "
            "socrata-py is not installed.",
            "Install it: pip install 'opengazette[revisions]'. Or set the protocol to soda, and "
            "name no dataset to be reviewed.",
        ) from None
    return RevisionSender, LargeSender
