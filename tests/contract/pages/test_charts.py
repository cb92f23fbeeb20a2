"""Charts choose what suits a table, and a cell without a number is never drawn as zero."""

from __future__ import annotations

import re
from typing import Any

import pytest

from opengazette.localportal.pages.counties import CALIFORNIA_COUNTIES
from opengazette.localportal.pages.periods import period

COLUMNS = {"year": "text", "sex": "text", "visits": "number", "visits_annotation": "text"}


def by_year_and_sex(withheld: str = "2021") -> list[dict[str, Any]]:
    rows = []
    for at, year in enumerate(["2019", "2020", "2021", "2022"]):
        for sex, visits in (("Total", 300 + at), ("Female", 180), ("Male", 120 + at)):
            gone = year == withheld
            cell = {"visits": None if gone else visits, "visits_annotation": "1" if gone else None}
            rows.append({"year": year, "sex": sex, **cell})
    return rows


def told(page: str) -> str:
    found = re.search(r'<img src="[^"]*" alt="([^"]*)"', page)
    return found.group(1) if found else ""


def as_table(page: str) -> list[tuple[str, ...]]:
    table = page.split("The chart as a table</summary>")[1].split("</table>", maxsplit=1)[0]
    rows = re.findall(r"<tr>(<th scope=\"row\".*?)</tr>", table)
    return [tuple(re.findall(r">([^<]*)</t[hd]>", row)) for row in rows]


def drawing(office: Any, page: str, theme: str = "light") -> str:
    found = re.search(r'src="(/d/[^"]*chart\.svg[^"]*)"', page)
    assert found is not None
    place = found.group(1).replace("&amp;", "&").replace("theme=light", f"theme={theme}")
    svg: str = office.read(place)
    return svg


def test_a_table_with_years_gets_a_line_at_its_total(office: Any) -> None:
    page = office.read(f"/d/{office.publish(COLUMNS, by_year_and_sex())}")
    assert told(page).startswith("Line chart of Visits by year (Sex: Total).")
    assert as_table(page) == [
        ("2019", "300"),
        ("2020", "301"),
        ("2021", "Withheld"),
        ("2022", "303"),
    ]


def pieces(svg: str) -> int:
    """Count the pieces that the one line of a drawing is in."""
    line = re.search(r'aria-roledescription="line mark"[^>]*d="([^"]*)"', svg) or re.search(
        r'd="(M[^"]*)"[^>]*stroke-width="2.5"', svg
    )
    assert line is not None
    return line.group(1).count("M")


def test_years_without_rows_are_not_bridged(office: Any) -> None:
    rows = [{"year": str(year), "visits": 9} for year in (2000, 2001, 2002, 2010, 2011)]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert pieces(drawing(office, page)) == 2
    assert len(as_table(page)) == 5


@pytest.mark.parametrize(
    "years",
    [
        ["2019-11", "2019-12", "2020-01", "2020-02", "2020-03"],
        ["2019-2021", "2022-2024", "2025-2027"],
        ["2019-Q4", "2020-Q1", "2020-Q2"],
        ["2020-01-03", "2020-01-06", "2020-01-07"],
    ],
)
def test_months_and_weekends_break_no_line(office: Any, years: list[str]) -> None:
    rows = [{"year": year, "visits": 9} for year in years]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert pieces(drawing(office, page)) == 1


def test_a_withheld_point_is_a_gap_with_a_mark(office: Any) -> None:
    whole = drawing(office, office.read(f"/d/{office.publish(COLUMNS, by_year_and_sex(''))}"))
    broken = drawing(office, office.read(f"/d/{office.publish(COLUMNS, by_year_and_sex())}"))

    assert (pieces(whole), pieces(broken)) == (1, 2)
    assert "stroke-dasharray" in broken
    assert "stroke-dasharray" not in whole


def test_a_total_is_found_by_its_sum_where_its_name_does_not_tell(office: Any) -> None:
    rows = []
    for year in ("2020", "2021"):
        for place, visits in (("Ruritania", 60), ("North", 10), ("South", 20), ("West", 30)):
            rows.append({"year": year, "sex": place, "visits": visits})
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert "(Sex: Ruritania)" in told(page)


