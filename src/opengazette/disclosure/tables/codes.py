"""The codes of a dimension: its total, its subtotals and the finest labels below them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opengazette.errors import ContractInvalid
from opengazette.model.generalisation import Bands, Categories
from opengazette.model.publication import Dimension


@dataclass(frozen=True)
class Codes:
    """The codes of one dimension in the order of publication.

    `leaves` are the finest labels. `groups` maps each subtotal to the codes it adds up, as the
    contract lists them, further groups included. `total` is None where none is published.
    """

    name: str
    total: str | None
    groups: dict[str, tuple[str, ...]]
    leaves: tuple[str, ...]

    def all(self) -> tuple[str, ...]:
        """Return every code: the total, the subtotals, the finest labels."""
        return (*([] if self.total is None else [self.total]), *self.groups, *self.leaves)

    def leaves_of(self, code: str) -> tuple[str, ...]:
        """Return the finest labels that a code adds up; a finest label is its own."""
        if code == self.total:
            return self.leaves
        if code in self.groups:
            return tuple(leaf for part in self.groups[code] for leaf in self.leaves_of(part))
        return (code,)

    def children(self) -> dict[str, tuple[str, ...]]:
        """Return each parent with the codes directly below it.

        A total stands above its topmost groups and the labels in no group, unless groups
        overlap: then directly above the finest labels.
        """
        tree = dict(self.groups)
        if self.total is not None:
            below = {part for parts in self.groups.values() for part in parts}
            top = tuple(c for c in (*self.groups, *self.leaves) if c not in below)
            covered = [leaf for code in top for leaf in self.leaves_of(code)]
            tree[self.total] = top if len(covered) == len(set(covered)) else self.leaves
        return tree


def codes_of(dimension: Dimension, observed: Iterable[str], *, declared: bool) -> Codes:
    """Order the codes of a dimension.

    The finest labels are those observed and, with `declared`, those of bands, categories and
    groups. Bands, categories and groups keep the contract's order; other labels are sorted,
    numbers by size; the label of everything else and that of missing values come last.

    Raises:
        ContractInvalid: a label has two meanings, or groups go round in a circle or count twice.
    """
    seen = set(observed)
    listed = _declared(dimension)
    finest = seen | set(listed) if declared else seen
    last = [label for label in (_other(dimension), dimension.missing) if label in finest]
    first = [label for label in listed if label in finest and label not in last]
    placed = {*first, *last}
    middle = sorted((label for label in finest if label not in placed), key=_by_size)
    codes = Codes(dimension.name, dimension.total, dimension.groups, (*first, *middle, *last))
    _refuse_ambiguous(codes)
    return codes


def _declared(dimension: Dimension) -> list[str]:
    rule = dimension.generalise
    listed: list[str] = []
    if isinstance(rule, Bands):
        listed = [band.label for band in rule.bands]
    elif isinstance(rule, Categories):
        listed = list(rule.groups)
    grouped = [part for parts in dimension.groups.values() for part in parts]
    return list(dict.fromkeys([*listed, *(p for p in grouped if p not in dimension.groups)]))


def _other(dimension: Dimension) -> str | None:
    return dimension.generalise.other if isinstance(dimension.generalise, Categories) else None


def _by_size(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _refuse_ambiguous(codes: Codes) -> None:
    clash = len({codes.total, *codes.groups} & set(codes.leaves)) + (codes.total in codes.groups)
    if clash:
        raise ContractInvalid(
            f"Dimension {codes.name!r}: {clash} labels stand both for a total or group and for "
            "one of the values added up.",
            "Give every total and group a label that no value has.",
        )
    for group in codes.groups:
        _refuse_circle(codes, group, ())
        below = codes.leaves_of(group)
        if len(set(below)) != len(below):
            raise ContractInvalid(
                f"Dimension {codes.name!r}: group {group!r} counts a label twice.",
                "List each label once below a group.",
            )


def _refuse_circle(codes: Codes, group: str, above: tuple[str, ...]) -> None:
    if group in above:
        raise ContractInvalid(
            f"Dimension {codes.name!r}: group {group!r} contains itself.",
            "List below a group only what it adds up.",
        )
    for part in codes.groups[group]:
        if part in codes.groups:
            _refuse_circle(codes, part, (*above, group))
