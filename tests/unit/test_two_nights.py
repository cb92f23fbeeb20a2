"""Two nights of one table: the second release gives nothing of the first away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import (
    load_contract,
    load_department,
    load_populations,
    load_rule_pack,
)
from opengazette.disclosure.complementary import protect
from opengazette.disclosure.primary import Protection, SmallCountRule
from opengazette.disclosure.structure import cell_table
from opengazette.disclosure.withholding import withhold
from opengazette.errors import AuditFailed
from opengazette.model.contract import Contract
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
COUNTIES = ("Alameda", "Alpine", "Fresno", "Sierra")
KEY = ["year", "county", "age_group", "sex"]


@dataclass(frozen=True)
class Given:
    """A tabulator that has the base cells already."""

    base: pd.DataFrame

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        assert extract.exists()
        return self.base


class Office:
    """The steps between validation and the gate, on a real archive."""

    def __init__(self, folder: Path) -> None:
        self.archive = FolderArchive(folder)
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.contract = load_contract(ROOT, "emergency_encounters")
        self.pack = load_rule_pack(ROOT, self.contract.disclosure.rule_pack)
        self.populations = load_populations(ROOT)
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(self.contract.id, extract.sha256, 1, ())
        self.validated = Validated(self.contract.id, self.contract.fingerprint(), table, ())

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
        )

    def released(self, base: pd.DataFrame, *earlier: Release) -> Release:
        cleared = self.cleared(self.masked(base, *earlier), *earlier)
        department = load_department(ROOT, self.contract.department)
        papers = document(cleared, self.contract, self.pack, department, self.tables, self.papers)
        return papers.release

    def read(self, release: Release) -> tuple[pd.Series, pd.Series]:
        true = self.tables.load(release.private).set_index(KEY)["encounters"]
        return true, self.tables.load(release.public).set_index(KEY)["encounters"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "archive")


def base(office: Office, seed: int = 3) -> pd.DataFrame:
    bands = next(d for d in office.contract.publication.dimensions if d.name == "age_group")
    ages = [band.label for band in bands.generalise.bands]  # type: ignore[union-attr]
    keys = pd.MultiIndex.from_product([["2022"], COUNTIES, ages, ["Female", "Male"]], names=KEY)
    counts = np.random.default_rng(seed).negative_binomial(1, 0.03, len(keys))
    frame = keys.to_frame(index=False).astype("string")
    return frame.assign(encounters=pd.array(counts, dtype="Int64"))


def test_a_table_that_has_not_changed_is_masked_as_it_was(office: Office) -> None:
    first = office.released(base(office))
    second = office.released(base(office), first)
    assert second.fingerprint == first.fingerprint
    assert first.primary > 0


def test_what_was_shown_and_has_not_changed_is_shown_again(office: Office) -> None:
    first = office.released(base(office))
    grown = base(office)
    grown.loc[0, "encounters"] += 25
    second = office.released(grown, first)
    (true_then, then), (true_now, now) = office.read(first), office.read(second)
    same = true_then == true_now
    assert (same & then.notna()).any()
    assert now[same & then.notna()].notna().all()
    assert second.fingerprint != first.fingerprint


def test_a_pattern_that_forgets_the_earlier_release_does_not_pass(office: Office) -> None:
    """Two patterns for the same counts, each safe alone, give counts away together."""
    first = office.released(base(office))
    masked, (true, then) = office.masked(base(office)), office.read(first)
    table = office.tables.load(first.private)
    cells = cell_table(office.contract.publication, table)
    withheld_then = then.isna().to_numpy()
    pattern = protect(
        cells,
        SmallCountRule(11),
        Protection(1, 10),
        weights={"encounters": np.where(withheld_then, 100.0, 1.0)},
    )
    forgetful = withhold(table, office.contract.publication, pattern.withheld)
    assert (pattern.withheld["encounters"] != withheld_then).any()
    public = office.tables.save(masked.dataset, forgetful)
    other = Deidentified(
        masked.dataset,
        masked.contract,
        masked.rule_pack,
        masked.extract,
        public,
        masked.private,
        masked.assessment,
        (),
    )
    assert office.cleared(other).primary == first.primary
    with pytest.raises(AuditFailed, match="can be narrowed"):
        office.cleared(other, first)
    assert len(true) == public.rows


def test_a_new_small_count_is_not_given_away_by_the_unchanged_counts_around_it(
    office: Office,
) -> None:
    """Every total that holds the only changed count would give it away; all are withheld."""
    quiet = base(office)
    quiet["encounters"] = pd.array([40] * len(quiet), dtype="Int64")
    first = office.released(quiet)
    assert (first.primary, first.complementary) == (0, 0)
    busier = quiet.copy()
    busier.loc[0, "encounters"] = 5
    second = office.released(busier, first)
    (true_then, _), (true_now, now) = office.read(first), office.read(second)
    changed = true_then != true_now
    assert now[changed].isna().all()
    assert now[~changed].notna().all()
