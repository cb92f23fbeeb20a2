"""Codes that say how far a shown value can be relied on, and whether every code is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.masking.withholding import (
    COMPLEMENTARY,
    NO_VALUE,
    SHOWN,
    WITHHELD,
    hidden_with,
)
from opengazette.disclosure.primary.estimates import Unsteady, unsteady
from opengazette.errors import ContractInvalid
from opengazette.model.publication import ANNOTATION_SUFFIX, PublicationTable
from opengazette.model.rulepack import RulePack

UNSTABLE, INCOMPLETE = "4", "5"
"""Annotation codes of values that are shown, or blank because they are too unsteady."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Marks:
    """What is to be marked in one table: `incomplete` has one flag per row for each measure."""

    unsteady: Mapping[str, Unsteady]
    incomplete: Mapping[str, Mask]


def marks_of(true: pd.DataFrame, publication: PublicationTable, pack: RulePack) -> Marks:
    """Find the values of a true table that are unsteady or incomplete.

    Raises:
        ContractInvalid: the contract calls cells incomplete that the table does not have.
    """
    rules = pack.reliability
    found = unsteady(true, publication, rules) if rules is not None else {}
    incomplete = {m.name: np.zeros(len(true), dtype=np.bool_) for m in publication.measures}
    for entry in publication.incomplete:
        here = np.ones(len(true), dtype=np.bool_)
        for name, label in entry.where.items():
            here &= true[name].astype(str).eq(label).to_numpy()
        if not here.any():
            named = ", ".join(entry.where)
            raise ContractInvalid(
                f"The contract calls cells incomplete (by {named}) that the table does not have.",
                "Correct publication.incomplete, or drop the entry: the data may be complete now.",
            )
        for name in entry.measures or incomplete:
            incomplete[name] |= here
    return Marks(found, incomplete)


def marked(public: pd.DataFrame, publication: PublicationTable, marks: Marks) -> pd.DataFrame:
    """Return a public table with its unsteady estimates marked or blank, and what is incomplete.

    Shape: rows, columns and order are kept. What is withheld to protect somebody, or has no
    value, keeps its code: nothing more is told of it. An estimate that is both unsteady and
    incomplete is marked as unsteady.
    """
    columns: dict[str, pd.Series[Any]] = {str(name): public[name] for name in public.columns}
    for measure in publication.measures:
        code = measure.name + ANNOTATION_SUFFIX
        shown = public[code].eq(SHOWN).to_numpy()
        found = marks.unsteady.get(measure.name)
        told = np.where(shown & marks.incomplete[measure.name], INCOMPLETE, public[code])
        if found is not None:
            columns[measure.name] = public[measure.name].mask(shown & found.withheld)
            told = np.where(shown & (found.withheld | found.flagged), UNSTABLE, told)
        columns[code] = pd.Series(told, index=public.index, dtype="str")
    return pd.DataFrame(columns)


def miscoded(
    public: pd.DataFrame, true: pd.DataFrame, publication: PublicationTable, marks: Marks
) -> dict[str, int]:
    """Count, for each measure, the values whose code says something else than what became of them.

    Blank because it, or what it is made of, is withheld: 1 or 2; because there is none: 3; because
    it is too unsteady: 4.
    Shown: nothing, or 4 where it is unsteady and 5 where it is incomplete.

    Source: CalHHS Open Data Handbook 1.2, small-cell annotation; DDG 2.0, 4.4.3.
    """
    hidden = {
        m.name: (public[m.name].isna() & true[m.name].notna()).to_numpy()
        for m in publication.added_up()
    }
    wrong: dict[str, int] = {}
    for measure in publication.measures:
        code = public[measure.name + ANNOTATION_SUFFIX]
        blank = public[measure.name].isna().to_numpy()
        none = true[measure.name].isna().to_numpy()
        nothing = np.zeros(len(true), dtype=np.bool_)
        found = marks.unsteady.get(measure.name, Unsteady(nothing, nothing))
        late = marks.incomplete[measure.name]
        expected = np.where(found.flagged, UNSTABLE, np.where(late, INCOMPLETE, SHOWN))
        expected = np.where(none, NO_VALUE, expected)
        expected = np.where(blank & ~none & found.withheld, UNSTABLE, expected)
        private = code.isin([WITHHELD, COMPLEMENTARY]).to_numpy()
        gone = hidden_with(measure, hidden, len(true))
        sound = np.where(gone, private & blank, code.to_numpy() == expected)
        left = ~blank & found.withheld
        lost = blank & ~none & ~gone & ~found.withheld
        wrong[measure.name] = int((~sound | left | lost).sum())
    return {name: count for name, count in wrong.items() if count}


def uncoded(
    header: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str]
) -> dict[str, int]:
    """Count, for each value column of a published file, the cells that disagree with their code.

    A blank cell has one of the codes 1 to 4, a filled one none, 4 or 5.
    """
    wrong: dict[str, int] = {}
    for name in names:
        value, code = header.index(name), header.index(name + ANNOTATION_SUFFIX)
        blank = (WITHHELD, COMPLEMENTARY, NO_VALUE, UNSTABLE)
        filled = (SHOWN, UNSTABLE, INCOMPLETE)
        wrong[name] = sum(row[code] not in (filled if row[value] else blank) for row in rows)
    return {name: count for name, count in wrong.items() if count}


def codes_used(public: pd.DataFrame, publication: PublicationTable) -> tuple[str, ...]:
    """Return the annotation codes that occur in a public table, in order."""
    used: set[str] = set()
    for column in public.columns:
        if str(column).endswith(ANNOTATION_SUFFIX) and column not in publication.key():
            used |= set(map(str, public[column].unique()))
    return tuple(sorted(used - {SHOWN}))
