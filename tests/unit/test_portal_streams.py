"""Large answers are read as they come, however they are cut."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.portals.streams import lines

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
places = st.lists(st.integers(0, 300), max_size=12)


def cut(text: str, at: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in at} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


@given(st.lists(st.lists(texts.filter(lambda t: "\x00" not in t), min_size=1)), places)
def test_a_table_is_read_as_csv_reads_it(table: list[list[str]], at: list[int]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    assert list(csv.reader(lines(cut(text.getvalue(), at)))) == table
