"""From a syntax tree to SQL: what is on the list is translated, everything else is refused.

Names become the store's own column names and literals become bound parameters, so that no
text of a client reaches the database as SQL.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from opengazette.localportal.problems import bad_request
from opengazette.localportal.soql.functions import TIMES, called, case_when, chosen, contains
from opengazette.localportal.soql.grammar import malformed
from opengazette.localportal.soql.operators import ARITHMETIC, COMPARISONS
from opengazette.localportal.soql.term import (
    SYSTEM_COLUMNS,
    Term,
    TermKind,
    bindable,
    mismatch,
    number_sql,
    over,
    unknown,
)
from opengazette.localportal.values import (
    UNORDERED,
    NotOfThisType,
    fixed_time,
    floating_time,
    plain_number,
    plain_text,
)
from opengazette.localportal.views import View

_AGGREGATES: Final[dict[type[exp.Expression], str]] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
    exp.Median: "median",
    exp.StddevPop: "stddev_pop",
    exp.StddevSamp: "stddev_samp",
}
_OF_NUMBERS: Final = {"sum", "avg", "median", "stddev_pop", "stddev_samp"}
_TEXTS: Final = ("text", "row_identifier")


class Terms:
    """Translates the expressions of one query and gathers its parameters."""

    def __init__(self, view: View, *, aggregates: bool = True) -> None:
        self._view = view
        self.aggregates_allowed = aggregates
        self.parameters: dict[str, object] = {}
        self.aliases: dict[str, Term] = {}

    def bind(self, value: object) -> str:
        """Bind a value; equal values share a parameter, so that equal expressions stay equal."""
        for name, bound in self.parameters.items():
            if type(bound) is type(value) and bound == value:
                return f"${name}"
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def term(self, node: exp.Expression) -> Term:
        """Translate an expression.

        Raises:
            Problem: it is not in the subset, names an unknown column, or its types disagree.
        """
        kind = type(node)
        if kind in COMPARISONS:
            return self._comparison(node)
        if kind in ARITHMETIC:
            return self._arithmetic(node)
        if kind in _AGGREGATES:
            return self._aggregate(node)
        translate = getattr(self, f"_{kind.__name__.lower()}", None)
        if translate is None or kind not in _TRANSLATED:
            raise unknown(node)
        found = translate(node)
        if not isinstance(found, Term):
            raise unknown(node)
        return found

    def column(self, name: str) -> Term:
        """Translate a column name, of the dataset or of the system."""
        if name in self.aliases:
            return self.aliases[name]
        if name in SYSTEM_COLUMNS:
            sql, kind = SYSTEM_COLUMNS[name]
            return Term(sql, kind, frozenset({sql}), bare=sql)
        column = self._view.column(name.lower())
        if column is None:
            raise bad_request(f"No such column: {name}", "query.soql.no-such-column")
        sql = number_sql(column) if column.kind == "number" else column.physical
        return Term(sql, column.kind, frozenset({sql}), bare=column.physical)

    def boolean(self, node: exp.Expression) -> Term:
        """Translate an expression that must be true or false."""
        found = self.term(node)
        if found.kind not in ("boolean", "null"):
            raise bad_request("A condition is not boolean.", "query.soql.non-boolean-where")
        return found

    def coerced(self, term: Term, kind: TermKind) -> Term:
        """Read a literal as the type of what it meets."""
        if term.literal is None or term.kind == kind or term.kind != "text":
            return term
        try:
            if kind == "number":
                return Term(self.bind(bindable(plain_number(term.literal))), "number")
            if kind in TIMES:
                read = floating_time if kind == "floating_timestamp" else fixed_time
                return Term(f"CAST({self.bind(read(term.literal))} AS TIMESTAMP)", kind)
        except NotOfThisType:
            raise mismatch() from None
        return term

    def _column(self, node: exp.Expression) -> Term:
        if set(node.args) - {"this"} and any(v for k, v in node.args.items() if k != "this"):
            raise malformed("Columns stand alone.")
        return self.column(node.name)

    def _literal(self, node: exp.Expression) -> Term:
        if node.args.get("is_string"):
            text = plain_text(node.this)
            return Term(self.bind(text), "text", literal=text)
        try:
            return Term(self.bind(bindable(plain_number(node.this))), "number")
        except NotOfThisType:
            raise malformed("A number is malformed.") from None

    def _boolean(self, node: exp.Expression) -> Term:
        return Term("TRUE" if node.this else "FALSE", "boolean")

    def _null(self, _node: exp.Expression) -> Term:
        return Term("NULL", "null")

    def _paren(self, node: exp.Expression) -> Term:
        inner = self.term(node.this)
        return Term(f"({inner.sql})", inner.kind, inner.reads, inner.aggregate, inner.literal)

    def _not(self, node: exp.Expression) -> Term:
        inner = self.boolean(node.this)
        return over(f"(NOT {inner.sql})", "boolean", inner)

    def _and(self, node: exp.Expression) -> Term:
        return self._logical(node, "AND")

    def _or(self, node: exp.Expression) -> Term:
        return self._logical(node, "OR")

    def _logical(self, node: exp.Expression, word: str) -> Term:
        left, right = self.boolean(node.this), self.boolean(node.expression)
        return over(f"({left.sql} {word} {right.sql})", "boolean", left, right)

    def _is(self, node: exp.Expression) -> Term:
        inner = self.term(node.this)
        if not isinstance(node.expression, exp.Null):
            raise malformed("IS takes NULL or NOT NULL.")
        return over(f"({inner.sql} IS NULL)", "boolean", inner)

    def _comparison(self, node: exp.Expression) -> Term:
        left, right = self._agreed(node.this, node.expression)
        return over(f"({left.sql} {COMPARISONS[type(node)]} {right.sql})", "boolean", left, right)

    def _between(self, node: exp.Expression) -> Term:
        value, low = self._agreed(node.this, node.args["low"])
        _, high = self._agreed(node.this, node.args["high"])
        word = "NOT BETWEEN" if node.args.get("negate") else "BETWEEN"
        return over(f"({value.sql} {word} {low.sql} AND {high.sql})", "boolean", value, low, high)

    def _in(self, node: exp.Expression) -> Term:
        if any(
            value
            for key, value in node.args.items()
            if key not in {"this", "expressions", "negate"}
        ):
            raise malformed("IN takes a list.")
        pairs = [self._agreed(node.this, item) for item in node.expressions]
        if not pairs:
            raise malformed("IN takes a list.")
        value, items = pairs[0][0], [item for _, item in pairs]
        word = "NOT IN" if node.args.get("negate") else "IN"
        listed = ", ".join(item.sql for item in items)
        return over(f"({value.sql} {word} ({listed}))", "boolean", value, *items)

    def _like(self, node: exp.Expression) -> Term:
        left, right = self.texts(node.this, node.expression)
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        return over(f"({left.sql} {word} {right.sql})", "boolean", left, right)

    def _startswith(self, node: exp.Expression) -> Term:
        left, right = self.texts(node.this, node.expression)
        return over(f"starts_with({left.sql}, {right.sql})", "boolean", left, right)

    def _dpipe(self, node: exp.Expression) -> Term:
        left, right = self.texts(node.this, node.expression)
        return over(f"({left.sql} || {right.sql})", "text", left, right)

    def _upper(self, node: exp.Expression) -> Term:
        (inner,) = self.texts(node.this)
        return over(f"upper({inner.sql})", "text", inner)

    def _lower(self, node: exp.Expression) -> Term:
        (inner,) = self.texts(node.this)
        return over(f"lower({inner.sql})", "text", inner)

    def _neg(self, node: exp.Expression) -> Term:
        inner = self._number(node.this)
        return over(f"(-{inner.sql})", "number", inner)

    def _arithmetic(self, node: exp.Expression) -> Term:
        left, right = self._number(node.this), self._number(node.expression)
        never = "0" if isinstance(node, exp.Div | exp.Mod) else "NULL"
        sql = (
            f"(CAST({left.sql} AS DOUBLE) {ARITHMETIC[type(node)]}"
            f" nullif(CAST({right.sql} AS DOUBLE), {never}))"
        )
        return over(sql, "number", left, right)

    def _anonymous(self, node: exp.Expression) -> Term:
        return called(self, node)

    def _contains(self, node: exp.Expression) -> Term:
        return contains(self, node)

    def _coalesce(self, node: exp.Expression) -> Term:
        return chosen(self, node, "coalesce")

    def _greatest(self, node: exp.Expression) -> Term:
        return chosen(self, node, "greatest")

    def _least(self, node: exp.Expression) -> Term:
        return chosen(self, node, "least")

    def _case(self, node: exp.Expression) -> Term:
        return case_when(self, node)

    def _aggregate(self, node: exp.Expression) -> Term:
        if not self.aggregates_allowed:
            raise bad_request(
                "An aggregate cannot stand here.", "query.soql.aggregate-in-ungrouped-context"
            )
        name, inner = _AGGREGATES[type(node)], node.this
        if any(v for k, v in node.args.items() if k not in {"this", "big_int"}):
            raise unknown(node)
        if isinstance(inner, exp.Star):
            if name != "count":
                raise unknown(node)
            return Term("count(*)", "number", aggregate=True)
        distinct = isinstance(inner, exp.Distinct)
        if isinstance(inner, exp.Distinct):
            if name != "count" or len(inner.expressions) != 1 or inner.args.get("on"):
                raise unknown(node)
            inner = inner.expressions[0]
        value = self.term(inner)
        if value.aggregate:
            raise bad_request(
                "An aggregate cannot hold another.", "query.soql.aggregate-in-ungrouped-context"
            )
        if name in _OF_NUMBERS and value.kind != "number":
            raise mismatch()
        kind: TermKind = "number" if name == "count" or name in _OF_NUMBERS else value.kind
        return Term(f"{name}({'DISTINCT ' if distinct else ''}{value.sql})", kind, aggregate=True)

    def _agreed(self, first: exp.Expression, second: exp.Expression) -> tuple[Term, Term]:
        left, right = self.term(first), self.term(second)
        left, right = self.coerced(left, right.kind), self.coerced(right, left.kind)
        kinds = {"text" if term.kind in _TEXTS else term.kind for term in (left, right)} - {"null"}
        if len(kinds) > 1 or kinds & UNORDERED:
            raise mismatch()
        return left, right

    def _number(self, node: exp.Expression) -> Term:
        found = self.coerced(self.term(node), "number")
        if found.kind not in ("number", "null"):
            raise mismatch()
        return found

    def texts(self, *nodes: exp.Expression) -> list[Term]:
        """Translate expressions that are text.

        Raises:
            Problem: one of them is not.
        """
        found = [self.term(node) for node in nodes]
        if any(term.kind not in (*_TEXTS, "null") for term in found):
            raise mismatch()
        return found


_TRANSLATED: Final = {
    exp.Column,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Paren,
    exp.Not,
    exp.And,
    exp.Or,
    exp.Is,
    exp.Between,
    exp.In,
    exp.Like,
    exp.StartsWith,
    exp.DPipe,
    exp.Upper,
    exp.Lower,
    exp.Neg,
    exp.Anonymous,
    exp.Contains,
    exp.Coalesce,
    exp.Greatest,
    exp.Least,
    exp.Case,
}
