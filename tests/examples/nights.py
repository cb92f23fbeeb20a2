"""The steps between validation and the gate on small tables, night after night."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import load_department, load_populations, load_rule_pack
from opengazette.disclosure.masking.withholding import withhold
from opengazette.documentation.masking_manual import merged
from opengazette.model.contract import Contract
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
BASE = YAML(typ="safe").load(ROOT / "tests" / "spec" / "masking.yaml")["base"]
GROUP = {
    "name": "group",
    "label": "Group",
    "column": "group",
    "characteristic": {"kind": "other", "basis": "Groups of the example."},
}


def by_group(
    *measures: dict[str, Any], total: str | None = None, always: bool = True, **changes: Any
) -> Contract:
    """Return a contract of counts by group; with `always`, small ones go whatever the score."""
    told = {
        "publication": {"dimensions": [GROUP | ({"total": total} if total else {})]},
        "disclosure": {"high_risk": {"present": always, "basis": "Decided for the example."}},
    }
    if measures:
        told["publication"]["measures"] = list(measures)
    return Contract.model_validate(merged(BASE, {**told, **changes}))


def count(name: str, part_of: str | None = None) -> dict[str, Any]:
    told = {"kind": "count", "name": name, "label": name, "unit": "tests", "definition": "Tests."}
    part = {"where": {"status": [name]}, "part_of": part_of} if part_of else {}
    return told | part


@dataclass(frozen=True)
class Given:
    """A tabulator that has the base cells already."""

    cells: str

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        assert extract.exists()
        header, *rows = csv.reader(self.cells.split())
        read = pd.DataFrame(rows, columns=header)
        keys = dict.fromkeys(contract.publication.key(), "string")
        whole = {m.name: "Int64" for m in contract.publication.counts()}
        means = {m.name: "float64" for m in contract.publication.means()}
        return read.astype(keys | whole | means)


class Nights:
    """One dataset on a real archive; its releases are kept, newest first."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self.contract, self.archive = contract, FolderArchive(folder)
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.pack = load_rule_pack(ROOT, contract.disclosure.rule_pack)
        self.populations = load_populations(ROOT)
        self.linked: Mapping[str, Sequence[Release]] = {}
        self.earlier: list[Release] = []

    def masked(self, cells: str) -> Deidentified:
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(self.contract.id, extract.sha256, 1, ())
        return deidentify(
            Validated(self.contract.id, self.contract.fingerprint(), table, ()),
            self.contract,
            self.pack,
            self.populations,
            self.earlier,
            self.archive,
            Given(cells),
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def showing_all_but(self, masked: Deidentified, **blank: str) -> Deidentified:
        """Return the same table with other blanks: those groups of those counts alone."""
        true = self.tables.load(masked.private)
        hidden = {
            m.name: true["group"].isin(blank.get(m.name, "").split()).to_numpy()
            for m in self.contract.publication.counts()
        }
        public = self.tables.save(
            self.contract.id, withhold(true, self.contract.publication, hidden)
        )
        return Deidentified(
            masked.dataset,
            masked.contract,
            masked.rule_pack,
            masked.extract,
            public,
            masked.private,
            masked.assessment,
            (),
        )

    def cleared(self, masked: Deidentified) -> Cleared:
        return clear(
            masked,
            self.contract,
            self.pack,
            self.populations,
            self.earlier,
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def released(self, cells: str) -> Release:
        department = load_department(ROOT, self.contract.department)
        cleared = self.cleared(self.masked(cells))
        made = document(
            cleared,
            self.contract,
            self.pack,
            department,
            self.earlier,
            self.tables,
            self.papers,
        ).release
        self.earlier.insert(0, made)
        return made

    def shown(self, release: Release | Deidentified) -> dict[str, str]:
        """Return the counts of each group as the public reads them; a blank is a question mark."""
        public = self.tables.load(release.public)
        counts = public[[m.name for m in self.contract.publication.counts()]]
        rows = counts.astype("string").fillna("?").agg(" ".join, axis=1)
        return dict(zip(public["group"], rows, strict=True))

    def checks(self, release: Release) -> dict[str, str]:
        checks = json.loads(self.papers.read(release.evidence))["checks"]
        return {check["name"]: check["found"] for check in checks}
