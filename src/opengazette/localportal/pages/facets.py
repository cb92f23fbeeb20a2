"""The catalogue narrowed: what can be chosen, how many datasets each choice leaves, the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from opengazette.localportal.pages.said import FREQUENCIES, department, frequency
from opengazette.localportal.routes.discovery import found_views
from opengazette.localportal.views import View

_MOST_TAGS: Final = 12


@dataclass(frozen=True)
class Choice:
    """One value of a facet, how many datasets have it, and whether it is chosen."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One way to narrow the catalogue."""

    name: str
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Found:
    """The catalogue as somebody asked for it."""

    views: tuple[View, ...]
    facets: tuple[Facet, ...]
    tags: tuple[Choice, ...]


_FACETS: Final[Mapping[str, tuple[str, Callable[[View], str]]]] = {
    "topic": ("Topic", lambda view: view.text("category")),
    "department": ("Department", department),
    "frequency": ("Update frequency", frequency),
}
_ORDERS: Final[Mapping[str, tuple[str, Callable[[View], tuple[object, ...]]]]] = {
    "updated": ("Newest first", lambda view: (-view.rows_updated_at, view.id)),
    "name": ("By name", lambda view: (view.text("name").casefold(), view.id)),
    "rows": ("Most rows first", lambda view: (-view.row_count, view.id)),
}
ORDERS: Final = {name: title for name, (title, _) in _ORDERS.items()}


def find(
    views: Sequence[View], words: str, tag: str, order: str, chosen: Mapping[str, str]
) -> Found:
    """Search, narrow and order the catalogue.

    Each facet counts what its choices would leave beside the choices of the other facets.
    """
    matching = found_views(list(views), words)
    tagged = [view for view in matching if not tag or tag in view.tags()]
    facets = tuple(
        Facet(name, title, _choices(_narrowed(tagged, chosen, but=name), of, chosen.get(name, "")))
        for name, (title, of) in _FACETS.items()
    )
    narrowed = _narrowed(matching, chosen)
    counts = Counter(each for view in narrowed for each in view.tags()).most_common(_MOST_TAGS)
    tags = tuple(Choice(each, count, each == tag) for each, count in counts)
    left = _narrowed(tagged, chosen)
    by = _ORDERS.get(order, _ORDERS["updated"])[1]
    return Found(tuple(sorted(left, key=by)), facets, tags)


def _narrowed(views: Sequence[View], chosen: Mapping[str, str], but: str = "") -> list[View]:
    return [
        view
        for view in views
        if all(
            not chosen.get(name) or name == but or of(view) == chosen[name]
            for name, (_, of) in _FACETS.items()
        )
    ]


def _choices(views: Sequence[View], of: Callable[[View], str], chosen: str) -> tuple[Choice, ...]:
    counts = Counter(value for view in views if (value := of(view)))
    if chosen:
        counts.setdefault(chosen, 0)
    usual = list(FREQUENCIES.values())
    place = {value: at for at, value in enumerate(usual)}
    values = sorted(counts, key=lambda value: (place.get(value, len(usual)), value.casefold()))
    return tuple(Choice(value, counts[value], value == chosen) for value in values)
