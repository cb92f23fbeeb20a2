"""How the values of a column are made coarser before they are published."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from opengazette.model.frozen import FileName, Frozen, Label

ZipStart = Annotated[str, StringConstraints(pattern=r"^\d{3}$")]
"""The first three digits of a ZIP code."""


class Band(Frozen):
    """One interval of whole or decimal numbers; both ends belong to it."""

    label: Label
    low: float
    high: float | None = Field(default=None, description="absent: open end")


def _even_bands(width: int, lowest: int, open_at: int, bottom: int | None) -> tuple[Band, ...]:
    """Write bands of one width out; the one before the open end may be narrower."""
    found: list[Band] = []
    low = lowest
    if bottom is not None:
        found.append(Band(label=f"{bottom} or Younger", low=lowest, high=bottom))
        low = bottom + 1
    while low < open_at:
        high = min(low + width, open_at) - 1
        label = str(low) if low == high else f"{low} to {high}"
        found.append(Band(label=label, low=low, high=high))
        low = high + 1
    return (*found, Band(label=f"{open_at} or Older", low=open_at))


class AsIs(Frozen):
    """Publish the values as they are."""

    rule: Literal["as_is"] = "as_is"


class Bands(Frozen):
    """Publish the interval that a number falls in; a number in none is refused.

    Bands of one width are written as their width: `{every: 5, lowest: 0, open_at: 85}` is 0 to 4,
    5 to 9 and so on, the last 85 or Older. They resolve to the bands themselves.
    """

    rule: Literal["bands"]
    bands: tuple[Band, ...] = ()
    every: int | None = Field(
        default=None,
        ge=1,
        exclude=True,
        description="whole numbers in each band, in place of bands",
    )
    lowest: int = Field(default=0, exclude=True, description="start of the first band, with every")
    open_at: int | None = Field(
        default=None, exclude=True, description="start of the last band, which has no end"
    )
    bottom_at: int | None = Field(
        default=None,
        exclude=True,
        description="end of a first band that takes all below, with every",
    )

    @model_validator(mode="after")
    def _written_out(self) -> Bands:
        if (self.every is None) != (self.open_at is None):
            raise ValueError("bands of one width need both every and open_at")
        if self.every is None or self.open_at is None:
            if not self.bands:
                raise ValueError("give bands, or every and open_at")
            return self
        if self.bands:
            raise ValueError("give either bands, or every and open_at")
        written = _even_bands(self.every, self.lowest, self.open_at, self.bottom_at)
        # The value is closed once it is made; here it is still being read.
        for field, value in {"bands": written, "every": None, "open_at": None}.items():
            object.__setattr__(self, field, value)
        return self

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
    """Publish named groups of source values; a value in none goes to `other` or is refused.

    With `areas`, the groups are read from that table when the contract is: each area's parent.
    """

    rule: Literal["categories"]
    groups: dict[Label, tuple[str | int | bool, ...]] = Field(default_factory=dict)
    other: Label | None = Field(default=None, description="label of every value not named")
    areas: FileName | None = Field(
        default=None,
        exclude_if=lambda table: table is None,
        description="table in config/standards/areas that gives each value its group",
    )

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
    """Publish the period that a date falls in, in ISO 8601 form; of several years as 2019-2023."""

    rule: Literal["period"]
    unit: Literal["year", "half_year", "quarter", "month", "week"]
    years: int = Field(
        default=1,
        ge=1,
        exclude_if=lambda years: years == 1,
        description="years in one period; more than one needs first",
    )
    first: int | None = Field(
        default=None,
        ge=1000,
        exclude_if=lambda first: first is None,
        description="year with which a period of several years begins",
    )

    @model_validator(mode="after")
    def _anchored(self) -> Period:
        if self.years > 1 and self.unit != "year":
            raise ValueError(f"years: a period of several years has the unit year, not {self.unit}")
        if (self.years > 1) != (self.first is not None):
            raise ValueError("give first with a period of several years, and only there")
        return self


class ZipPrefix(Frozen):
    """Publish the first three digits of a ZIP code, and 000 where too few people share them.

    Source: 45 CFR 164.514(b)(2)(i)(B).
    """

    rule: Literal["zip3"]
    lookup: FileName = Field(description="list of such areas in config/standards/zip3")
    restricted: tuple[ZipStart, ...] | None = Field(
        default=None, description="read from the list when the contract is; not written by hand"
    )


Generalisation = Annotated[
    AsIs | Bands | Categories | Period | ZipPrefix, Field(discriminator="rule")
]
