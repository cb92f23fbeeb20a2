"""Every masking rule does what its example says, down to the bytes of the published file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import load_department, load_populations, load_rule_pack
from opengazette.documentation.masking_manual import (
    MaskingExample,
    MaskingRules,
    masking_manual,
    merged,
)
from opengazette.errors import OpenGazetteError
from opengazette.model.contract import Contract
from opengazette.model.publication import Sum
from opengazette.model.stages import Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
RULES = MaskingRules.model_validate(
    YAML(typ="safe").load(Path(__file__).with_name("masking.yaml").read_text("utf-8"))
)
POPULATIONS = load_populations(ROOT)


@dataclass(frozen=True)
class Given:
    """A tabulator that has the true cells already."""

    cells: str

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        assert extract.exists()
        publication = contract.publication
        header, *rows = csv.reader(self.cells.splitlines())
        read = pd.DataFrame(rows, columns=header)
        numbers = read.columns.difference(list(publication.key()))
        read[numbers] = read[numbers].apply(pd.to_numeric)
        whole = [m.name for m in publication.measures if m.kind in ("count", "population", "sum")]
        keys = dict.fromkeys(publication.key(), "string")
        return read.astype(keys | dict.fromkeys(whole, "Int64"))

    def contributions(self, extract: Path, contract: Contract, measure: Sum) -> pd.DataFrame:
        """Let every member of a cell have contributed about the same."""
        base = self.tabulate(extract, contract)
        people, total = base[measure.over].astype(int), base[measure.name].astype(int)
        place = np.repeat(np.arange(len(base)), people)
        first = np.flatnonzero(np.diff(place, prepend=-1))
        amount = (total // people).to_numpy()[place]
        amount[first] += (total % people).to_numpy()[place[first]]
        given = base[list(contract.publication.key())].iloc[place].reset_index(drop=True)
        return given.assign(contributor=np.arange(len(place)), amount=amount)


def examples() -> Iterator[Any]:
    for rule in RULES.rules:
        for example in rule.examples:
            yield pytest.param(example, id=f"{example.case or rule.title}: {example.shows}")


class Published:
    """The papers of one example, from its true cells to the release."""

    def __init__(self, folder: Path, example: MaskingExample) -> None:
        contract = Contract.model_validate(merged(RULES.base, example.contract))
        archive = FolderArchive(folder)
        tables, self.papers = ParquetTables(archive), ArchivePapers(archive)
        pack = load_rule_pack(ROOT, contract.disclosure.rule_pack)
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(contract.id, extract.sha256, 1, ())
        validated = Validated(contract.id, contract.fingerprint(), table, ())
        masked = deidentify(
            validated,
            contract,
            pack,
            POPULATIONS,
            (),
            archive,
            Given(example.cells),
            tables,
            self.papers,
        )
        cleared = clear(masked, contract, pack, POPULATIONS, (), tables, self.papers)
        department = load_department(ROOT, contract.department)
        made = document(cleared, contract, pack, department, (), tables, self.papers)
        self.release: Release = made.release

    def read(self, name: str) -> str:
        return self.papers.read(self.release.document(name)).decode()


@pytest.mark.parametrize("example", list(examples()))
def test_a_table_is_masked_as_its_example_says(example: MaskingExample, tmp_path: Path) -> None:
    if example.refused is not None:
        with pytest.raises((OpenGazetteError, ValidationError)) as refusal:
            Published(tmp_path, example)
        assert example.refused in str(refusal.value)
        return
    published = Published(tmp_path, example)
    assert published.read("table.csv") == example.published
    evidence = json.loads(published.read("evidence.json"))
    if example.steps:
        assert tuple(step["number"] for step in evidence["assessment"]) == example.steps
    said = [f"{check['name']}: {check['found']}" for check in evidence["checks"]]
    said += [line for step in evidence["assessment"] for line in (step["reason"], *step["inputs"])]
    for words in example.evidence:
        assert any(words in line for line in said), said


@pytest.mark.parametrize(
    "example", [e for e in examples() if e.values[0].footnotes and e.values[0].published]
)
def test_every_code_that_is_used_has_its_footnote(example: MaskingExample, tmp_path: Path) -> None:
    published = Published(tmp_path, example)
    notes = json.loads(published.read("evidence.json"))["footnotes"]
    header, *rows = published.read("table.csv").splitlines()
    codes = [at for at, name in enumerate(header.split(",")) if name.endswith("_annotation")]
    assert set(notes) == {row.split(",")[at] for row in rows for at in codes} - {""}
    metadata = json.loads(published.read("metadata.json"))
    for code, words in example.footnotes.items():
        assert words in notes[code]
        for paper in ("dictionary.csv", "methodology.md", "report.html"):
            assert words in published.read(paper), paper
        assert words in metadata["custom_fields"]["Disclosure"]["annotation_codes"]


def test_the_manual_of_masking_is_written_from_the_examples() -> None:
    written = (ROOT / "docs/stewards/masking.md").read_text("utf-8")
    assert written == masking_manual(RULES), "run 'python tests/spec/write_manual.py'"
