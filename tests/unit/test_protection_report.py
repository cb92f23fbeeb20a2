"""The report of a protected table: what it shows, and what it is silent about."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from opengazette.documentation.protection_report import (
    LARGEST_GRID,
    MOST_TOLD,
    Attack,
    Certificate,
    Interval,
    grid,
    protection_report,
)

OPTIONS = {"Protection": "range"}
TABLE = pd.DataFrame(
    {
        "age": ["a", "a", "b"],
        "sex": ["f", "m", "f"],
        "published": pd.array([None, 1234, None], dtype="Float64"),
        "status": ["primary", "published", "complementary"],
    }
)
INTERVALS: dict[tuple[str, ...], Interval] = {("a", "f"): Interval(1, 12, covered=True)}


def attack(*proofs: tuple[str, tuple[str, ...]], narrow: int = 0) -> Attack:
    return Attack(
        passed=not narrow,
        protected=1,
        exposed=0,
        narrow=narrow,
        determined=narrow,
        undecided=0,
        proofs=proofs,
    )


def report(
    table: pd.DataFrame = TABLE,
    *,
    title: str = "Visits",
    found: Attack | None = None,
    certificate: Certificate | None = None,
    intervals: Mapping[tuple[str, ...], Interval] = INTERVALS,
) -> str:
    page = protection_report(
        title, table, intervals, found or attack(), certificate, OPTIONS, threshold=10
    )
    return page.decode()


def test_a_small_table_shows_every_cell_with_its_interval() -> None:
    page = report()
    assert "<td>1,234</td>" in page
    assert 'title="primary, 1 to 12, or beyond"' in page
    assert 'title="complementary, withheld"' in page


def test_a_combination_that_is_not_there_is_drawn_as_none() -> None:
    drawn = grid(TABLE, ["age", "sex"], INTERVALS, scale=20)
    assert drawn.columns == ("f", "m")
    assert drawn.rows[1][1][1] is None


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(3, 3, covered=False), "known: 3"),
        (Interval(2, 6, covered=False), "2 to 6"),
        (Interval(4, float("inf"), covered=True), "4 or any more"),
    ],
)
def test_intervals_are_told_in_words(interval: Interval, words: str) -> None:
    given: dict[tuple[str, ...], Interval] = {("a", "f"): interval}
    drawn = grid(TABLE, ["age", "sex"], given, scale=20)
    cell = drawn.rows[0][1][0]
    assert cell is not None
    assert cell.title == f"primary, {words}"
    assert cell.start + cell.length <= 100


def many(n: int) -> pd.DataFrame:
    """Make a table of many places, every other one withheld."""
    return pd.DataFrame(
        {
            "place": [f"p{i}" for i in range(n)],
            "published": pd.array([20.0, None] * (n // 2), dtype="Float64"),
            "status": ["published", "primary"] * (n // 2),
        }
    )


def test_a_large_table_is_drawn_as_tiles() -> None:
    page = report(many(LARGEST_GRID + 2))
    assert "Each tile is all cells" in page
    assert "further pairs are not drawn" in page


def test_a_table_whose_grid_would_be_all_but_empty_is_drawn_as_tiles() -> None:
    apart = many(200).assign(other=[f"q{i}" for i in range(200)])
    page = report(apart[["place", "other", "published", "status"]])
    assert "Each tile is all cells" in page
    assert "tile" not in report(many(200))


def test_a_large_table_tells_its_tightest_cells_and_how_many_it_does_not_tell() -> None:
    n = LARGEST_GRID + 2
    found: dict[tuple[str, ...], Interval] = {
        (f"p{i}",): Interval(1, 10 + i, covered=True) for i in range(1, n, 2)
    }
    found[(f"p{n - 1}",)] = Interval(1, 900, covered=False)
    page = report(many(n), intervals=found)
    assert f"{MOST_TOLD} of {n // 2} attacked primary cells" in page
    listed = page[page.index("The tightest cells") :]
    assert listed.index(f">p{n - 1}<") < listed.index(">p1<") < listed.index(">p3<")
    assert listed.count(", or beyond</td>") == MOST_TOLD - 1
    assert ">1 to 11, or beyond<" in listed


def test_the_report_of_a_table_of_any_size_stays_a_page() -> None:
    n = 60_000
    found: dict[tuple[str, ...], Interval] = {
        (f"p{i}",): Interval(1, 12, covered=True) for i in range(1, n, 2)
    }
    assert len(report(many(n), intervals=found)) < 100_000


def test_the_certificate_says_what_is_proven_and_what_is_not() -> None:
    proven = report(certificate=Certificate(7, 7, 0.0, proven=True))
    assert "no pattern with fewer gives the protection" in proven
    open_ = report(certificate=Certificate(100, 95, 0.05, proven=False))
    assert "has fewer than 95: at most 5.0 %" in open_
    assert "Certificate" not in report()


def test_a_failed_attack_shows_its_proofs() -> None:
    page = report(found=attack(("a / f is exactly 4:", ("(1) one.", "(2) two.")), narrow=1))
    assert "a / f is exactly 4:" in page
    assert "<li>(2) two.</li>" in page
    assert "given away" in page


def test_text_from_files_cannot_become_markup() -> None:
    assert "<script>" not in report(title="<script>alert(1)</script>")


def test_the_same_result_has_the_same_report() -> None:
    assert report() == report()