def test_the_largest_is_no_total_where_it_is_not_the_sum(office: Any) -> None:
    rows = [
        {"year": year, "sex": place, "visits": visits}
        for year in ("2020", "2021")
        for place, visits in (("North", 60), ("South", 20), ("West", 30))
    ]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert told(page).startswith("Line chart of Visits by year and sex.")
    assert ("2020", "South", "20") in as_table(page)


def said(**fields: str) -> dict[str, Any]:
    return {"metadata": {"custom_fields": {"Publication": fields}}}


def test_what_the_publisher_says_of_totals_outranks_their_names(office: Any) -> None:
    names = (("All adults", 5), ("Sum of ages", 24), ("Young", 9), ("Old", 10), ("Very old", 0))
    rows = [
        {"year": year, "sex": name, "visits": visits}
        for year in ("2020", "2021")
        for name, visits in names
    ]
    made = office.publish(COLUMNS, rows)
    assert "(Sex: All adults)" in told(office.read(f"/d/{made}"))
    office.ask("PUT", f"/api/views/{made}.json", json=said(totals="sex: Sum of ages"))
    assert "(Sex: Sum of ages)" in told(office.read(f"/d/{made}"))
    office.ask("PUT", f"/api/views/{made}.json", json=said(totals="none"))
    assert "One for each" in office.read(f"/d/{made}")
    assert ("2020", "All adults", "5") in as_table(office.read(f"/d/{made}"))


def test_all_others_are_no_total(office: Any) -> None:
    rows = [{"sex": name, "visits": 4} for name in ("North", "South", "All others")]
    assert ("All others", "4") in as_table(office.read(f"/d/{office.publish(COLUMNS, rows)}"))


def test_bars_leave_out_the_subtotals_of_the_publisher(office: Any) -> None:
    rows = [
        {"sex": name, "visits": visits}
        for name, visits in (("State", 10), ("North", 7), ("A", 3), ("B", 4), ("C", 3))
    ]
    made = office.publish(COLUMNS, rows)
    sums = said(totals="sex: State", subtotals="sex: North")
    office.ask("PUT", f"/api/views/{made}.json", json=sums)
    page = office.read(f"/d/{made}")
    assert as_table(page) == [("A", "3"), ("B", "4"), ("C", "3")]
    assert "“State”, “North”, which add them up, are left out." in page


def test_totals_and_parts_are_not_added_up_where_values_are_too_many_for_a_chart(
    office: Any,
) -> None:
    rows = [
        {"year": year, "zip": place, "visits": visits}
        for year in ("2020", "2021")
        for place, visits in (("Statewide", 450), *((f"9{at:04}", 1) for at in range(450)))
    ]
    columns = {"year": "text", "zip": "text", "visits": "number"}
    page = office.read(f"/d/{office.publish(columns, rows)}")
    assert told(page).startswith("Line chart of Visits by year (Zip: Statewide).")
    assert as_table(page) == [("2020", "450"), ("2021", "450")]


def test_rows_that_share_a_point_are_not_added_to_their_total(office: Any) -> None:
    rows = [
        {"year": year, "sex": sex, "visits": visits}
        for year in ("2020", "2021")
        for sex, visits in (("All", 7), ("F", 3), ("F", 1), ("M", 3))
    ]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert "(Sex: All)" in told(page)
    assert as_table(page) == [("2020", "7"), ("2021", "7")]


def test_a_table_without_time_gets_bars_without_their_total(office: Any) -> None:
    rows = [{"sex": sex, "visits": count} for sex, count in (("All", 7), ("F", 4), ("M", 3))]
    rows.append({"sex": "X", "visits": None})
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert told(page).startswith("Bar chart of Visits by sex.")
    assert as_table(page) == [("F", "4"), ("M", "3"), ("X", "No data")]
    assert "no data" in drawing(office, page)
    assert "which adds them up, is left out" in page


def test_counties_of_california_get_a_map(office: Any) -> None:
    rows = [
        {"sex": name.title(), "visits": None if at < 5 else at}
        for at, name in enumerate(sorted(CALIFORNIA_COUNTIES))
    ]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert told(page).startswith("Map of counties of Visits by sex.")
    assert "5 of 58 points have no number" in told(page)
    svg = drawing(office, page)
    assert svg.count('aria-roledescription="geoshape"') == 53
    assert svg.count('stroke-dasharray="2,2"') == svg.count('fill="url(#hatching)"') == 5
    assert '<pattern id="hatching"' in svg


