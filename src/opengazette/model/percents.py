"""A variable of three categories that is published in whole percents, without any count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from opengazette.model.frozen import ColumnName, Frozen, Label, Sentence


class PercentRules(Frozen):
    """When whole percents of a variable may stand for its counts."""

    categories: int = Field(ge=2, description="how many categories the variable has")
    smallest_total: int = Field(ge=1, description="smallest number of people in all categories")
    source: Sentence

    def for_threshold(self, threshold: int) -> PercentRules:
        """Return the rules under which no count below a threshold is a whole percent."""
        least = max(self.smallest_total, 100 * threshold)
        return self.model_copy(update={"smallest_total": least})


class WholePercents(Frozen):
    """A variable of three categories shown in whole percents; its counts are never published."""

    name: ColumnName = Field(description="published column")
    label: Label
    of: ColumnName = Field(description="the dimension whose categories are shown in percent")
    footnote: Sentence = Field(description="what the public reads beside the percents")
    counts_nowhere_else: Sentence = Field(
        description="how it was made sure that no count by this variable is public anywhere"
    )
    decided_by: Label = Field(description="person or body, with the date if there is one")


def broken_percents(
    percents: WholePercents,
    dimensions: Sequence[tuple[str, str, bool, int | None]],
    measures: Sequence[str],
    others: Sequence[str],
) -> Iterator[str]:
    """Say what keeps whole percents from standing alone.

    `dimensions` gives the name of each, what it tells, whether it has totals or groups, and how
    many labels it has, where that is known; `measures` gives the kind of each. `others` are
    further wishes of the table that need its counts.
    """
    known = {name: (kind, labels) for name, kind, _, labels in dimensions}
    if percents.of not in known:
        yield f"whole_percents: {percents.of!r} is not one of the dimensions {', '.join(known)}"
        return
    if percents.name in known:
        yield f"whole_percents: {percents.name!r} is the name of a dimension"
    if tuple(measures) != ("count",):
        yield (
            "whole_percents: the table needs one count and nothing else, as every other measure "
            "would tell of the counts"
        )
    for name, kind, has_totals, _ in dimensions:
        if name != percents.of and kind != "time":
            yield (
                f"whole_percents: dimension {name!r} crosses the variable with another; "
                "only time may stand beside it"
            )
        if has_totals:
            yield f"whole_percents: dimension {name!r} has totals or groups, of which none is shown"
    labels = known[percents.of][1]
    if labels is not None and labels != 3:
        yield f"whole_percents: {percents.of!r} has {labels} categories, and the method is for 3"
    for wish in others:
        yield f"whole_percents: {wish} is about counts, of which none is published"
