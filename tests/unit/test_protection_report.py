"""The report of a protected table: what it shows, and what it is silent about."""

from __future__ import annotations

import pandas as pd
import pytest

from opengazette.documentation.protection_report import (
    LARGEST_GRID,
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
) -> str:
    page = protection_report(
        title, table, INTERVALS, found or attack(), certificate, OPTIONS, threshold=10
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


def test_a_large_table_is_drawn_as_tiles() -> None:
    n = LARGEST_GRID + 1
    many = pd.DataFrame(
        {
            "place": [f"p{i}" for i in range(n)],
            "published": pd.array([20.0] * n, dtype="Float64"),
            "status": ["published"] * n,
        }
    )
    page = report(many)
    assert "Each tile is all cells" in page
    assert "further pairs are not drawn" in page


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
