"""The places where the guidelines contradict themselves or fall silent, each decided by name."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import Field

from opengazette.model.frozen import Frozen

Overlap = Literal["highest", "lowest"]
Choice = TypeVar("Choice")


def _unless(default: Choice, description: str) -> Choice:
    """Describe a reading that is left out of the fingerprint where it stands at its default."""

    def stands(value: object) -> bool:
        return value == default

    return Field(default=default, exclude_if=stands, description=description)


class Readings(Frozen):
    """One decision for each place where the guidelines contradict themselves or fall silent.

    The default of each is the safer reading where the guidelines leave it open. Where a score
    table, a rule or an example of theirs leaves no room, that stands, its description says so, and
    a department can choose the stricter reading.
    """

    denominator_limit: Literal["fails", "passes"] = Field(
        default="fails",
        description="2.6-1: a population of exactly the limit (step 2 prints <20,000, 6.2 <20,001)",
    )
    overlapping_bands: Overlap = Field(
        default="highest",
        description="2.6-2: a population at which two printed bands of edition 1.0 meet",
    )
    zeros: Literal["not_events", "smallest_cell"] = Field(
        default="not_events",
        description="2.6-7: whether a true zero is the smallest cell (every rule exempts it)",
    )
    oldest_age: int = Field(
        default=99,
        ge=1,
        description="2.6-8: age at which an open-ended band is taken to end (last tabulated age)",
    )
    six_year_band: Literal["printed", "by_population"] = _unless(
        "printed",
        "2.6-3: a band of six years (both editions print +3 for 6 to 10 years and list "
        "no change; its population would give +5)",
    )
    enrolment_edge: Literal["figure_6", "table_23"] = _unless(
        "table_23",
        "2.6-5: enrolment of exactly 4,000,001 (Figure 6 begins a band there, "
        "table 23 above it: the safer)",
    )
    long_periods: Literal["as_five", "as_four"] = _unless(
        "as_five",
        "2.6-8: whether more than five years score as five or as two to four (a "
        "coarser table never scores higher than a finer one)",
    )
    many_variables: Literal["as_three", "one_more_each"] = _unless(
        "as_three",
        "2.6-8: more than three crossed variables (what is finer than listed takes the "
        "highest listed score: that of three)",
    )
    minimum_credits: Literal["by_smallest_count", "never"] = _unless(
        "by_smallest_count",
        "2.6-10: whether a smallest count of 3 or 5 takes points off (Figure 6 prints "
        "it, no example of Appendix I does)",
    )
    plan_in_area: Literal["highest", "plan"] = _unless(
        "highest",
        "2.3-3: a plan smaller than its area; its table ends at +5, that of areas at +7",
    )
    annotation: Literal["merged", "distinguish-where-safe"] = Field(
        default="merged",
        description="2.6-9: whether a contract may tell why a cell is withheld, where that is safe",
    )
