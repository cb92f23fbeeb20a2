"""The quick look at a file lets nothing pass that the thorough one would not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.portals.plain_file import rows_that_fit
from opengazette.documentation.canonical import NotCanonical, refuse_misfits, table_rows

COLUMNS = {"place": "text", "cases": "integer", "rate": "number"}
HEADER = "place,cases,rate\n"
cells = st.sampled_from(
    ["", "é", "12", "-3.50", "1e3", "Infinity", " 7", "x", "\x00", "\x0b", "+1"]
)
pieces = st.sampled_from([",", "\n", "\r", '"', "a", "1", "é", "\x00", ",1,2\n", "x,1,2\n"])


def looked_at(content: bytes, columns: dict[str, str]) -> tuple[int | None, int | None]:
    """Return what the quick look and the thorough one say; None is no answer or a refusal."""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        table.write_bytes(content)
        quick = rows_that_fit(table, columns)
        try:
            with table.open(encoding="utf-8", newline="") as lines:
                header, rows = table_rows(lines)
                fits = header == list(columns)
                return quick, refuse_misfits(columns, rows) if fits else None
        except (NotCanonical, UnicodeDecodeError):
            return quick, None


@given(st.lists(st.tuples(cells, cells, cells), max_size=12))
def test_of_rows_without_quotes_both_say_the_same(rows: list[Sequence[str]]) -> None:
    content = HEADER + "".join(",".join(row) + "\n" for row in rows)
    quick, thorough = looked_at(content.encode(), COLUMNS)
    assert quick == thorough


@given(st.lists(pieces, max_size=12).map("".join))
def test_of_any_text_the_quick_look_says_what_the_thorough_one_does_or_nothing(text: str) -> None:
    quick, thorough = looked_at((HEADER + text).encode(), COLUMNS)
    assert quick in (None, thorough)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"place,cases\nA,1\n",
        b"cases,place,rate\n1,A,2\n",
        HEADER.encode() + b"\xff,1,2\n",
        HEADER.encode() + b"A,1,2\n\xc3",
        HEADER.encode() + b'"A",1,2\n',
        HEADER.encode() + b"A,1\n",
        HEADER.encode() + b"A,1,2\n\nB,1,2\n",
        HEADER.encode() + b"A,one,2\n",
    ],
)
def test_what_is_not_as_it_should_be_is_left_to_the_thorough_look(content: bytes) -> None:
    assert looked_at(content, COLUMNS)[0] is None


def test_a_misfit_is_found_wherever_it_stands_in_a_long_file() -> None:
    lines = [f"Area {n},{n},{n}.5\n" for n in range(100_000)]
    assert looked_at((HEADER + "".join(lines)).encode(), COLUMNS)[0] == 100_000
    lines[70_000] = "Area,many,1.5\n"
    assert looked_at((HEADER + "".join(lines)).encode(), COLUMNS)[0] is None


def test_a_file_of_text_alone_is_counted_and_one_of_one_column_is_left() -> None:
    assert looked_at(b"a,b\nx,y\n", {"a": "text", "b": "text"})[0] == 1
    assert looked_at(b"a\nx\n", {"a": "text"})[0] is None
