"""Hold an extract against its data standards."""

from __future__ import annotations

from opengazette.errors import StandardsNotMet
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.reference import DataElements
from opengazette.model.stages import Extracted, Validated
from opengazette.ports import Archive, CheckResult, Validator

#: Failed expectations named in the message; the rest are counted.
NAMED_FAILURES = 5


def validate(
    extracted: Extracted,
    contract: Contract,
    elements: DataElements,
    validator: Validator,
    archive: Archive,
) -> Validated:
    """Check every expectation that the columns imply and that the dataset's file adds.

    Raises:
        StandardsNotMet: a critical expectation failed; expectations and counts are named.
        ContractInvalid: an expectation cannot be run.
    """
    results = validator.validate(archive.fetch(extracted.table.sha256), contract, elements)
    critical = tuple(r for r in results if not r.passed and r.severity == "critical")
    warnings = tuple(r for r in results if not r.passed and r.severity != "critical")
    if critical:
        raise StandardsNotMet(
            f"{contract.id}: {len(critical)} of {len(results)} expectations failed: "
            f"{_named(critical)}.",
            f"Tell the department which rule is broken; rules stand in "
            f"config/datasets/{contract.id}.yaml and expectations/{contract.id}.yaml.",
        )
    receipt = Receipt(
        "validate",
        {"expectations": len(results), "warnings": len(warnings)}
        | {f"warning {n}": _sentence(each) for n, each in enumerate(warnings, start=1)},
    )
    return Validated(
        extracted.dataset, extracted.contract, extracted.table, (*extracted.receipts, receipt)
    )


def _named(failures: tuple[CheckResult, ...]) -> str:
    named = "; ".join(_sentence(each) for each in failures[:NAMED_FAILURES])
    more = len(failures) - NAMED_FAILURES
    return f"{named}; and {more} more" if more > 0 else named


def _sentence(result: CheckResult) -> str:
    where = f" on {result.column!r}" if result.column else ""
    count = f" ({result.failed} of {result.checked} rows)" if result.failed is not None else ""
    return f"{result.expectation}{where}{count}"
