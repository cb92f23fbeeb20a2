"""Made-up rows that keep to a contract, so that suites can be tried without a department."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.lib as pa

from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Bands, Categories
from opengazette.model.publication import Dimension
from opengazette.model.reference import DataElements
from opengazette.model.source import ColumnType
from opengazette.standards.columns import ResolvedColumn, resolve_columns

Value = str | int | float | bool | date | None

ROWS = 200
#: Every so many rows, a column that may be empty is.
EMPTY_EVERY = 11
#: Different values of a column whose numbers have no upper bound; a prime, so that the values of
#: two columns meet again as late as can be.
VALUES = 1009
LETTERS = "abcdefghijklmnopqrstuvwxyz"

DTYPES: Mapping[ColumnType, str | pd.ArrowDtype] = {
    "text": "string",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
    "date": pd.ArrowDtype(pa.date32()),
}


def sample(
    contract: Contract, elements: DataElements, rows: int = ROWS, seed: int = 1
) -> pd.DataFrame:
    """Make rows that satisfy all that a contract says of its columns.

    Shape: the listed columns in order; `rows` rows. Each column goes round through its possible
    values in an order that `seed` decides, so every value of a short list occurs, and combinations
    of columns repeat as late as can be. Values lie within the bands and groups of the publication,
    dates within the documented coverage. What only `expectations/<id>.yaml` demands is not known
    here: where such an expectation fails on these rows, it asks for more than the contract says.

    Raises:
        ContractInvalid: no such rows exist, or a column cannot be resolved.
    """
    random = np.random.default_rng(seed)
    columns = resolve_columns(contract, elements)
    return pd.DataFrame(
        {
            column.name: pd.Series(
                _values(contract, column, place, rows, random), dtype=DTYPES[column.type]
            )
            for place, column in enumerate(columns)
        }
    )


def _values(
    contract: Contract, column: ResolvedColumn, place: int, rows: int, random: np.random.Generator
) -> list[Value]:
    domain = _domain(contract, column, place, rows)
    if not domain or (column.unique and len(domain) < rows):
        raise ContractInvalid(
            f"{contract.id}: columns.{column.name}: only {len(domain)} values satisfy the "
            f"contract; a sample needs {rows if column.unique else 1}.",
            "Compare allowed, lowest, highest and unique with the bands or groups of the "
            f"publication in config/datasets/{contract.id}.yaml.",
        )
    order = random.permutation(len(domain))
    chosen = [domain[order[row % len(domain)]] for row in range(rows)]
    if column.required:
        return chosen
    return [None if row % EMPTY_EVERY == place % EMPTY_EVERY else v for row, v in enumerate(chosen)]


def _domain(contract: Contract, column: ResolvedColumn, place: int, rows: int) -> Sequence[Value]:
    found = _possible(contract, column, place, rows)
    for dimension in contract.publication.dimensions:
        if dimension.column == column.name:
            found = [value for value in found if _published(dimension, value)]
    return found


def _possible(contract: Contract, column: ResolvedColumn, place: int, rows: int) -> Sequence[Value]:
    if column.allowed is not None:
        return column.allowed
    match column.type:
        case "text":
            return [f"sample-{_letters(place * rows + row)}" for row in range(rows)]
        case "boolean":
            return [True, False]
        case "date":
            return _days(contract.documentation.coverage.start, contract.documentation.coverage.end)
        case "integer" | "number":
            low = 0.0 if column.lowest is None else column.lowest
            high = low + VALUES - 1 if column.highest is None else column.highest
            return _numbers(low, high, whole=column.type == "integer", rows=rows)


def _published(dimension: Dimension, value: Value) -> bool:
    match dimension.generalise:
        case Bands(bands=bands):
            number = float(str(value))
            return any(b.low <= number <= (np.inf if b.high is None else b.high) for b in bands)
        case Categories(groups=groups, other=None):
            return any(value in members for members in groups.values())
        case _:
            return True


def _numbers(low: float, high: float, *, whole: bool, rows: int) -> list[Value]:
    if not whole:
        return [float(n) for n in np.linspace(low, high, max(VALUES, rows))]
    first, last = int(np.ceil(low)), int(np.floor(high))
    step = max(1, (last - first) // max(VALUES, rows))
    return list(range(first, last + 1, step))


def _days(start: date, end: date) -> list[Value]:
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _letters(number: int) -> str:
    """Return a number as six letters: no digit, so that no rule on names is broken."""
    text = ""
    for _ in range(6):
        number, rest = divmod(number, len(LETTERS))
        text = LETTERS[rest] + text
    return text
