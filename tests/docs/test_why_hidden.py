"""The steward's example is right: the cells it blanks protect the small count, fewer do not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from opengazette.disclosure.audit.audit import AuditResult, PublishedTable, audit
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import Dimension

PAGE = Path(__file__).parents[2] / "docs/stewards/why-hidden.md"


def tables() -> list[list[list[str]]]:
    """Return the page's tables as rows of cells, without their headings."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", PAGE.read_text("utf-8"), re.MULTILINE)
    return [
        [[c.strip(" *") for c in row.strip("|").split("|")] for row in block.splitlines()[2:]]
        for block in blocks
    ]


def judged(rows: list[list[str]]) -> AuditResult:
    ages = tuple(row[0] for row in rows)
    sexes = ("Female", "Male", "All")
    dimensions = (
        Dimension("age", ages[-1], {ages[-1]: ages[:-1]}, ages),
        Dimension("sex", "All", {"All": sexes[:2]}, sexes),
    )
    keys = tuple((age, sex) for age in ages for sex in sexes)
    values = np.array([np.nan if c == "▨" else float(c) for row in rows for c in row[1:]])
    small = np.array([key == ("12 to 17", "Male") for key in keys])
    return audit(
        PublishedTable(dimensions, keys, {"tests": values}),
        {"tests": small},
        Protection(1, 10),
        SmallCountRule(11),
    )


def test_the_page_s_first_table_adds_up_and_its_second_protects_the_seven() -> None:
    full, blanked = tables()
    assert judged(full).n_exposed == 1
    assert judged(blanked).passed


def test_blanking_the_small_count_alone_is_not_enough() -> None:
    full, _ = tables()
    alone = [["▨" if c == "7" else c for c in row] for row in full]
    assert not judged(alone).passed


def test_the_range_that_the_page_names_is_the_attacker_s() -> None:
    _, blanked = tables()
    values = {
        (r[0], s): c for r in blanked for s, c in zip(("Female", "Male", "All"), r[1:], strict=True)
    }
    column = int(values["All ages", "Male"]) - sum(
        int(values[age, "Male"]) for age in ("5 to 11", "18 or older")
    )
    assert f"any number from 1\nto {column - 1}." in PAGE.read_text("utf-8")
