"""From the expression of a transform to SQL with its failures.

Columns become the store's own names and literals become bound parameters; nothing that a
client wrote reaches the database as SQL. The parts of an expression never raise: a cell that
cannot be made is an error of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from opengazette.localportal.problems import bad_request
from opengazette.localportal.publishing.functions import FUNCTIONS
from opengazette.localportal.publishing.value import (
    NULL_KIND,
    Failure,
    Value,
    computed,
    made,
    no_such_function,
    wrong_types,
)
from opengazette.localportal.soql.expression import parse_expression
from opengazette.localportal.soql.grammar import CASE_FUNCTION, malformed
from opengazette.localportal.soql.operators import ARITHMETIC, COMPARISONS
from opengazette.localportal.values import (
    KIND_OF_TYPE_NAME,
    UNORDERED,
    Kind,
    NotOfThisType,
    plain_number,
    plain_text,
)


class Translation:
    """Translates the expressions over one input and gathers their parameters."""

    def __init__(self, columns: Mapping[str, tuple[int, Kind]]) -> None:
        self._columns = columns
        self.parameters: dict[str, object] = {}

    def translate(self, text: str) -> Value:
        """Translate an expression.

        Raises:
            Problem: a 400 with the matching `query.soql.*` code.
        """
        return self._value(parse_expression(text))

    def parameters_in(self, statement: str) -> dict[str, object]:
        """Return the parameters of a statement; the database refuses others."""
        named = set(re.findall(r"\$(p[0-9]+)", statement))
        return {name: value for name, value in self.parameters.items() if name in named}

    def _bound(self, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def _value(self, node: exp.Expression) -> Value:
        if type(node) in COMPARISONS:
            return self._comparison(node)
        if type(node) in ARITHMETIC:
            return self._arithmetic(node)
        translate = self._forms().get(type(node))
        if translate is None:
            raise malformed("The expression uses a form that transforms do not have.")
        return translate(node)

    def _forms(self) -> Mapping[type[exp.Expression], Callable[[exp.Expression], Value]]:
        return {
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: Value("TRUE" if node.this else "FALSE", "boolean"),
            exp.Null: lambda _node: Value("NULL", NULL_KIND),
            exp.Paren: lambda node: self._value(node.this),
            exp.Not: self._not,
            exp.And: lambda node: self._logical(node, "AND"),
            exp.Or: lambda node: self._logical(node, "OR"),
            exp.Is: self._is,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Like: self._like,
            exp.DPipe: self._joined,
            exp.Neg: self._negative,
            exp.Case: self._case_words,
            exp.Anonymous: self._call,
        }

    def _column(self, node: exp.Expression) -> Value:
        if any(value for key, value in node.args.items() if key != "this"):
            raise malformed("Columns stand alone.")
        found = self._columns.get(node.name) or self._columns.get(node.name.lower())
        if found is None:
            raise bad_request(f"No such column: {node.name}", "query.soql.no-such-column")
        number, kind = found
        return Value(f"c{number}", kind, reads=frozenset({number}))

    def _literal(self, node: exp.Expression) -> Value:
        if node.args.get("is_string"):
            text = plain_text(node.this)
            return Value(f"CAST({self._bound(text)} AS VARCHAR)", "text", literal=text)
        try:
            number = plain_number(node.this)
        except NotOfThisType:
            raise malformed("A number is malformed.") from None
        return Value(f"CAST({self._bound(number)} AS VARCHAR)", "number")

    def _not(self, node: exp.Expression) -> Value:
        inner = self._condition(node.this)
        return made(f"(NOT {inner.sql})", "boolean", inner)

    def _logical(self, node: exp.Expression, word: str) -> Value:
        left, right = self._condition(node.this), self._condition(node.expression)
        return made(f"({left.sql} {word} {right.sql})", "boolean", left, right)

    def _is(self, node: exp.Expression) -> Value:
        if not isinstance(node.expression, exp.Null):
            raise malformed("IS takes NULL or NOT NULL.")
        inner = self._value(node.this)
        return made(f"(({inner.sql}) IS NULL)", "boolean", inner)

    def _comparison(self, node: exp.Expression) -> Value:
        left, right = self._value(node.this), self._value(node.expression)
        one, other = _comparable("a comparison", left, right)
        return made(f"({one} {COMPARISONS[type(node)]} {other})", "boolean", left, right)

    def _in(self, node: exp.Expression) -> Value:
        items = [self._value(item) for item in node.expressions]
        extras = {key for key, value in node.args.items() if value} - {"this", "expressions"}
        if not items or extras - {"negate"}:
            raise malformed("IN takes a list.")
        value = self._value(node.this)
        first, *others = _comparable("IN", value, *items)
        word = "NOT IN" if node.args.get("negate") else "IN"
        return made(f"({first} {word} ({', '.join(others)}))", "boolean", value, *items)

    def _between(self, node: exp.Expression) -> Value:
        parts = [self._value(part) for part in (node.this, node.args["low"], node.args["high"])]
        value, low, high = _comparable("BETWEEN", *parts)
        word = "NOT BETWEEN" if node.args.get("negate") else "BETWEEN"
        return made(f"({value} {word} {low} AND {high})", "boolean", *parts)

    def _like(self, node: exp.Expression) -> Value:
        left, right = self._of_kind("LIKE", "text", node.this, node.expression)
        word = "NOT LIKE" if node.args.get("negate") else "LIKE"
        return made(f"({left.sql} {word} {right.sql})", "boolean", left, right)

    def _joined(self, node: exp.Expression) -> Value:
        parts = [self._value(part) for part in (node.this, node.expression)]
        texts = [FUNCTIONS["to_text"].of("||", [part]) for part in parts]
        return made(f"(({texts[0].sql}) || ({texts[1].sql}))", "text", *texts)

    def _negative(self, node: exp.Expression) -> Value:
        (inner,) = self._of_kind("-", "number", node.this)
        return computed(f"(-{inner.as_double()})", inner)

    def _arithmetic(self, node: exp.Expression) -> Value:
        left, right = self._of_kind("arithmetic", "number", node.this, node.expression)
        sign = ARITHMETIC[type(node)]
        second = right.as_double()
        if sign in "/%":
            second = f"nullif({second}, 0)"
        english = "Division by zero" if sign in "/%" else "The result is not a number"
        return computed(f"({left.as_double()} {sign} {second})", left, right, english=english)

    def _call(self, node: exp.Expression) -> Value:
        name = str(node.this).lower()
        arguments = [self._value(argument) for argument in node.expressions]
        if name == CASE_FUNCTION:
            return _case(arguments)
        if name == "coalesce":
            return _coalesce(arguments)
        function = FUNCTIONS.get(name)
        if function is None:
            raise no_such_function(name)
        return function.of(name, arguments)

    def _case_words(self, node: exp.Expression) -> Value:
        if node.this is not None:
            raise malformed("CASE takes conditions.")
        arguments = []
        for branch in node.args["ifs"]:
            arguments += [self._value(branch.this), self._value(branch.args["true"])]
        if node.args.get("default") is not None:
            arguments += [Value("TRUE", "boolean"), self._value(node.args["default"])]
        return _case(arguments)

    def _condition(self, node: exp.Expression) -> Value:
        (found,) = self._of_kind("a condition", "boolean", node)
        return found

    def _of_kind(self, name: str, kind: str, *nodes: exp.Expression) -> list[Value]:
        found = [self._value(node) for node in nodes]
        if any(value.kind not in (kind, NULL_KIND) for value in found):
            raise wrong_types(name)
        return found


def _common_kind(name: str, values: list[Value]) -> str:
    kinds = {value.kind for value in values} - {NULL_KIND}
    if len(kinds) > 1:
        raise wrong_types(name)
    return next(iter(kinds), NULL_KIND)


def _comparable(name: str, *values: Value) -> list[str]:
    kind = _common_kind(name, list(values))
    if kind in UNORDERED:
        raise wrong_types(name)
    return [value.as_double() if kind == "number" else value.sql for value in values]


def _coalesce(values: list[Value]) -> Value:
    if not values:
        raise wrong_types("coalesce")
    kind = _common_kind("coalesce", values)
    failures: list[Failure] = []
    unfilled = "TRUE"
    for value in values:
        failures += value.only_if(unfilled)
        unfilled += f" AND ({value.sql}) IS NULL"
    reads = frozenset().union(*(value.reads for value in values))
    listed = ", ".join(value.sql for value in values)
    return Value(f"coalesce({listed})", kind, tuple(failures), reads)


def _case(arguments: list[Value]) -> Value:
    """Take the value after the first condition that holds; only its failures count."""
    conditions, values = arguments[::2], arguments[1::2]
    if not values or len(conditions) != len(values):
        raise wrong_types("case")
    if any(condition.kind not in ("boolean", NULL_KIND) for condition in conditions):
        raise wrong_types("case")
    failures: list[Failure] = []
    undecided = "TRUE"
    for condition, value in zip(conditions, values, strict=True):
        failures += condition.only_if(undecided)
        failures += value.only_if(f"{undecided} AND coalesce({condition.sql}, FALSE)")
        undecided += f" AND NOT coalesce({condition.sql}, FALSE)"
    branches = " ".join(
        f"WHEN {condition.sql} THEN {value.sql}"
        for condition, value in zip(conditions, values, strict=True)
    )
    reads = frozenset().union(*(part.reads for part in arguments))
    return Value(f"CASE {branches} END", _common_kind("case", values), tuple(failures), reads)


def kind_of_result(value: Value) -> Kind:
    """Return the type of a finished transform; what is always null counts as text."""
    return KIND_OF_TYPE_NAME.get(value.kind, "text")
