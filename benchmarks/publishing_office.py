"""A publisher with an archive, a ledger and a portal: each function runs in a process of its own.

Its releases are generated line by line, so that its memory is that of publishing.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, wraps
from pathlib import Path
from typing import Any, Final

import requests

from benchmarks.measuring import CHECKOUT, peak_mb
from benchmarks.pipeline_portal import USER
from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.clock import SystemClock
from opengazette.adapters.contracts import load_contract
from opengazette.adapters.portals.connection import Credentials
from opengazette.adapters.portals.revisions import RevisionSender
from opengazette.adapters.portals.senders import SodaSender
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.documentation.columns import column_types
from opengazette.model.contract import Contract
from opengazette.model.ledger import EntryKind
from opengazette.model.stages import Approved, Documented, DocumentRef, Published, Release, TableRef
from opengazette.steps.plan import plan
from opengazette.steps.publish import earlier_releases, portrait_of, publish

FEW: Final = 100
_SHA: Final = "0" * 64
_PAUSE: Final = 0.1
_AGES: Final = ("0 to 17", "18 to 44", "45 to 64", "65 or Older")


def rounds(
    folder: str, url: str, password: str, protocol: str, rows: int, times: int
) -> dict[str, Any]:
    """Publish new releases of one dataset and put the same bytes bare, in turns.

    The first release makes the dataset and does not count. Of the last few rows differ.
    """
    office = Office(Path(folder), url, password, protocol)
    contract = _contract()
    bare, ours = [], list[dict[str, float]]()
    office.publish(office.release(contract.id, rows, 0), contract)
    twin = office.twin()
    for edition in range(1, times + 1):
        release = office.release(contract.id, rows, edition)
        bare.append(office.put(twin, release))
        ours.append(office.timed_publish(release, contract))
    few = office.timed_publish(office.release(contract.id, rows, times, changed=FEW), contract)
    found = {name: statistics.median(each[name] for each in ours) for name in ours[0]}
    return {"bare": statistics.median(bare), **found, "few": few["whole"], "peak": peak_mb()}


def nothing_new(
    folder: str, url: str, password: str, datasets: int, rows: int, nights: int, log: str
) -> dict[str, Any]:
    """Plan and publish datasets of which nothing has changed, and count what the portal heard."""
    office = Office(Path(folder), url, password, "soda")
    contracts = [_contract(f"dataset_{number}") for number in range(datasets)]
    releases = [office.release(contract.id, rows, 0) for contract in contracts]
    pairs = list(zip(releases, contracts, strict=True))
    for release, contract in pairs:
        office.publish(release, contract)
    heard = _Heard(Path(log))
    planned = heard.by(lambda: [office.planned(*pair) for pair in pairs])
    published = heard.by(lambda: [office.publish(*pair).changed for pair in pairs])
    if {*planned.came_to} != {"nothing"} or any(published.came_to):
        raise ValueError("something was published again")
    return {
        "plan_seconds": planned.seconds / datasets,
        "plan_requests": planned.requests / datasets,
        "publish_seconds": published.seconds / datasets,
        "publish_requests": published.requests / datasets,
        "chain_entries": nights,
        "chain_seconds": _chain(office, releases[0], nights),
        "peak": peak_mb(),
    }


@dataclass
class Office:
    """One publisher; `spent` adds up the seconds of what it asks of others."""

    folder: Path
    url: str
    password: str
    protocol: str
    spent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.archive = FolderArchive(self.folder)
        self.papers = self._watched(ArchivePapers(self.archive))
        self.ledger = self._watched(ArchiveLedger(self.archive))
        sender = SodaSender() if self.protocol == "soda" else RevisionSender(pause=_PAUSE)
        user = Credentials(USER, self.password)
        self.portal = SocrataPortal(self.url, user, self.papers, self._watched(sender))
        self.clock = SystemClock()

    def publish(self, release: Approved, contract: Contract) -> Published:
        """Publish a release as one that was attacked with all that the public has seen."""
        entries = ArchiveLedger(self.archive).entries(contract.id)
        compared = frozenset(earlier.tables for earlier in earlier_releases(entries))
        seen = replace(release, compared=compared)
        return publish(seen, contract, self.portal, self.ledger, self.clock)

    def timed_publish(self, release: Approved, contract: Contract) -> dict[str, float]:
        """Publish and say how many seconds what took; `compare` is what is left of the whole."""
        self.spent.clear()
        begun = time.perf_counter()
        if not self.publish(release, contract).changed:
            raise ValueError("nothing was published")
        whole = time.perf_counter() - begun
        parts = {
            "send": self._of("send_rows"),
            "papers": self._of("send_papers"),
            "records": self._of("read", "locate", "entries", "append"),
        }
        return {"whole": whole, **parts, "compare": whole - sum(parts.values())}

    def planned(self, release: Approved, contract: Contract) -> str:
        """Return what publishing a release would do."""
        documented = Documented(release.release, ())
        entries = self.ledger.entries(contract.id)
        return plan(documented, contract, None, entries, self.portal, self.papers).action

    def put(self, uid: str, release: Approved) -> float:
        """Put a release's file in one request, believe the answer, and return the seconds."""
        table = self.archive.fetch(release.release.document("table.csv").sha256)
        begun = time.perf_counter()
        with table.open("rb") as body:
            kind = {"Content-Type": "text/csv"}
            self._ask("PUT", f"/resource/{uid}.json", data=body, headers=kind)
        return time.perf_counter() - begun

    def twin(self) -> str:
        """Make an empty public dataset with the same columns and return its id."""
        about = _about("Put bare")
        made = self._ask("POST", "/api/views.json", json={**about, "tags": None}).json()
        uid = str(made["id"])
        self._ask("POST", f"/api/views/{uid}/publication.json")
        self._ask("PUT", f"/api/views/{uid}.json?method=setPermission&value=public.read")
        return uid

    def release(self, dataset: str, rows: int, edition: int, changed: int = 0) -> Approved:
        """File a release; every count is another one than in another edition."""
        about = json.dumps(_about(dataset)).encode()
        documents = (
            self._table(rows, edition, changed),
            self.papers.file("metadata.json", "application/json", about),
            self.papers.file("dictionary.csv", "text/csv", b"column\n" * 20),
            self.papers.file("methodology.md", "text/markdown", b"Generated.\n" * 100),
            self.papers.file("evidence.json", "application/json", b"{}"),
        )
        table, evidence = documents[0], documents[-1]
        ref = TableRef(dataset, table.sha256, rows, tuple(_columns()))
        release = Release(dataset, _SHA, _SHA, ref, ref, ref, evidence, documents, None, 0, 0)
        return Approved(release, _SHA, ())

    def _table(self, rows: int, edition: int, changed: int) -> DocumentRef:
        with self.archive.staging() as folder:
            file = folder / "table.csv"
            with file.open("w", encoding="utf-8") as out:
                out.write(",".join(_columns()) + "\n")
                out.writelines(_line(n, edition + (n < changed)) for n in range(rows))
            return DocumentRef("table.csv", "text/csv", self.archive.keep(file))

    def _watched(self, thing: Any) -> Any:  # noqa: ANN401 - stands for any port
        return _Watched(thing, self.spent)

    def _of(self, *names: str) -> float:
        return sum(self.spent.get(name, 0.0) for name in names)

    def _ask(self, method: str, path: str, **sent: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        login = (USER, self.password)
        answer = requests.request(method, self.url + path, auth=login, timeout=3600, **sent)
        answer.raise_for_status()
        return answer


class _Watched:
    """Something with the seconds of its calls added up by name."""

    def __init__(self, thing: Any, spent: dict[str, float]) -> None:  # noqa: ANN401 - stands for any port
        self._thing, self._spent = thing, spent

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the thing has
        found = getattr(self._thing, name)
        if not callable(found):
            return found

        @wraps(found)
        def called(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the thing has it
            begun = time.perf_counter()
            try:
                return found(*arguments, **named)
            finally:
                spent = time.perf_counter() - begun
                self._spent[name] = self._spent.get(name, 0.0) + spent

        return called


@dataclass(frozen=True)
class _Phase:
    came_to: list[Any]
    seconds: float
    requests: int


@dataclass(frozen=True)
class _Heard:
    """What the portal's own log of requests says."""

    log: Path

    def by(self, work: Callable[[], list[Any]]) -> _Phase:
        """Do some work; say how long it took and how many requests the portal heard."""
        before, begun = self._lines(), time.perf_counter()
        came_to = work()
        return _Phase(came_to, time.perf_counter() - begun, self._lines() - before)

    def _lines(self) -> int:
        return self.log.read_text().count("\n")


def _chain(office: Office, release: Approved, entries: int) -> float:
    """Return how long a chain takes to be read and verified that has grown for many nights."""
    ledger, portrait = ArchiveLedger(office.archive), portrait_of(release)
    for number in range(entries):
        kind: EntryKind = "published" if number % 2 else "intent"
        ledger.append("grown", kind, office.clock.now(), portrait, uid="aaaa-aaaa", digest=_SHA)
    begun = time.perf_counter()
    ledger.entries("grown")
    return time.perf_counter() - begun


@cache
def _contract(dataset: str = "publishing") -> Contract:
    if dataset != "publishing":
        return _contract().model_copy(update={"id": dataset})
    contract = load_contract(CHECKOUT, "emergency_encounters")
    return contract.model_copy(update={"id": dataset, "linked_to": ()})


def _columns() -> dict[str, str]:
    """Return year, county, age group, sex, encounters and their annotation, with their types."""
    return dict(column_types(_contract()))


def _line(number: int, edition: int) -> str:
    year, sex = 2010 + number % 15, ("Female", "Male")[number // 15 % 2]
    age, area = _AGES[number // 30 % 4], number // 120
    count = (number * 7919 + edition * 104_729) % 997 + 11
    return f"{year},Area {area:06d},{age},{sex},{count},\n"


def _about(name: str) -> dict[str, Any]:
    columns = [
        {
            "name": column,
            "fieldName": column,
            "dataTypeName": "text" if kind == "text" else "number",
            "description": column,
        }
        for column, kind in _columns().items()
    ]
    return {"name": name, "tags": ["generated"], "columns": columns}
