"""A portal's own summaries of columns, held against the rows that were sent.

Socrata keeps with each column how often which values stand in it, the smallest and largest, the
sum and the average (`cachedContents`). What was once loaded by hand may be in there still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import canonical_cell

#: A summary is a floating-point number, however exact those are that it was made of.
_NEAR: Final = Decimal("1e-6")
#: Different cells of a column that are counted at a time.
_MOST_CELLS: Final = 1 << 13


@dataclass
class _Found:
    """What the rows of a shipment say of one column, as far as it is asked."""

    values: set[str] = field(default_factory=set)
    total: Decimal = Decimal(0)
    filled: int = 0

    def explains(self, name: str, number: Decimal) -> bool:
        mine = self.total if name == "sum" else self.total / max(self.filled, 1)
        return abs(number - mine) <= _NEAR * max(abs(mine), Decimal(1))


def strange_values(columns: Iterable[Mapping[str, Any]], shipments: Sequence[Shipment]) -> int:
    """Count what summaries of columns say that the rows of none of the shipments do.

    Rows are read once for each shipment, and only where there is a summary.
    """
    summaries = {
        str(column.get("fieldName")): column["cachedContents"]
        for column in columns
        if isinstance(column.get("cachedContents"), dict)
    }
    if not any(summaries.values()):
        return 0
    asked = {name: _named(summary) for name, summary in summaries.items()}
    found = [_found(shipment, asked) for shipment in shipments]
    return sum(
        _strange(summary, asked[name], [each[name] for each in found if name in each])
        for name, summary in summaries.items()
    )


def _strange(summary: Mapping[str, Any], asked: set[str], found: Sequence[_Found]) -> int:
    known = {value for each in found for value in each.values}
    numbers = [
        (name, _number(summary[name]))
        for name in ("sum", "average")
        if summary.get(name) is not None
    ]
    unexplained = sum(
        number is None or not any(each.explains(name, number) for each in found)
        for name, number in numbers
    )
    return len(asked - known) + unexplained


def _named(summary: Mapping[str, Any]) -> set[str]:
    """Return the values that a summary names, in no form but their own."""
    top = summary.get("top")
    items = [each.get("item") for each in top if isinstance(each, dict)] if top else []
    values = (*items, summary.get("smallest"), summary.get("largest"))
    return {_plain(value) for value in values if value is not None}


def _found(shipment: Shipment, asked: Mapping[str, set[str]]) -> dict[str, _Found]:
    found = {name: _Found() for name in asked if name in shipment.columns}
    names = list(shipment.columns)
    with shipment.opened() as rows:
        places = [(names.index(name), Counter[str](), name) for name in found]
        for row in rows:
            for at, cells, name in places:
                cells[row[at]] += 1
                if len(cells) > _MOST_CELLS:
                    _add(cells, shipment.columns[name], asked[name], found[name])
                    cells.clear()
        for _, cells, name in places:
            _add(cells, shipment.columns[name], asked[name], found[name])
    return found


def _add(cells: Mapping[str, int], kind: str, asked: set[str], column: _Found) -> None:
    for written, times in cells.items():
        cell = canonical_cell(written, kind)
        if _plain(cell) in asked:
            column.values.add(_plain(cell))
        if cell and kind != "text":
            column.total += times * Decimal(cell)
            column.filled += times


def _plain(value: object) -> str:
    """Return a value as text, a number in its one form whatever the column's type is."""
    number = _number(value)
    return canonical_cell(str(value), "text") if number is None else f"{number.normalize():f}"


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(canonical_cell(str(value), "number") or "0")
    except ValueError:
        return None
