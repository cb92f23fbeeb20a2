"""The measurements measure what they say: same tables each time, real runs, honest judgements."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# The measurements stand beside the package, not in it.
sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import goals, instances, measuring, peers, pipeline, publishing, suppression
from benchmarks.suppression import Choice, Row

SMALL = {"recipe": "g3_age_sex_race"}
#: The ends that a small count must reach; a sum of cells that are not 0 starts higher.
REVEALED = [(low, 10) for low in range(1, 11)]
OURS = {
    "complementary": 10,
    "bound": 10,
    "gap": 0.0,
    "protect_seconds": 1.0,
    "audit_seconds": 0.1,
    "peak_mb": 100.0,
    "verdict": "holds",
}


def row(**changes: Any) -> Row:
    ours = OURS | {k: v for k, v in changes.items() if k in OURS}
    rest = {k: v for k, v in changes.items() if k not in OURS}
    about = {"instance": "t", "protection": "exact", "cells": 1000, "primary": 5}
    return Row(**{**about, "ours": ours, "peers": {}, "recorded": {}, **rest})


def goals_missed(*rows: Row) -> list[str]:
    return [miss.goal for miss in goals.missed(rows)]


def test_a_generated_table_is_the_same_each_time_and_another_for_another_seed() -> None:
    recipe = instances.RECIPES["g3_region_age_sex"]
    first, again = (instances.generated("t", recipe) for _ in range(2))
    other = instances.generated("t", recipe, seed=1)
    assert first.cells.keys == again.cells.keys
    assert first.structure == again.structure
    assert np.array_equal(first.cells.values, again.cells.values)
    assert not np.array_equal(first.cells.values, other.cells.values)


@pytest.mark.parametrize("name", [n for n, r in instances.RECIPES.items() if r.n_cells < 1_300])
def test_every_generated_table_adds_up_and_has_small_counts(name: str) -> None:
    instance = instances.instance_at({"recipe": name})
    value = dict(zip(instance.cells.keys, instance.cells.values, strict=True))
    assert instance.n_cells == instances.RECIPES[name].n_cells
    for place, dim in enumerate(instance.structure.dims):
        for parent, children in dim.tree.items():
            for key in (k for k in value if k[place] == parent):
                parts = [value[(*key[:place], c, *key[place + 1 :])] for c in children]
                assert value[key] == sum(parts)
    least = 1 if instance.structure.zero_policy == "publish" else 0
    small = (instance.cells.values >= least) & (instance.cells.values <= 10)
    assert np.array_equal(instance.cells.is_primary(), small)
    assert small.any()


def test_the_generated_tables_reach_from_hundreds_of_cells_to_almost_200_000() -> None:
    sizes = [recipe.n_cells for recipe in instances.RECIPES.values()]
    assert min(sizes) < 250
    assert max(sizes) > 175_000
    assert {len(r.variables) for r in instances.RECIPES.values()} >= {2, 3, 4}


def test_a_table_is_protected_and_audited_in_a_process_of_its_own() -> None:
    asked = {"source": SMALL, "protection": "exact", "seconds": 20}
    done = measuring.in_child("benchmarks.suppression:ours", asked, limit=300)
    assert done.failed == ""
    assert done.result["verdict"] == "holds"
    assert done.result["bound"] <= done.result["complementary"]
    assert done.peak_mb is not None
    assert done.peak_mb > 10


def test_a_child_that_fails_or_is_too_slow_is_reported_and_not_counted() -> None:
    broken = measuring.in_child("benchmarks.suppression:nothing", {}, limit=60)
    assert "nothing" in broken.failed
    assert broken.result == {}
    slow = measuring.in_child("time:sleep", {}, limit=0.01)
    assert slow.failed.startswith("over")


def test_the_audit_of_a_peer_tells_a_pattern_that_holds_from_one_that_does_not() -> None:
    bare = suppression.audited_pattern(SMALL, "exact", [])
    everything = list(range(instances.instance_at(SMALL).n_cells))
    all_hidden = suppression.audited_pattern(SMALL, "exact", everything)
    assert bare["verdict"].endswith("unsafe")
    assert bare["complementary"] == 0
    assert all_hidden["verdict"] == "holds"


def test_suppression_runs_from_tables_to_figures(tmp_path: Path) -> None:
    choice = Choice(names=("g3_age_sex_race",), protections=("exact",), seconds=20, peer_seconds=0)
    found = list(suppression.rows(choice))
    suppression.keep(found, tmp_path / "bench" / "suppression.json")
    told = json.loads((tmp_path / "bench" / "suppression.json").read_text())
    assert [each["instance"] for each in told["rows"]] == ["g3_age_sex_race"]
    assert told["rows"][0]["ours"]["verdict"] == "holds"
    assert told["machine"]["cores"] >= 1


def test_tables_of_a_folder_are_measured_like_the_generated_ones(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    meta = {
        "zero_policy": "publish",
        "threshold": 10,
        "dims": [{"name": "sex", "total": "T", "tree": {"T": ["F", "M"]}}],
    }
    (tmp_path / "mine" / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "mine" / "cells.csv").write_text("sex,value,primary\nT,30,0\nF,4,1\nM,26,0\n")
    (source,) = instances.sources(tmp_path)
    instance = instances.instance_at(source)
    assert instance.name == "mine"
    assert instance.cells.is_primary().tolist() == [False, True, False]


def test_the_peer_is_given_every_cell_every_sum_and_what_each_small_count_needs() -> None:
    instance = instances.instance_at(SMALL)
    lines = list(peers._jj(instance, "range", 1))
    cells = [line.split() for line in lines[2 : 2 + instance.n_cells]]
    assert int(lines[1]) == instance.n_cells
    for cell, value, primary in zip(
        cells, instance.cells.values, instance.cells.is_primary(), strict=True
    ):
        assert int(cell[1]) == value
        assert (cell[3] == "u") == primary
        assert not primary or (value - int(cell[6]), value + int(cell[7])) in REVEALED
    assert int(lines[2 + instance.n_cells]) == len(lines) - instance.n_cells - 3


def test_recorded_figures_are_read_and_failures_left_out(tmp_path: Path) -> None:
    file = tmp_path / "peers.csv"
    file.write_text(
        "instance,cells,tool,mode,secondary_cells,sum_suppressed,seconds,rss_mb,failed\n"
        "a,10,GaussSuppression,default,4,,0.5,100,\n"
        "a,10,GaussSuppression,int10,7,,1.5,100,\n"
        "a,10,pytauargus,OPT,,,,44,TIMEOUT 120\n"
    )
    told = peers.recorded(file)
    assert [(t.protection, t.complementary) for t in told] == [("exact", 4), ("range", 7)]


def test_a_goal_is_missed_only_where_the_figures_say_so() -> None:
    assert goals_missed(row()) == []
    assert goals_missed(row(gap=0.01)) == ["proven in 10 s"]
    assert goals_missed(row(protection="range", gap=0.04)) == []
    assert goals_missed(row(protection="range", gap=0.06)) == ["within 5 % in 60 s"]
    assert goals_missed(row(cells=12_000, gap=0.03)) == ["within 2 % in 60 s"]
    assert goals_missed(row(audit_seconds=31.0)) == ["audited in 30 s"]
    assert goals_missed(row(cells=180_000, peak_mb=5_000.0)) == ["10 min and 4 GB"]
    assert goals_missed(row(verdict="3 unsafe")) == ["passes the audit"]
    assert goals_missed(row(ours={"failed": "over 600 s"})) == ["a pattern"]


def test_a_peer_counts_only_where_its_pattern_holds() -> None:
    unsafe = {"OPT": {"complementary": 8, "verdict": "2 unsafe"}}
    safe = {"OPT": {"complementary": 8, "verdict": "holds"}}
    assert goals_missed(row(peers=unsafe)) == []
    assert goals_missed(row(peers=safe)) == ["never worse than a peer"]


def test_a_recorded_figure_counts_unless_it_is_proven_to_be_too_small() -> None:
    recorded = {"other": {"complementary": 9, "seconds": 1.0}}
    assert goals_missed(row(recorded=recorded, bound=10)) == []
    assert goals_missed(row(recorded=recorded, bound=9)) == ["never worse than a peer"]


@pytest.mark.servers
def test_the_pipeline_is_measured_and_its_ways_agree(tmp_path: Path) -> None:
    found = pipeline.measured([6_000], tmp_path / "pipeline.json")
    assert [each.failed for each in found] == [""] * len(found)
    assert {each.step for each in found} == set(pipeline.COMPARED)
    assert all(each.seconds and each.peak_mb for each in found)
    assert json.loads((tmp_path / "pipeline.json").read_text())["rows"][0]["rows"] == 6_000


@pytest.mark.servers
def test_publishing_is_measured_by_both_protocols_and_on_a_night_without_news(
    tmp_path: Path,
) -> None:
    file = tmp_path / "publishing.json"
    found = publishing.measured([1_200], 2, file, rows=20, nights=4)
    assert [(each.protocol, each.rows) for each in found.sent] == [
        ("soda", 1_200),
        ("revisions", 1_200),
    ]
    for each in found.sent:
        parts = each.send + each.papers + each.records + each.compare
        assert each.bare > 0
        assert each.send > 0
        assert each.whole == pytest.approx(parts, rel=0.5), "medians of few rounds add up nearly"
        assert each.peak_mb > 10
    night = found.nothing
    assert night is not None
    assert night.publish_requests == night.plan_requests == int(night.plan_requests) > 0
    told = json.loads(file.read_text())
    assert [each["protocol"] for each in told["sent"]] == list(publishing.PROTOCOLS)
    assert told["nothing"]["datasets"] == 2


def test_growth_compares_most_rows_with_fewest_for_each_protocol() -> None:
    def sent(protocol: str, rows: int, peak_mb: float) -> publishing.Sent:
        return publishing.Sent(protocol, rows, *(1.0,) * 7, peak_mb=peak_mb)

    measured = [sent("soda", 10, 100.0), sent("soda", 1_000, 150.0), sent("revisions", 10, 90.0)]
    assert list(publishing.growth(measured)) == [("soda", 1.5)]
