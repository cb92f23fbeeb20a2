"""A portal's CSV is compared with a file byte by byte, wherever both are cut."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.portals import spelling
from opengazette.adapters.portals.spelling import page_body, same_as_file, same_bytes, written
from opengazette.documentation.canonical import table_csv

texts = st.text(st.sampled_from('aé,"\n '), max_size=4)
tables = st.lists(st.tuples(texts, texts), min_size=1, max_size=12)
places = st.lists(st.integers(0, 300), max_size=12)


def file(rows: list[tuple[str, str]]) -> bytes:
    return table_csv(pd.DataFrame(rows, columns=["a", "b"], dtype="string"), {"a": 0, "b": 0})


def in_quotes(content: bytes) -> bytes:
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    quoted = ['"' + cell.replace('"', '""') + '"' if cell else "" for row in rows for cell in row]
    return "".join(f"{a},{b}\n" for a, b in zip(quoted[::2], quoted[1::2], strict=True)).encode()


def cut(content: bytes, at: list[int]) -> list[bytes]:
    ends = sorted({min(place, len(content)) for place in at} | {0, len(content)})
    return [content[a:b] for a, b in pairwise(ends)]


@given(tables, st.integers(1, 30))
def test_a_file_is_written_as_it_is_or_with_every_filled_cell_quoted(
    rows: list[tuple[str, str]], at_once: int
) -> None:
    content = file(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spelling, "_AT_ONCE", at_once)
        assert b"".join(written(io.BytesIO(content), quoted=False)) == content
        assert b"".join(written(io.BytesIO(content), quoted=True)) == in_quotes(content)


@given(tables, places, places)
def test_the_same_text_is_the_same_however_it_is_cut(
    rows: list[tuple[str, str]], here: list[int], there: list[int]
) -> None:
    content = file(rows)
    assert same_bytes(cut(content, here), iter(cut(content, there)))


@given(tables, places, places, st.integers(0, 300))
def test_a_text_that_is_shorter_longer_or_other_anywhere_is_another(
    rows: list[tuple[str, str]], here: list[int], there: list[int], at: int
) -> None:
    content = file(rows)
    at %= len(content)
    for other in (
        content[:at],
        content + b"x",
        content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
    ):
        assert not same_bytes(cut(other, here), iter(cut(content, there)))
        assert not same_bytes(cut(content, here), iter(cut(other, there)))


@given(tables, places, st.booleans())
def test_a_file_is_the_same_in_either_spelling_and_no_other_file_is(
    rows: list[tuple[str, str]], at: list[int], quoted: bool
) -> None:
    content = file(rows)
    with TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        table.write_bytes(content)
        seen = in_quotes(content) if quoted else content
        assert same_as_file(iter(cut(seen, at)), table)
        table.write_bytes(content + b"x,y\n")
        assert not same_as_file(iter(cut(seen, at)), table)


@given(tables, places)
def test_a_page_is_its_header_and_what_follows(rows: list[tuple[str, str]], at: list[int]) -> None:
    content = file(rows)
    header, body = page_body(cut(content, at))
    assert header == b"a,b"
    assert header + b"\n" + b"".join(body) == content
