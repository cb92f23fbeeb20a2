# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""What a table is made of: which columns divide it, which are measured, which values are totals."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final

from opengazette.localportal.pages.counties import CALIFORNIA_COUNTIES
from opengazette.localportal.pages.periods import period
from opengazette.localportal.pages.remembered import Remembered
from opengazette.localportal.pages.said import totals
from opengazette.localportal.showing import annotation_of, is_a_name
from opengazette.localportal.store import Session
from opengazette.localportal.views import Column, View

MOST_VALUES: Final = 400
#: Names of rows, one for each, are still a dimension while a chart can show them.
_FEW: Final = 100
_MOST_PERIODS: Final = 5_000
_TOTAL_WORDS: Final = r"(?:all|total|overall|both sexes|statewide|grand total|subtotal)\b"
_NAMED_TOTAL: Final = re.compile(rf"(?!all others?\b){_TOTAL_WORDS}", re.IGNORECASE)
_FEWEST_COUNTIES: Final = 40
#: Where cells are withheld, the parts may fall this far short of their total.
_SHORTFALL: Final = 0.1
_TIMES: Final = ("floating_timestamp", "fixed_timestamp")


@dataclass(frozen=True)
class Dimension:
    """A column that divides the rows, its values in their order, and those that add up others:
    the total of all, and subtotals of some.
    """

    column: Column
    values: tuple[str, ...]
    is_time: bool = False
    total: str | None = None
    subtotals: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """Return the column's field name."""
        return self.column.field_name

    @property
    def has_sums(self) -> bool:
        """Say whether some values add up others, so that no chart may add up all of them."""
        return self.total is not None or bool(self.subtotals)

    @property
    def is_counties(self) -> bool:
        """Say whether the values are, for the most part, counties of California."""
        named = CALIFORNIA_COUNTIES.intersection(map(str.casefold, self.values))
        return len(named) >= _FEWEST_COUNTIES


@dataclass(frozen=True)
class Profile:
    """A table's dimensions and measures; `unique` where the dimensions tell rows apart.

    `summed` are columns of too many values for a chart, one of which adds up the others.
    """

    dimensions: tuple[Dimension, ...]
    measures: tuple[Column, ...]
    unique: bool
    summed: tuple[Dimension, ...] = ()

    def dimension(self, field: str) -> Dimension | None:
        """Find a dimension by its field name."""
        return next((one for one in self.dimensions if one.field == field), None)


_PROFILES: Final[Remembered[Profile]] = Remembered(most=64)


def version_of(folder_id: str, view: View) -> tuple[object, ...]:
    """Return what changes with a dataset's rows, columns or words."""
    words = view.model_dump_json(include={"document", "columns"})
    return (folder_id, view.id, view.table, view.data_version, zlib.crc32(words.encode()))


def profile_of(session: Session, view: View, folder_id: str) -> Profile:
    """Return the profile of a table, looked up once for each version of it."""
    return _PROFILES.get(version_of(folder_id, view), lambda: _profile(session, view))


def _profile(session: Session, view: View) -> Profile:
    measures = _measures(view)
    found = _dimensions(session, view)
    unique = _tells_apart(session, view, found)
    said = totals(view)
    if said is not None:
        found = [_as_said(one, said.get(one.field, ())) for one in found]
    elif measures:
        measure = measures[0] if unique else None
        found = [replace(one, total=_total(session, view, one, found, measure)) for one in found]
    summed = () if unique else _summed(session, view, found, said)
    return Profile(tuple(found), measures, unique, summed)


def _as_said(one: Dimension, said: tuple[str, ...]) -> Dimension:
    """Take what the publisher says of a dimension's values, as far as they occur."""
    sums = [value for value in said if value in one.values]
    total = sums[0] if sums and sums[0] == said[0] else None
    return replace(one, total=total, subtotals=tuple(one for one in sums if one != total))


def _summed(
    session: Session,
    view: View,
    found: Sequence[Dimension],
    said: Mapping[str, tuple[str, ...]] | None,
) -> tuple[Dimension, ...]:
    """Find the total of each text that has too many values to be a dimension."""
    known = {one.field for one in found} | {annotation_of(view, one) for one in view.columns}
    wide = [one for one in view.columns if one.kind == "text" and one.field_name not in known]
    return tuple(
        Dimension(column, (total,), total=total)
        for column in wide
        if (total := _total_among_many(session, view, column, said)) is not None
    )


def _total_among_many(
    session: Session, view: View, column: Column, said: Mapping[str, tuple[str, ...]] | None
) -> str | None:
    if said is not None:
        fits, bound = f"{column.physical} = $v", said.get(column.field_name, ("",))[0]
    else:
        fits, bound = f"regexp_matches({column.physical}, $v, 'i')", f"^{_TOTAL_WORDS}"
    rows = session.cursor.execute(
        f"SELECT DISTINCT {column.physical} FROM {view.table} WHERE {fits} LIMIT {_FEW}",
        {"v": bound},
    ).fetchall()
    named = [str(row[0]) for row in rows if said is not None or _NAMED_TOTAL.match(row[0])]
    return named[0] if len(named) == 1 else None


