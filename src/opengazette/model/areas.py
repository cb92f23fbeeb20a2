"""Look-ups of areas: the larger area of each, and the ZIP codes that too few people share."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from opengazette.model.frozen import FileName, Frozen, Label, Sentence
from opengazette.model.generalisation import ZipStart


class AreaTable(Frozen):
    """The larger area that each area belongs to: one file of config/standards/areas."""

    id: FileName
    title: Sentence
    source: Sentence = Field(description="where the assignment comes from")
    as_of: date
    parents: Annotated[dict[Label, Label], Field(min_length=1)] = Field(
        description="each area and the larger one that it lies in"
    )

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return each larger area with its parts, in the order of the file."""
        found: dict[str, list[str]] = {}
        for area, parent in self.parents.items():
            found.setdefault(parent, []).append(area)
        return {parent: tuple(areas) for parent, areas in found.items()}


class RestrictedZips(Frozen):
    """Starts of ZIP codes that 20,000 people or fewer share: one file of config/standards/zip3."""

    id: FileName
    title: Sentence
    source: Sentence = Field(description="where the list comes from")
    as_of: date = Field(description="day of the census that the list is made from")
    restricted: Annotated[tuple[ZipStart, ...], Field(min_length=1)]
