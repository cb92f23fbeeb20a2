"""When a sum of money gives away what one person or company contributed."""

from __future__ import annotations

from pydantic import Field

from opengazette.model.frozen import Frozen, Sentence


class AmountRules(Frozen):
    """The rules for sums of money, beside the threshold for the number of contributors."""

    largest: int = Field(ge=1, le=5, description="n of the dominance rule: contributors together")
    largest_percent: float = Field(
        gt=0, lt=100, description="k of the dominance rule: their share above which it is withheld"
    )
    p_percent: float = Field(
        gt=0, le=100, description="how near the second contributor may come to the first's amount"
    )
    few_percent: float = Field(
        gt=0, le=100, description="how far off an amount of few contributors must seem possible"
    )
    source: Sentence
