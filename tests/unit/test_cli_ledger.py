"""The ledger on the command line: what an auditor sees, and what is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.cli.main import app
from opengazette.errors import LedgerConflict, NotPublished, SettingsInvalid
from opengazette.model.ledger import Portrait

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
SHA = "ab" * 32


def portrait(archive: FolderArchive, release: str) -> Portrait:
    """Describe a release whose files the archive really holds."""

    def kept(content: str) -> str:
        with archive.staging() as folder:
            file = folder / "file"
            file.write_text(content)
            return archive.keep(file)

    return Portrait(
        release=release,
        contract=SHA,
        rule_pack=SHA,
        extract=kept("extract"),
        extracted_rows=100,
        table=kept(f"table {release}"),
        columns=("county",),
        true_table=kept("true table"),
        true_columns=("county",),
        rows=12,
        score=8,
        primary=3,
        complementary=2,
        documents={"table.csv": ("text/csv", kept("county\n"))},
        approval=SHA,
    )


class Office:
    """A folder with a ledger of two datasets."""

    def __init__(self, var: Path) -> None:
        self.root, self.shown = var / "archive", ""
        archive = FolderArchive(self.root)
        ledger = ArchiveLedger(archive)
        for dataset, release in (("births", "1" * 64), ("births", "2" * 64), ("deaths", "3" * 64)):
            seen = portrait(archive, release)
            ledger.append(dataset, "intent", NOW, seen)
            ledger.append(dataset, "published", NOW, seen, uid="abcd-1234", digest=SHA)

    def run(self, *arguments: str) -> str:
        result = CliRunner().invoke(app, ["ledger", *arguments])
        self.shown = result.output
        if result.exception is not None:
            raise result.exception
        return result.output


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(ROOT))
    monkeypatch.setenv("OPENGAZETTE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "200")
    return Office(tmp_path / "var")


def test_the_datasets_are_listed_with_what_the_public_sees(office: Office) -> None:
    lines = [line.split() for line in office.run().splitlines()]
    assert lines[1][:3] == ["births", "4", "published"]
    assert "12 rows" in office.run()
    assert [line[0] for line in lines[1:]] == ["births", "deaths"]


def test_an_empty_ledger_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(ROOT))
    monkeypatch.setenv("OPENGAZETTE_VAR", str(tmp_path))
    assert "empty" in CliRunner().invoke(app, ["ledger"]).output


def test_the_entries_of_a_dataset_and_a_release_are_shown(office: Office) -> None:
    assert office.run("births").count("published") == 2
    shown = office.run("--release", "22222222")
    assert "2" * 64 in shown
    assert "table.csv" in shown
    assert "opengazette replay 222222222222" in shown
    told = json.loads(office.run("births", "--json"))
    assert [entry["kind"] for entry in told["births"]] == ["intent", "published"] * 2


@pytest.mark.parametrize("named", ["99999999", "2222", ""])
def test_a_release_that_is_none_is_refused(office: Office, named: str) -> None:
    with pytest.raises(NotPublished, match="no release that was published"):
        office.run("--release", named)


def test_a_dataset_that_was_never_published_is_refused_with_those_that_were(
    office: Office,
) -> None:
    with pytest.raises(NotPublished, match="births, deaths"):
        office.run("no_such_dataset")


def test_a_whole_ledger_verifies_with_every_file(office: Office) -> None:
    assert "2 datasets, 6 entries: the ledger is whole" in office.run("--verify", "--files")


def test_every_damaged_entry_is_named(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    link = office.root / "ledger" / "births" / "000002.json"
    link.write_text(link.read_text().replace('"rows": 12', '"rows": 13'))
    (office.root / "ledger" / "deaths" / "000001.json").unlink()
    with pytest.raises(LedgerConflict, match="2 problems"):
        office.run("--verify")
    shown = office.shown
    assert "births: entry 2 was changed" in shown
    assert "deaths: entry 1 is missing" in shown
    assert "entry 2 was changed" in office.run(), "the list shows it as well"


def test_a_file_that_was_lost_or_damaged_is_named(
    office: Office,
) -> None:
    entry = ArchiveLedger(FolderArchive(office.root)).entries("births")[0].release
    for address, content in ((entry.table, None), (entry.true_table, "other")):
        file = office.root / "objects" / address[:2] / address
        file.unlink() if content is None else file.write_text(content)
    assert "whole" in office.run("--verify")
    with pytest.raises(LedgerConflict):
        office.run("--files")
    shown = office.shown
    assert "entry 1 names the table, which the archive has lost" in shown
    assert "entry 1 names the true table" in shown


def test_a_witness_elsewhere_finds_a_truncation_that_the_archive_hides(
    office: Office, tmp_path: Path
) -> None:
    witness = tmp_path / "witness.json"
    assert "Keep it away" in office.run("--verify", "--write-witness", str(witness))
    for place in ("ledger/births/000004.json", "seals/births/000004"):
        (office.root / place).unlink()
    assert "whole" in office.run("--verify"), "without a witness nobody can know"
    with pytest.raises(LedgerConflict):
        office.run("--verify", "--witness", str(witness))
    assert "births: entry 4 is missing; the witness has seen it" in office.shown


def test_what_is_no_witness_is_refused(office: Office, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no witness"):
        office.run("--witness", str(tmp_path / "absent.json"))
