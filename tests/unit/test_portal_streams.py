"""Large answers are read as they come, however they are cut and spaced."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.portals.streams import lines, members

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
objects = st.lists(
    st.dictionaries(texts, st.one_of(texts, st.none(), st.integers(), st.lists(texts))),
    max_size=6,
)
ROW = '{"a":"}],[{"}'


def cut(text: str, at: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in at} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


def written(rows: list[dict[str, Any]], form: str) -> str:
    match form:
        case "a row a line":
            return "[" + "\n,".join(json.dumps(row) for row in rows) + "]\n"
        case "commas at the end":
            return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        case "indented":
            return json.dumps(rows, indent=2)
        case _:
            return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


forms = st.sampled_from(["a row a line", "commas at the end", "indented", "in one line"])
places = st.lists(st.integers(0, 300), max_size=12)


@given(objects, forms, places)
def test_a_list_is_read_as_json_reads_it(
    rows: list[dict[str, Any]], form: str, at: list[int]
) -> None:
    assert list(members(cut(written(rows, form), at))) == rows


@given(objects.filter(bool), forms, places, st.integers(1, 300))
def test_a_list_that_breaks_off_is_no_list(
    rows: list[dict[str, Any]], form: str, at: list[int], missing: int
) -> None:
    text = written(rows, form).rstrip()
    with pytest.raises(ValueError):  # noqa: PT011
        list(members(cut(text[: -min(missing, len(text))], at)))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[1]", f"[{ROW} {ROW}]", f"[{ROW},]", f"[{ROW}", f"[{ROW}]]", f"[{ROW},\n1]",
     f"[{ROW}\n,1\n]", f"[,{ROW}]", f"[{ROW}\n{ROW}\n]", "<html>"],
)  # fmt: skip
def test_what_is_no_list_of_objects_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        list(members([text]))


@given(st.lists(st.lists(texts.filter(lambda t: "\x00" not in t), min_size=1)), places)
def test_a_table_is_read_as_csv_reads_it(table: list[list[str]], at: list[int]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    assert list(csv.reader(lines(cut(text.getvalue(), at)))) == table
