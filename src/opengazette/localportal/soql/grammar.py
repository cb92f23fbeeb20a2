"""From the text of a query to a syntax tree; what the tree may contain is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]  # not in its __all__

from opengazette.localportal.problems import Problem, bad_request

#: What `case(…)` is called in a syntax tree, so that it is not taken for the keyword.
CASE_FUNCTION = "case_of"
LONGEST_QUERY = 16_000
DEEPEST_NESTING = 40
_CLAUSE = {
    "select": "expressions",
    "where": "where",
    "group": "group",
    "having": "having",
    "order": "order",
    "limit": "limit",
    "offset": "offset",
}


class Soql(Dialect):
    """The quotes of SoQL; everything else is refused or accepted by the tree's walker."""

    class Tokenizer(tokens.Tokenizer):
        """Both quotes hold text, backquotes hold names."""

        QUOTES = ["'", '"']  # noqa: RUF012 - sqlglot's form
        IDENTIFIERS = ["`"]  # noqa: RUF012


@dataclass(frozen=True)
class Query:
    """The clauses of one query as trees. `select` is empty for all columns."""

    select: tuple[exp.Expression, ...] = ()
    where: tuple[exp.Expression, ...] = ()
    group: tuple[exp.Expression, ...] = ()
    having: tuple[exp.Expression, ...] = ()
    order: tuple[exp.Expression, ...] = ()
    equals: tuple[tuple[str, str], ...] = field(default=())
    search: str = ""
    limit: int | None = None
    offset: int = 0
    system_fields: bool = False
    versions: bool = False

    def is_plain(self) -> bool:
        """Say whether it answers with rows as they are: no columns chosen, no groups."""
        return not (self.group or self.having) and all(
            isinstance(node, exp.Star) for node in self.select
        )


def malformed(message: str, code: str = "query.soql.bad-parse") -> Problem:
    """Make the 400 of a query that is not SoQL."""
    return bad_request(message, code)


def parse_clause(clause: str, text: str) -> tuple[exp.Expression, ...]:
    """Parse the text of one clause.

    Raises:
        Problem: the text is not that clause and nothing else.
    """
    found = tokens_of(text)
    if not found:
        raise malformed(f"${clause} is empty.", "query.soql.unexpected-eof")
    return _parts(_parse(_opening(clause) + found), {clause})[clause]


def parse_query(text: str) -> Query:
    """Parse a whole `$query`, which names no table."""
    found = tokens_of(text)
    parts = _parts(_parse(found), set(_CLAUSE))
    return replace(
        Query(),
        select=parts["select"],
        where=parts["where"],
        group=parts["group"],
        having=parts["having"],
        order=parts["order"],
        limit=_whole(parts["limit"]),
        offset=_whole(parts["offset"]) or 0,
    )


def _whole(part: tuple[exp.Expression, ...]) -> int | None:
    if not part:
        return None
    value = part[0].args.get("expression")
    if isinstance(value, exp.Literal) and not value.is_string and value.this.isdigit():
        return int(value.this)
    raise malformed("LIMIT and OFFSET take a whole number.")


def _opening(clause: str) -> list[Token]:
    select = [Token(TokenType.SELECT, "SELECT")]
    if clause == "select":
        return select
    opened = {
        "where": [Token(TokenType.WHERE, "WHERE")],
        "group": [Token(TokenType.GROUP_BY, "GROUP BY")],
        "having": [Token(TokenType.HAVING, "HAVING")],
        "order": [Token(TokenType.ORDER_BY, "ORDER BY")],
    }
    return [*select, Token(TokenType.STAR, "*"), *opened[clause]]


def tokens_of(text: str) -> list[Token]:
    """Cut a text into tokens; system fields are one token each, `case(` is a call.

    Raises:
        Problem: a text or name is not closed, or it is too long or too deep.
    """
    if len(text) > LONGEST_QUERY:
        raise malformed("The query is too long.")
    try:
        found = Soql().tokenize(text)
    except TokenError:
        raise malformed("A text or name is not closed.", "query.soql.unterminated-string") from None
    _refuse_deep_nesting(found)
    return _with_case_calls(_with_system_fields(found))


def _refuse_deep_nesting(found: list[Token]) -> None:
    depth = 0
    for token in found:
        depth += token.token_type in {TokenType.L_PAREN, TokenType.NOT, TokenType.DASH}
        depth -= token.token_type in {
            TokenType.R_PAREN,
            TokenType.COMMA,
            TokenType.AND,
            TokenType.OR,
        }
        depth = max(depth, 0)
        if depth > DEEPEST_NESTING:
            raise malformed("The query is nested too deeply.")


def _with_system_fields(found: list[Token]) -> list[Token]:
    """Join a colon with what follows it: `:id` and `:*` are names in SoQL."""
    joined: list[Token] = []
    for token in found:
        before = joined[-1] if joined else None
        if before and before.token_type is TokenType.COLON and before.text == ":":
            joined[-1] = Token(TokenType.IDENTIFIER, f":{token.text}")
        else:
            joined.append(token)
    return joined


def _with_case_calls(found: list[Token]) -> list[Token]:
    """Read `case(` as a call; `case when` stays the keyword."""
    following = [*found, None][1:]
    return [
        Token(TokenType.VAR, CASE_FUNCTION)
        if token.token_type is TokenType.CASE
        and after is not None
        and after.token_type is TokenType.L_PAREN
        else token
        for token, after in zip(found, following, strict=True)
    ]


def _parse(found: list[Token]) -> exp.Select:
    try:
        trees = Soql().parser().parse(found, "")
    except ParseError:
        raise malformed("The query cannot be parsed.") from None
    except RecursionError:
        raise malformed("The query is nested too deeply.") from None
    if len(trees) != 1 or type(trees[0]) is not exp.Select:
        raise malformed("The query is not a SELECT.")
    return trees[0]


def _parts(tree: exp.Select, allowed: set[str]) -> dict[str, tuple[exp.Expression, ...]]:
    known = {_CLAUSE[clause] for clause in allowed} | {"expressions"}
    if any(value for name, value in tree.args.items() if name not in known):
        raise malformed("The query has a clause that does not belong there.")
    return {clause: _clause_parts(tree.args.get(_CLAUSE[clause])) for clause in allowed}


def _clause_parts(found: object) -> tuple[exp.Expression, ...]:
    if found is None:
        return ()
    if isinstance(found, list):
        return tuple(found)
    if isinstance(found, exp.Where | exp.Having):
        return (found.this,)
    if isinstance(found, exp.Limit | exp.Offset):
        return (found,)
    if isinstance(found, exp.Group | exp.Order):
        _refuse_extras(found)
        return tuple(found.expressions)
    raise malformed("The query has a clause that does not belong there.")


def _refuse_extras(clause: exp.Expression) -> None:
    if any(value for name, value in clause.args.items() if name != "expressions"):
        raise malformed("The query has a clause that does not belong there.")
