"""Checks what one file says against what the others hold."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from opengazette.adapters.config_files import Reading
from opengazette.adapters.config_problems import Problem
from opengazette.model.contract import Contract
from opengazette.model.expectations import ExpectationFile
from opengazette.model.generalisation import Bands, Categories, Period
from opengazette.model.publication import Count, Dimension, Sum
from opengazette.model.reference import DataElement, DataElements
from opengazette.model.source import Column, ColumnType
from opengazette.standards.columns import fits

M = TypeVar("M", bound=BaseModel)
Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Known:
    """What a contract may refer to, by name."""

    databases: frozenset[str]
    departments: frozenset[str]
    rule_packs: frozenset[str]
    populations: frozenset[str]
    elements: DataElements


def misnamed(reading: Reading[M], field: str, name: str) -> Iterator[Problem]:
    """Find a file whose own name says something else than its first field."""
    if reading.value is not None and getattr(reading.value, field) != name:
        reason = f"{getattr(reading.value, field)!r} is not the file's name"
        yield reading.problem((field,), reason, f"write {name}, or rename the file")


def contract_problems(reading: Reading[Contract], known: Known) -> Iterator[Problem]:
    """Find what a sound contract says of other files, or of its columns' types, in vain."""
    contract = reading.value
    if contract is None:
        return
    yield from _names(reading, contract, known)
    for name, column in contract.columns.items():
        yield from _column(reading, name, column, known.elements)
    types = column_types(contract, known.elements)
    for index, dimension in enumerate(contract.publication.dimensions):
        kind = types.get(dimension.column)
        if kind is not None:
            yield from _generalisation(reading, index, dimension, kind)
        yield from _groups(reading, index, dimension, contract, known.elements)
    yield from _measures(reading, contract, types)
    yield from _suppression(reading, contract, known.elements)


def expectation_problems(
    reading: Reading[ExpectationFile], contract: Contract
) -> Iterator[Problem]:
    """Find expectations of columns that the contract does not list."""
    expectations = reading.value.expectations if reading.value else ()
    for index, expectation in enumerate(expectations):
        for argument, column in columns_named(expectation.kwargs):
            if column not in contract.columns:
                loc = ("expectations", index, "kwargs", argument)
                yield _unknown(reading, loc, column, contract.columns, "the contract's columns")


