"""What a dataset's publisher says of it, in the words of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.changes import Change, said_of_change
from opengazette.localportal.publishing.drafts import Revision
from opengazette.localportal.showing import long_date
from opengazette.localportal.views import View

FREQUENCIES: Final = {
    "daily": "Daily",
    "weekly": "Weekly",
    "monthly": "Monthly",
    "quarterly": "Quarterly",
    "semiannual": "Twice a year",
    "annual": "Yearly",
    "biennial": "Every two years",
    "irregular": "Irregularly",
}


@dataclass(frozen=True)
class Release:
    """One entry of a dataset's history."""

    title: str
    moment: int
    note: str = ""
    counts: str = ""


@dataclass(frozen=True)
class Citation:
    """How to cite a dataset in a text, and as BibTeX."""

    text: str
    bibtex: str


def _fields(view: View, name: str) -> dict[str, str]:
    sets = view.section("metadata").get("custom_fields")
    found = sets.get(name) if isinstance(sets, dict) else None
    fields = found.items() if isinstance(found, dict) else ()
    return {key.lower(): text for key, text in fields if isinstance(text, str)}


def department(view: View) -> str:
    """Return who publishes the dataset."""
    return _fields(view, "Publication").get("publisher") or view.text("attribution") or view.owner


def frequency(view: View) -> str:
    """Return how often the dataset is updated, in words; empty where nobody says."""
    said = _fields(view, "Publication").get("frequency", "")
    return FREQUENCIES.get(said.lower(), said)


def coverage(view: View) -> str:
    """Return the years that the rows tell of; empty where nobody says."""
    said = _fields(view, "Publication").get("coverage", "")
    years = [part[:4] for part in said.split("/") if re.match(r"\d{4}", part)]
    return " to ".join(dict.fromkeys(years)) if years else said


def geography(view: View) -> str:
    """Return the area that the rows tell of; empty where nobody says."""
    return _fields(view, "Publication").get("geography", "")


def totals(view: View) -> dict[str, tuple[str, ...]] | None:
    """Return the values that add up others, the total of all first, by the names of the columns.

    None where nobody says; a publisher who says `none` says that no value does.
    """
    said = _fields(view, "Publication")
    if "totals" not in said:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for line in f"{said['totals']}\n{said.get('subtotals', '')}".splitlines():
        field, colon, value = line.partition(": ")
        if colon:
            found[field] = (*found.get(field, ()), value)
    return found


def disclosure(view: View) -> dict[str, str]:
    """Return what is said about withheld numbers, by the names of the fields."""
    return _fields(view, "Disclosure")


def attachments(view: View) -> list[tuple[str, str]]:
    """Return the name and the address of each attached file, and of the one that it is."""
    listed = view.section("metadata").get("attachments")
    files: list[tuple[str, str]] = []
    if view.blob is not None:
        files.append((view.blob.file_name, f"/api/views/{view.id}/files/{view.blob.asset_id}"))
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("assetId"), str):
            name = entry.get("name") or entry.get("filename") or "Attached file"
            files.append((str(name), f"/api/views/{view.id}/files/{entry['assetId']}"))
    return files


def citation(view: View, portal_title: str, place: str) -> Citation:
    """Cite the rows as they are now: publisher, title, version and its date, portal, address."""
    changed = datetime.fromtimestamp(view.rows_updated_at, UTC)
    title, publisher = view.text("name"), department(view)
    version = f"Version {view.data_version}, {long_date(view.rows_updated_at)}"
    text = f"{publisher} ({changed.year}). {title} [Data set]. {version}. {portal_title}. {place}"
    braced = [re.sub(r"[{}\\]", "", part) for part in (title, publisher, portal_title)]
    bibtex = (
        f"@misc{{{view.id},\n"
        f"  title        = {{{braced[0]}}},\n"
        f"  author       = {{{{{braced[1]}}}}},\n"
        f"  year         = {{{changed.year}}},\n"
        f"  version      = {{{view.data_version}}},\n"
        f"  date         = {{{changed:%Y-%m-%d}}},\n"
        f"  howpublished = {{{braced[2]}}},\n"
        f"  url          = {{{place}}}\n}}"
    )
    return Citation(text, bibtex)


def history(view: View, revisions: list[Revision], changes: list[Change]) -> list[Release]:
    """Return what is known of the releases, newest first: revisions, writes, the first day."""
    found = _versions(view, changes)
    found += [release for one in revisions if (release := _release(one)) is not None]
    newest = max((release.moment for release in found), default=0)
    if view.rows_updated_at > newest:
        now = f"Version {view.data_version}: the rows of today"
        found.append(Release(now, view.rows_updated_at, said_of_change(view)))
    found.append(Release("Dataset created", view.created_at))
    return sorted(found, key=lambda release: -release.moment)


def _versions(view: View, changes: list[Change]) -> list[Release]:
    """Tell each version with what was said of it, and not again what was said of the one before."""
    said = [
        said_of_change(view) if change.version == view.data_version else change.note
        for change in changes
    ]
    earlier = [*said[1:], ""]
    return [
        _version(change, "" if note == before else note)
        for change, note, before in zip(changes, said, earlier, strict=False)
    ]


def _version(change: Change, note: str) -> Release:
    counted = change.counters
    kinds = (
        ("added" if change.kind == "changed" else "in all", counted.created),
        ("changed", counted.updated),
        ("deleted", counted.deleted),
    )
    title = f"Version {change.version}: {_CHANGED[change.kind]}"
    return Release(title, change.moment, note, _counted(kinds))


def _counted(kinds: Iterable[tuple[str, JsonValue]]) -> str:
    counts = [f"{n:,} {word}" for word, n in kinds if isinstance(n, int) and n]
    return f"Rows: {', '.join(counts)}." if counts else ""


def _release(revision: Revision) -> Release | None:
    job = next((job for job in reversed(revision.jobs) if job.status == "successful"), None)
    if job is None or job.finished_at is None:
        return None
    counted: dict[str, JsonValue] = {}
    for entry in job.log:
        counted |= entry.details or {}
    kinds = (("added", "Rows Created"), ("changed", "Rows Updated"), ("deleted", "Rows Deleted"))
    told = _counted((word, counted.get(key)) for word, key in kinds)
    title = f"Revision {revision.seq}: {_DONE[revision.action]}"
    return Release(title, job.finished_at, revision.notes or "", told)


_CHANGED: Final = {
    "published": "first published",
    "replaced": "all rows replaced",
    "changed": "rows changed",
    "copied": "a working copy published",
}
_DONE: Final = {
    "update": "rows and words updated",
    "replace": "rows replaced",
    "delete": "rows deleted",
}
