"""A contract's column, completed by the data element that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElement, DataElements
from opengazette.model.source import Column, ColumnType, Role

Value = str | int | bool


@dataclass(frozen=True)
class ResolvedColumn:
    """All that is known of a column: its contract's word first, then its data element's."""

    name: str
    type: ColumnType
    role: Role
    label: str
    definition: str | None
    unit: str | None
    required: bool
    unique: bool
    allowed: tuple[Value, ...] | None
    lowest: float | None
    highest: float | None
    element: str | None


def resolve_columns(contract: Contract, elements: DataElements) -> tuple[ResolvedColumn, ...]:
    """Return the contract's columns in order, each completed by its data element.

    Raises ContractInvalid as `resolve_column` does.
    """
    return tuple(resolve_column(name, c, elements) for name, c in contract.columns.items())


def resolve_column(name: str, column: Column, elements: DataElements) -> ResolvedColumn:
    """Return a column completed by its data element; the contract may narrow it, not widen it.

    Raises ContractInvalid where the column names neither type nor element, or both, or an
    element that the standards do not list.
    """
    element = _element(name, column, elements)
    kind = column.type or (element.type if element else None)
    if kind is None:
        raise ContractInvalid(f"columns.{name}: has neither type nor element.", "Add one of them.")
    return ResolvedColumn(
        name=name,
        type=kind,
        role=column.role,
        label=column.label,
        definition=column.definition or (element.definition if element else None),
        unit=column.unit,
        required=column.required,
        unique=column.unique,
        allowed=column.allowed or (element.allowed if element else None),
        lowest=_narrower(max, column.lowest, element.lowest if element else None),
        highest=_narrower(min, column.highest, element.highest if element else None),
        element=column.element,
    )


def fits(value: Value, kind: ColumnType) -> bool:
    """Tell whether a value of a contract can occur in a column of that type."""
    match kind:
        case "text":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "date":
            return False


def _element(name: str, column: Column, elements: DataElements) -> DataElement | None:
    if column.element is None:
        return None
    if column.type is not None:
        raise ContractInvalid(f"columns.{name}: has both type and element.", "Leave one out.")
    if column.element not in elements.elements:
        raise ContractInvalid(
            f"columns.{name}.element: {column.element!r} is not in config/standards/elements.yaml.",
            "Correct the name, or add the element.",
        )
    return elements.elements[column.element]


def _narrower(
    choose: Callable[[Sequence[float]], float], own: float | None, base: float | None
) -> float | None:
    given = [bound for bound in (own, base) if bound is not None]
    return choose(given) if given else None
