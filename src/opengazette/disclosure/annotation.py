"""Whether the annotation of a table may tell why a value is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit import PublishedTable, audit
from opengazette.disclosure.audit_knowledge import COMPLEMENTARY, SMALL
from opengazette.disclosure.primary import Demand, SmallCountRule
from opengazette.disclosure.structure import published_table
from opengazette.disclosure.withholding import withhold
from opengazette.model.publication import PublicationTable

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class AnnotationDecision:
    """Whether one table's codes tell small counts from complementary ones, and why.

    `n_small` and `n_complementary` count the withheld cells of each kind. `n_given_away` counts
    the protected cells that the codes would leave narrower than demanded, `n_undecided` those
    that could not be settled; either keeps the codes merged.
    """

    codes: Literal["distinguish", "merged"]
    n_small: int
    n_complementary: int
    n_given_away: int
    n_undecided: int

    @property
    def because(self) -> str:
        """Say why in one sentence, in counts alone."""
        if self.codes == "distinguish":
            return (
                f"The audit holds although the codes tell {self.n_small} small counts from "
                f"{self.n_complementary} complementary ones."
            )
        return (
            f"Codes that tell the reason would give {self.n_given_away} protected counts away "
            f"and leave {self.n_undecided} unsettled: one code stands for both reasons."
        )


def with_reasons(published: PublishedTable, small: Mapping[str, Mask]) -> PublishedTable:
    """Return the table with a code at each withheld cell: 1 where `small` marks it, else 2."""
    nothing = np.zeros(len(published.keys), dtype=np.bool_)
    reasons = {
        m: np.where(np.isnan(v), np.where(small.get(m, nothing), SMALL, COMPLEMENTARY), 0)
        for m, v in published.values.items()
    }
    return replace(published, reasons=reasons)


def annotation_of(
    published: PublishedTable,
    protected: Mapping[str, Mask],
    small: Mapping[str, Mask],
    protection: Demand,
    rule: SmallCountRule,
) -> AnnotationDecision:
    """Decide whether the codes of a table may tell the reasons: only if the audit still passes.

    Shape: `protected` and `small` have one flag per key; `small` marks the counts below the
    rule's threshold, of which code 1 would say just that. A protected cell that is not small
    gets code 2. The same table always gets the same decision. What is not done: that the codes
    are merged tells a reader that telling them would have been unsafe.

    Raises:
        AuditFailed: the published values contradict each other, or the codes do.

    Source: CalHHS Data De-Identification Guidelines, 4.4.3, first example.
    """
    told = with_reasons(published, small)
    result = audit(told, protected, protection, rule)
    codes = np.concatenate(list(told.reasons.values()))
    return AnnotationDecision(
        codes="distinguish" if result.passed else "merged",
        n_small=int((codes == SMALL).sum()),
        n_complementary=int((codes == COMPLEMENTARY).sum()),
        n_given_away=result.n_exposed + result.n_narrow,
        n_undecided=result.n_undecided,
    )


def annotated(
    true: pd.DataFrame,
    publication: PublicationTable,
    withheld: Mapping[str, Mask],
    small: Mapping[str, Mask],
    protection: Demand,
    rule: SmallCountRule,
) -> tuple[pd.DataFrame, AnnotationDecision]:
    """Withhold counts of a true table, with codes that tell the reason where that is safe.

    Shape: as `withhold`; `small` marks the small counts, which are protected, and all of which
    are withheld.

    Raises:
        AuditFailed: the published values contradict each other.
        Fault: a flag fits no count of the table, or a small count is not withheld.
    """
    merged = withhold(true, publication, withheld)
    decision = annotation_of(published_table(publication, merged), small, small, protection, rule)
    if decision.codes == "merged":
        return merged, decision
    return withhold(true, publication, withheld, small=small), decision
