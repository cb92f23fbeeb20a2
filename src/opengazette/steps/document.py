"""Write a release's papers and seal it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opengazette.disclosure.primary.marks import uncoded
from opengazette.documentation.canonical import read_table_csv, table_csv
from opengazette.documentation.change_note import PublicTable, change_note
from opengazette.documentation.columns import published_columns
from opengazette.documentation.dictionary import csv_of, dictionary_lines
from opengazette.documentation.evidence import canonical_json
from opengazette.documentation.footnotes import footnotes
from opengazette.documentation.metadata import dcat_us, portal_metadata, with_change_note
from opengazette.documentation.report import methodology_note, release_report
from opengazette.errors import DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.reference import Department
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Cleared, Documented, DocumentRef, Release
from opengazette.ports import Papers, Tables
from opengazette.steps.attack import CALL_THE_EXPERT


def document(
    cleared: Cleared,
    contract: Contract,
    rule_pack: RulePack,
    department: Department,
    published: Sequence[Release],
    tables: Tables,
    papers: Papers,
) -> Documented:
    """Make the exact file that will be public, its dictionary, metadata, notes and report.

    `published` are the releases that the public saw, newest first. Everything follows from the
    contract, the rule pack, the evidence, the table and the last of them that had another, so
    equal inputs make an equal release, with the same fingerprint, on as many nights as they come.

    Raises:
        DisclosureRisk: a blank cell of the file has no code that says why, or a filled one has.
        ArchiveUnavailable: the table or the metadata of that other release is lost or damaged.
    """
    public = tables.load(cleared.public)
    evidence = json.loads(papers.read(cleared.evidence))
    tells_reasons = evidence["codes"] == "distinguish"
    columns = published_columns(
        contract, footnotes(contract, rule_pack, tells_reasons=tells_reasons)
    )
    file = table_csv(public, {column.name: column.decimals for column in columns})
    refuse_uncoded(contract, file)
    table = papers.file("table.csv", "text/csv", file)
    described = portal_metadata(
        contract, department, columns, evidence["legend"], evidence["footnotes"]
    )
    before = table_before(table, published, papers)
    news = change_note(PublicTable(file, described), before, contract.publication)
    metadata = with_change_note(described, news)
    dictionary = dictionary_lines(contract, columns)
    documents = (
        table,
        papers.file("dictionary.csv", "text/csv", csv_of(dictionary)),
        papers.file_sheet("dictionary.xlsx", "Data dictionary", dictionary),
        papers.file("metadata.json", "application/json", canonical_json(metadata)),
        papers.file("dcat.json", "application/json", canonical_json(dcat_us(contract, department))),
        papers.file("methodology.md", "text/markdown", methodology_note(contract, evidence)),
        papers.file(
            "contract.json", "application/json", canonical_json(contract.model_dump(mode="json"))
        ),
        papers.file(
            "rulepack.json", "application/json", canonical_json(rule_pack.model_dump(mode="json"))
        ),
        cleared.evidence,
        papers.file(
            "report.html",
            "text/html",
            release_report(contract, department, evidence, public, columns, news),
        ),
    )
    release = Release(
        dataset=cleared.dataset,
        contract=cleared.contract,
        rule_pack=cleared.rule_pack,
        extract=cleared.extract,
        public=cleared.public,
        private=cleared.private,
        evidence=cleared.evidence,
        documents=documents,
        score=cleared.score,
        primary=cleared.primary,
        complementary=cleared.complementary,
        proof=cleared.proof,
    )
    receipt = Receipt("document", {"documents": len(documents), "release": release.fingerprint})
    return Documented(release, (*cleared.receipts, receipt), cleared.compared)


def table_before(
    table: DocumentRef, published: Sequence[Release], papers: Papers
) -> PublicTable | None:
    """Return the last table that the public saw and that is not this one; None where there is none.

    Raises:
        ArchiveUnavailable: it or its metadata is lost or damaged.
    """
    others = (r for r in published if r.document(table.name).sha256 != table.sha256)
    release = next(others, None)
    if release is None:
        return None
    metadata = json.loads(papers.read(release.document("metadata.json")))
    return PublicTable(papers.read(release.document(table.name)), metadata)


def refuse_uncoded(contract: Contract, file: bytes) -> None:
    """Refuse the bytes of a table in which a cell and its annotation code disagree.

    Raises:
        DisclosureRisk: names the columns and counts the cells.
    """
    header, rows = read_table_csv(file)
    wrong = uncoded(header, rows, contract.publication.value_columns())
    if wrong:
        named = ", ".join(f"{name} ({count})" for name, count in wrong.items())
        raise DisclosureRisk(
            f"{contract.id}: cells of the file and their annotation codes disagree: {named}.",
            CALL_THE_EXPERT,
        )
