"""The expressions of transforms: SoQL whose functions are all called by name, `case` too."""

from __future__ import annotations

from sqlglot import exp, parser
from sqlglot.errors import ParseError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]  # not in its __all__

from opengazette.localportal.soql.grammar import Soql, malformed, tokens_of


class Transform(Soql):
    """Every function is a plain call: what a name means is decided by the list of functions."""

    class Parser(parser.Parser):
        """The parser of expressions without SQL's own functions."""

        FUNCTIONS = {}  # noqa: RUF012 - sqlglot's form
        FUNCTION_PARSERS = {}  # noqa: RUF012
        NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
        NO_PAREN_FUNCTION_PARSERS = {  # noqa: RUF012
            "CASE": parser.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]
        }


def parse_expression(text: str) -> exp.Expression:
    """Parse one expression.

    Raises:
        Problem: the text is not one expression and nothing else.
    """
    found = tokens_of(text)
    if not found:
        raise malformed("The expression is empty.", "query.soql.unexpected-eof")
    tree = _parsed([Token(TokenType.SELECT, "SELECT"), *found])
    extras = {name for name, value in tree.args.items() if value} - {"expressions"}
    if extras or len(tree.expressions) != 1 or isinstance(tree.expressions[0], exp.Alias):
        raise malformed("The expression is not one expression.")
    only: exp.Expression = tree.expressions[0]
    return only


def _parsed(found: list[Token]) -> exp.Select:
    try:
        trees = Transform().parser().parse(found, "")
    except ParseError:
        raise malformed("The expression cannot be parsed.") from None
    except RecursionError:
        raise malformed("The expression is nested too deeply.") from None
    if len(trees) != 1 or type(trees[0]) is not exp.Select:
        raise malformed("The expression is not one expression.")
    return trees[0]
