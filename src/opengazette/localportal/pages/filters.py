"""Which rows a reader wants: from the parameters of a page to the words of a query.

A filter becomes SoQL text first, the same that the page's examples show, and is parsed like
any other; no value of a reader reaches the database unbound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from unicodedata import normalize

from opengazette.localportal.problems import bad_request
from opengazette.localportal.showing import annotation_of
from opengazette.localportal.soql.grammar import Query, Soql, parse_clause
from opengazette.localportal.values import UNORDERED
from opengazette.localportal.views import Column, View

_LONGEST: Final = 400
_NUMBER: Final = re.compile(r"-?\d{1,18}(?:\.\d{1,15})?")
_DATES: Final = ("floating_timestamp", "fixed_timestamp")
_WITHHELD: Final = "('1', '2')"


@dataclass(frozen=True)
class Filter:
    """What a reader asked of a table. Values are texts, as they came and were checked."""

    words: str = ""
    sort: str = ""
    descending: bool = False
    equal: tuple[tuple[str, str], ...] = ()
    least: tuple[tuple[str, str], ...] = ()
    most: tuple[tuple[str, str], ...] = ()
    withheld: bool | None = None

    def narrows(self) -> bool:
        """Say whether fewer rows than all may be left."""
        return bool(
            self.words.strip() or self.equal or self.least or self.most or self.withheld is not None
        )

    def parameters(self) -> dict[str, object]:
        """Return it as the parameters it was read from."""
        asked: dict[str, object] = {"q": self.words, "sort": self.sort}
        asked["way"] = "desc" if self.sort and self.descending else ""
        for prefix, pairs in (("is", self.equal), ("from", self.least), ("to", self.most)):
            asked |= {f"{prefix}.{field}": value for field, value in pairs}
        if self.withheld is not None:
            asked["withheld"] = "only" if self.withheld else "none"
        return asked

    def value(self, prefix: str, field: str) -> str:
        """Return what the form shows for a column."""
        pairs = {"is": self.equal, "from": self.least, "to": self.most}[prefix]
        return dict(pairs).get(field, "")


def read_filter(view: View, sent: Mapping[str, str]) -> Filter:
    """Read the filter of a page; parameters of other parts of the page are passed over.

    Raises:
        Problem: a filter names no column, or its value is not of the column's type (400).
    """
    sort = view.column(sent.get("sort", ""))
    sortable = sort is not None and sort.kind not in UNORDERED
    withheld = {"only": True, "none": False}.get(sent.get("withheld", ""))
    return Filter(
        words=normalize("NFC", sent.get("q", ""))[:_LONGEST],
        sort=sort.field_name if sort is not None and sortable else "",
        descending=sent.get("way") == "desc",
        equal=_read(view, sent, "is"),
        least=_read(view, sent, "from"),
        most=_read(view, sent, "to"),
        withheld=withheld if noted_columns(view) else None,
    )


def _read(view: View, sent: Mapping[str, str], prefix: str) -> tuple[tuple[str, str], ...]:
    found = []
    for name, text in sent.items():
        if not name.startswith(prefix + ".") or not text:
            continue
        column = view.column(name.removeprefix(prefix + "."))
        if column is None or column.kind in UNORDERED:
            raise bad_request("A filter names no column that can be filtered.")
        found.append((column.field_name, _checked(column, normalize("NFC", text))))
    return tuple(found)


def _checked(column: Column, text: str) -> str:
    fits = len(text) <= _LONGEST
    if column.kind == "number":
        fits = _NUMBER.fullmatch(text) is not None
    elif column.kind in _DATES:
        fits = _is_date(text)
    elif column.kind == "boolean":
        fits = text in ("true", "false")
    if not fits:
        raise bad_request(f"The filter of {column.field_name} is not a value of that column.")
    return text


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def where_text(view: View, asked: Filter) -> str:
    """Write the filter as a SoQL condition; empty where it has none."""
    parts = [_equal(_column(view, field), value) for field, value in asked.equal]
    parts += [_bound(_column(view, field), ">=", value) for field, value in asked.least]
    parts += [_bound(_column(view, field), "<=", value) for field, value in asked.most]
    if asked.withheld is not None:
        parts.append(_withheld(view, only=asked.withheld))
    return " AND ".join(parts)


def _column(view: View, field: str) -> Column:
    found = view.column(field)
    if found is None:
        raise bad_request("A filter names no column that can be filtered.")
    return found


def soql_name(field: str) -> str:
    """Write a column's name; in backquotes where the language uses the word itself."""
    return f"`{field}`" if field.upper() in Soql.Tokenizer.KEYWORDS else field


def soql_text(text: str) -> str:
    """Write a text in quotes."""
    return "'" + text.replace("'", "''") + "'"


def _equal(column: Column, value: str) -> str:
    name = soql_name(column.field_name)
    if column.kind == "number":
        return f"{name} = {value}"
    if column.kind == "boolean":
        return f"{name} = {value}"
    if column.kind in _DATES:
        return f"{_bound(column, '>=', value)} AND {_bound(column, '<=', value)}"
    return f"{name} = {soql_text(value)}"


def _bound(column: Column, way: str, value: str) -> str:
    name = soql_name(column.field_name)
    if column.kind == "number":
        return f"{name} {way} {value}"
    if column.kind in _DATES:
        clock = "T00:00:00.000" if way == ">=" else "T23:59:59.999"
        return f"{name} {way} {soql_text(value + clock)}"
    return f"{name} {way} {soql_text(value)}"


def noted_columns(view: View) -> list[str]:
    """Return the columns that annotate others."""
    notes = (annotation_of(view, column) for column in view.columns)
    return [note for note in notes if note is not None]


def _withheld(view: View, *, only: bool) -> str:
    names = [soql_name(note) for note in noted_columns(view)]
    any_of = " OR ".join(f"{name} IN {_WITHHELD}" for name in names)
    none_of = " AND ".join(f"({name} IS NULL OR {name} NOT IN {_WITHHELD})" for name in names)
    return f"({any_of})" if only else none_of


def order_text(asked: Filter) -> str:
    """Write the order as SoQL; empty where the rows stay as they were written."""
    return f"{soql_name(asked.sort)}{' DESC' if asked.descending else ''}" if asked.sort else ""


def filter_query(view: View, asked: Filter) -> Query:
    """Return the query that finds the rows, in their order, without a page."""
    where, order = where_text(view, asked), order_text(asked)
    query = Query(search=asked.words)
    if where:
        query = replace(query, where=parse_clause("where", where))
    if order:
        # Cells without a value come last either way.
        ordered = [node.copy() for node in parse_clause("order", order)]
        for node in ordered:
            node.set("nulls_first", False)  # noqa: FBT003 - sqlglot's form
        query = replace(query, order=tuple(ordered))
    return query


def soda_parameters(view: View, asked: Filter) -> dict[str, str]:
    """Return the parameters that ask the SODA interface for the same rows."""
    given = {"$where": where_text(view, asked), "$order": order_text(asked), "$q": asked.words}
    return {name: text for name, text in given.items() if text.strip()}
