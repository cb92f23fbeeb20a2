"""How the values of a column are made coarser before they are published."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import Frozen, Label


class Band(Frozen):
    """One interval of whole or decimal numbers; both ends belong to it."""

    label: Label
    low: float
    high: float | None = Field(default=None, description="absent: open end")


class AsIs(Frozen):
    """Publish the values as they are."""

    rule: Literal["as_is"] = "as_is"


class Bands(Frozen):
    """Publish the interval that a number falls in; a number in none is refused."""

    rule: Literal["bands"]
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Bands:
        for lower, upper in zip(self.bands, self.bands[1:], strict=False):
            if lower.high is None or lower.high >= upper.low:
                raise ValueError(
                    f"band {lower.label!r} must end below the start of {upper.label!r}"
                )
        for band in self.bands:
            if band.high is not None and band.high < band.low:
                raise ValueError(f"band {band.label!r} ends before it starts")
        return self


class Categories(Frozen):
    """Publish named groups of source values; a value in none goes to `other` or is refused."""

    rule: Literal["categories"]
    groups: dict[Label, tuple[str | int | bool, ...]]
    other: Label | None = Field(default=None, description="label of every value not named")

    @model_validator(mode="after")
    def _disjoint(self) -> Categories:
        seen: set[str] = set()
        for label, values in self.groups.items():
            for value in map(str, values):
                if value in seen:
                    raise ValueError(f"group {label!r} repeats a value of another group")
                seen.add(value)
        return self


class Period(Frozen):
    """Publish the period that a date falls in, in ISO 8601 form."""

    rule: Literal["period"]
    unit: Literal["year", "quarter", "month", "week"]


Generalisation = Annotated[AsIs | Bands | Categories | Period, Field(discriminator="rule")]
