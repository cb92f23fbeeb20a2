# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""From the clauses of a query to one SQL statement and the columns it answers with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from opengazette.localportal.problems import bad_request
from opengazette.localportal.soql.grammar import CASE_FUNCTION, Query, malformed
from opengazette.localportal.soql.term import ROW_ID, Term, TermKind
from opengazette.localportal.soql.terms import Terms
from opengazette.localportal.values import UNORDERED
from opengazette.localportal.views import View

DEFAULT_LIMIT = 1000
_ALIAS = re.compile(r":?[A-Za-z_@][A-Za-z0-9_@]{0,254}")
_SYSTEM = (":id", ":created_at", ":updated_at")


@dataclass(frozen=True)
class OutColumn:
    """A column of the answer."""

    name: str
    kind: TermKind


@dataclass(frozen=True)
class Compiled:
    """A statement that reads one dataset's rows, ready to run."""

    sql: str
    parameters: dict[str, object]
    columns: tuple[OutColumn, ...]


def compile_query(view: View, query: Query) -> Compiled:
    """Translate a query on a dataset.

    Without an order, rows come in the order they were written; equal rows of an order too.

    Raises:
        Problem: a 400 with the matching `query.soql.*` code.
    """
    terms = Terms(view, aggregates=False)
    where = _conditions(terms, view, query)
    grouped = [_group_term(terms, view, node, query) for node in query.group]
    terms.aggregates_allowed = True
    selected = _selected(terms, view, query)
    terms.aliases = {name: term for name, term in selected if view.column(name) is None}
    having = [terms.boolean(node) for node in query.having]
    order = [_order_term(terms, node) for node in query.order]
    computed = [term for _, term in selected] + [term for term, _ in order]
    if query.distinct:
        grouped = _distinct([term for _, term in selected], grouped)
    is_grouped = bool(grouped or having) or any(term.aggregate for term in computed)
    if is_grouped:
        _refuse_ungrouped(computed + having, grouped)
    shown = ", ".join(
        f"{term.bare if term.bare and not is_grouped else term.sql} AS o{at}"
        for at, (_, term) in enumerate(selected)
    )
    sql = f"SELECT {shown or 'NULL'} FROM {view.table}"
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    sql += f" GROUP BY {', '.join(term.sql for term in grouped)}" if grouped else ""
    sql += f" HAVING {' AND '.join(term.sql for term in having)}" if having else ""
    ties = [str(at + 1) for at in range(len(selected))] if is_grouped else ["number"]
    ranks = [f"{_rank(term, is_grouped=is_grouped)} {way}" for term, way in order]
    sql += f" ORDER BY {', '.join(ranks + ties)}"
    limit = DEFAULT_LIMIT if query.limit is None else query.limit
    if not selected:
        limit = 0  # A dataset without columns has nothing to show of its rows.
    sql += f" LIMIT {limit:d} OFFSET {query.offset:d}"
    columns = tuple(OutColumn(name, term.kind) for name, term in selected)
    return Compiled(sql, _used(sql, terms.parameters), columns)


def count_query(view: View, query: Query) -> Compiled:
    """Translate the question how many rows an ungrouped query finds."""
    terms = Terms(view, aggregates=False)
    where = _conditions(terms, view, query)
    sql = f"SELECT count(*) FROM {view.table}" + (f" WHERE {' AND '.join(where)}" if where else "")
    return Compiled(sql, _used(sql, terms.parameters), (OutColumn("count", "number"),))


def _used(sql: str, parameters: dict[str, object]) -> dict[str, object]:
    """Drop what was bound before it was read as another type: the database refuses it."""
    named = set(re.findall(r"\$(p[0-9]+)", sql))
    return {name: value for name, value in parameters.items() if name in named}


def _conditions(terms: Terms, view: View, query: Query) -> list[str]:
    where = [terms.boolean(node).sql for node in query.where]
    for name, text in query.equals:
        column = terms.column(name)
        value = terms.coerced(Term(terms.bind(text), "text", literal=text), column.kind)
        if column.kind == "boolean":
            value = Term("TRUE" if text.lower() == "true" else "FALSE", "boolean")
        where.append(f"({column.sql} = {value.sql})")
    readable = [c.physical for c in view.columns if c.kind in ("text", "number", "url")]
    for word in query.search.lower().split():
        if not readable:
            where.append("FALSE")
            continue
        where.append(f"contains(lower(concat_ws(' ', {', '.join(readable)})), {terms.bind(word)})")
    return where