def columns_named(kwargs: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the argument and the name of each column that an expectation speaks of."""
    single = [(a, kwargs[a]) for a in ("column", "column_A", "column_B") if a in kwargs]
    several = [(a, name) for a in ("column_list", "column_set") for name in (kwargs.get(a) or ())]
    return [(argument, str(name)) for argument, name in (*single, *several)]


def column_types(contract: Contract, elements: DataElements) -> dict[str, ColumnType]:
    """Return the type of each column that has one."""
    types: dict[str, ColumnType] = {}
    for name, column in contract.columns.items():
        element = elements.elements.get(column.element or "")
        kind = column.type or (element.type if element else None)
        if kind is not None:
            types[name] = kind
    return types


def _names(reading: Reading[Contract], contract: Contract, known: Known) -> Iterator[Problem]:
    uses: list[tuple[Loc, str | None, Collection[str], str]] = [
        (("department",), contract.department, known.departments, "config/departments"),
        (
            ("source", "database"),
            contract.source.database,
            known.databases,
            "config/databases.yaml",
        ),
        (
            ("disclosure", "rule_pack"),
            contract.disclosure.rule_pack,
            known.rule_packs,
            "config/rulepacks",
        ),
    ]
    populations = "config/standards/populations"
    if contract.disclosure.denominator is not None:
        reference = contract.disclosure.denominator.reference
        uses.append(
            (("disclosure", "denominator", "reference"), reference, known.populations, populations)
        )
    for index, dimension in enumerate(contract.publication.dimensions):
        here: Loc = ("publication", "dimensions", index, "characteristic", "reference")
        uses.append((here, dimension.characteristic.reference, known.populations, populations))
    for loc, name, names, where in uses:
        if name is not None and name not in names:
            yield _unknown(reading, loc, name, names, where)


def _unknown(
    reading: Reading[M], loc: Loc, name: str, names: Collection[str], where: str
) -> Problem:
    near = difflib.get_close_matches(name, names, n=1)
    listed = ", ".join(sorted(names)) or "none yet"
    fix = f"did you mean {near[0]!r}?" if near else f"there are: {listed}"
    return reading.problem(loc, f"{name!r} is not in {where}", fix)


def _column(
    reading: Reading[Contract], name: str, column: Column, elements: DataElements
) -> Iterator[Problem]:
    here = ("columns", name)
    if (column.type is None) == (column.element is None):
        reason = "has neither type nor element" if column.type is None else "has type and element"
        yield reading.problem(here, reason, "give exactly one of the two")
        return
    element = None
    if column.element is not None:
        element = elements.elements.get(column.element)
        if element is None:
            where = "config/standards/elements.yaml"
            loc = (*here, "element")
            yield _unknown(reading, loc, column.element, elements.elements, where)
            return
    kind = column.type or (element.type if element else None)
    if kind is not None:
        yield from _values(reading, (*here, "allowed"), column.allowed or (), kind)
        yield from _limits(reading, here, column, kind)
    if element is not None:
        yield from _widened(reading, here, column, element)


def _limits(
    reading: Reading[Contract], here: tuple[str, str], column: Column, kind: ColumnType
) -> Iterator[Problem]:
    if column.allowed == ():
        yield reading.problem((*here, "allowed"), "allows no value", "list values, or leave it out")
    for bound in ("lowest", "highest"):
        if getattr(column, bound) is not None and kind not in ("integer", "number"):
            reason = f"a bound does not fit a column of type {kind}"
            yield reading.problem((*here, bound), reason, "leave it out")
    low, high = column.lowest, column.highest
    if low is not None and high is not None and high < low:
        yield reading.problem((*here, "highest"), "lies below lowest", "exchange the two")
    if column.role == "measure" and kind not in ("integer", "number"):
        reason = f"a measure cannot be of type {kind}"
        yield reading.problem((*here, "role"), reason, "give the column another role or type")


def _widened(
    reading: Reading[Contract], here: tuple[str, str], column: Column, element: DataElement
) -> Iterator[Problem]:
    if column.allowed is not None and element.allowed is not None:
        extra = [value for value in column.allowed if value not in element.allowed]
        if extra:
            reason = f"{extra[0]!r} is not allowed by the data element {column.element!r}"
            yield reading.problem((*here, "allowed"), reason, "leave it out, or name no element")


def _values(
    reading: Reading[Contract],
    loc: Loc,
    values: Collection[str | int | bool],
    kind: ColumnType,
) -> Iterator[Problem]:
    for value in values:
        if not fits(value, kind):
            reason = f"{value!r} cannot occur in a column of type {kind}"
            fixes = {"text": "put it in quotes", "date": "a date cannot be listed: leave it out"}
            fix = fixes.get(kind, f"write it as {kind}, without quotes")
            yield reading.problem(loc, reason, fix)


def _generalisation(
    reading: Reading[Contract], index: int, dimension: Dimension, kind: ColumnType
) -> Iterator[Problem]:
    here = ("publication", "dimensions", index, "generalise")
    column = f"column {dimension.column!r} is of type {kind}"
    match dimension.generalise:
        case Bands() if kind not in ("integer", "number"):
            reason = f"bands need numbers, but {column}"
            yield reading.problem((*here, "rule"), reason, "use categories, or another column")
        case Period() if kind != "date":
            reason = f"a period needs dates, but {column}"
            yield reading.problem((*here, "rule"), reason, "use another rule or column")
        case Categories(groups=groups):
            if not groups:
                yield reading.problem((*here, "groups"), "names no group", "name at least one")
            for label, values in groups.items():
                yield from _values(reading, (*here, "groups", label), values, kind)


def _groups(
    reading: Reading[Contract],
    index: int,
    dimension: Dimension,
    contract: Contract,
    elements: DataElements,
) -> Iterator[Problem]:
    here = ("publication", "dimensions", index)
    labels = _labels(dimension, contract, elements)
    known = None if labels is None else labels | set(dimension.groups)
    for label, parts in dimension.groups.items():
        for part in parts:
            if known is not None and (part not in known or part == label):
                loc = (*here, "groups", label)
                yield _unknown(reading, loc, part, known - {label}, "the labels of this dimension")
    taken = (labels or set()) | set(dimension.groups)
    if dimension.total is not None and dimension.total in taken:
        reason = f"{dimension.total!r} is also the label of a part"
        yield reading.problem((*here, "total"), reason, "choose another label")


def _labels(dimension: Dimension, contract: Contract, elements: DataElements) -> set[str] | None:
    """Return the labels that a dimension can show, or None where only the rows can tell."""
    missing = {dimension.missing} if dimension.missing else set()
    match dimension.generalise:
        case Bands(bands=bands):
            return {band.label for band in bands} | missing
        case Categories(groups=groups, other=other):
            return set(groups) | ({other} if other else set()) | missing
        case Period():
            return None
    column = contract.columns[dimension.column]
    element = elements.elements.get(column.element or "")
    allowed = column.allowed or (element.allowed if element else None)
    return None if allowed is None else {str(value) for value in allowed} | missing


def _measures(
    reading: Reading[Contract], contract: Contract, types: dict[str, ColumnType]
) -> Iterator[Problem]:
    for index, measure in enumerate(contract.publication.measures):
        here = ("publication", "measures", index)
        if isinstance(measure, Count):
            for column, values in measure.where.items():
                if column in types:
                    yield from _values(reading, (*here, "where", column), values, types[column])
                if not values:
                    loc = (*here, "where", column)
                    yield reading.problem(loc, "chooses no record", "list at least one value")
        if isinstance(measure, Count | Sum) and types.get(measure.column or "") == "number":
            reason = (
                f"{measure.kind}s cannot be added up from the decimal numbers of {measure.column!r}"
            )
            yield reading.problem((*here, "column"), reason, "use a column of type integer")


def _suppression(
    reading: Reading[Contract], contract: Contract, elements: DataElements
) -> Iterator[Problem]:
    """Find labels that no cell can have, in dimensions that publish a column's own values."""
    here: Loc = ("publication", "suppression")
    wishes = contract.publication.suppression
    uses: list[tuple[Loc, str, str]] = [
        ((*here, "least_interesting", name), name, label)
        for name, labels in wishes.least_interesting.items()
        for label in labels
    ]
    for index, entry in enumerate(wishes.forced):
        where: Loc = (*here, "forced", index, "where")
        uses.extend(((*where, name), name, label) for name, label in entry.where.items())
    for dimension in contract.publication.dimensions:
        labels = _labels(dimension, contract, elements)
        total = {dimension.total} if dimension.total else set()
        known = None if labels is None else labels | set(dimension.groups) | total
        for loc, name, label in uses:
            if name == dimension.name and known is not None and label not in known:
                yield _unknown(reading, loc, label, known, "the labels of this dimension")
