"""Files that are published beside a table of cells: linked tables, and earlier releases of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from opengazette.adapters.cell_files import read_published_cells, read_structure
from opengazette.disclosure.standalone.published_beside import Beside
from opengazette.errors import ExtractRefused, SettingsInvalid
from opengazette.model.cell_structure import CellStructure


def read_beside(
    structure: CellStructure,
    linked: Sequence[Path],
    structures: Sequence[Path],
    known: Sequence[Path],
) -> tuple[Beside, ...]:
    """Return the tables that the public has already.

    `linked` tables come each with a structure of its own, in the same order; `known` are earlier
    releases of the same table.

    Raises:
        SettingsInvalid: there are more linked tables than structures, or fewer.
        ContractInvalid: a structure breaks its form.
        ExtractRefused: a table is not what its structure says.
    """
    if len(linked) != len(structures):
        raise SettingsInvalid(
            f"--linked is given {len(linked)} times, --linked-structure {len(structures)} times.",
            "Give each linked table its structure, in the same order.",
        )
    return tuple(_read(structure, linked, structures, known))


def _read(
    structure: CellStructure,
    linked: Sequence[Path],
    structures: Sequence[Path],
    known: Sequence[Path],
) -> Iterator[Beside]:
    names = list[str]()
    for path, form in zip(linked, structures, strict=True):
        own = read_structure(form)
        yield Beside(_unused(path.name, names), own, read_published_cells(path, own))
    for path in known:
        cells = read_published_cells(path, structure)
        yield Beside(_unused(path.name, names), structure, cells, is_earlier=True)


def _unused(name: str, names: list[str]) -> str:
    free = name if name not in names else f"{name} ({names.count(name) + len(names)})"
    names.append(free)
    return free


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        ExtractRefused: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExtractRefused(
            f"{path.name} cannot be read: {error.strerror}.", "Correct the name."
        ) from None