def _selected(terms: Terms, view: View, query: Query) -> list[tuple[str, Term]]:
    everything = [(column.field_name, terms.column(column.field_name)) for column in view.columns]
    known = (":id", ":version", ":created_at", ":updated_at") if query.versions else _SYSTEM
    system = [(name, terms.column(name)) for name in known]
    if not query.select and query.group:
        return [_named(terms, node, []) for node in query.group]
    if not query.select:
        return (system if query.system_fields else []) + everything
    selected: list[tuple[str, Term]] = []
    for node in query.select:
        if isinstance(node, exp.Star):
            _refuse_star_extras(node)
            selected += (system if query.system_fields and query.versions else []) + everything
        elif isinstance(node, exp.Column) and node.name == ":*":
            selected += system
        else:
            selected.append(_named(terms, node, [name for name, _ in selected]))
    names = [name for name, _ in selected]
    for name in names:
        if names.count(name) > 1:
            raise bad_request(f"Two columns are called {name}.", "query.soql.duplicate-alias")
    return selected


def _refuse_star_extras(node: exp.Star) -> None:
    if any(node.args.values()):
        raise malformed("* stands alone.")


def _named(terms: Terms, node: exp.Expression, taken: Sequence[str]) -> tuple[str, Term]:
    if isinstance(node, exp.Alias):
        name = node.alias
        if not _ALIAS.fullmatch(name):
            raise malformed("An alias may hold letters, digits and underscores.")
        return name, terms.term(node.this)
    term = terms.term(node)
    if isinstance(node, exp.Column):
        return node.name if node.name.startswith(":") else node.name.lower(), term
    name = implicit_alias(node)
    if name not in taken:
        return name, term
    number = next(n for n in range(1, len(taken) + 2) if f"{name}_{n}" not in taken)
    return f"{name}_{number}", term


def implicit_alias(node: exp.Expression) -> str:
    """Name an expression that has no alias: `count(*)` is count, `sum(x)` is sum_x."""
    words = re.findall(r"[a-z0-9_]+", _spelled(node).lower())
    return "_".join(word.strip("_") or word for word in words) or "expr"


def _spelled(node: exp.Expression) -> str:
    if isinstance(node, exp.Anonymous):
        name = "case" if node.this == CASE_FUNCTION else str(node.this)
        return " ".join([name, *(_spelled(part) for part in node.expressions)])
    if isinstance(node, exp.Distinct):
        return " ".join(_spelled(part) for part in node.expressions)
    parts = " ".join(_spelled(part) for part in node.iter_expressions())
    if isinstance(node, exp.Star):
        return ""
    if isinstance(node, exp.Func) and not isinstance(node, exp.And | exp.Or):
        return f"{node.sql_name()} {parts}"
    return parts or node.name


def _group_term(terms: Terms, view: View, node: exp.Expression, query: Query) -> Term:
    """Translate a group, which may be called by an alias of the selection."""
    meant = node
    if isinstance(node, exp.Column) and view.column(node.name.lower()) is None:
        for selected in query.select:
            if isinstance(selected, exp.Alias) and selected.alias == node.name:
                meant = selected.this
    term = terms.term(meant)
    if not term.reads:
        raise malformed("A group reads no column.")
    return term


def _order_term(terms: Terms, node: exp.Expression) -> tuple[Term, str]:
    if not isinstance(node, exp.Ordered) or node.args.get("with_fill"):
        raise malformed("The order cannot be parsed.")
    term = terms.term(node.this)
    if term.kind in UNORDERED or not (term.reads or term.aggregate):
        raise bad_request("That has no order.", "query.soql.un-orderable-order")
    descending = bool(node.args.get("desc"))
    nulls_first = bool(node.args.get("nulls_first")) if descending else False
    return term, f"{'DESC' if descending else 'ASC'} NULLS {'FIRST' if nulls_first else 'LAST'}"


def _distinct(selected: list[Term], grouped: list[Term]) -> list[Term]:
    """Group by everything that is selected, so that no two rows are the same."""
    if grouped or any(term.aggregate for term in selected):
        raise malformed("DISTINCT is for rows that are not grouped.")
    if not all(term.reads for term in selected):
        raise malformed("DISTINCT reads no column.")
    return selected


def _rank(term: Term, *, is_grouped: bool) -> str:
    """Sort rows by their identifiers as they were written, not as the identifiers are spelled."""
    if term.sql != ROW_ID:
        return term.sql
    return "min(number)" if is_grouped else "number"


def _refuse_ungrouped(terms: list[Term], grouped: list[Term]) -> None:
    groups = {term.sql for term in grouped}
    group_reads = {term.sql for term in grouped if term.bare}
    for term in terms:
        if term.sql not in groups and not term.reads <= group_reads:
            raise bad_request(
                "A column is neither grouped nor aggregated.", "query.soql.column-not-in-group-bys"
            )
