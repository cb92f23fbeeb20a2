"""Whether a chain of receipts is whole: each edit, removal, reorder and gap is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from opengazette.model.frozen import Frozen, Sha256
from opengazette.model.ledger import FORMAT, LedgerEntry


@dataclass(frozen=True)
class ChainProblem:
    """What is wrong with one entry; `newer` where a newer OpenGazette wrote it."""

    dataset: str
    position: int
    what: str
    newer: bool = False

    def __str__(self) -> str:
        return f"entry {self.position} {self.what}"


@dataclass(frozen=True)
class Chain:
    """The entries of a dataset up to the first problem, oldest first, and every problem."""

    entries: tuple[LedgerEntry, ...]
    problems: tuple[ChainProblem, ...]


class Head(Frozen):
    """The newest entry of a chain, as a witness elsewhere remembers it."""

    sequence: int
    sha256: Sha256


def examined(dataset: str, links: Mapping[int, bytes], seals: Mapping[int, bytes]) -> Chain:
    """Read a chain from its links and seals, by their positions.

    The newest link may lack its seal: a run can die between the two. A newest link that was
    removed together with its seal leaves no trace here; `unwitnessed` finds it.
    """
    entries: list[LedgerEntry] = []
    problems: list[ChainProblem] = []
    before: str | None = None
    last = max((*links, *seals), default=0)
    for position in range(1, last + 1):
        entry, what = _read(dataset, position, links.get(position))
        if entry is not None:
            what = _misfit(entry, before, seals.get(position), newest=position == last)
        if what is not None:
            problems.append(ChainProblem(dataset, position, what, newer=what == _NEWER))
        elif entry is not None and not problems:
            entries.append(entry)
        before = _hash(entry, seals.get(position))
    return Chain(tuple(entries), tuple(problems))


def head(entries: tuple[LedgerEntry, ...]) -> Head | None:
    """Return what a witness remembers of a chain; None where it is empty."""
    return Head(sequence=len(entries), sha256=entries[-1].sha256) if entries else None


def unwitnessed(
    dataset: str, entries: tuple[LedgerEntry, ...], witness: Head
) -> ChainProblem | None:
    """Hold a chain against what a witness elsewhere remembers of it."""
    if len(entries) < witness.sequence:
        return ChainProblem(dataset, len(entries) + 1, "is missing; the witness has seen it")
    if entries[witness.sequence - 1].sha256 != witness.sha256:
        return ChainProblem(dataset, witness.sequence, "is another one than the witness has seen")
    return None


_NEWER = f"has a form newer than {FORMAT}"


def _read(
    dataset: str, position: int, content: bytes | None
) -> tuple[LedgerEntry, None] | tuple[None, str]:
    if content is None:
        return None, "is missing"
    try:
        entry = LedgerEntry.model_validate_json(content)
    except ValidationError:
        return None, _NEWER if _is_newer(content) else "cannot be read"
    if entry.dataset != dataset or entry.sequence != position:
        return None, "belongs to another place"
    return entry, None


def _misfit(
    entry: LedgerEntry, before: str | None, seal: bytes | None, *, newest: bool
) -> str | None:
    if seal is None and not newest:
        return "has lost its seal"
    if seal is not None and seal != entry.sha256.encode():
        return "was changed"
    if entry.previous != before:
        return "does not follow from the one before it"
    return None


def _hash(entry: LedgerEntry | None, seal: bytes | None) -> str | None:
    """Return what the next link must name: the seal's word outlives an edit of the link."""
    if seal is not None:
        return seal.decode("ascii", "replace")
    return entry.sha256 if entry is not None else None


def _is_newer(content: bytes) -> bool:
    try:
        told = json.loads(content)
    except ValueError:
        return False
    form = told.get("format") if isinstance(told, dict) else None
    return isinstance(form, int) and form > FORMAT
