# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""The rows and cells in which a draft differs from what is public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from opengazette.localportal.pages.sides import Side
from opengazette.localportal.showing import Cell, Shown, is_a_name, shown_rows
from opengazette.localportal.soql.compile import OutColumn
from opengazette.localportal.store import Session
from opengazette.localportal.values import SQL_TYPE, UNORDERED
from opengazette.localportal.views import Column

Part = Literal["changed", "added", "removed", "withheld", "shown"]
_NOTE: Final = "_annotation"
_WITHHELD: Final = "('1', '2')"


@dataclass(frozen=True)
class Counts:
    """How many rows and cells differ. `withheld` and `shown` count cells that newly are."""

    added: int
    removed: int
    changed: int
    values: int
    withheld: int
    shown: int


@dataclass(frozen=True)
class Row:
    """One row that differs: its key, and its cells on both sides; None where it is missing."""

    key: list[Cell]
    cells: list[tuple[Cell | None, Cell | None]]


@dataclass(frozen=True)
class Compared:
    """The table of differences, in the session that made it.

    `keys` tell rows apart; without any, a row that changed is one removed and one added.
    """

    session: Session
    fields: tuple[Column, ...]
    keys: tuple[Column, ...]
    counts: Counts


def compare(session: Session, before: Side, after: Side, identifier: str | None) -> Compared:
    """Set the rows of two sides against each other, by the columns that both have."""
    fields = tuple(
        column
        for column in after.columns
        if (known := before.column(column.field_name)) is not None and known.kind == column.kind
    )
    if not before.columns:
        fields = after.columns
    keys = _keys(session, before, after, fields, identifier)
    session.cursor.execute("DROP TABLE IF EXISTS differing")
    session.cursor.execute(_differing_sql(before, after, fields, keys))
    return Compared(session, fields, keys, _counts(session, fields))


def _keys(
    session: Session,
    before: Side,
    after: Side,
    fields: tuple[Column, ...],
    identifier: str | None,
) -> tuple[Column, ...]:
    named = tuple(one for one in fields if one.field_name == identifier)
    if named or not before.columns:
        return named
    names = {one.field_name for one in fields}
    able = tuple(
        one
        for one in fields
        if one.kind not in UNORDERED
        and (one.kind != "number" or is_a_name(one))
        and not (one.field_name.endswith(_NOTE) and one.field_name[: -len(_NOTE)] in names)
    )
    unique = able and all(_tells_apart(session, side, able) for side in (before, after))
    return able if unique else ()


def _tells_apart(session: Session, side: Side, keys: tuple[Column, ...]) -> bool:
    names = ", ".join(_physical(side, key) for key in keys)
    counted = session.cursor.execute(
        f"SELECT count(*) = (SELECT count(*) FROM (SELECT DISTINCT {names} FROM ({side.sql})))"
        f" FROM ({side.sql})"
    ).fetchone()
    return bool(counted and counted[0])


def _physical(side: Side, column: Column) -> str:
    found = side.column(column.field_name)
    return found.physical if found else "NULL"


def _value(side: Side, column: Column) -> str:
    """Write a cell so that equal numbers are equal, however many zeros they end in."""
    name = _physical(side, column)
    if column.kind == "number" and name != "NULL":
        return (
            f"CASE WHEN contains({name}, '.') THEN rtrim(rtrim({name}, '0'), '.') ELSE {name} END"
        )
    return name


