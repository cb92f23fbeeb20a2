"""A rule pack with a department's changed values: only what its filing covers, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import ValidationError

from opengazette.errors import ContractInvalid
from opengazette.model.overlay import ChangedValue, Overlay
from opengazette.model.readings import Readings
from opengazette.model.rulepack import RulePack

PRT_APPROVES_FROM = date(2025, 10, 24)
"""Edition 2.0: from then on the Peer Review Team approves; before, a copy was filed."""

Unfit = tuple[tuple[str | int, ...], str, str]


def overlaid(base: RulePack, overlay: Overlay) -> RulePack:
    """Return a rule pack with the values that a department changes.

    Its name is the overlay's; its source and that of every changed table name the department's
    guideline and its filing, so that each decision is stamped with them.

    Raises:
        ContractInvalid: a change is not covered by the filing, or does not fit the base.
    """
    problem = next(overlay_problems(base, overlay), None)
    if problem is not None:
        _, reason, fix = problem
        raise ContractInvalid(f"config/overlays/{overlay.name}.yaml: {reason}.", f"{fix}.")
    return _changed(base, overlay)


def overlay_problems(base: RulePack, overlay: Overlay) -> Iterator[Unfit]:
    """Find what keeps an overlay from standing: place in its file, reason, fix."""
    yield from _filing_problems(base, overlay)
    whole, sound = _whole(base), True
    for index, change in enumerate(overlay.changes):
        for reason, fix in _change_problems(whole, overlay, change):
            sound = False
            yield ("changes", index, "path"), reason, fix
    if sound:
        try:
            _changed(base, overlay)
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False)[0]["msg"]
            reason = f"the changed rule pack does not hold: {said}"
            yield ("changes",), reason, "change the values so that every table stays in order"


def _filing_problems(base: RulePack, overlay: Overlay) -> Iterator[Unfit]:
    filing = overlay.filing
    needed = "prt_approval" if base.edition >= PRT_APPROVES_FROM else "oaio_filing"
    if filing.kind != needed:
        reason = f"a guideline on {base.title} stands by {needed}, not by {filing.kind}"
        yield ("filing", "kind"), reason, "record the right one, or take the other edition as base"
    if filing.on < base.edition:
        reason = "it was approved or filed before the edition that it changes"
        yield ("filing", "on"), reason, "record the approval of the guideline on this edition"
    if overlay.name == base.name:
        yield ("name",), "it has the name of its base", "give it a name of its own"


def _change_problems(
    whole: dict[str, Any], overlay: Overlay, change: ChangedValue
) -> Iterator[tuple[str, str]]:
    if not overlay.filing.covers_value(change.path):
        reason = f"the filing does not cover {change.path}"
        yield reason, "have it approved and list it in filing.covers, or drop the change"
    leaf = change.path.rsplit(".", 1)[-1]
    try:
        found = _at(whole, change.path)
    except (KeyError, IndexError, ValueError, TypeError):
        yield f"the base has no value {change.path}", "correct the path"
        return
    reading = change.path.startswith("readings.")
    value = isinstance(found, int | float) or (reading and isinstance(found, str))
    if not value or leaf in ("source", "means") or isinstance(found, bool):
        yield f"{change.path} is no number and no reading", "change values alone"
    elif not _fits(change.to, found):
        yield f"{change.path} takes a {type(found).__name__}", "write the value plainly"
    elif found != change.was:
        yield f"{change.path} is not what `was` says", "compare the base with the one approved"


def _fits(to: float | str, found: object) -> bool:
    """Tell whether a value may stand for another: of its kind, and whole where that is whole."""
    if isinstance(found, float):
        return isinstance(to, int | float) and not isinstance(to, bool)
    return type(to) is type(found)


def _changed(base: RulePack, overlay: Overlay) -> RulePack:
    filing = overlay.filing
    words = {
        "prt_approval": "approved by the Peer Review Team",
        "oaio_filing": "filed with the OAIO",
    }
    stamp = f"{overlay.reference}, {words[filing.kind]} on {filing.on} ({filing.record})"
    whole = _whole(base)
    for change in overlay.changes:
        _stamp(whole, change.path, overlay.reference)
        parent, _, leaf = change.path.rpartition(".")
        holder = _at(whole, parent)
        holder[int(leaf) if isinstance(holder, list | tuple) else leaf] = change.to
    whole |= {"name": overlay.name, "source": f"{base.source}; changed by {stamp}"}
    whole |= {"title": f"{base.title}, with the values of {overlay.reference}"}
    return RulePack.model_validate(whole)


def _whole(base: RulePack) -> dict[str, Any]:
    """Return every value of a rule pack, readings that stand at their default included."""
    readings = {name: getattr(base.readings, name) for name in Readings.model_fields}
    return base.model_dump() | {"readings": readings}


def _stamp(whole: dict[str, Any], path: str, reference: str) -> None:
    """Name the guideline in the nearest source above a value."""
    while "." in path:
        path = path.rpartition(".")[0]
        holder = _at(whole, path)
        if isinstance(holder, dict) and "source" in holder:
            if not holder["source"].endswith(reference):
                holder["source"] += f"; {reference}"
            return


def _at(whole: Any, path: str) -> Any:  # noqa: ANN401 - any part of a rule pack
    for name in path.split("."):
        whole = whole[int(name)] if isinstance(whole, list | tuple) else whole[name]
    return whole
