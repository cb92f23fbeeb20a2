"""The functions of text and numbers, each with the types it takes and the SQL it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from opengazette.localportal.soql.term import Term, TermKind, mismatch, over, unknown

_WHOLE: Final = (
    "CAST(CASE WHEN {0} > 70000000 THEN 70000000 WHEN {0} < {1} THEN {1} ELSE {0} END AS BIGINT)"
)
_START, _COUNT = _WHOLE.format("{1}", "-70000000"), _WHOLE.format("{2}", "0")
_PLACES: Final = "CAST(CASE WHEN {1} > 15 THEN 15 WHEN {1} < -15 THEN -15 ELSE {1} END AS INTEGER)"


@dataclass(frozen=True)
class Call:
    """A function: the types of its arguments, of its result, and its SQL by how many it got."""

    takes: tuple[TermKind, ...]
    makes: TermKind
    sql: str
    shorter: str | None = None

    def of(self, node: exp.Expression, arguments: Sequence[Term]) -> Term:
        """Call it.

        Raises:
            Problem: the number or the types of the arguments do not fit.
        """
        missing = len(self.takes) - len(arguments)
        if missing and not (missing == 1 and self.shorter):
            raise unknown(node)
        for argument, kind in zip(arguments, self.takes, strict=False):
            held = "text" if argument.kind == "row_identifier" else argument.kind
            if held not in (kind, "null"):
                raise mismatch()
        written = self.shorter if missing and self.shorter else self.sql
        parts = [argument.sql for argument in arguments]
        return over(written.format(*parts), self.makes, *arguments)


CALLS: Final[Mapping[str, Call]] = {
    "trim": Call(("text",), "text", "trim({0})"),
    "trim_leading": Call(("text",), "text", "ltrim({0})"),
    "trim_trailing": Call(("text",), "text", "rtrim({0})"),
    "unaccent": Call(("text",), "text", "strip_accents({0})"),
    "length": Call(("text",), "number", "length({0})"),
    "substring": Call(
        ("text", "number", "number"),
        "text",
        f"substring({{0}}, {_START}, {_COUNT})",
        f"substring({{0}}, {_START})",
    ),
    "abs": Call(("number",), "number", "abs({0})"),
    "ceil": Call(("number",), "number", "ceil({0})"),
    "floor": Call(("number",), "number", "floor({0})"),
    "ln": Call(("number",), "number", "ln(CASE WHEN {0} > 0 THEN CAST({0} AS DOUBLE) END)"),
    "round": Call(
        ("number", "number"),
        "number",
        f"round(CAST({{0}} AS DOUBLE), {_PLACES})",
        "round({0})",
    ),
}
