"""From the text of a query to a syntax tree; what the tree may contain is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]  # not in its __all__

from opengazette.localportal.problems import Problem, bad_request

#: What `case(…)` is called in a syntax tree, so that it is not taken for the keyword.
CASE_FUNCTION = "case_of"
LONGEST_QUERY = 16_000
DEEPEST_NESTING = 40
#: What SQL gives a form of its own, and SoQL calls by name.
_PLAIN_CALLS = {"TRIM", "SUBSTRING", "LENGTH", "ROUND", "ABS", "CEIL", "FLOOR", "LN"}
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

    class Parser(parser.Parser):
        """The parser of SQL, but for the functions that are plain calls."""

        FUNCTIONS = {  # noqa: RUF012 - sqlglot's form
            name: made for name, made in parser.Parser.FUNCTIONS.items() if name not in _PLAIN_CALLS
        }
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: made
            for name, made in parser.Parser.FUNCTION_PARSERS.items()
            if name not in _PLAIN_CALLS
        }


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
    distinct: bool = False

    def is_plain(self) -> bool:
        """Say whether it answers with rows as they are: no columns chosen, no groups."""
        return not (self.group or self.having or self.distinct) and all(
            isinstance(node, exp.Star) for node in self.select
        )


def malformed(message: str, code: str = "query.soql.bad-parse") -> Problem:
    """Make the 400 of a query that is not SoQL."""
    return bad_request(message, code)


def parse_selection(text: str) -> Query:
    """Parse the text of a `$select` into a query that has no other clause.

    Raises:
        Problem: the text is not that clause and nothing else.
    """
    tree = _clause_tree("select", text)
    return Query(select=_parts(tree, {"select"})["select"], distinct=_is_distinct(tree))


def parse_clause(clause: str, text: str) -> tuple[exp.Expression, ...]:
    """Parse the text of one clause, which is not `$select`.

    Raises:
        Problem: the text is not that clause and nothing else.
    """
    return _parts(_clause_tree(clause, text), {clause})[clause]


def _clause_tree(clause: str, text: str) -> exp.Select:
    found = tokens_of(text)
    if not found:
        raise malformed(f"${clause} is empty.", "query.soql.unexpected-eof")
    return _parse(_opening(clause) + found)


def parse_query(text: str) -> Query:
    """Parse a whole `$query`, which names no table."""
    found, search = _search_apart(tokens_of(text))
    tree = _parse(found)
    parts = _parts(tree, set(_CLAUSE))
    return replace(
        Query(),
        search=search,
        distinct=_is_distinct(tree),
        select=parts["select"],
        where=parts["where"],
        group=parts["group"],
        having=parts["having"],
        order=parts["order"],
        limit=_whole(parts["limit"]),
        offset=_whole(parts["offset"]) or 0,
    )


def _search_apart(found: list[Token]) -> tuple[list[Token], str]:
    """Take the clause SEARCH, which SQL does not have, out of a query."""
    depth = 0
    for at, token in enumerate(found[:-1]):
        depth += token.token_type is TokenType.L_PAREN
        depth -= token.token_type is TokenType.R_PAREN
        words = found[at + 1]
        named = token.token_type is TokenType.VAR and token.text.upper() == "SEARCH"
        if named and not depth and words.token_type is TokenType.STRING:
            return [*found[:at], *found[at + 2 :]], words.text
    return found, ""


def _is_distinct(tree: exp.Select) -> bool:
    """Say whether only rows that differ are asked for.

    Raises:
        Problem: they are to differ in some columns alone.
    """
    found = tree.args.get("distinct")
    if found is not None and any(found.args.values()):
        raise malformed("DISTINCT stands alone.")
    return found is not None


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
    known |= {"distinct"} if "select" in allowed else set()
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
