"""What a write may ask for besides its rows, by the names of the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from fastapi import Request

from opengazette.localportal.problems import bad_request

RowError = Literal[
    "no_such_row_to_delete",
    "no_such_row_to_update",
    "no_primary_key",
    "version_mismatch",
    "version_on_new_row",
    "insert_in_update_only",
]
_USUAL: Final[frozenset[RowError]] = frozenset({"no_such_row_to_delete", "no_such_row_to_update"})


@dataclass(frozen=True)
class WriteOptions:
    """How rows are written: `truncate` takes all others away first; without `merge` a field
    that a row does not name becomes null; `tolerated` errors of rows are counted, all others
    refuse the request; `expected` is the version that the rows are at.
    """

    truncate: bool = False
    merge: bool = True
    tolerated: frozenset[RowError] = _USUAL
    expected: int | None = None


def write_options(request: Request) -> WriteOptions:
    """Read the options of a request.

    Raises:
        Problem: one of them is not what it can be.
    """
    return WriteOptions(
        truncate=_flag(request, "truncate", default=False),
        merge=_flag(request, "mergeInsteadOfReplace", default=True),
        tolerated=_tolerated(request),
        expected=_version(request),
    )


def _tolerated(request: Request) -> frozenset[RowError]:
    sent = request.query_params.getlist("nonFatalRowErrors[]")
    known = {name: name for name in get_args(RowError)}
    if unknown := [name for name in sent if name not in known]:
        raise bad_request(
            f"{len(unknown)} of nonFatalRowErrors[] are not known: it takes {', '.join(known)}."
        )
    if sent:
        return frozenset(known[name] for name in sent)
    return frozenset() if _flag(request, "errorsAreFatal", default=False) else _USUAL


def _flag(request: Request, name: str, *, default: bool) -> bool:
    sent = request.query_params.get(name, str(default)).lower()
    if sent not in ("true", "false"):
        raise bad_request(f"{name} is true or false.")
    return sent == "true"


def _version(request: Request) -> int | None:
    text = request.query_params.get("expectedDataVersion")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise bad_request("expectedDataVersion is a whole number.")
    return int(text)
