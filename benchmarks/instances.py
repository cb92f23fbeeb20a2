"""Tables of counts to measure on: generated from a seed, or read from folders."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.standalone.given_cells import GivenCells, flagged, rule_of
from opengazette.model.cell_structure import CellStructure, CodeTree

SEED = 20260921
TOTAL = "T"


@dataclass(frozen=True)
class Instance:
    """A table of counts with its primary cells."""

    name: str
    structure: CellStructure
    cells: GivenCells

    @property
    def n_cells(self) -> int:
        """Return the number of cells, margins included."""
        return len(self.cells.keys)


@dataclass(frozen=True)
class Variable:
    """How one dimension is made: codes below each other, and how unequal the finest are.

    `widths` are the numbers of codes on each level below the total; codes are spread unevenly
    over those above. `skew` is the spread of the logarithm of their sizes.
    """

    name: str
    widths: tuple[int, ...]
    skew: float


@dataclass(frozen=True)
class Recipe:
    """How one table is made.

    `mean` is the mean count of a finest cell; `dispersion` is that of the negative binomial,
    small for a long tail.
    """

    variables: tuple[Variable, ...]
    mean: float
    dispersion: float = 1.5
    zeros_shown: bool = True

    @property
    def n_cells(self) -> int:
        """Return the number of cells that the table will have."""
        return int(np.prod([1 + sum(v.widths) for v in self.variables]))


_COUNTY, _REGION = Variable("county", (58,), 1.4), Variable("geo", (9, 58), 1.4)
_AGE6, _AGE7 = Variable("age", (6,), 0.5), Variable("age", (7,), 0.5)
_SEX, _RACE = Variable("sex", (2,), 0.05), Variable("race", (6,), 1.1)
_MONTH, _YEAR = Variable("month", (12,), 0.1), Variable("year", (5,), 0.1)
_CAUSE = Variable("cause", (8, 40, 160), 1.6)
_GROUP = Variable("cause", (10, 60), 1.5)

#: The generated tables, smallest first; the names say what is crossed.
RECIPES: Mapping[str, Recipe] = {
    "g2_rows24_columns8": Recipe((Variable("row", (24,), 1), Variable("column", (8,), 0.7)), 30),
    "g3_age_sex_race": Recipe((_AGE6, _SEX, _RACE), 40),
    "g2_county_month": Recipe((_COUNTY, _MONTH), 12),
    "g2_county_month_zeros": Recipe((_COUNTY, _MONTH), 12, zeros_shown=False),
    "g3_county_age_sex": Recipe((_COUNTY, _AGE6, _SEX), 55),
    "g3_region_age_sex": Recipe((_REGION, _AGE6, _SEX), 40),
    "g2_cause71_county": Recipe((_GROUP, _COUNTY), 9, 0.8),
    "g3_county_age_race": Recipe((_COUNTY, _AGE7, _RACE), 26),
    "g3_region_age_race": Recipe((_REGION, _AGE7, _RACE), 26),
    "g4_county_age_sex_race": Recipe((_COUNTY, _AGE7, _SEX, _RACE), 25),
    "g4_region_age_sex_race": Recipe((_REGION, _AGE7, _SEX, _RACE), 25),
    "g3_zip600_age_sex": Recipe((Variable("geo", (9, 58, 600), 1.0), _AGE6, _SEX), 22),
    "g2_cause209_region68": Recipe((_CAUSE, _REGION), 14, 0.6),
    "g5_region_age_sex_race_year": Recipe((_REGION, _AGE7, _SEX, _RACE, _YEAR), 15),
    "g4_zip1000_age_sex_race": Recipe(
        (Variable("geo", (9, 58, 1000), 1.0), _AGE7, _SEX, _RACE), 12
    ),
}


def generated(name: str, recipe: Recipe, *, seed: int = SEED) -> Instance:
    """Make a table of counts; the same name, recipe and seed make the same table.

    Shape: one cell per combination of codes, margins and zeros included.
    Units: counts; primary are 1 to 10, or 0 to 10 where zeros are not shown.
    """
    random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    trees = [_tree(v, random) for v in recipe.variables]
    counts = _counts(recipe, random)
    for axis, tree in enumerate(trees):
        counts = np.moveaxis(np.tensordot(_sums(tree), counts, axes=(1, axis)), 0, axis)
    structure = CellStructure(
        name=name,
        dims=tuple(trees),
        zero_policy="publish" if recipe.zeros_shown else "primary",
        threshold=10,
        seed=seed,
    )
    keys = tuple(product(*(tree.codes() for tree in trees)))
    cells = GivenCells(keys, np.round(counts).astype(np.int64).ravel(), None)
    return Instance(name, structure, flagged(cells, rule_of(structure), trust_flags=False))


def from_folder(folder: Path) -> Instance:
    """Read `cells.csv` and `meta.json` of one table."""
    from opengazette.adapters.cell_files import read_cells, read_structure

    structure = read_structure(folder / "meta.json")
    cells = flagged(
        read_cells(folder / "cells.csv", structure), rule_of(structure), trust_flags=True
    )
    return Instance(folder.name, structure, cells)


def instance_at(source: Mapping[str, str]) -> Instance:
    """Return the table that `{"recipe": name}` or `{"folder": path}` stands for."""
    if "folder" in source:
        return from_folder(Path(source["folder"]))
    return generated(source["recipe"], RECIPES[source["recipe"]])


def sources(folder: Path | None) -> Iterator[dict[str, str]]:
    """List what can be measured: the tables of a folder, or the generated ones."""
    if folder is None:
        yield from ({"recipe": name} for name in RECIPES)
        return
    found = sorted(path.parent for path in folder.glob("*/cells.csv"))
    yield from ({"folder": str(path)} for path in found)


def _tree(variable: Variable, random: np.random.Generator) -> CodeTree:
    above, tree = [TOTAL], dict[str, tuple[str, ...]]()
    for level, width in enumerate(variable.widths):
        codes = [f"{variable.name[0].upper()}{level + 1}_{i + 1:04d}" for i in range(width)]
        cuts = np.sort(random.choice(width - 1, size=len(above) - 1, replace=False)) + 1
        for parent, children in zip(above, np.split(np.array(codes), cuts), strict=True):
            tree[parent] = tuple(str(child) for child in children)
        above = codes
    return CodeTree(name=variable.name, total=TOTAL, tree=tree)


def _counts(recipe: Recipe, random: np.random.Generator) -> NDArray[np.float64]:
    shares = np.ones(())
    for variable in recipe.variables:
        size = np.exp(variable.skew * random.standard_normal(variable.widths[-1]))
        shares = np.multiply.outer(shares, size / size.mean())
    shape = recipe.dispersion
    return random.negative_binomial(shape, shape / (shape + recipe.mean * shares)).astype(float)


def _sums(tree: CodeTree) -> NDArray[np.float64]:
    """Return for each code, in order, which of the finest codes it adds up."""
    codes = tree.codes()
    finest = [code for code in codes if code not in tree.tree]
    rows = dict(zip(finest, np.eye(len(finest)), strict=True))

    def row(code: str) -> NDArray[np.float64]:
        if code not in rows:
            rows[code] = np.sum([row(child) for child in tree.tree[code]], axis=0)
        return rows[code]

    return np.array([row(code) for code in codes])