def test_zeros_alone_lie_on_the_axis_and_not_in_the_middle(office: Any) -> None:
    rows = [{"year": year, "visits": 0} for year in ("2019", "2020", "2021")]
    svg = drawing(office, office.read(f"/d/{office.publish(COLUMNS, rows)}"))
    line = re.search(r'aria-roledescription="line mark"[^>]*d="M[\d.]+,([\d.]+)L', svg)
    assert line is not None
    assert float(line.group(1)) > 280


def test_a_map_of_zeros_tells_them_from_what_is_withheld(office: Any) -> None:
    names = sorted(CALIFORNIA_COUNTIES)
    rows = [{"sex": name, "visits": 0 if at else None} for at, name in enumerate(names)]
    svg = drawing(office, office.read(f"/d/{office.publish(COLUMNS, rows)}"))
    assert svg.count('aria-roledescription="geoshape"') == 57
    assert svg.count('fill="url(#hatching)"') == 1


def test_numbers_are_never_added_up_over_a_withheld_cell(office: Any) -> None:
    rows = [{"sex": "F", "visits": 4}, {"sex": "F", "visits": None}, {"sex": "M", "visits": 3}]
    rows += [{"sex": "M", "visits": 5}]
    page = office.read(f"/d/{office.publish(COLUMNS, rows)}")
    assert as_table(page) == [("F", "No data"), ("M", "8")]
    assert "Rows that share a point are added up." in page


def test_the_reader_chooses_axis_slice_and_lines(office: Any) -> None:
    made = office.publish(COLUMNS, by_year_and_sex())
    page = office.read(f"/d/{made}?chart.by=sex&chart.is.year=2020")
    assert told(page).startswith("Bar chart of Visits by sex (Year: 2020).")
    page = office.read(f"/d/{made}?chart.split=sex")
    assert len(as_table(page)) == 12


def test_a_chart_asks_nobody_for_anything(office: Any) -> None:
    page = office.read(f"/d/{office.publish(COLUMNS, by_year_and_sex())}")
    for theme in ("light", "dark"):
        svg = drawing(office, page, theme)
        places = set(re.findall(r"https?://[^\"' ]+", svg))
        assert places <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
        assert "<script" not in svg


def test_a_new_version_is_drawn_anew(office: Any) -> None:
    made = office.publish(COLUMNS, by_year_and_sex())
    before = office.client.get(f"/d/{made}/chart.svg")
    tag = {"If-None-Match": before.headers["etag"]}
    assert office.client.get(f"/d/{made}/chart.svg", headers=tag).status_code == 304
    office.ask("PUT", f"/resource/{made}.json", json=by_year_and_sex("2020"))
    after = office.client.get(f"/d/{made}/chart.svg", headers=tag)
    assert after.status_code == 200
    assert after.text != before.text


def test_a_stranger_sees_no_chart_of_a_private_dataset(office: Any) -> None:
    made = office.publish(COLUMNS, by_year_and_sex(), public=False)
    assert "<svg" not in office.read(f"/d/{made}/chart.svg", 404)
    signed_in = office.client.get(f"/d/{made}/chart.svg", auth=office.auth)
    assert signed_in.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2020", "2020-01-01"),
        ("2020-H2", "2020-07-01"),
        ("2020-Q4", "2020-10-01"),
        ("2020-02", "2020-02-01"),
        ("2020-W01", "2019-12-30"),
        ("2020-02-29", "2020-02-29"),
        ("2019-2021", "2019-01-01"),
        ("2020.0", "2020-01-01"),
    ],
)
def test_periods_are_read_as_tables_write_them(text: str, start: str) -> None:
    found = period(text)
    assert found is not None
    assert found.start.isoformat() == start


@pytest.mark.parametrize("text", ["", "0 to 17", "2020-13", "2021-02-29", "94203", "2020-W60"])
def test_what_is_no_period_is_not_read_as_one(text: str) -> None:
    assert period(text) is None
