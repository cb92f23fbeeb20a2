from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO

from rich.console import Console

from opengazette.cli.terminal import needs_a_person, show_reports
from opengazette.model.receipts import RunReport

PUBLISHED = RunReport(
    "births", "Births", "published", 2.5, 1240, 31, 17, 9, "http://127.0.0.1:8910/d/abcd-1234"
)
WAITING = RunReport(
    "survey", "Survey", "waiting", 1.0, 40, 0, 0, 12, None, "survey waits.", "Approve it."
)
REFUSED = RunReport("tests", "Tests", "refused", 0.5, problem="A column is gone.", remedy="Ask.")


def printed(*reports: RunReport) -> str:
    out = StringIO()
    show_reports(reports, Console(file=out, width=160))
    return out.getvalue()


def test_the_table_shows_outcome_rows_withheld_score_time_and_address() -> None:
    above, heading, line = printed(PUBLISHED).splitlines()
    assert above.strip() == "Withheld"
    assert re.split(r"\s{2,}", heading.strip()) == [
        *("Dataset", "Outcome", "Rows", "(primary + complementary)", "Score", "Time", "Address"),
    ]
    assert line.split() == [
        *("births", "published", "1,240", "31", "+", "17", "9"),
        *("2.5", "s", "http://127.0.0.1:8910/d/abcd-1234"),
    ]


def test_below_the_table_stands_one_line_for_whatever_needs_a_person() -> None:
    assert needs_a_person([PUBLISHED, WAITING, REFUSED]) == [
        "survey waits. Approve it.",
        "tests: A column is gone. Ask.",
    ]
    assert printed(PUBLISHED, WAITING, REFUSED).splitlines()[-4:] == [
        *("", "survey waits. Approve it."),
        *("", "tests: A column is gone. Ask."),
    ]


def test_what_a_run_never_came_to_know_is_a_dash() -> None:
    assert printed(REFUSED).splitlines()[2].split() == [
        *("tests", "refused", "–", "–", "–"),
        *("0.5", "s", "–"),
    ]


def test_a_known_refusal_is_said_to_be_known_and_still_says_what_to_do() -> None:
    known = replace(REFUSED, known_since="2026-11-20")
    assert "refused, as known" in printed(known)
    assert needs_a_person([known]) == ["tests: A column is gone. Ask. Known since 2026-11-20."]
    assert (known.is_failure, REFUSED.is_failure) == (False, True)
