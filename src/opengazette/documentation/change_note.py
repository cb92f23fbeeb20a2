"""What a reader of the public table is told of how it differs from the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opengazette.documentation.canonical import table_lines, table_rows
from opengazette.documentation.row_marks import RowChanges, row_changes, row_marks
from opengazette.model.public_face import MARK_BYTES
from opengazette.model.publication import PublicationTable

#: More new periods than these are counted and not named.
_MOST_NAMED = 3


@dataclass(frozen=True)
class PublicTable:
    """A file of a published table, and the metadata that names and types its columns."""

    file: bytes
    metadata: Mapping[str, Any]

    @property
    def types(self) -> dict[str, str]:
        """Return the type of each column, in order."""
        return {c["fieldName"]: c["dataTypeName"] for c in self.metadata["columns"]}

    @property
    def labels(self) -> dict[str, str]:
        """Return the label of each column, in order."""
        return {c["fieldName"]: c["name"] for c in self.metadata["columns"]}

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows, by the names of the columns."""
        header, rows = table_rows(table_lines(self.file))
        return (dict(zip(header, row, strict=True)) for row in rows)

    def count(self) -> int:
        """Return the number of rows."""
        return sum(1 for _ in self.rows())


def change_note(now: PublicTable, before: PublicTable | None, publication: PublicationTable) -> str:
    """Say in a few plain sentences what changed since the table that the public saw before.

    Everything is found in the two public tables, in counts, columns and periods. Rows are compared
    in the columns that both have; `before` is None where there was none. What is not done: changes
    of the metadata alone are not told.
    """
    if before is None:
        return f"First release: {_plural('row', now.count())}."
    both = {name: kind for name, kind in now.types.items() if before.types.get(name) == kind}
    told = [*_of_columns(now, before), *_of_periods(now, before, publication, both)]
    if set(publication.key()) <= both.keys():
        was, shown = (row_marks(both, publication.key(), table.rows()) for table in (before, now))
        told += _of_rows(row_changes(was, shown), len(shown) // MARK_BYTES)
    else:
        told.append(f"The table is broken down in another way, into {_plural('row', now.count())}.")
    return " ".join(told) or "The same rows and values as before, in another order or spelling."


def _of_columns(now: PublicTable, before: PublicTable) -> Iterator[str]:
    new = [label for name, label in now.labels.items() if name not in before.types]
    gone = [label for name, label in before.labels.items() if name not in now.types]
    kept = {name: kind for name, kind in before.types.items() if name in now.types}
    other = [now.labels[name] for name, kind in kept.items() if now.types[name] != kind]
    for what, labels in (("New", new), ("Removed", gone), ("Retyped", other)):
        if labels:
            yield f"{what} column{'' if len(labels) == 1 else 's'}: {', '.join(labels)}."


def _of_periods(
    now: PublicTable, before: PublicTable, publication: PublicationTable, both: Collection[str]
) -> Iterator[str]:
    for dimension in publication.dimensions:
        if dimension.characteristic.kind != "time" or dimension.name not in both:
            continue
        here, there = (_labels(table.rows(), dimension.name) for table in (now, before))
        if here - there:
            yield f"New in {dimension.label}: {_named(here - there)}."
        if there - here:
            yield f"No longer in {dimension.label}: {_named(there - here)}."


def _of_rows(changes: RowChanges, rows: int) -> Iterator[str]:
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (changes.added, "added"),
            (changes.removed, "removed"),
            (changes.changed, "with other values"),
        )
        if number
    ]
    if parts:
        yield f"Rows: {', '.join(parts)}; {_plural('row', rows)} in all."


def _labels(rows: Iterable[Mapping[str, str]], column: str) -> set[str]:
    return {row[column] for row in rows}


def _named(labels: Collection[str]) -> str:
    listed = sorted(labels)
    return ", ".join(listed) if len(listed) <= _MOST_NAMED else f"{len(listed):,} values"


def _plural(what: str, number: int) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
