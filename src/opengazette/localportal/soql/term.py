"""A translated expression, and the refusals of those that are not translated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from sqlglot import exp

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.soql.grammar import malformed
from opengazette.localportal.values import Kind
from opengazette.localportal.views import Column

TermKind = Kind | Literal["null", "row_identifier"]
#: A row's version changes whenever the row is written.
_VERSION_SQL: Final = (
    "'rv-' || substr(md5(sid || CAST(updated AS VARCHAR)), 1, 4) || '.'"
    " || substr(md5(sid || CAST(updated AS VARCHAR)), 5, 4) || '~'"
    " || substr(md5(sid || CAST(updated AS VARCHAR)), 9, 4)"
)
ROW_ID: Final = "sid"
SYSTEM_COLUMNS: Final[dict[str, tuple[str, TermKind]]] = {
    ":id": (ROW_ID, "row_identifier"),
    ":created_at": ("created", "fixed_timestamp"),
    ":updated_at": ("updated", "fixed_timestamp"),
    ":version": (_VERSION_SQL, "text"),
}


@dataclass(frozen=True)
class Term:
    """A translated expression: its SQL, its type and the columns it reads outside aggregates."""

    sql: str
    kind: TermKind
    reads: frozenset[str] = frozenset()
    aggregate: bool = False
    literal: str | None = None
    bare: str | None = None


def over(sql: str, kind: TermKind, *parts: Term) -> Term:
    """Make a term over others: what they read it reads, what they aggregate it aggregates."""
    reads = frozenset().union(*(part.reads for part in parts))
    return Term(sql, kind, reads, any(part.aggregate for part in parts))


def number_sql(column: Column) -> str:
    """Cast a number as exactly as what the column holds allows."""
    if column.digits + column.scale <= 18:
        return f"CAST({column.physical} AS DECIMAL(18, {column.scale}))"
    if column.digits + column.scale <= 30:
        return f"CAST({column.physical} AS DECIMAL(38, {column.scale}))"
    return f"CAST({column.physical} AS DOUBLE)"


def bindable(number: str) -> Decimal | float:
    """Bind exactly what fits a decimal of 38 places, and the nearest double beyond."""
    exact = Decimal(number)
    exponent = exact.as_tuple().exponent
    places = len(exact.as_tuple().digits) + abs(exponent if isinstance(exponent, int) else 0)
    return exact if places <= 30 else float(exact)


def mismatch() -> Problem:
    """Make the 400 of types that do not agree."""
    return bad_request("The types of an expression do not agree.", "query.soql.type-mismatch")


def unknown(node: exp.Expression) -> Problem:
    """Make the 400 of a function or form outside the subset."""
    if isinstance(node, exp.Func):
        name = str(node.this) if isinstance(node, exp.Anonymous) else node.sql_name()
        return bad_request(f"No such function: {name.lower()}", "query.soql.no-such-function")
    return malformed("The query uses a form that is not part of this portal's SoQL.")
