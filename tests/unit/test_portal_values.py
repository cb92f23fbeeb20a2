# ruff: noqa: DTZ001 - floating timestamps have no zone
from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from io import StringIO
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.localportal.bodies import json_rows
from opengazette.localportal.cells import from_csv
from opengazette.localportal.showing import grouped_number, summary
from opengazette.localportal.soql.compile import OutColumn
from opengazette.localportal.values import (
    NotOfThisType,
    fixed_time,
    floating_time,
    plain_number,
    plain_text,
)
from opengazette.localportal.views import row_name
from opengazette.localportal.wire import cell_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)


@given(NUMBERS)
def test_a_number_is_written_in_other_digits_but_stays_itself(number: Decimal) -> None:
    assert Decimal(plain_number(str(number))) == number


@given(NUMBERS)
def test_writing_a_number_twice_changes_nothing(number: Decimal) -> None:
    once = plain_number(str(number))
    assert plain_number(once) == once


@pytest.mark.parametrize("text", ["", "1,000", "١", "0x1", "nan", "inf", "1 2", "1e99999", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(NotOfThisType):
        plain_number(text)


@given(TEXT)
def test_text_stays_itself_in_form_nfc(text: str) -> None:
    assert plain_text(text) == normalize("NFC", text)


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_a_moment_is_written_to_the_millisecond(moment: datetime) -> None:
    written = cell_text(moment, OutColumn("day", "floating_timestamp"))
    assert floating_time(written) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2014-10-13", datetime(2014, 10, 13)),
        ("2014-10-13 07:30", datetime(2014, 10, 13, 7, 30)),
        ("2014-10-13T07:30:15.123456789", datetime(2014, 10, 13, 7, 30, 15, 123456)),
        ("10/13/2014", datetime(2014, 10, 13)),
        ("1/2/2014 12:05:00 AM", datetime(2014, 1, 2, 0, 5)),
        ("1/2/2014 12:05 pm", datetime(2014, 1, 2, 12, 5)),
    ],
)
def test_dates_are_read_as_socrata_reads_them(text: str, moment: datetime) -> None:
    assert floating_time(text) == moment


@pytest.mark.parametrize("text", ["2014-13-01", "2014-02-30", "2014", "13/13/2014", "2014-10-13Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotOfThisType):
        floating_time(text)


def test_fixed_moments_are_kept_in_utc() -> None:
    assert fixed_time("2014-10-14T00:00:00-07:00") == datetime(2014, 10, 14, 7)
    with pytest.raises(NotOfThisType):
        fixed_time("0001-01-01T00:00:00+14:00")


def test_csv_names_truth_and_leaves_null_empty() -> None:
    assert [from_csv(cell, "boolean") for cell in ("true", "FALSE", "")] == [True, False, None]
    with pytest.raises(NotOfThisType):
        from_csv("yes", "boolean")


@given(st.lists(st.dictionaries(TEXT, TEXT), max_size=5), st.integers(1, 40))
def test_json_is_read_the_same_in_windows_of_any_size(
    rows: list[dict[str, str]], size: int
) -> None:
    import json
    from unittest.mock import patch

    with patch("opengazette.localportal.bodies._WINDOW", size):
        text = StringIO(json.dumps(rows, indent=1))
        assert list(json_rows(text, single_allowed=False)) == rows


def test_rows_have_names_of_their_own() -> None:
    names = [row_name(number, 7) for number in range(20_000)]
    assert len(set(names)) == len(names)
    assert all(len(name) == 18 for name in names)


def test_numbers_and_texts_are_shown_for_people() -> None:
    assert [grouped_number(n) for n in ("1234567.50", "-1204", "12", "1E+30")] == [
        "1,234,567.50",
        "\N{MINUS SIGN}1,204",
        "12",
        "1E+30",
    ]
    assert summary("First part.\n\nSecond") == "First part."
    assert summary("word " * 100).endswith("word …")
