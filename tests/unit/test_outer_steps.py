"""Extraction, validation and the gate stop what should not go on, and say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.contracts import load_contract, load_elements
from opengazette.disclosure.identifiers.texts import IdentifierFound
from opengazette.errors import (
    ApprovalMissing,
    DisclosureRisk,
    ExtractCollapsed,
    StandardsNotMet,
)
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements
from opengazette.model.stages import Documented, DocumentRef, Extracted, Release, TableRef
from opengazette.ports import CheckResult, ExtractSummary
from opengazette.steps.approve import approve
from opengazette.steps.extract import extract
from opengazette.steps.validate import validate

ROOT = Path(__file__).parents[2]
SHA = "0" * 64


@dataclass(frozen=True)
class SizedSource:
    """A source whose table has as many rows as the test says."""

    rows: int
    identifiers: tuple[IdentifierFound, ...] = ()

    def extract(self, contract: Contract, into: Path) -> ExtractSummary:
        into.write_bytes(b"parquet")
        return ExtractSummary(
            self.rows, dict.fromkeys(contract.columns, "text"), SHA, self.identifiers
        )


@dataclass(frozen=True)
class Verdicts:
    """A validator that found what the test says."""

    results: tuple[CheckResult, ...]

    def validate(
        self, extract: Path, contract: Contract, elements: DataElements
    ) -> Sequence[CheckResult]:
        assert extract.exists()
        return self.results


@pytest.fixture
def contract() -> Contract:
    return load_contract(ROOT, "covid_testing")


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path / "archive")


def test_an_extract_that_holds_identifiers_is_not_kept(
    contract: Contract, archive: FolderArchive, tmp_path: Path
) -> None:
    source = SizedSource(20_000, (IdentifierFound("result", "e-mail address", 3),))
    with pytest.raises(DisclosureRisk, match=r"'result' \(3 values: e-mail address\)"):
        extract(contract, source, archive, None)
    assert not list((tmp_path / "archive").rglob("*.parquet"))


def test_an_extract_is_kept_and_counted(contract: Contract, archive: FolderArchive) -> None:
    extracted = extract(contract, SizedSource(15_000), archive, None)
    assert archive.fetch(extracted.table.sha256).read_bytes() == b"parquet"
    assert extracted.receipts[0].facts["rows"] == 15_000
    assert extracted.contract == contract.fingerprint()


def test_an_extract_below_the_floor_is_refused_and_not_kept(
    contract: Contract, archive: FolderArchive, tmp_path: Path
) -> None:
    with pytest.raises(ExtractCollapsed, match="9999 rows.*at least 10000.*source.fewest_rows"):
        extract(contract, SizedSource(9_999), archive, None)
    kept = tmp_path / "archive" / "objects"
    assert not [path for path in kept.rglob("*") if path.is_file()]


def test_an_extract_that_collapsed_since_the_last_release_is_refused(
    contract: Contract, archive: FolderArchive
) -> None:
    with pytest.raises(ExtractCollapsed, match="down from 15524.*5 percent"):
        extract(contract, SizedSource(12_000), archive, 15_524)


def test_an_extract_that_shrank_a_little_goes_on(
    contract: Contract, archive: FolderArchive
) -> None:
    assert extract(contract, SizedSource(15_000), archive, 15_524).table.rows == 15_000


def result(*, passed: bool, severity: str = "critical", column: str = "age_years") -> CheckResult:
    return CheckResult("expect_something", column, severity, passed, 100, 0 if passed else 7, "why")


@pytest.fixture
def extracted(contract: Contract, archive: FolderArchive) -> Extracted:
    return extract(contract, SizedSource(15_000), archive, None)


def test_a_broken_critical_expectation_stops_with_its_name_and_count(
    contract: Contract, archive: FolderArchive, extracted: Extracted
) -> None:
    found = Verdicts((result(passed=True), result(passed=False)))
    message = r"1 of 2 expectations failed: expect_something on 'age_years' \(7 of 100 rows\)"
    with pytest.raises(StandardsNotMet, match=message):
        validate(extracted, contract, load_elements(ROOT), found, archive)


def test_a_warning_goes_into_the_receipt(
    contract: Contract, archive: FolderArchive, extracted: Extracted
) -> None:
    found = Verdicts((result(passed=True), result(passed=False, severity="warning")))
    validated = validate(extracted, contract, load_elements(ROOT), found, archive)
    assert validated.receipts[-1].facts["warnings"] == 1
    assert validated.table == extracted.table


def test_many_failures_are_counted_and_few_are_named(
    contract: Contract, archive: FolderArchive, extracted: Extracted
) -> None:
    found = Verdicts(tuple(result(passed=False, column=f"c{n}") for n in range(9)))
    with pytest.raises(StandardsNotMet, match="and 4 more"):
        validate(extracted, contract, load_elements(ROOT), found, archive)


def test_the_gate_says_how_to_let_a_release_out(contract: Contract) -> None:
    paper = DocumentRef("evidence.json", "application/json", SHA)
    table = TableRef(contract.id, SHA, 10, ())
    release = Release(contract.id, SHA, SHA, table, table, table, paper, (paper,), 14, 1, 1)
    with pytest.raises(ApprovalMissing, match="nobody has approved it yet") as refused:
        approve(Documented(release, ()), contract, None)
    assert "opengazette approve covid_testing --approver" in refused.value.remedy
