"""An office that clears tables of emergency encounters, night after night, on a real archive."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import (
    load_contract,
    load_department,
    load_populations,
    load_rule_pack,
)
from opengazette.model.contract import Contract
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
COUNTIES = ("Alameda", "Alpine", "Fresno", "Sierra")


@dataclass(frozen=True)
class Given:
    """A tabulator that has the base cells already."""

    base: pd.DataFrame

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        assert extract.exists()
        return self.base


class Office:
    """The steps between validation and the gate, on a real archive."""

    def __init__(self, folder: Path, contract: Contract | None = None) -> None:
        self.folder, self.archive = folder, FolderArchive(folder)
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.contract = contract or load_contract(ROOT, "emergency_encounters")
        self.pack = load_rule_pack(ROOT, self.contract.disclosure.rule_pack)
        self.populations = load_populations(ROOT)
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(self.contract.id, extract.sha256, 1, ())
        self.validated = Validated(self.contract.id, self.contract.fingerprint(), table, ())
        self.linked: dict[str, tuple[Release, ...]] = {}

    def masked(self, base: pd.DataFrame, *earlier: Release) -> Deidentified:
        return deidentify(
            self.validated,
            self.contract,
            self.pack,
            self.populations,
            earlier,
            self.archive,
            Given(base),
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def cleared(self, masked: Deidentified, *earlier: Release) -> Cleared:
        return clear(
            masked,
            self.contract,
            self.pack,
            self.populations,
            earlier,
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def released(self, base: pd.DataFrame, *earlier: Release) -> Release:
        return self.documented(self.cleared(self.masked(base, *earlier), *earlier))

    def documented(self, cleared: Cleared) -> Release:
        department = load_department(ROOT, self.contract.department)
        papers = document(
            cleared, self.contract, self.pack, department, (), self.tables, self.papers
        )
        return papers.release

    def forgetful(self, base: pd.DataFrame) -> Deidentified:
        """Mask a table as if it stood alone."""
        alone = Office(self.folder, plain(self.contract))
        masked = alone.masked(base)
        return Deidentified(
            masked.dataset,
            self.contract.fingerprint(),
            masked.rule_pack,
            masked.extract,
            masked.public,
            masked.private,
            masked.assessment,
            (),
        )

    def read(self, release: Release | Deidentified) -> tuple[pd.Series, pd.Series]:
        key = list(self.contract.publication.key())
        true = self.tables.load(release.private).set_index(key)["encounters"]
        return true, self.tables.load(release.public).set_index(key)["encounters"]

    def findings(self, release: Release) -> dict[str, str]:
        checks = json.loads(self.papers.read(release.evidence))["checks"]
        return {check["name"]: check["found"] for check in checks}


def plain(contract: Contract) -> Contract:
    return contract.model_copy(update={"growth": None, "linked_to": ()})


def small_contract(dataset: str = "emergency_encounters", **changes: Any) -> Contract:
    """Publish by county and sex alone, with totals and no regions."""
    told = load_contract(ROOT, "emergency_encounters").model_dump(mode="json")
    dimensions = [d for d in told["publication"]["dimensions"] if d["name"] in ("county", "sex")]
    dimensions[0]["groups"] = {}
    told["publication"] |= {"dimensions": dimensions}
    told["disclosure"]["reporting_period"] = {"years": 1, "dimension": None}
    return Contract.model_validate({**told, "id": dataset, **changes})


def by_county_and_sex(*counts: int) -> pd.DataFrame:
    keys = pd.MultiIndex.from_product([COUNTIES, ["Female", "Male"]], names=["county", "sex"])
    frame = keys.to_frame(index=False).astype("string")
    return frame.assign(encounters=pd.array(counts, dtype="Int64"))
