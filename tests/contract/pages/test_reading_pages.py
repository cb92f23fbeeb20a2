"""The catalogue and the pages of datasets as strangers and as signed-in people read them."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

COLUMNS = {
    "county": "text",
    "visits": "number",
    "visits_annotation": "text",
    "day": "calendar_date",
}
ROWS = [
    {"county": 'O\'Brien "x"', "visits": 12, "visits_annotation": None, "day": "2020-01-05"},
    {"county": "Alpine", "visits": None, "visits_annotation": "1", "day": "2020-02-05"},
    {"county": "Butte", "visits": 0, "visits_annotation": None, "day": "2021-01-05"},
]


def said(publisher: str, frequency: str) -> dict[str, Any]:
    publication = {"publisher": publisher, "frequency": frequency, "coverage": "2019/2020"}
    return {"metadata": {"custom_fields": {"Publication": publication}}}


def facets(page: str) -> dict[str, int]:
    found = re.findall(r'<span>([^<]+)</span> <span class="count">(\d+)', page)
    return {name: int(count) for name, count in found}


def cards(page: str) -> list[str]:
    return re.findall(r'<h3><a href="/d/[^"]+">([^<]+)</a></h3>', page)


def test_facets_count_what_each_choice_would_leave(office: Any) -> None:
    for name, topic, words in (
        ("Births", "Life", said("Health", "annual")),
        ("Deaths", "Life", said("Health", "monthly")),
        ("Parks", "Land", said("Nature", "annual")),
    ):
        office.publish(COLUMNS, ROWS, name=name, category=topic, **words)
    everything = facets(office.read("/"))
    assert everything == {
        "Life": 2,
        "Land": 1,
        "Health": 2,
        "Nature": 1,
        "Monthly": 1,
        "Yearly": 2,
    }
    page = office.read("/?department=Health")
    assert cards(page) == ["Births", "Deaths"] or cards(page) == ["Deaths", "Births"]
    assert facets(page)["Nature"] == 1, "the facet itself still offers its other choices"
    assert "Land" not in facets(page)
    assert cards(office.read("/?department=Health&frequency=Yearly")) == ["Births"]
    assert cards(office.read("/?sort=name")) == ["Births", "Deaths", "Parks"]
    assert cards(office.read("/?q=nothing")) == []


def table(page: str) -> list[str]:
    _, _, body = page.partition('<table class="rows"')
    return re.findall(r"<tr aria-rowindex=\"\d+\"><td>([^<]*)</td>", body)


def test_filters_choose_rows_whatever_is_in_them(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    for asked, names in (
        ("is.county=O%27Brien+%22x%22", ["O&#39;Brien &#34;x&#34;"]),
        ("from.visits=0&to.visits=5", ["Butte"]),
        ("from.day=2020-02-01&to.day=2020-12-31", ["Alpine"]),
        ("withheld=only", ["Alpine"]),
        ("sort=visits&way=desc", ["O&#39;Brien &#34;x&#34;", "Butte", "Alpine"]),
    ):
        assert table(office.read(f"/d/{made}?{asked}")) == names, asked


def test_the_examples_ask_for_the_rows_that_the_filter_leaves(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    page = office.read(f"/d/{made}?is.county=O%27Brien+%22x%22&sort=visits&way=desc")
    asked = re.search(r'<textarea[^>]*name="\$query"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert asked is not None
    query = asked.group(1).replace("&#39;", "'").replace("&#34;", '"')
    assert query == "SELECT * WHERE county = 'O''Brien \"x\"' ORDER BY visits DESC LIMIT 10"
    answer = office.client.get(f"/resource/{made}.json", params={"$query": query}).json()
    assert [row["visits"] for row in answer] == ["12"]
    for language in ("curl --get", "Socrata(", "pd.read_csv(", "read.csv(", "await fetch("):
        assert language in page.replace("&#34;", '"')


def test_the_query_looks_for_the_words_that_the_reader_looks_for(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    page = office.read(f"/d/{made}?q=O%27Brien&sort=visits&way=desc")
    asked = re.search(r'<textarea[^>]*name="\$query"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert asked is not None
    query = asked.group(1).replace("&#39;", "'")
    assert query == "SELECT * ORDER BY visits DESC SEARCH 'O''Brien' LIMIT 10"
    answer = office.client.get(f"/resource/{made}.json", params={"$query": query}).json()
    assert [row["visits"] for row in answer] == ["12"]


def test_the_page_says_what_to_cite_and_what_changed(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS, **said("Health", "annual"))
    page = office.read(f"/d/{made}")
    cited = re.search(r'aria-label="Citation as text"><code>([^<]*)', page)
    assert cited is not None
    assert re.fullmatch(
        rf"Health \(\d{{4}}\)\. Visits \[Data set\]\. Version \d+, \d+ \w+ \d{{4}}\. Open data\."
        rf" http://testserver/d/{made}",
        cited.group(1),
    )
    for fact in ("<dd>Yearly</dd>", "<dd>2019 to 2020</dd>", "Dataset created"):
        assert fact in page


def test_an_applied_revision_is_in_the_history_with_its_note(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    asked = {"action": {"type": "update"}}
    links = office.ask("POST", f"/api/publishing/v1/revision/{made}", json=asked)["links"]
    office.ask("PUT", links["update"], json={"notes": "Names spelled out."})
    job = office.ask("PUT", links["apply"], json={})
    while office.ask("GET", job["links"]["show"])["resource"]["status"] != "successful":
        time.sleep(0.05)
    assert "Names spelled out." in office.read(f"/d/{made}")


def test_rows_are_written_once_for_the_page_and_for_its_script(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    page = office.read(f"/d/{made}").split('<table class="rows"')[1]
    for line in office.read(f"/d/{made}/rows?first=1&count=2").split("\n"):
        assert line.strip() in page


@pytest.mark.parametrize("asked", ["", "&sort=visits&way=desc", "&from.visits=3"])
def test_every_stretch_of_rows_is_the_same_from_either_end(office: Any, asked: str) -> None:
    rows = [{"county": f"C{at}", "visits": at * 7 % 11} for at in range(11)]
    made = office.publish(COLUMNS, rows)

    def stretch(first: int, count: int) -> list[str]:
        page = office.read(f"/d/{made}/rows?first={first}&count={count}{asked}")
        return re.findall(r"<td>(C\d+)</td>", page)

    whole = stretch(0, 100)
    for first in range(12):
        for count in (1, 4, 100):
            assert stretch(first, count) == whole[first : first + count]


def test_signing_in_reads_drafts_and_writes_nothing(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS, public=False)
    office.read(f"/d/{made}", 404)
    form = {"name": "ann", "password": office.auth[1], "next": f"/d/{made}"}
    answer = office.client.post("/sign-in", data=form)
    assert "Not public." in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    cookie = answer.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert office.auth[1] not in cookie
    for method, path in (
        ("DELETE", f"/api/views/{made}"),
        ("PUT", f"/resource/{made}.json"),
        ("GET", f"/resource/{made}.json"),
        ("GET", f"/api/views/{made}"),
    ):
        assert office.client.request(method, path, json=[]).status_code == 403
    assert "Sign in" in office.client.post("/sign-out").text
    office.read(f"/d/{made}", 404)


def test_wrong_credentials_and_places_elsewhere_lead_nowhere(office: Any) -> None:
    wrong = office.client.post("/sign-in", data={"name": "ann", "password": "wrong"})
    assert wrong.status_code == 403
    assert "Name or password is wrong." in wrong.text
    assert "set-cookie" not in wrong.headers
    for place in ("https://example.com", "//example.com", "/\\example.com", "x"):
        form = {"name": "ann", "password": office.auth[1], "next": place}
        answer = office.client.post("/sign-in", data=form, follow_redirects=False)
        assert answer.headers["location"] == "/"


NAMES = st.sampled_from(
    ["q", "sort", "way", "page", "first", "count", "withheld", "theme", "size", "part", "tag"]
    + [f"{way}.{field}" for way in ("is", "from", "to") for field in [*COLUMNS, "none"]]
    + [f"chart.{name}" for name in ("by", "of", "split", "is.county", "is.none", "")]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from([*COLUMNS, "desc", "-1", "0", "9" * 30, "2020-01-05", "1e9", "'", "only"]),
)


def test_no_address_breaks_a_page(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    paths = ["/", f"/d/{made}", f"/d/{made}/rows", f"/d/{made}/chart.svg", f"/d/{made}/compare"]
    paths += [f"/d/{made}/download.csv", f"/d/{made}/download.xlsx"]

    @given(st.sampled_from(paths), st.dictionaries(NAMES, VALUES, max_size=4))
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def read(path: str, asked: dict[str, str]) -> None:
        answer = office.client.get(path, params=asked)
        assert answer.status_code in (200, 400, 404), (path, asked)

    read()
