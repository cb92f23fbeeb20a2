"""What a contract's columns imply as expectations of the department's rows."""

from __future__ import annotations

from collections.abc import Iterator

from opengazette.model.contract import Contract
from opengazette.model.expectations import Expectation
from opengazette.model.reference import DataElements
from opengazette.standards.columns import ResolvedColumn, resolve_columns

ROW_COUNT = "expect_table_row_count_to_be_between"


def implied_expectations(contract: Contract, elements: DataElements) -> tuple[Expectation, ...]:
    """Return what must be true of every extract, all of it critical.

    First the number of rows, then for each column in order: no empty value, no repeated value,
    only allowed values, within bounds; each only where the contract or the element says so.
    Raises ContractInvalid where a column cannot be resolved.
    """
    rows = Expectation(
        type=ROW_COUNT,
        kwargs={"min_value": contract.source.fewest_rows},
        severity="critical",
        reason="An extract with fewer rows means that the source is broken.",
    )
    columns = resolve_columns(contract, elements)
    return (rows, *(e for column in columns for e in _of_column(column)))


def _of_column(column: ResolvedColumn) -> Iterator[Expectation]:
    if column.required:
        yield _expect(column, "not_be_null", "must have a value in every row")
    if column.unique:
        yield _expect(column, "be_unique", "must not repeat a value")
    if column.allowed is not None:
        yield _expect(
            column, "be_in_set", "must hold a listed value", value_set=list(column.allowed)
        )
    bounds = {"min_value": column.lowest, "max_value": column.highest}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    if given:
        yield _expect(column, "be_between", "must lie within its bounds", **given)


def _expect(
    column: ResolvedColumn, what: str, reason: str, **kwargs: float | list[str | int | bool]
) -> Expectation:
    return Expectation.model_validate(
        {
            "type": f"expect_column_values_to_{what}",
            "kwargs": {"column": column.name, **kwargs},
            "severity": "critical",
            "reason": f"{column.label} {reason}.",
        }
    )
