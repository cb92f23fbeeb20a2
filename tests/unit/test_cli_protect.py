"""The commands protect and audit, as a person types them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opengazette.cli import main
from opengazette.model.cell_structure import CellStructure

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Type a command in a folder that holds the examples, and return the exit status."""
    for file in EXAMPLES.iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["opengazette", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        return int(str(ended.value.code))

    return call


def rows(file: str) -> list[dict[str, str]]:
    with Path(file).open(newline="") as lines:
        return list(csv.DictReader(lines))


PROTECT = ("protect", "visits.csv", "--structure", "visits.json", "--out", "out.csv")


def test_the_protected_table_keeps_the_rows_and_blanks_what_is_withheld(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*PROTECT) == 0
    said = capsys.readouterr()
    assert "Complementary cells withheld: 13\n" in said.out
    assert "no pattern has fewer; proven." in said.out
    assert "best 13" in said.err
    given, out = rows("visits.csv"), rows("out.csv")
    assert [(r["county"], r["age"], r["sex"]) for r in out] == [
        (r["county"], r["age"], r["sex"]) for r in given
    ]
    for before, after in zip(given, out, strict=True):
        assert after["published"] == (before["value"] if after["status"] == "published" else "")
        assert (after["status"] == "primary") == (before["primary"] == "1")


def test_the_same_table_gives_the_same_files(typed: Callable[..., int]) -> None:
    assert typed(*PROTECT, "--report", "one.html") == 0
    first = Path("out.csv").read_bytes()
    assert typed(*PROTECT, "--report", "two.html") == 0
    assert Path("out.csv").read_bytes() == first
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


@pytest.mark.parametrize("protection", ["exact", "range", "width:5"])
def test_what_protect_writes_passes_the_audit(typed: Callable[..., int], protection: str) -> None:
    assert typed(*PROTECT, "--protection", protection) == 0
    attack = ("audit", "out.csv", "--structure", "visits.json", "--protection", protection)
    assert typed(*attack, "--intervals", "intervals.csv") == 0
    found = rows("intervals.csv")
    assert [row["status"] for row in found] == ["covered"] * 3
    assert all(int(row["low"]) < int(row["high"]) for row in found)


def test_a_time_limit_of_nothing_still_gives_an_audited_table(typed: Callable[..., int]) -> None:
    assert typed(*PROTECT, "--time-limit", "0") == 0
    assert typed("audit", "out.csv", "--structure", "visits.json") == 0


def test_a_naive_table_is_attacked_with_a_proof(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    attack = ("audit", "visits-naive.csv", "--structure", "visits.json", "--report", "a.html")
    assert typed(*attack, "--proofs", "1") == 65
    said = capsys.readouterr()
    assert "Known exactly: 3\n" in said.out
    assert "Birch / 0-17 / M is exactly 7:" in said.out
    assert said.out.count(" is exactly ") == 1
    assert "7:" not in said.err
    assert "gives away 3 cells" in said.err
    assert "given away" in Path("a.html").read_text()


def test_totals_can_be_inferred(typed: Callable[..., int]) -> None:
    flat = "sex,age,value\nf,x,5\nf,y,20\nf,T,25\nm,x,40\nm,y,30\nm,T,70\nT,x,45\nT,y,50\nT,T,95\n"
    Path("flat.csv").write_text(flat)
    assert typed("protect", "flat.csv", "--infer-totals", "--out", "out.csv") == 0
    assert [row["status"] for row in rows("out.csv")].count("complementary") == 3


def test_without_structure_or_inference_nothing_is_guessed(typed: Callable[..., int]) -> None:
    assert typed("protect", "visits.csv", "--out", "out.csv") == 78
    assert not Path("out.csv").exists()


def test_a_table_that_does_not_add_up_writes_nothing_and_tells_no_count(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path("visits.csv").read_text().replace("All,All,All,883,0", "All,All,All,887,0")
    Path("visits.csv").write_text(text)
    assert typed(*PROTECT, "--report", "r.html") == 65
    assert "887" not in capsys.readouterr().err
    assert not Path("out.csv").exists()
    assert not Path("r.html").exists()


def test_small_counts_without_a_flag_are_refused_unless_flags_are_trusted(
    typed: Callable[..., int],
) -> None:
    text = Path("visits.csv").read_text().replace(",1\n", ",0\n")
    Path("visits.csv").write_text(text)
    assert typed(*PROTECT) == 65
    assert typed(*PROTECT, "--trust-flags") == 0
    assert {row["status"] for row in rows("out.csv")} == {"published"}


def test_less_knowledge_never_costs_more_cells(typed: Callable[..., int]) -> None:
    assert typed(*PROTECT, "--blank-may-be-zero") == 0
    assert [row["status"] for row in rows("out.csv")].count("complementary") <= 13
    attack = ("audit", "out.csv", "--structure", "visits.json", "--blank-may-be-zero")
    assert typed(*attack) == 0


def test_the_page_in_the_documentation_shows_what_the_commands_print(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    page = (EXAMPLES.parent / "reference/protect.md").read_text()
    assert typed(*PROTECT, "--report", "r.html") == 0
    assert typed("audit", "visits-naive.csv", "--structure", "visits.json") == 65
    shown = [line for line in capsys.readouterr().out.splitlines() if "Written" not in line]
    quoted = page[page.index("```console") : page.index("The first withholds")]
    printed = [line for line in quoted.splitlines() if line[:1] not in ("`", "$", "…", "")]
    kept = [line for line in printed if "--out" not in line and "Written" not in line]
    assert len(kept) > 8
    assert [line for line in kept if line not in shown] == []


def with_structure(**changes: Any) -> str:
    """Write the structure of the examples with other fields, and return its name."""
    meta = json.loads(Path("visits.json").read_text()) | changes
    Path("changed.json").write_text(json.dumps(meta))
    return "changed.json"


def changed(name: str) -> tuple[str, ...]:
    return ("protect", "visits.csv", "--structure", name, "--out", "out.csv")


FORCED = {"be": "shown", "where": {"sex": "All"}, "reason": "These totals are printed."}


def test_a_receipt_names_files_options_and_results_and_is_the_same_every_time(
    typed: Callable[..., int],
) -> None:
    name = with_structure(forced=[{**FORCED, "where": {"county": "All"}}])
    assert typed(*changed(name), "--report", "r.html", "--receipt", "one.json") == 0
    assert typed(*changed(name), "--report", "r.html", "--receipt", "two.json") == 0
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()
    receipt = json.loads(Path("one.json").read_text())
    written = hashlib.sha256(Path("out.csv").read_bytes()).hexdigest()
    assert receipt["outputs"]["out"] == {"file": "out.csv", "sha256": written}
    read = hashlib.sha256(Path("visits.csv").read_bytes()).hexdigest()
    assert receipt["inputs"]["cells"] == [{"file": "visits.csv", "sha256": read}]
    assert receipt["decisions"] == [{"reason": "These totals are printed.", "cells": 12}]
    assert receipt["options"]["objective"] == "count"
    assert receipt["audit"]["passed"] is True
    assert receipt["reached"]["ended"] == "proven"
    assert receipt["complementary"] == receipt["reached"]["cost"]


def test_the_report_says_what_was_decided_and_what_was_to_be_least(
    typed: Callable[..., int],
) -> None:
    name = with_structure(forced=[{**FORCED, "where": {"county": "All"}}])
    assert typed(*changed(name), "--objective", "sum", "--report", "r.html") == 0
    page = Path("r.html").read_text()
    assert "Decided: These totals are printed." in page
    assert "what the complementary cells hold" in page
    assert "no pattern costs less; proven." in page
    assert "Fewest possible" not in page


def test_a_receipt_does_not_tell_what_the_withheld_counts_come_to(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*PROTECT, "--objective", "sum", "--receipt", "receipt.json") == 0
    reached = json.loads(Path("receipt.json").read_text())["reached"]
    assert reached["cost"] is reached["least"] is None
    assert "Certificate: no pattern costs less; proven." in capsys.readouterr().out


def test_weights_in_the_structure_decide_unless_something_else_is_asked_for(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    dims = json.loads(Path("visits.json").read_text())["dims"]
    dims[1]["weights"] = {"65+": 0.1}
    name = with_structure(dims=dims)
    assert typed(*changed(name)) == 0
    assert "costs less" in capsys.readouterr().out
    weighted = [row["age"] for row in rows("out.csv") if row["status"] == "complementary"]
    assert typed(*changed(name), "--objective", "count") == 0
    assert "has fewer" in capsys.readouterr().out
    plain = [row["age"] for row in rows("out.csv") if row["status"] == "complementary"]
    assert weighted.count("65+") >= plain.count("65+")


def test_the_pattern_of_last_time_is_kept_where_it_still_protects(
    typed: Callable[..., int],
) -> None:
    assert typed(*PROTECT, "--objective", "sum") == 0
    shutil.copy("out.csv", "last.csv")
    assert typed(*PROTECT, "--previous", "last.csv") == 0
    assert Path("out.csv").read_bytes() == Path("last.csv").read_bytes()


def test_what_an_earlier_release_shows_stays_shown(typed: Callable[..., int]) -> None:
    assert typed(*PROTECT, "--objective", "sum") == 0
    shutil.copy("out.csv", "last.csv")
    assert typed(*PROTECT, "--known", "last.csv") == 0
    assert [row["published"] for row in rows("out.csv")] == [
        row["published"] for row in rows("last.csv")
    ]
    assert typed("audit", "out.csv", "--structure", "visits.json", "--known", "last.csv") == 0


BESIDE = ("--linked", "visits-by-age.csv", "--linked-structure", "visits-by-age.json")


def test_a_table_that_is_safe_alone_is_given_away_by_a_linked_one(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*PROTECT) == 0
    attack = ("audit", "out.csv", "--structure", "visits.json")
    assert typed(*attack) == 0
    assert typed(*attack, *BESIDE) == 65
    said = capsys.readouterr()
    assert "Known exactly: 2\n" in said.out
    assert "Protected beside it: 1, of which fail: 1\n" in said.out
    assert "Cedar / 65+ / All is exactly 3:" in said.out
    assert "Cedar" not in said.err
    assert typed(*PROTECT, *BESIDE) == 0
    assert "4 cells attacked, 1 of them beside the table." in capsys.readouterr().out
    assert typed(*attack, *BESIDE) == 0


def test_a_linked_table_without_its_structure_is_refused(typed: Callable[..., int]) -> None:
    assert typed(*PROTECT, "--linked", "visits.csv") == 78
    assert not Path("out.csv").exists()


def test_a_table_that_cannot_be_protected_comes_with_what_would_help(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    name = with_structure(forced=[FORCED])
    assert typed(*changed(name)) == 65
    said = capsys.readouterr().err
    assert "Cedar / 65+ / F" in said
    assert "--advise" in said
    assert typed(*changed(name), "--advise") == 65
    assert "merge county Cedar with Dale" in capsys.readouterr().err
    assert not Path("out.csv").exists()


def quoted(page: str, start: str) -> list[str]:
    """Return what a page says that a command prints, without what it leaves out."""
    block = page[page.index(start) :].split("```", 1)[0].splitlines()
    printed = block[next(i for i, line in enumerate(block) if not line.endswith("\\")) + 1 :]
    return [line for line in printed if line not in ("", "…")]


def test_the_page_shows_what_a_linked_table_gives_away_and_what_would_help(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    page = (EXAMPLES.parent / "reference/protect.md").read_text()
    assert typed(*PROTECT) == 0
    assert typed("audit", "out.csv", "--structure", "visits.json", *BESIDE) == 65
    lines = quoted(page, "$ opengazette audit protected.csv")
    shown = capsys.readouterr().out.splitlines()
    assert len(lines) > 4
    assert [line for line in lines if line not in shown] == []
    assert typed(*changed(with_structure(forced=[FORCED])), "--advise") == 65
    told = capsys.readouterr().err
    for line in quoted("\n" + page, "\nError: No pattern protects 2"):
        assert line.removesuffix("; …") in told


def test_the_structures_on_the_page_are_structures(tmp_path: Path) -> None:
    page = (EXAMPLES.parent / "reference/protect.md").read_text()
    fences = [part.split("```", 1)[0] for part in page.split("```json\n")[1:]]
    plain = json.loads((EXAMPLES / "visits.json").read_text())
    assert json.loads(fences[0]) == plain
    CellStructure.model_validate_json(json.dumps(plain | {"dims": [json.loads(fences[1])]}))
    forced = json.loads("{" + fences[2] + "}")
    assert len(CellStructure.model_validate_json(json.dumps(plain | forced)).forced) == 2
