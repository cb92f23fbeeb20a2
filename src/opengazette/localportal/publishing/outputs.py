# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Output schemas: which transforms make which columns, checked first, then computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from pydantic import JsonValue

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import (
    Config,
    InputColumn,
    InputSchema,
    OutputColumn,
    OutputSchema,
    SortBy,
)
from opengazette.localportal.publishing.sources import guessed_kind
from opengazette.localportal.publishing.transforms import Translation, kind_of_result
from opengazette.localportal.publishing.value import Value
from opengazette.localportal.store import Session, Store, now
from opengazette.localportal.values import SQL_TYPE, UNORDERED, Kind
from opengazette.localportal.views import FIELD_NAME, View

_CONVERSION: Mapping[Kind, str] = {
    "number": "to_number",
    "boolean": "to_boolean",
    "floating_timestamp": "to_floating_timestamp",
    "fixed_timestamp": "to_fixed_timestamp",
    "point": "to_point",
    "url": "to_url",
    "location": "to_location",
}


@dataclass(frozen=True)
class Wanted:
    """A column that somebody asks for."""

    field_name: str
    display_name: str
    transform_expr: str
    description: str = ""
    format: Mapping[str, JsonValue] = field(default_factory=dict)
    is_primary_key: bool = False


def read_wanted(sent: JsonValue) -> list[Wanted]:
    """Read the columns of a request, in the order of their positions.

    Raises:
        Problem: they are no list of columns with field names and transforms.
    """
    if not isinstance(sent, list) or not sent:
        raise bad_request("output_columns is a list of columns.")
    found: list[tuple[float, Wanted]] = []
    for number, entry in enumerate(sent):
        if not isinstance(entry, dict):
            raise bad_request("output_columns is a list of columns.")
        position = entry.get("position")
        at = float(position) if isinstance(position, int | float) else float(number)
        found.append((at, _read_one(entry)))
    return [wanted for _, wanted in sorted(found, key=lambda one: one[0])]


def _read_one(entry: Mapping[str, JsonValue]) -> Wanted:
    transform = entry.get("transform")
    expression = transform.get("transform_expr") if isinstance(transform, dict) else None
    name, form = entry.get("field_name"), entry.get("format")
    if not isinstance(expression, str) or not isinstance(name, str):
        raise bad_request("A column needs a field_name and a transform with transform_expr.")
    return Wanted(
        field_name=name,
        display_name=str(entry.get("display_name") or name),
        transform_expr=expression,
        description=str(entry.get("description") or ""),
        format=form if isinstance(form, dict) else {},
        is_primary_key=entry.get("is_primary_key") is True,
    )


