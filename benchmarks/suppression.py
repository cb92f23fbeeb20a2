"""Complementary suppression beside its peers: quality, certificate, time, memory, each audited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.instances import Instance, instance_at, sources
from benchmarks.measuring import Clock, Measured, in_child, machine
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.standalone.given_cells import (
    MEASURE,
    PublishedCells,
    cell_table,
    rule_of,
)
from opengazette.disclosure.standalone.prices import TIES
from opengazette.disclosure.standalone.protection import (
    Attacked,
    ProtectedCells,
    attack_cells,
    demanded,
    fewest_first,
)
from opengazette.disclosure.tables.linear_system import Mask

PROTECTIONS = ("exact", "range")

#: Cells up to which a search is given so many seconds: what the goals allow.
_SECONDS = {"exact": ((3_500, 10.0), (20_000, 60.0)), "range": ((20_000, 60.0),)}
_MOST_SECONDS = 420.0
#: Up to so many cells the audit knows only what the public knows. Beyond, it is told the counts
#: and the moves that are said to hide them, as `opengazette protect` tells it, and checks them.
_AUDITED_ALONE = 30_000
#: What a child may take beyond the search: imports, the audit and the way to a good stop.
_GRACE = 900.0


@dataclass(frozen=True)
class Choice:
    """What is measured: which tables, how long, beside whom."""

    folder: Path | None = None
    recorded: Path | None = None
    names: tuple[str, ...] = ()
    protections: tuple[str, ...] = PROTECTIONS
    up_to: int = 250_000
    seconds: float | None = None
    peer_seconds: float = 60.0
    peers_up_to: int = 20_000


@dataclass(frozen=True)
class Audited:
    """What an attack on a pattern found, in counts, and its processor seconds."""

    complementary: int
    narrow: int
    undecided: int
    determined: int
    seconds: float

    @property
    def verdict(self) -> str:
        """Say in a word or two whether the pattern holds."""
        if self.narrow:
            return f"{self.narrow} unsafe"
        return f"{self.undecided} undecided" if self.undecided else "holds"


@dataclass(frozen=True)
class Row:
    """One table under one protection: ours, the peers' and the recorded figures.

    `ours` holds what `ours` returns; `peers` the same keys as far as they apply.
    """

    instance: str
    protection: str
    cells: int
    primary: int
    ours: Mapping[str, Any]
    peers: Mapping[str, Mapping[str, Any]]
    recorded: Mapping[str, Mapping[str, Any]]


def rows(choice: Choice) -> Iterator[Row]:
    """Measure every chosen table, smallest first, each in processes of its own."""
    told = peers.recorded(choice.recorded)
    for source in _chosen(choice):
        instance = instance_at(source)
        for protection in choice.protections:
            yield _row(source, instance, protection, choice, told)


def ours(source: Mapping[str, str], protection: str, seconds: float) -> dict[str, Any]:
    """Protect one table, then attack what would be published.

    Units: processor seconds without imports, `wall_seconds` besides; `seconds` is what the
    search may take before it goes for the next good stop.
    """
    instance = instance_at(source)
    structure, cells = instance.structure, instance.cells
    begun = Clock.started()
    table = cell_table(structure, cells)
    pattern = protect(
        table,
        rule_of(structure),
        demanded(protection, structure),
        primary={MEASURE: cells.is_primary()},
        weights=fewest_first(table),
        gap=0.0,
        close=0.99 * (1.0 - TIES),
        effort=float("inf"),
        stop=lambda: begun.spent().processor > seconds,
    )
    spent = begun.spent()
    guess = Guess.at(cells.values.astype(np.float64), pattern.moves)
    large = instance.n_cells > _AUDITED_ALONE
    withheld = pattern.withheld[MEASURE]
    attacked, audited = _audit(instance, withheld, protection, guess if large else None)
    whole = ProtectedCells(cells, pattern.withheld[MEASURE], pattern, attacked)
    return {
        **asdict(audited),
        "bound": whole.least_complementary,
        "gap": whole.gap,
        "rounds": pattern.rounds,
        "protect_seconds": spent.processor,
        "wall_seconds": begun.spent().wall,
        "audit_seconds": audited.seconds,
        "verdict": audited.verdict,
    }


def audited_pattern(
    source: Mapping[str, str], protection: str, hidden: Sequence[int]
) -> dict[str, Any]:
    """Attack a table from which somebody withheld these cells besides the primary ones."""
    instance = instance_at(source)
    withheld = instance.cells.is_primary().copy()
    withheld[np.asarray(hidden, dtype=np.int64)] = True
    _, audited = _audit(instance, withheld, protection)
    return {**asdict(audited), "verdict": audited.verdict}


def allowed_seconds(cells: int, protection: str) -> float:
    """Return how long a search may take: what the project's goals allow at this size."""
    limits = [seconds for most, seconds in _SECONDS[protection] if cells <= most]
    return limits[0] if limits else _MOST_SECONDS


