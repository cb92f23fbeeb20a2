"""What the terminal and the report show of a protected or attacked table."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from opengazette.adapters.beside_files import file_sha256
from opengazette.disclosure.standalone.attack import Attacked
from opengazette.disclosure.standalone.certificate import Certificate
from opengazette.disclosure.standalone.given_cells import PublishedCells
from opengazette.disclosure.standalone.protection import Options, ProtectedCells
from opengazette.documentation.protection_receipt import (
    AuditCounts,
    Ended,
    FileMark,
    ProtectionReceipt,
    Reached,
)
from opengazette.documentation.protection_report import Attack, Interval, protection_report
from opengazette.documentation.protection_report import Certificate as ReportedCertificate
from opengazette.model.cell_structure import CellStructure

_LEAST = {
    "count": "the number of complementary cells",
    "sum": "what the complementary cells hold",
    "weights": "what the complementary cells are worth",
}


def certificate_words(certificate: Certificate) -> str:
    """Say how good a pattern is."""
    less = "has fewer" if certificate.counts_cells else "costs less"
    if certificate.is_proven:
        return f"no pattern {less}; proven."
    least = f"{certificate.least:,.0f}" if certificate.counts_cells else f"{certificate.least:,.1f}"
    own = "" if certificate.counts_cells else f", this one costs {certificate.cost:,.1f}"
    return f"no pattern {less} than {least}{own}; gap {100 * certificate.gap:.1f} %."


def interval_rows(attacked: Attacked) -> Iterator[tuple[object, ...]]:
    """List what can be worked out of each protected cell that is withheld."""
    for finding in attacked.findings:
        status = "narrow" if not finding.covered else "covered" if finding.proved else "undecided"
        high = "" if finding.high == float("inf") else round(finding.high)
        yield (*finding.key, round(finding.low), high, status)


def proof_lines(attacked: Attacked) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each proof a title: the cell and what it comes to."""
    for proof in attacked.proofs:
        yield f"{' / '.join(proof.key)} is {proof.relation} {proof.value:,}:", proof.steps


def reported(structure: CellStructure, found: ProtectedCells, protection: str, file: str) -> bytes:
    """Return the report of a protected table."""
    cells, gone = found.cells, found.withheld
    values = pd.Series(cells.values).astype("Float64").mask(gone)
    status = pd.Series("published", index=values.index).mask(gone, "complementary")
    table = _frame(structure, cells.keys, values, status.mask(cells.is_primary(), "primary"))
    reached = found.certificate
    certificate = ReportedCertificate(
        complementary=found.n_complementary,
        least=int(reached.least),
        gap=reached.gap,
        proven=reached.is_proven,
        words="" if reached.counts_cells else certificate_words(reached),
    )
    asked = _options(structure, protection, file) | _decided(found)
    return _page(structure, table, found.attacked, certificate, asked, file)


def reported_attack(
    structure: CellStructure,
    cells: PublishedCells,
    attacked: Attacked,
    protection: str,
    file: str,
) -> bytes:
    """Return the report of an attacked table."""
    values = pd.Series(cells.values).astype("Float64")
    status = pd.Series("published", index=values.index).mask(values.isna(), "complementary")
    table = _frame(structure, cells.keys, values, status.mask(cells.primary, "primary"))
    asked = _options(structure, protection, file)
    return _page(structure, table, attacked, None, asked, file)


def receipted(
    structure: CellStructure,
    found: ProtectedCells,
    options: Options,
    told: Mapping[str, str | float | bool],
    inputs: Mapping[str, tuple[Path, ...]],
    outputs: Mapping[str, Path],
    ended: Ended,
) -> bytes:
    """Return the receipt of a protected table."""
    return ProtectionReceipt(
        versions=_versions(),
        inputs={use: tuple(map(_mark, paths)) for use, paths in inputs.items()},
        options={
            **told,
            "objective": str(options.objective),
            "gap": options.gap,
            "trust_flags": options.trust_flags,
            "blank_may_be_zero": options.may_be_zero,
            "threshold": structure.threshold,
            "zeros": structure.zero_policy,
        },
        structure=structure.fingerprint(),
        cells=len(found.cells.keys),
        primary=found.n_primary,
        complementary=found.n_complementary,
        beside=found.n_beside,
        reached=_reached(found, ended),
        audit=_audit_counts(found.attacked),
        outputs={use: _mark(path) for use, path in outputs.items()},
        decisions=found.because,
    ).json()


def _reached(found: ProtectedCells, ended: Ended) -> Reached:
    """Sum up the search; what the withheld counts come to is not for paper."""
    reached = found.certificate
    is_a_sum = reached.objective == "sum"
    return Reached(
        objective=reached.objective,
        cost=None if is_a_sum else round(reached.cost, 3),
        least=None if is_a_sum else round(reached.least, 3),
        gap=round(reached.gap, 4),
        proven=reached.is_proven,
        rounds=found.pattern.rounds,
        ended=ended,
    )


def _audit_counts(attacked: Attacked) -> AuditCounts:
    result = attacked.result
    return AuditCounts(
        passed=attacked.passed,
        attacked=result.n_protected,
        exposed=result.n_exposed,
        narrow=result.n_narrow,
        undecided=result.n_undecided,
        determined=attacked.determined,
        attacked_beside=attacked.n_beside,
        failing_beside=attacked.n_beside_failing,
    )


def _mark(path: Path) -> FileMark:
    return FileMark(path.name, file_sha256(path))


def _versions() -> dict[str, str]:
    return {
        "OpenGazette": version("opengazette"),
        "HiGHS": version("highspy"),
        "Python": platform.python_version(),
    }


def _frame(
    structure: CellStructure,
    keys: tuple[tuple[str, ...], ...],
    values: pd.Series[float],
    status: pd.Series[str],
) -> pd.DataFrame:
    table = pd.DataFrame(list(keys), columns=[dim.name for dim in structure.dims])
    return table.assign(published=values, status=status)


def _page(
    structure: CellStructure,
    table: pd.DataFrame,
    attacked: Attacked,
    certificate: ReportedCertificate | None,
    asked: Mapping[str, str],
    file: str,
) -> bytes:
    result = attacked.result
    return protection_report(
        structure.name or file,
        table,
        {f.key: Interval(f.low, f.high, covered=f.covered) for f in attacked.findings},
        Attack(
            passed=attacked.passed,
            protected=result.n_protected,
            exposed=result.n_exposed,
            narrow=result.n_narrow,
            determined=attacked.determined,
            undecided=result.n_undecided,
            proofs=tuple(proof_lines(attacked)),
        ),
        certificate,
        asked,
        threshold=structure.threshold,
    )


def _decided(found: ProtectedCells) -> dict[str, str]:
    """Say what was to be least, what is published beside, and what somebody decided."""
    told = {"To be least": _LEAST[found.certificate.objective]}
    if found.n_beside:
        told["Published beside"] = f"{found.n_beside:,} cells"
    return told | {f"Decided: {why}": f"{n:,} cells" for why, n in found.because}


def _options(structure: CellStructure, protection: str, file: str) -> dict[str, str]:
    return {
        "Table": file,
        "Structure (SHA-256)": structure.fingerprint(),
        "Protection": protection,
        "Small counts": f"up to {structure.threshold}",
        "True zeros": "shown" if structure.zero_policy == "publish" else "primary",
        **_versions(),
    }
