"""Questions to a dataset: from the parameters of a request to rows in batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unicodedata import normalize

import duckdb
from fastapi import Request

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.soql.compile import Compiled, compile_query, count_query
from opengazette.localportal.soql.grammar import (
    Query,
    malformed,
    parse_clause,
    parse_query,
    parse_selection,
)
from opengazette.localportal.store import Session
from opengazette.localportal.views import View
from opengazette.localportal.wire import Answer

BATCH_ROWS = 5_000
Rows = list[tuple[object, ...]]
LARGEST_OFFSET = 2**62
_STORED_AS_TEXT = {"text", "number"}
_CLAUSES = ("select", "where", "group", "having", "order")
_IGNORED = {"$$app_token", "$$bom", "$$version", "app_token", "queryTimeoutSeconds", "accessType"}


def query_of(request: Request) -> Query:
    """Read the query of a request.

    Raises:
        Problem: a 400 for a parameter that is unknown, repeated in vain or malformed.
    """
    sent = {name: normalize("NFC", text) for name, text in request.query_params.items()}
    for name in _IGNORED:
        sent.pop(name, None)
    whole = sent.pop("$query", None)
    query = Query() if whole is None else parse_query(whole)
    query = replace(
        query,
        system_fields=sent.pop("$$exclude_system_fields", "true").lower() == "false",
        search=" ".join(filter(None, (query.search, sent.pop("$q", "")))),
    )
    given = {name.removeprefix("$"): sent.pop(name) for name in list(sent) if name.startswith("$")}
    limit, offset = given.pop("limit", None), given.pop("offset", None)
    unknown = sorted(set(given) - set(_CLAUSES))
    if unknown:
        raise malformed(
            f"Unrecognized arguments [{', '.join(unknown)}]", "query.compiler.malformed"
        )
    if whole is not None and (given or limit or offset):
        raise malformed("$query stands alone.", "query.compiler.malformed")
    query = _with_clauses(query, given)
    return replace(
        query,
        equals=tuple(sent.items()),
        limit=query.limit if limit is None else _whole("limit", limit),
        offset=query.offset if offset is None else _whole("offset", offset),
    )


def _with_clauses(query: Query, given: dict[str, str]) -> Query:
    if "select" in given:
        selection = parse_selection(given["select"])
        query = replace(query, select=selection.select, distinct=selection.distinct)
    clauses = {name: parse_clause(name, text) for name, text in given.items() if name != "select"}
    return replace(
        query,
        where=clauses.get("where", query.where),
        group=clauses.get("group", query.group),
        having=clauses.get("having", query.having),
        order=clauses.get("order", query.order),
    )


def _whole(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < LARGEST_OFFSET:
        return int(text)
    raise malformed(f"${name} takes a whole number.", "query.compiler.malformed")


def ask(session: Session, view: View, query: Query) -> Answer:
    """Run a query. The first rows are there when this returns; the rest follow on reading."""
    compiled = compile_query(view, query)
    batches = _batches(session, compiled)
    # The first batch is fetched now, so that a query that fails answers with its error.
    first = next(batches, [])
    whole = len(first) < BATCH_ROWS
    return Answer(compiled.columns, _from(first, iter(()) if whole else batches), whole=whole)


def ask_for_lines(session: Session, view: View, query: Query) -> Answer | None:
    """Run a query that may find many rows, to write them as CSV at once.

    Nothing is returned, and `ask` does it, where few rows can be found or a column is no text:
    numbers are stored as text.
    """
    compiled = compile_query(view, query)
    if view.row_count < BATCH_ROWS or any(c.kind not in _STORED_AS_TEXT for c in compiled.columns):
        return None
    with _speaking_plainly():
        result = session.cursor.execute(compiled.sql, compiled.parameters)
        if any(str(kind) != "VARCHAR" for _, kind, *_ in result.description):
            return None
        return Answer(compiled.columns, iter(()), lines=_lines(result))


def _lines(result: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
    import pyarrow.csv as written
    import pyarrow.lib as pa

    # As `csv_body` writes: every cell quoted, nulls empty.
    options = {"include_header": False, "quoting_style": "all_valid"}
    form = written.WriteOptions(**options)  # type: ignore[attr-defined]
    with _speaking_plainly():
        for batch in result.to_arrow_reader(BATCH_ROWS):
            out = pa.BufferOutputStream()
            written.write_csv(batch, out, form)  # type: ignore[attr-defined]
            yield out.getvalue().to_pybytes()


def count_rows(session: Session, view: View, query: Query) -> int:
    """Count what an ungrouped query finds, whatever its limit."""
    first = next(_batches(session, count_query(view, query)))
    count = first[0][0]
    return count if isinstance(count, int) else 0


def _batches(session: Session, compiled: Compiled) -> Iterator[Rows]:
    with _speaking_plainly():
        result = session.cursor.execute(compiled.sql, compiled.parameters)
        while batch := result.fetchmany(BATCH_ROWS):
            yield batch


@contextmanager
def _speaking_plainly() -> Iterator[None]:
    try:
        yield
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        raise bad_request("A value is out of range.", "query.soql.type-mismatch") from None
    except duckdb.Error:
        # The database quotes values in its messages.
        raise Problem(500, "query.datasource.unavailable", "The query failed.") from None


def _from(first: Rows, others: Iterator[Rows]) -> Iterator[Rows]:
    if first:
        yield first
        yield from others