def keep(found: Sequence[Row], file: Path) -> None:
    """Write the figures as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "rows": [asdict(row) for row in found]}
    file.write_text(json.dumps(told, indent=1) + "\n")


def _chosen(choice: Choice) -> list[dict[str, str]]:
    named = {
        each.get("recipe") or Path(each["folder"]).name: each for each in sources(choice.folder)
    }
    unknown = sorted(set(choice.names) - set(named))
    if unknown:
        raise SystemExit(f"There is no table {', '.join(unknown)}; there are {', '.join(named)}.")
    sized = []
    for name, source in named.items():
        if choice.names and name not in choice.names:
            continue
        cells = instance_at(source).n_cells
        if cells <= choice.up_to:
            sized.append((cells, name, source))
    return [source for _, _, source in sorted(sized, key=lambda each: each[:2])]


def _row(
    source: dict[str, str],
    instance: Instance,
    protection: str,
    choice: Choice,
    told: Sequence[peers.Recorded],
) -> Row:
    seconds = choice.seconds or allowed_seconds(instance.n_cells, protection)
    asked = {"source": source, "protection": protection, "seconds": seconds}
    mine = in_child("benchmarks.suppression:ours", asked, limit=seconds + _GRACE)
    beside = {}
    if choice.peer_seconds and peers.installed() and instance.n_cells <= choice.peers_up_to:
        modes = [m for m in peers.MODES if m != "OPT+" or rule_of(instance.structure).least]
        beside = {mode: _peer(source, instance, mode, protection, choice) for mode in modes}
    return Row(
        instance=instance.name,
        protection=protection,
        cells=instance.n_cells,
        primary=int(instance.cells.is_primary().sum()),
        ours=_told(mine),
        peers=beside,
        recorded={
            each.tool: {"complementary": each.complementary, "seconds": each.seconds}
            for each in told
            if each.instance == instance.name and each.protection == protection
        },
    )


def _peer(
    source: dict[str, str], instance: Instance, mode: str, protection: str, choice: Choice
) -> dict[str, Any]:
    run = peers.tau_argus(instance, mode, protection, limit=choice.peer_seconds)
    if run.failed:
        return {"failed": run.failed}
    asked = {"source": source, "protection": protection, "hidden": run.result["hidden"]}
    audit = in_child("benchmarks.suppression:audited_pattern", asked, limit=_GRACE)
    complementary = len(set(run.result["hidden"]))
    return {
        "complementary": complementary,
        "seconds": run.result["seconds"],
        "peak_mb": run.peak_mb,
        "verdict": audit.failed or audit.result["verdict"],
    }


def _told(measured: Measured) -> dict[str, Any]:
    if measured.failed:
        return {"failed": measured.failed, "process_seconds": measured.seconds}
    return {**measured.result, "peak_mb": measured.peak_mb}


def _audit(
    instance: Instance, withheld: Mask, protection: str, guess: Guess | None = None
) -> tuple[Attacked, Audited]:
    structure, cells = instance.structure, instance.cells
    values = np.where(withheld, np.nan, cells.values.astype(np.float64))
    begun = Clock.started()
    attacked = attack_cells(
        structure,
        PublishedCells(cells.keys, values, cells.is_primary()),
        demanded(protection, structure),
        n_proofs=0,
        guess=guess,
    )
    spent = begun.spent().processor
    result = attacked.result
    return attacked, Audited(
        complementary=int(withheld.sum() - cells.is_primary().sum()),
        narrow=int(result.n_narrow + result.n_exposed),
        undecided=int(result.n_undecided),
        determined=int(attacked.determined),
        seconds=spent,
    )
