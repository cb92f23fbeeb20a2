"""The structure of a table of cells that comes in a file of its own: META.json."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from opengazette.model.frozen import Frozen, Label, Sentence

Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]

#: Columns of the files that no dimension may be called.
RESERVED = frozenset({"value", "primary", "weight", "published", "status", "low", "high", "proved"})

Price = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class CodeTree(Frozen):
    """One classifying variable with its codes, from the total down to the finest."""

    name: Code = Field(description="the column of the cells that holds the codes")
    total: Code | None = Field(
        default=None, description="the code of the total; none where no total is published"
    )
    tree: dict[Code, tuple[Code, ...]] = Field(
        default_factory=dict,
        description="for each code that is a sum, the codes that it is the sum of",
    )
    weights: dict[Code, Price] = Field(
        default_factory=dict,
        description="what withholding a cell of this code costs beside 1 for any other: 0.2 for "
        "an Other that may go first",
    )
    level_weights: tuple[Price, ...] = Field(
        default=(),
        description="the same by level, from the total down; the last holds for all levels below",
    )

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        below = Counter(code for codes in self.tree.values() for code in codes)
        twice = [code for code, times in below.items() if times > 1]
        if twice:
            raise ValueError(f"tree: {twice[0]!r} is the child of more than one code")
        empty = [code for code, codes in self.tree.items() if not codes]
        if empty:
            raise ValueError(f"tree: {empty[0]!r} has no child; leave it out")
        if self.total is not None and self.total in below:
            raise ValueError(f"total: {self.total!r} is the child of another code")
        unreached = set(self.tree) - self._reached()
        if unreached:
            raise ValueError(f"tree: {min(unreached)!r} is not below the total")
        strange = set(self.weights) - set(self.codes())
        if strange and self.total is not None:
            raise ValueError(f"weights: {min(strange)!r} is no code of the tree")
        return self

    def _reached(self) -> set[str]:
        below = {code for codes in self.tree.values() for code in codes}
        waiting = [self.total] if self.total is not None else [*set(self.tree) - below]
        reached: set[str] = set()
        while waiting:
            code = waiting.pop()
            reached.add(code)
            waiting.extend(self.tree.get(code, ()))
        return reached

    def codes(self) -> tuple[str, ...]:
        """Return every code that the structure names, parents before their children."""
        named = [self.total] if self.total is not None else []
        for parent, children in self.tree.items():
            named += [parent, *children]
        return tuple(dict.fromkeys(named))

    def depths(self) -> dict[str, int]:
        """Give each code of the tree its level: 0 at the top, one more for each step down."""
        below = {code for codes in self.tree.values() for code in codes}
        depth = {code: 0 for code in self.codes() if code not in below}
        waiting = list(depth)
        while waiting:
            code = waiting.pop()
            for child in self.tree.get(code, ()):
                depth[child] = depth[code] + 1
                waiting.append(child)
        return depth

    def code_weights(self) -> dict[str, float]:
        """Return what withholding a cell of each code costs, level and category multiplied."""
        depth = self.depths() | dict.fromkeys(set(self.weights) - set(self.codes()), 0)
        levels = self.level_weights or (1.0,)
        return {
            code: self.weights.get(code, 1.0) * levels[min(level, len(levels) - 1)]
            for code, level in depth.items()
        }


class ForcedCells(Frozen):
    """Cells that are shown or withheld because somebody decided so; none shows a small count."""

    be: Literal["shown", "withheld"] = Field(
        description="shown: not withheld to protect others; withheld: protected like a small count"
    )
    where: Annotated[dict[Code, Code], Field(min_length=1)] = Field(
        description="a code by dimension; a dimension left out stands for all its codes and totals"
    )
    reason: Sentence = Field(description="why; the receipt repeats it")
    decided_by: Label | None = Field(default=None, description="person or body, with the date")


class CellStructure(Frozen):
    """What a table of counts is made of, and which of its counts are small."""

    dims: tuple[CodeTree, ...] = Field(
        min_length=1, description="the classifying variables, in the order of the columns"
    )
    zero_policy: Literal["publish", "primary"] = Field(
        description="publish: a true zero is always shown; primary: zeros are small counts"
    )
    threshold: int = Field(
        ge=1, description="the largest count that is too small to be shown, 10 for 1 to 10"
    )
    forced: tuple[ForcedCells, ...] = Field(
        default=(), description="cells that somebody wants shown or withheld"
    )
    name: str | None = Field(default=None, description="what the table is called")
    kind: str | None = Field(default=None, description="not used: such as real or synthetic")
    source: str | None = Field(default=None, description="not used: where the table comes from")
    seed: int | None = Field(default=None, description="not used: the seed of a generated table")
    n_cells: int | None = Field(
        default=None, ge=0, description="how many cells the table has; compared with the file"
    )
    n_primary: int | None = Field(
        default=None, ge=0, description="how many are primary; compared with the file"
    )
    n_zero: int | None = Field(default=None, ge=0, description="not used: how many are zero")
    total: int | None = Field(default=None, ge=0, description="not used: the grand total")

    @model_validator(mode="after")
    def _names_are_free(self) -> Self:
        times = Counter(dim.name for dim in self.dims)
        twice = [name for name, n in times.items() if n > 1]
        if twice:
            raise ValueError(f"dims: {twice[0]!r} stands here twice")
        taken = sorted(RESERVED & set(times))
        if taken:
            raise ValueError(f"dims: {taken[0]!r} is the name of another column of the files")
        return self

    @model_validator(mode="after")
    def _forced_cells_exist(self) -> Self:
        dims = {dim.name: dim for dim in self.dims}
        for name, code in (place for each in self.forced for place in each.where.items()):
            if name not in dims:
                raise ValueError(f"forced: {name!r} is none of the dims")
            if dims[name].total is not None and code not in dims[name].codes():
                raise ValueError(f"forced: {code!r} is no code of {name!r}")
        return self

    @property
    def is_weighted(self) -> bool:
        """Tell whether some dimension says what its cells cost."""
        return any(dim.weights or dim.level_weights for dim in self.dims)
