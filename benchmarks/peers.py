"""What others make of the same tables: τ-ARGUS run beside us, and figures recorded elsewhere."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.instances import Instance
from benchmarks.measuring import CHECKOUT, Measured, started
from opengazette.disclosure.standalone.given_cells import MEASURE, cell_table, rule_of
from opengazette.disclosure.tables.linear_system import equations, floors
from opengazette.model.cell_structure import CodeTree

#: Where `make bench-suppression` installs the peer, apart from this project.
PYTHON = CHECKOUT / ".cache" / "tauargus" / "bin" / "python"

#: The ways of τ-ARGUS: the optimum of the whole table as it is used (withheld cells may be 0),
#: the same told that withheld cells are not 0 where zeros are shown, and table by table down
#: the hierarchy.
MODES = ("OPT", "OPT+", "MOD")

#: Which recorded modes promise that a primary cell's interval covers a range.
_RANGE_MODES = {"MODPL", "OPTPL", "JJ0_cover", "JJ_cover", "int10", "const"}
_OTHER_MODES = {"int3"}


@dataclass(frozen=True)
class Recorded:
    """A figure that somebody measured elsewhere; its pattern is unknown, so it is not audited."""

    instance: str
    tool: str
    protection: str
    complementary: int
    seconds: float


def installed() -> bool:
    """Tell whether τ-ARGUS is there to be run."""
    return PYTHON.is_file()


def tau_argus(instance: Instance, mode: str, protection: str, *, limit: float) -> Measured:
    """Run τ-ARGUS; the result holds `hidden` (numbers of complementary cells) and `seconds`.

    Every cell costs 1 and true zeros that are shown stay shown. *exact* asks that each primary
    cell can be 1 larger than it is; *range* that it can be anything from the rule's least to its
    largest small count.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(instance, mode, protection, folder)
        asked = {"mode": mode.rstrip("+"), "folder": name, "minutes": max(1, int(limit // 60))}
        script = str(CHECKOUT / "benchmarks" / "tauargus_run.py")
        return started([str(PYTHON), script], asked, limit=limit)


def recorded(file: Path | None) -> tuple[Recorded, ...]:
    """Read the figures of a CSV; without a file there are none.

    Shape: columns instance, cells, tool, mode, secondary_cells, sum_suppressed, seconds, rss_mb,
    failed; rows without a number of secondary cells are left out.
    """
    if file is None:
        return ()
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["secondary_cells"]]
    return tuple(
        Recorded(
            row["instance"],
            f"{row['tool']} {row['mode']}",
            "range" if row["mode"] in _RANGE_MODES else "exact",
            int(row["secondary_cells"]),
            float(row["seconds"]),
        )
        for row in rows
        if row["mode"] not in _OTHER_MODES
    )


def _write(instance: Instance, mode: str, protection: str, folder: Path) -> None:
    if mode in ("OPT", "OPT+"):
        least = rule_of(instance.structure).least if mode == "OPT+" else 0
        (folder / "in.jj").write_text("\n".join(_jj(instance, protection, least)) + "\n")
        return
    (folder / "in.tab").write_text("\n".join(_rows(instance, protection)) + "\n")
    for dim in instance.structure.dims:
        if _is_deep(dim):
            (folder / f"{dim.name}.hrc").write_text(
                "\n".join(_tree(dim, dim.total or "", 0)) + "\n"
            )
    (folder / "in.rda").write_text("\n".join(_metadata(instance, folder)) + "\n")
    (folder / "in.arb").write_text("\n".join(_batch(instance, folder)) + "\n")
    numbers = {place: n for n, place in enumerate(_places(instance))}
    (folder / "numbers.json").write_text(json.dumps(numbers))


def _levels(instance: Instance, protection: str) -> np.ndarray:
    """Return how far below and above its value each cell must be able to lie.

    Not asked is what no pattern can hide: what the shown zeros alone reveal.
    """
    values, rule = instance.cells.values, rule_of(instance.structure)
    if protection == "exact":
        below, above = np.zeros_like(values), np.ones_like(values)
    else:
        table = cell_table(instance.structure, instance.cells)
        revealed = floors(table, least=rule.least)[MEASURE]
        below = np.maximum(values - np.maximum(rule.least, revealed), 0)
        above = np.maximum(rule.threshold - 1 - values, 0)
    primary = instance.cells.is_primary()
    return np.where(primary, np.stack([below, above]), 0)


def _status(instance: Instance, *, safe: str, unsafe: str, kept: str) -> np.ndarray:
    primary, shown = instance.cells.is_primary(), instance.cells.values == 0
    return np.where(primary, unsafe, np.where(shown, kept, safe))


def _jj(instance: Instance, protection: str, least: int) -> Iterator[str]:
    values = instance.cells.values
    status = _status(instance, safe="s", unsafe="u", kept="z")
    below, above = _levels(instance, protection)
    top = int(values.max(initial=0)) + 100
    yield "0"
    yield str(len(values))
    for n, value in enumerate(values):
        ends = "0 0" if status[n] == "z" else f"{least} {top}"
        yield f"{n} {value} 1 {status[n]} {ends} {below[n]} {above[n]} 0"
    rows = [(p, c) for p, c, _ in equations(cell_table(instance.structure, instance.cells)) if c]
    yield str(len(rows))
    for parent, children in rows:
        terms = "".join(f"{child} (1) " for child in children)
        yield f"0 {len(children) + 1} : {parent} (-1) {terms}"


def _rows(instance: Instance, protection: str) -> Iterator[str]:
    status = _status(instance, safe="S", unsafe="U", kept="P")
    below, above = _levels(instance, protection)
    for n, place in enumerate(_places(instance)):
        value = instance.cells.values[n]
        yield f"{place};{value};1;{status[n]};{below[n]};{above[n]}"


def _names(dim: CodeTree) -> dict[str, str]:
    """Give each code a plain name: τ-ARGUS trims and quotes others."""
    return {c: "T" if c == dim.total else f"c{n}" for n, c in enumerate(dim.codes())}


def _places(instance: Instance) -> list[str]:
    names = [_names(dim) for dim in instance.structure.dims]
    return [
        ";".join(name[code] for name, code in zip(names, key, strict=True))
        for key in instance.cells.keys
    ]


def _is_deep(dim: CodeTree) -> bool:
    return len(dim.tree) > 1


def _tree(dim: CodeTree, parent: str, depth: int) -> Iterator[str]:
    names = _names(dim)
    for child in dim.tree.get(parent, ()):
        yield f"{'@' * depth}{names[child]}"
        yield from _tree(dim, child, depth + 1)


def _metadata(instance: Instance, folder: Path) -> Iterator[str]:
    yield '<SEPARATOR> ";"'
    for dim in instance.structure.dims:
        yield f'{dim.name}\n  <RECODEABLE>\n  <TOTCODE> "T"'
        if _is_deep(dim):
            yield f'  <HIERARCHICAL>\n  <HIERCODELIST> "{folder}/{dim.name}.hrc"'
            yield '  <HIERLEADSTRING> "@"'
    yield "n\n  <NUMERIC>\n  <DECIMALS> 0"
    yield "one\n  <NUMERIC> <COSTVAR>\nsaid\n  <STATUS>"
    yield "below\n  <NUMERIC> <LOWERPL>\nabove\n  <NUMERIC> <UPPERPL>"
    yield '<SAFE> "S"\n<UNSAFE> "U"\n<PROTECT> "P"'


def _batch(instance: Instance, folder: Path) -> Iterator[str]:
    names = "".join(f'"{dim.name}"' for dim in instance.structure.dims)
    yield f'<OPENTABLEDATA> "{folder}/in.tab"'
    yield f'<OPENMETADATA> "{folder}/in.rda"'
    yield f'<SPECIFYTABLE> {names}|"n"||"one"'
    yield "<SAFETYRULE>\n<READTABLE> 1\n<SUPPRESS> MOD(1,60,0,0,0)"
    yield f'<WRITETABLE> (1,5,SO+,"{folder}/out.tab")'
