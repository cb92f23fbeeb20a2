"""Constructs expectations with Great Expectations, and refuses what it would let pass in silence.

Great Expectations drops an expectation whose name or severity is misspelt, accepts a regular
expression that does not compile and a suite that is empty. Each expectation is therefore built
from its own class, and looked at before it is used.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opengazette.adapters.contract_references import columns_named
from opengazette.model.expectations import Expectation
from opengazette.model.source import ColumnType

#: They compare with other tables or speak SQL: an extract is a file.
NEEDS_A_DATABASE = frozenset(
    {
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
    }
)

#: Arguments that would change how results are reported, and so what leaves with them.
RESERVED = frozenset(
    {"result_format", "catch_exceptions", "batch_id", "windows", "id", "notes", "meta"}
    | {"severity", "description", "rendered_content"}
)


@dataclass(frozen=True)
class Built:
    """An expectation that Great Expectations has accepted, and the columns that it reads."""

    asked: Expectation
    expectation: Any
    columns: tuple[str, ...] | None

    @property
    def column(self) -> str | None:
        """Return the columns' names as one text, or None where it speaks of the whole table."""
        return ", ".join(self.columns) if self.columns else None


@dataclass(frozen=True)
class Fault:
    """Why an expectation cannot be built: the argument, the reason and the fix."""

    field: tuple[str, ...]
    reason: str
    fix: str


def library() -> Any:  # noqa: ANN401 - a module
    """Return Great Expectations, silenced: it logs tracebacks that may quote cells."""
    import great_expectations

    logger = logging.getLogger("great_expectations")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    return great_expectations


def build(asked: Expectation, types: Mapping[str, ColumnType]) -> Built | tuple[Fault, ...]:
    """Return the constructed expectation, or everything that is wrong with it.

    `types` gives the type of each column of the contract. Nothing of a table is read.
    """
    kind = _class(asked.type)
    if isinstance(kind, Fault):
        return (kind,)
    faults = tuple(_faults(asked, types))
    if faults:
        return faults
    built = _construct(kind, asked, types)
    if not isinstance(built, tuple):
        return Built(asked, built, _columns(asked))
    return built


def _class(name: str) -> Any:  # noqa: ANN401 - a class of Great Expectations, or a Fault
    expectations = library().expectations
    classes = (each for each in vars(expectations).values() if isinstance(each, type))
    named = ((getattr(each, "expectation_type", None), each) for each in classes)
    known = {kind_name: each for kind_name, each in named if isinstance(kind_name, str)}
    if name in NEEDS_A_DATABASE:
        return Fault(("type",), f"{name!r} runs only inside a database", "use another expectation")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "see greatexpectations.io/expectations"
        return Fault(("type",), f"{name!r} is not an expectation", fix)
    return known[name]


def _faults(asked: Expectation, types: Mapping[str, ColumnType]) -> Iterator[Fault]:
    for name in sorted(RESERVED & set(asked.kwargs)):
        yield Fault(("kwargs", name), "is not an argument for this file", "leave it out")
    for name, value in asked.kwargs.items():
        if isinstance(value, dict) and "$PARAMETER" in value:
            yield Fault(("kwargs", name), "is a parameter, which nothing fills", "write the value")
    for argument, column in columns_named(asked.kwargs):
        if column not in types:
            reason = f"{column!r} is not one of the contract's columns"
            yield Fault(("kwargs", argument), reason, "correct the name, or list the column")
    yield from _patterns(asked)
    yield from _idle(asked, types)


def _patterns(asked: Expectation) -> Iterator[Fault]:
    single = asked.kwargs.get("regex")
    listed = asked.kwargs.get("regex_list")
    several = listed if isinstance(listed, list) else []
    for name, pattern in (("regex", single), *(("regex_list", each) for each in several)):
        try:
            re.compile(pattern if isinstance(pattern, str) else "")
        except re.error as error:
            reason = f"the regular expression does not compile: {error.msg}"
            yield Fault(("kwargs", name), reason, f"look at position {error.pos}")


def _idle(asked: Expectation, types: Mapping[str, ColumnType]) -> Iterator[Fault]:
    """Find arguments under which an expectation says nothing, or can never be met."""
    low, high = asked.kwargs.get("min_value"), asked.kwargs.get("max_value")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield Fault(("kwargs", "max_value"), "lies below min_value", "exchange the two")
    if asked.kwargs.get("value_set") == []:
        yield Fault(("kwargs", "value_set"), "lists no value", "list at least one")
    if asked.kwargs.get("mostly") == 0:
        yield Fault(("kwargs", "mostly"), "is 0, so everything passes", "give the share that must")
    of_dates = types.get(str(asked.kwargs.get("column"))) == "date"
    if of_dates and "value_set" in asked.kwargs:
        yield Fault(("kwargs", "value_set"), "dates cannot be listed", "use min_value, max_value")


def _construct(kind: Any, asked: Expectation, types: Mapping[str, ColumnType]) -> Any:  # noqa: ANN401
    refused = library().compatibility.pydantic.ValidationError
    try:
        return kind(**_with_days(asked, types), severity=asked.severity)
    except refused as error:
        faults = {str(e["loc"][0]): str(e["msg"]) for e in reversed(error.errors())}
        arguments = sorted(_arguments(kind))
        return tuple(
            Fault(
                ("kwargs",) if name == "__root__" else ("kwargs", name),
                message,
                f"the arguments are {', '.join(arguments)}",
            )
            for name, message in sorted(faults.items())
        )


def _arguments(kind: Any) -> set[str]:  # noqa: ANN401 - a class of Great Expectations
    return set(kind.__fields__) - RESERVED


def _with_days(asked: Expectation, types: Mapping[str, ColumnType]) -> dict[str, Any]:
    """Return the arguments, with the bounds of a date column as moments: it compares no days."""
    kwargs = dict(asked.kwargs)
    if types.get(str(kwargs.get("column"))) == "date":
        for name in ("min_value", "max_value"):
            if re.fullmatch(r"\d{4}-\d\d-\d\d", str(kwargs.get(name))):
                kwargs[name] = f"{kwargs[name]}T00:00:00"
    return kwargs


def _columns(asked: Expectation) -> tuple[str, ...] | None:
    """Return the columns that must be read, or None where it may look at any of them."""
    if asked.kwargs.get("row_condition") or asked.type.startswith("expect_table_column"):
        return None
    return tuple(dict.fromkeys(name for _, name in columns_named(asked.kwargs)))
