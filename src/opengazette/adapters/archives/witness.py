"""Witnesses: what a ledger's newest entries were, written down where nobody rewrites it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from opengazette.errors import SettingsInvalid
from opengazette.governance.ledger_chain import Head
from opengazette.model.frozen import DatasetId, Frozen


class Witness(Frozen):
    """The newest entry of each dataset's chain on some day."""

    heads: dict[DatasetId, Head]


def read_witness(file: Path) -> Witness:
    """Return what a witness remembers. Raises SettingsInvalid where it is no witness."""
    try:
        return Witness.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        raise SettingsInvalid(
            f"{file} is no witness of a ledger.",
            "Name a file that 'opengazette ledger --verify --write-witness' has written.",
        ) from None


def write_witness(file: Path, witness: Witness) -> None:
    """Write what a witness remembers, whole or not at all."""
    try:
        draft = file.with_name(f"{file.name}.part")
        draft.write_text(witness.model_dump_json(indent=1) + "\n", encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise SettingsInvalid(
            f"{file} cannot be written ({error.strerror}).", "Name another file."
        ) from None