def read_sort_bys(sent: JsonValue) -> tuple[SortBy, ...]:
    """Read the order of a request; none where it has none."""
    if sent is None:
        return ()
    if not isinstance(sent, list):
        raise bad_request("sort_bys is a list.")
    found = []
    for entry in sent:
        name = entry.get("field_name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str):
            raise bad_request("A sort names a field_name.")
        found.append(SortBy(field_name=name, ascending=entry.get("ascending") is not False))
    return tuple(found)


def guessed_columns(session: Session, schema: InputSchema, view: View | None) -> list[Wanted]:
    """Guess what a publisher wants of an input: what the dataset has already, else by values."""
    return [_guessed(session, schema, column, view) for column in schema.columns]


def _guessed(
    session: Session, schema: InputSchema, column: InputColumn, view: View | None
) -> Wanted:
    known = view.column(column.field_name) if view is not None else None
    kind = known.kind if known else guessed_kind(session, schema.table, column)
    identifier = view.identifier() if view is not None else None
    return Wanted(
        field_name=column.field_name,
        display_name=known.name if known else column.display_name,
        transform_expr=_expression(column, kind),
        description=known.description if known else "",
        format=known.format if known else {},
        is_primary_key=identifier is not None and identifier is known,
    )


def _expression(column: InputColumn, kind: Kind) -> str:
    name = f"`{column.field_name}`"
    if kind == column.kind:
        return name
    if kind == "text":
        return f"to_text({name})"
    return f"{_CONVERSION[kind]}({name})" if kind in _CONVERSION else name


def columns_of_config(config: Config) -> list[Wanted]:
    """Return the columns that a recipe makes."""
    return [
        Wanted(
            field_name=column.field_name,
            display_name=column.display_name,
            transform_expr=column.transform_expr,
            description=column.description,
            format=column.format,
            is_primary_key=column.is_primary_key is True,
        )
        for column in config.columns or ()
    ]


def new_output(
    session: Session,
    schema: InputSchema,
    wanted: Sequence[Wanted],
    sort_bys: tuple[SortBy, ...],
    owner: str,
) -> OutputSchema:
    """Check transforms and make an output schema of them; it is not computed yet.

    Raises:
        Problem: a name is taken or malformed, or an expression cannot be computed.
    """
    _refuse_bad_names(wanted, sort_bys)
    columns = [_output_column(session, schema, one) for one in wanted]
    return OutputSchema(
        id=session.draw(),
        input_schema_id=schema.id,
        created_by=owner,
        created_at=now(),
        columns=tuple(columns),
        sort_bys=sort_bys,
        total_rows=schema.total_rows,
    )


def _output_column(session: Session, schema: InputSchema, wanted: Wanted) -> OutputColumn:
    value = _checked(session, schema, wanted.transform_expr)
    kind = kind_of_result(value)
    if wanted.is_primary_key and kind in {"boolean", *UNORDERED}:
        raise bad_request(f"The column {wanted.field_name} cannot identify rows.")
    return OutputColumn(
        id=session.draw(),
        transform_id=session.draw(),
        transform_expr=wanted.transform_expr,
        kind=kind,
        reads=tuple(sorted(value.reads)),
        field_name=wanted.field_name,
        display_name=wanted.display_name,
        description=wanted.description,
        format=dict(wanted.format),
        is_primary_key=wanted.is_primary_key,
    )


def _refuse_bad_names(wanted: Sequence[Wanted], sort_bys: tuple[SortBy, ...]) -> None:
    names = [one.field_name for one in wanted]
    for name in names:
        if not FIELD_NAME.fullmatch(name):
            raise bad_request(f"The field_name {name[:80]!r} holds other than a-z, 0-9 and _.")
        if names.count(name) > 1:
            raise bad_request(f"Two columns are called {name}.")
    if sum(one.is_primary_key for one in wanted) > 1:
        raise bad_request("One column identifies rows, not several.")
    for sort in sort_bys:
        if sort.field_name not in names:
            raise bad_request(f"There is no column {sort.field_name[:80]} to sort by.")


def _translation(schema: InputSchema) -> Translation:
    return Translation({one.field_name: (one.number, one.kind) for one in schema.columns})


def _checked(session: Session, schema: InputSchema, expression: str) -> Value:
    """Translate an expression and let the database read it without computing a row."""
    translation = _translation(schema)
    value = translation.translate(expression)
    question = f"SELECT {value.sql} AS v, {_error_sql(value)} AS e FROM {schema.table} LIMIT 0"
    try:
        session.cursor.execute(question, translation.parameters_in(question))
    except duckdb.Error:
        raise bad_request("The expression cannot be computed.", "query.soql.bad-parse") from None
    return value


def _error_sql(value: Value) -> str:
    if not value.failures:
        return "CAST(NULL AS VARCHAR)"
    cases = " ".join(f"WHEN {failure.when} THEN {failure.english}" for failure in value.failures)
    return f"CASE {cases} END"


def compute(store: Store, schema: InputSchema, output: OutputSchema) -> OutputSchema:
    """Compute every cell into a table of the output's own, each a value or an error."""
    with store.writing() as session:
        table = f"rows_{session.draw()}"
    translation = _translation(schema)
    values = [translation.translate(column.transform_expr) for column in output.columns]
    numbers = range(1, len(values) + 1)
    with store.building() as session:
        held = "".join(
            f", c{number} {SQL_TYPE[column.kind]}, e{number} VARCHAR"
            for number, column in zip(numbers, output.columns, strict=True)
        )
        session.cursor.execute(f"CREATE TABLE {table} (number BIGINT{held})")
        filling = _filling_sql(schema, table, list(zip(numbers, values, strict=True)))
        session.cursor.execute(filling, translation.parameters_in(filling))
        errors = " + ".join(f"count(e{number})" for number in numbers)
        any_error = f"coalesce({', '.join(f'e{number}' for number in numbers)}) IS NOT NULL"
        counted = session.cursor.execute(
            f"SELECT {errors}, coalesce(count_if({any_error}), 0), count(*) FROM {table}"
        ).fetchone()
    error_count, error_rows, total = counted or (0, 0, 0)
    return output.model_copy(
        update={
            "table": table,
            "error_count": error_count,
            "error_rows": error_rows,
            "total_rows": total,
            "completed_at": now(),
        }
    )


def computed_before(schema: InputSchema, output: OutputSchema) -> OutputSchema | None:
    """Return an output schema with the cells of another one of this input by the same transforms.

    What is guessed of a file is mostly what its publisher asks for. The two share a table.
    """
    for other in schema.outputs:
        if other.completed_at and _transforms(other) == _transforms(output):
            shared = {"table", "error_count", "error_rows", "total_rows", "completed_at"}
            return output.model_copy(update=other.model_dump(include=shared))
    return None


def _transforms(output: OutputSchema) -> list[str]:
    return [column.transform_expr for column in output.columns]


def _filling_sql(schema: InputSchema, table: str, values: list[tuple[int, Value]]) -> str:
    inner = "".join(
        f", {value.sql} AS v{number}, coalesce(row_error, {_error_sql(value)}) AS e{number}"
        for number, value in values
    )
    outer = "".join(
        f", CASE WHEN e{number} IS NULL THEN v{number} END, e{number}" for number, _ in values
    )
    return (
        f"INSERT INTO {table} SELECT number{outer} FROM (SELECT number{inner} FROM {schema.table})"
    )


def identifies_rows(session: Session, output: OutputSchema, transform_id: int) -> bool:
    """Say whether the values of a computed column are all there and all different.

    Raises:
        Problem: no column of the output has this transform (404).
    """
    ids = [column.transform_id for column in output.columns]
    if transform_id not in ids or output.table is None:
        raise Problem(404, "not_found", "There is no such transform.")
    number = ids.index(transform_id) + 1
    if output.columns[number - 1].kind in {"boolean", *UNORDERED}:
        return False
    counted = session.cursor.execute(
        f"SELECT count(*), count(DISTINCT c{number}) FROM {output.table}"
    ).fetchone()
    return counted is not None and counted[0] == counted[1]
