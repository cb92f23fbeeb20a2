"""How easily single records lead to a person, in numbers: what a person decides on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diversity:
    """The l-diversity of one sensitive column.

    `fewest` is the number of its values in the poorest group, `uniform` counts the records whose
    group has but one: whoever is in such a group has no secret left.
    """

    column: str
    fewest: int
    uniform: int


@dataclass(frozen=True)
class WithoutColumn:
    """What the records would be without one quasi-identifier."""

    column: str
    smallest_group: int
    unique: int


@dataclass(frozen=True)
class RecordRisk:
    """What was measured, in numbers of records and shares; no value of a record.

    `smallest_group` is k, `below` counts the records in groups smaller than the limit,
    `highest_risk` is that of the record at most risk, `expected` the number of records that an
    attacker who tries all of them is expected to identify.
    """

    records: int
    groups: int
    unique: int
    smallest_group: int
    below: int
    highest_risk: float
    expected: float
    diversity: tuple[Diversity, ...]
    without: tuple[WithoutColumn, ...]

    @property
    def unique_percent(self) -> float:
        """Return the share of unique records, in percent."""
        return 100 * self.unique / self.records

    @property
    def expected_percent(self) -> float:
        """Return the share of records expected to be identified, in percent."""
        return 100 * self.expected / self.records


@dataclass(frozen=True)
class Measure:
    """One measure beside the department's limit."""

    name: str
    found: str
    limit: str
    kept: bool

    @property
    def sentence(self) -> str:
        """Return it in one line."""
        return f"{self.name}: {self.found}; the limit is {self.limit}"
