"""The functions of queries that are called by name: dates, choices, and what text contains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from sqlglot import exp

from opengazette.localportal.soql.calls import CALLS
from opengazette.localportal.soql.grammar import CASE_FUNCTION, malformed
from opengazette.localportal.soql.term import Term, TermKind, mismatch, over, unknown
from opengazette.localportal.values import UNORDERED

TIMES: Final = ("floating_timestamp", "fixed_timestamp")
_DATE_PARTS: Final = {
    "date_extract_y": "year",
    "date_extract_m": "month",
    "date_extract_d": "day",
    "date_extract_hh": "hour",
    "date_extract_mm": "minute",
    "date_extract_ss": "second",
    "date_extract_dow": "dow",
    "date_extract_woy": "week",
}
_DATE_TRUNCS: Final = {"date_trunc_y": "year", "date_trunc_ym": "month", "date_trunc_ymd": "day"}


class Translator(Protocol):
    """What translates the expressions that a function holds."""

    def term(self, node: exp.Expression) -> Term:
        """Translate any expression."""
        ...

    def boolean(self, node: exp.Expression) -> Term:
        """Translate one that is true or false."""
        ...

    def texts(self, *nodes: exp.Expression) -> list[Term]:
        """Translate some that are text."""
        ...

    def coerced(self, term: Term, kind: TermKind) -> Term:
        """Read a literal as a type."""
        ...


def called(translator: Translator, node: exp.Expression) -> Term:
    """Translate a call by a name that SQL does not know.

    Raises:
        Problem: there is no such function, or its arguments do not fit.
    """
    name = str(node.this).lower()
    if name == CASE_FUNCTION:
        return _case_of(translator, node.expressions)
    arguments = [translator.term(argument) for argument in node.expressions]
    if name in CALLS:
        return CALLS[name].of(node, arguments)
    if len(arguments) != 1 or arguments[0].kind not in TIMES:
        raise unknown(node)
    if name in _DATE_PARTS:
        sql = f"date_part('{_DATE_PARTS[name]}', {arguments[0].sql})"
        return over(sql, "number", *arguments)
    if name in _DATE_TRUNCS:
        sql = f"CAST(date_trunc('{_DATE_TRUNCS[name]}', {arguments[0].sql}) AS TIMESTAMP)"
        return over(sql, arguments[0].kind, *arguments)
    raise unknown(node)


def contains(translator: Translator, node: exp.Expression) -> Term:
    """Translate `contains(text, part)`."""
    if any(value for name, value in node.args.items() if name not in {"this", "expression"}):
        raise unknown(node)
    whole, part = translator.texts(node.this, node.expression)
    return over(f"contains({whole.sql}, {part.sql})", "boolean", whole, part)


def chosen(translator: Translator, node: exp.Expression, name: str) -> Term:
    """Translate what chooses one of some expressions of one type that is not null.

    `coalesce(…)` is the first, `greatest(…)` and `least(…)` are what they say.
    """
    terms, kind = _agreed(translator, [node.this, *node.expressions])
    return over(f"{name}({', '.join(term.sql for term in terms)})", kind, *terms)


def case_when(translator: Translator, node: exp.Expression) -> Term:
    """Translate `case when … then … else … end`."""
    if node.args.get("this") is not None:
        raise malformed("CASE is followed by WHEN.")
    choices = node.args["ifs"]
    conditions = [choice.this for choice in choices]
    values = [choice.args["true"] for choice in choices]
    otherwise = node.args.get("default")
    return _case(translator, conditions, [*values, otherwise or exp.Null()])


def _case_of(translator: Translator, arguments: Sequence[exp.Expression]) -> Term:
    if not arguments or len(arguments) % 2:
        raise malformed("case takes pairs of a condition and a value.")
    return _case(translator, arguments[::2], [*arguments[1::2], exp.Null()])


def _case(
    translator: Translator, conditions: Sequence[exp.Expression], values: list[exp.Expression]
) -> Term:
    when = [translator.boolean(condition) for condition in conditions]
    then, kind = _agreed(translator, values)
    pairs = zip(when, then, strict=False)
    written = " ".join(f"WHEN {one.sql} THEN {value.sql}" for one, value in pairs)
    return over(f"(CASE {written} ELSE {then[-1].sql} END)", kind, *when, *then)


def _agreed(translator: Translator, nodes: Sequence[exp.Expression]) -> tuple[list[Term], TermKind]:
    """Translate expressions of one type, to which literals are read; nulls fit any."""
    found = [translator.term(node) for node in nodes]
    typed = [term.kind for term in found if term.literal is None and term.kind != "null"]
    kind: TermKind = next(iter(typed), "text" if any(t.literal for t in found) else "null")
    kind = "text" if kind == "row_identifier" else kind
    terms = [translator.coerced(term, kind) for term in found]
    kinds = {"text" if term.kind == "row_identifier" else term.kind for term in terms} - {"null"}
    if len(kinds) > 1 or kinds & UNORDERED:
        raise mismatch()
    return terms, kind