def _measures(view: View) -> tuple[Column, ...]:
    """Return the columns that count; those with annotations alone, where there are any."""
    counting = [
        column for column in view.columns if column.kind == "number" and not is_a_name(column)
    ]
    annotated = [column for column in counting if annotation_of(view, column) is not None]
    return tuple(annotated or counting)


def _dimensions(session: Session, view: View) -> list[Dimension]:
    notes = {annotation_of(view, column) for column in view.columns}
    candidates = [
        column
        for column in view.columns
        if column.field_name not in notes
        and (column.kind in ("text", "boolean", *_TIMES) or _names(column))
    ]
    if not candidates:
        return []
    counts = session.cursor.execute(
        "SELECT "
        + ", ".join(f"approx_count_distinct({column.physical})" for column in candidates)
        + f" FROM {view.table}"
    ).fetchone()
    made = []
    for column, count in zip(candidates, counts or (), strict=True):
        most = _MOST_PERIODS if column.kind in _TIMES else MOST_VALUES
        if 0 < count <= 1.2 * most:
            made.append(_dimension(session, view, column, most))
    return [one for one in made if one is not None]


def _names(column: Column) -> bool:
    return column.kind == "number" and is_a_name(column)


def _dimension(session: Session, view: View, column: Column, most: int) -> Dimension | None:
    rows = session.cursor.execute(
        f"SELECT {value_sql(column)} AS v FROM {view.table} WHERE {column.physical} IS NOT NULL"
        f" GROUP BY v ORDER BY {_order_sql(column)}, v LIMIT {most + 1}"
    ).fetchall()
    values = tuple(row[0] for row in rows)
    # A name of each row divides nothing.
    if len(values) > most or (len(values) > _FEW and len(values) > 0.9 * view.row_count):
        return None
    is_time = _is_time(column, values)
    return Dimension(column, tuple(sorted(values)) if is_time else values, is_time)


def _order_sql(column: Column) -> str:
    """Times and numbers in their own order, words as the publisher first wrote them."""
    if column.kind == "number":
        return "TRY_CAST(v AS DOUBLE)"
    return "v" if column.kind in _TIMES else "min(number)"


def value_sql(column: Column) -> str:
    """Return the SQL that writes a value of a dimension as the pages do."""
    if column.kind in _TIMES:
        return f"strftime({column.physical}, '%Y-%m-%d')"
    if column.kind == "boolean":
        return f"CASE WHEN {column.physical} THEN 'true' ELSE 'false' END"
    return column.physical


def _is_time(column: Column, values: Sequence[str]) -> bool:
    if column.kind in _TIMES:
        return True
    dated = sum(period(value) is not None for value in values)
    return len(values) > 0 and dated >= 0.9 * len(values)


def _tells_apart(session: Session, view: View, found: Sequence[Dimension]) -> bool:
    if prod(len(one.values) + 1 for one in found) < view.row_count:
        return False
    names = ", ".join(one.column.physical for one in found) or "1"
    counted = session.cursor.execute(
        f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {view.table})"
    ).fetchone()
    return counted is not None and counted[0] == view.row_count


def _total(
    session: Session,
    view: View,
    one: Dimension,
    found: Sequence[Dimension],
    measure: Column | None,
) -> str | None:
    """Guess the value that adds up the others: by its name, else by arithmetic of a measure."""
    named = [value for value in one.values if _NAMED_TOTAL.match(value)]
    if one.is_time or len(one.values) < 2:
        return None
    if len(named) == 1:
        return named[0]
    if measure is None or len(one.values) < 3:
        return None
    return _adds_up(session, view, one, found, measure)


def _adds_up(
    session: Session, view: View, one: Dimension, found: Sequence[Dimension], measure: Column
) -> str | None:
    """Return the largest value if, wherever nothing is withheld, it is the sum of the others.

    Where the others hold groups and their parts, it is half of their sum.
    """
    name, number = value_sql(one.column), f"TRY_CAST({measure.physical} AS DOUBLE)"
    largest = session.cursor.execute(
        f"SELECT {name} AS v FROM {view.table} WHERE {one.column.physical} IS NOT NULL"
        f" GROUP BY v ORDER BY sum({number}) DESC NULLS LAST LIMIT 1"
    ).fetchone()
    if largest is None:
        return None
    others = ", ".join(each.column.physical for each in found if each is not one)
    total = f"max({number}) FILTER ({name} = $v)"
    rest = f"{name} IS DISTINCT FROM $v"
    parts = f"coalesce(sum({number}) FILTER ({rest}), 0)"
    gone = f"count(*) FILTER ({rest} AND {measure.physical} IS NULL)"
    fits = " OR ".join(
        f"(bool_and(gone > 0 OR abs(p - {k} * t) < 0.5)"
        f" AND bool_and(p <= {k} * t + 0.5 AND p >= {1 - _SHORTFALL} * {k} * t))"
        for k in (1, 2)
    )
    found_out = session.cursor.execute(
        f"SELECT coalesce(({fits}) AND max(p) > 0, FALSE) FROM (SELECT {total} AS t, {parts} AS p,"
        f" {gone} AS gone FROM {view.table}{f' GROUP BY {others}' if others else ''})"
        " WHERE t IS NOT NULL",
        {"v": largest[0]},
    ).fetchone()
    return str(largest[0]) if found_out and found_out[0] else None
