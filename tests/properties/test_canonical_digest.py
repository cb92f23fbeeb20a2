"""The digest of a table: blind to what a portal changes, and to nothing else."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from opengazette.documentation.canonical import canonical_cell, digest, read_table_csv

COLUMNS = {"place": "text", "cases": "integer", "rate": "number"}
numbers = st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-1e6, max_value=1e6
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=6)
rows = st.lists(
    st.tuples(
        texts,
        st.one_of(st.just(""), st.integers(0, 50).map(str)),
        st.one_of(st.just(""), numbers.map(str)),
    ).map(list),
    max_size=8,
)


def respelt(row: list[str]) -> list[str | None]:
    """Return a row as a portal may give it back."""
    place, cases, rate = row
    plain = format(Decimal(rate) + 0, "f") + "0" if "." in rate else rate
    return [normalize("NFC", place) or None, cases or None, plain or None]


@given(rows, st.randoms())
def test_order_and_spelling_do_not_matter(table: list[list[str]], random: object) -> None:
    again = [respelt(row) for row in table]
    random.shuffle(again)  # type: ignore[attr-defined]
    assert digest(COLUMNS, again) == digest(COLUMNS, table)


@given(rows, rows)
def test_two_tables_have_one_digest_only_when_they_are_the_same(
    one: list[list[str]], other: list[list[str]]
) -> None:
    def form(table: list[list[str]]) -> list[tuple[str, ...]]:
        kinds = list(COLUMNS.values())
        return sorted(
            tuple(canonical_cell(c, k) for c, k in zip(row, kinds, strict=True)) for row in table
        )

    assert (digest(COLUMNS, one) == digest(COLUMNS, other)) == (form(one) == form(other))


@given(rows.filter(bool))
def test_a_row_that_is_lost_or_repeated_shows(table: list[list[str]]) -> None:
    assert digest(COLUMNS, table[1:]) != digest(COLUMNS, table)
    assert digest(COLUMNS, [*table, table[0]]) != digest(COLUMNS, table)


@given(rows)
def test_a_file_that_is_read_back_has_the_digest_of_its_rows(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([list(COLUMNS), *table])
    header, read = read_table_csv(text.getvalue().encode())
    assert header == list(COLUMNS)
    assert digest(COLUMNS, read) == digest(COLUMNS, table)
