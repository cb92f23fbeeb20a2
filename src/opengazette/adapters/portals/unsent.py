"""What a stranger must not find beside a release: what was never sent with it, or is to be gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from opengazette.adapters.portals.answers import content_of, listed
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.summaries import strange_values
from opengazette.adapters.portals.views import other_columns
from opengazette.errors import PortalRejected


def unsent(
    stranger: Connection,
    uid: str,
    view: Mapping[str, Any],
    shipment: Shipment,
    other: Shipment | None,
    *,
    files: Collection[str] = (),
) -> tuple[str, ...]:
    """Say what the portal shows beside a release, in counts and in names of our own.

    `other` is what stood there before: its columns that the release has not are asked for, of the
    dataset and of what others derived from it. A portal's summary of a column (`cachedContents`)
    may lag behind, so it may speak of either. `files` may be attached though the release has none
    of these names.
    """
    gone = [name for name in (other.columns if other else ()) if name not in shipment.columns]
    found = {
        "columns": len(other_columns(view, shipment.columns)),
        "columns that are still given": sum(gives_column(stranger, uid, name) for name in gone),
        "attachments": len(_attached(view) - {a.name for a in shipment.attachments} - {*files}),
        "values in the portal's own summaries": strange_values(
            listed(view, "columns"), [shipment, *([other] if other else [])]
        ),
        "derived views with a removed column": sum(
            not set(gone).isdisjoint(names) for names in _derived(stranger, uid, gone)
        ),
    }
    return tuple(f"{what} ({number:,})" for what, number in found.items() if number)


def shows_unsent(found: Iterable[str]) -> PortalRejected:
    """Return the error of a portal that shows more than the release."""
    return PortalRejected(
        f"The portal shows what is not of the release: {', '.join(found)}.",
        "Look at the dataset on the portal and take it away there, then run the dataset again.",
    )


def derived_from(client: Connection, uid: str) -> list[dict[str, Any]]:
    """Return what the catalogue lists as derived from a dataset; nothing where it has none."""
    asked = {"params": {"derived_from": checked_uid(uid), "limit": 1000}}
    try:
        answer = content_of(client.exchange("get", "/api/catalog/v1", asked))
    except PortalRejected:
        return []
    results = listed(answer if isinstance(answer, dict) else {}, "results")
    found = [each.get("resource") for each in results]
    return [each for each in found if isinstance(each, dict) and uid in _parents(each)]


def gives_column(client: Connection, uid: str, name: str) -> bool:
    """Tell whether a column's cells are given where they are asked for."""
    asked = {"params": {"$select": name, "$limit": 1}}
    try:
        return client.exchange("get", f"/resource/{checked_uid(uid)}.json", asked).ok
    except PortalRejected:
        return False


def _parents(resource: Mapping[str, Any]) -> Sequence[str]:
    named = resource.get("parent_fxf")
    return [named] if isinstance(named, str) else [str(one) for one in named or ()]


def _attached(view: Mapping[str, Any]) -> set[str]:
    inner = view.get("metadata")
    files = listed(inner if isinstance(inner, dict) else {}, "attachments")
    return {str(file.get("filename") or file.get("name")) for file in files}


def _derived(stranger: Connection, uid: str, gone: Collection[str]) -> Iterator[list[str]]:
    for each in derived_from(stranger, uid) if gone else ():
        yield [str(name) for name in each.get("columns_field_name") or ()]