def _differing_sql(
    before: Side, after: Side, fields: tuple[Column, ...], keys: tuple[Column, ...]
) -> str:
    def selected(side: Side) -> str:
        cells = "".join(f", {_value(side, one)} AS v{at}" for at, one in enumerate(fields))
        matched = keys or fields
        place = ", ".join(_value(side, one) for one in matched) or "1"
        # Rows that are alike in everything are counted off against each other.
        twin = "1" if keys else f"row_number() OVER (PARTITION BY {place})"
        return f"SELECT TRUE AS here, {twin} AS twin{cells} FROM ({side.sql})"

    if not before.columns:
        empty = "".join(
            f", CAST(NULL AS {SQL_TYPE[one.kind]}) AS v{at}" for at, one in enumerate(fields)
        )
        before_sql = f"SELECT TRUE AS here, 1 AS twin{empty} WHERE FALSE"
    else:
        before_sql = selected(before)
    numbers = range(len(fields))
    joined = [at for at in numbers if not keys or fields[at] in keys]
    fits = " AND ".join(
        ["b.twin = a.twin", *(f"b.v{at} IS NOT DISTINCT FROM a.v{at}" for at in joined)]
    )
    differs = " OR ".join(f"b.v{at} IS DISTINCT FROM a.v{at}" for at in numbers) or "FALSE"
    cells = "".join(f", b.v{at} AS b{at}, a.v{at} AS a{at}" for at in numbers)
    return (
        "CREATE TEMP TABLE differing AS SELECT CASE WHEN b.here IS NULL THEN 'added'"
        f" WHEN a.here IS NULL THEN 'removed' ELSE 'changed' END AS fate{cells}"
        f" FROM ({before_sql}) AS b FULL OUTER JOIN ({selected(after)}) AS a ON {fits}"
        f" WHERE b.here IS NULL OR a.here IS NULL OR {differs}"
    )


def _noted(fields: tuple[Column, ...]) -> list[tuple[int, int]]:
    """Return the places of the columns that are annotated, each with that of its annotation."""
    names = [one.field_name for one in fields]
    return [
        (at, names.index(name + _NOTE)) for at, name in enumerate(names) if name + _NOTE in names
    ]


def _newly(fields: tuple[Column, ...], part: Part) -> list[str]:
    shown_then, shown_now = ("b", "a") if part == "withheld" else ("a", "b")
    return [
        f"(fate = 'changed' AND {shown_then}{at} IS NOT NULL AND {shown_now}{at} IS NULL"
        f" AND {shown_now}{note} IN {_WITHHELD})"
        for at, note in _noted(fields)
    ]


def _counts(session: Session, fields: tuple[Column, ...]) -> Counts:
    notes = {note for _, note in _noted(fields)}
    values = [
        f"(fate = 'changed' AND b{at} <> a{at})" for at in range(len(fields)) if at not in notes
    ]
    wanted = [
        *(f"fate = '{fate}'" for fate in ("added", "removed", "changed")),
        *(_sum(found) for found in (values, _newly(fields, "withheld"), _newly(fields, "shown"))),
    ]
    sums = ", ".join(f"coalesce(sum(CAST({one} AS BIGINT)), 0)" for one in wanted)
    found = session.cursor.execute(f"SELECT {sums} FROM differing").fetchone()
    return Counts(*(int(count) for count in found or (0,) * len(wanted)))


def _sum(conditions: list[str]) -> str:
    each = " + ".join(f"CAST(coalesce({one}, FALSE) AS BIGINT)" for one in conditions)
    return f"({each or '0'})"


def differing_rows(
    compared: Compared, columns: list[Shown], part: Part, first: int, count: int
) -> list[Row]:
    """Return some rows of one part of the differences, with the cells of both sides."""
    fields, numbers = compared.fields, range(len(compared.fields))
    where = f"fate = '{part}'"
    if part in ("withheld", "shown"):
        where = " OR ".join(_newly(fields, part)) or "FALSE"
    cells = ", ".join([*(f"b{at}" for at in numbers), *(f"a{at}" for at in numbers)])
    order = ", ".join(f"coalesce(a{at}, b{at})" for at in numbers if fields[at] in compared.keys)
    found = compared.session.cursor.execute(
        f"SELECT fate, {cells} FROM differing WHERE {where}"
        f" ORDER BY {order or 'ALL'} LIMIT {count:d} OFFSET {first:d}"
    ).fetchall()
    answered = tuple(OutColumn(one.field_name, one.kind) for one in fields)
    size = len(fields)
    then = shown_rows(columns, answered, [row[1 : size + 1] for row in found])
    now = shown_rows(columns, answered, [row[size + 1 :] for row in found])
    keys = [at for at, shown in enumerate(columns) if shown.column in compared.keys]
    others = [at for at in range(len(columns)) if at not in keys]
    rows = []
    for (fate, *_), before, after in zip(found, then, now, strict=True):
        known = after if fate != "removed" else before
        pairs = [
            (None if fate == "added" else before[at], None if fate == "removed" else after[at])
            for at in others
        ]
        rows.append(Row([known[at] for at in keys], pairs))
    return rows
