"""What an expression of a transform is: a value, its type, and when it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing import conversions as sql
from opengazette.localportal.values import Kind

ValueKind = str
MOST_SQL: Final = 200_000
NULL_KIND = "null"


@dataclass(frozen=True)
class Failure:
    """When a cell is an error, and what is then said; both are SQL."""

    when: str
    english: str


@dataclass(frozen=True)
class Value:
    """A translated expression. A number's `sql` is text in plain notation, as it is stored.

    `double` is what to compute with, where that is not read from the text; `literal` is the
    text of a literal, for arguments that must be one.
    """

    sql: str
    kind: ValueKind
    failures: tuple[Failure, ...] = ()
    reads: frozenset[int] = frozenset()
    double: str | None = None
    literal: str | None = None

    def __post_init__(self) -> None:
        parts = [self.sql, *(failure.when for failure in self.failures)]
        if sum(map(len, parts)) > MOST_SQL:
            raise bad_request("The expression is too complex.", "query.soql.bad-parse")

    def as_double(self) -> str:
        """Return the number to compute with."""
        return self.double or sql.double_of_number(self.sql)

    def only_if(self, condition: str) -> tuple[Failure, ...]:
        """Return the failures, which count where the condition holds."""
        return tuple(
            Failure(f"({condition}) AND ({failure.when})", failure.english)
            for failure in self.failures
        )


def made(text: str, kind: ValueKind, *parts: Value, fails: tuple[Failure, ...] = ()) -> Value:
    """Make a value of others: it reads what they read, and fails where they fail."""
    failures = tuple(failure for part in parts for failure in part.failures)
    return Value(text, kind, failures + fails, frozenset().union(*(part.reads for part in parts)))


def computed(double: str, *parts: Value, english: str = "The result is not a number") -> Value:
    """Make a number that is computed; it fails where parts are there and it is not finite."""
    there = " AND ".join(f"({part.sql}) IS NOT NULL" for part in parts) or "TRUE"
    number = made(
        sql.number_of_double(double),
        "number",
        *parts,
        fails=(Failure(f"{there} AND NOT coalesce(isfinite({double}), FALSE)", f"'{english}'"),),
    )
    return replace(number, double=double)


def converted(text: str, value: Value, kind: Kind, fails_as: str | None = None) -> Value:
    """Make a value of another type; it fails where there is a value and no reading of it."""
    english = f"'Unable to convert from {value.kind} to {fails_as or kind}'"
    return made(
        text,
        kind,
        value,
        fails=(Failure(f"({value.sql}) IS NOT NULL AND ({text}) IS NULL", english),),
    )


def no_such_function(name: str) -> Problem:
    """Make the 400 of a function that this portal does not have."""
    return bad_request(f"No such function: {name[:60]}", "query.soql.no-such-function")


def wrong_types(name: str) -> Problem:
    """Make the 400 of arguments that a function does not take."""
    return bad_request(
        f"The types of what {name[:60]} is given do not agree.", "query.soql.type-mismatch"
    )
