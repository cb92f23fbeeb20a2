"""Everybody can use the portal's pages: axe-core finds nothing, keys reach all, phones fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.servers]

COLUMNS = {"year": "text", "county": "text", "visits": "number", "visits_annotation": "text"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = ("catalogue", "dataset", "filtered", "bars", "nothing found", "about", "sign-in", "missing")
PRIVATE_PAGES = ("draft", "comparison", "catalogue")


class Served(Protocol):
    url: str
    user: str
    password: str


@dataclass(frozen=True)
class Site:
    served: Served
    dataset: str
    copy: str

    def place(self, name: str) -> str:
        here = f"/d/{self.dataset}"
        return (
            self.served.url
            + {
                "catalogue": "/",
                "dataset": here,
                "filtered": f"{here}?is.county=County+02&withheld=only&from.visits=",
                "bars": f"{here}?chart.by=county",
                "nothing found": f"{here}?q=zeppelin",
                "about": "/about",
                "sign-in": "/sign-in",
                "missing": "/d/aaaa-aaaa",
                "draft": f"/d/{self.copy}",
                "comparison": f"/d/{self.copy}/compare",
            }[name]
        )


def rows(draft: bool) -> list[dict[str, Any]]:
    made = []
    for at in range(150):
        gone = at % 11 == (3 if draft else 2)
        cells = {"visits": None if gone else 20 + at, "visits_annotation": "1" if gone else None}
        made.append({"year": str(2018 + at % 6), "county": f"County {at // 6:02}", **cells})
    return made


@pytest.fixture(scope="module")
def site(shared_portal: Served) -> Iterator[Site]:
    """A dataset with withheld cells, and a working copy in which others are withheld."""
    with requests.Session() as session:
        session.auth = (shared_portal.user, shared_portal.password)
        views = f"{shared_portal.url}/api/views"
        columns = [
            {"name": name.capitalize(), "fieldName": name, "dataTypeName": kind}
            for name, kind in COLUMNS.items()
        ]
        words = {"name": "Visits by county", "description": "All.", "category": "Care"}
        made = session.post(views, json={**words, "tags": ["care"], "columns": columns}).json()[
            "id"
        ]
        session.put(f"{shared_portal.url}/resource/{made}.json", json=rows(draft=False))
        session.post(f"{views}/{made}/publication.json")
        session.put(f"{views}/{made}?method=setPermission&value=public.read")
        copy = session.post(f"{views}/{made}/publication.json?method=copy").json()["id"]
        session.put(f"{shared_portal.url}/resource/{copy}.json", json=rows(draft=True))
        session.put(f"{views}/{copy}", json={"name": "Visits by county, corrected"})
        yield Site(shared_portal, made, copy)
        for each in (copy, made):
            session.delete(f"{views}/{each}")


def opened(chromium: Browser, scheme: Any, width: int = 1280) -> BrowserContext:
    return chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.place("sign-in"))
    page.get_by_label("Name").fill(site.served.user)
    page.get_by_label("Password").fill(site.served.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def wrongs(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_public_pages(chromium: Browser, site: Site, scheme: str) -> None:
    with opened(chromium, scheme) as context:
        page = context.new_page()
        for name in PAGES:
            page.goto(site.place(name))
            for each in page.locator("details").all():
                each.evaluate("e => { e.open = true; }")
            assert wrongs(page) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_drafts(
    chromium: Browser, site: Site, scheme: str
) -> None:
    with opened(chromium, scheme) as context:
        page = context.new_page()
        sign_in(page, site)
        for name in PRIVATE_PAGES:
            page.goto(site.place(name))
            assert wrongs(page) == [], name


def test_nothing_scrolls_sideways_on_a_phone(chromium: Browser, site: Site) -> None:
    with opened(chromium, "light", width=320) as context:
        page = context.new_page()
        sign_in(page, site)
        for name in (*PAGES, *PRIVATE_PAGES):
            page.goto(site.place(name))
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, name


def test_what_a_finger_hits_is_large_enough(chromium: Browser, site: Site) -> None:
    small = """() => [...document.querySelectorAll('a, button, select, input, summary, textarea')]
      .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.skip, p, li p'))
      .map((e) => [e.getBoundingClientRect(), e.outerHTML.slice(0, 100)])
      .filter(([box]) => box.height && box.height < 24).map(([, html]) => html)"""
    with opened(chromium, "light", width=390) as context:
        page = context.new_page()
        for name in PAGES:
            page.goto(site.place(name))
            assert page.evaluate(small) == [], name


def test_a_signed_in_reviewer_goes_from_the_catalogue_to_the_comparison_by_keys(
    page: Page, site: Site
) -> None:
    sign_in(page, site)
    page.get_by_role("link", name="Visits by county, corrected").focus()
    page.keyboard.press("Enter")
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("Cells newly shown")
    page.get_by_role("link", name="Newly withheld").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Newly withheld")
    expect(table.locator("tbody tr")).not_to_have_count(0)
    first = table.locator("tbody tr").first
    expect(first.locator("td").nth(1)).to_contain_text("Withheld to protect")
    expect(first.locator("td").nth(1)).not_to_contain_text("0")


def test_a_query_answers_on_the_page(page: Page, site: Site) -> None:
    page.goto(site.place("dataset"))
    page.get_by_label("Try a query").fill("SELECT county, max(visits) GROUP BY county LIMIT 2")
    page.get_by_role("button", name="Run").focus()
    page.keyboard.press("Enter")
    expect(page.locator("output")).to_contain_text("Answered with 200")
    expect(page.locator("output pre")).to_contain_text('"county":"County 00"')
    page.get_by_label("Try a query").fill("SELECT nothing_such")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("output")).to_contain_text("Refused with 400")


def test_every_row_is_reached_by_scrolling_and_each_is_itself(page: Page, site: Site) -> None:
    page.goto(site.place("dataset"))
    frame = page.locator("#table")
    frame.focus()
    page.keyboard.press("End")
    last = page.locator("tr[aria-rowindex='151']")
    expect(last).to_contain_text("County 24")
    expect(last).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(page.locator("tr[aria-rowindex='2']")).to_be_in_viewport()
    seen: set[str] = set()
    for _ in range(200):
        seen |= set(
            page.evaluate(
                "[...document.querySelectorAll('tr[aria-rowindex]')]"
                ".map((row) => row.getAttribute('aria-rowindex'))"
            )
        )
        if len(seen) == 151:
            break
        frame.evaluate("e => e.scrollBy(0, 250)")
        page.wait_for_timeout(40)
    assert seen == {str(number) for number in range(1, 152)}


def test_a_withheld_point_is_named_in_the_table_of_the_chart(page: Page, site: Site) -> None:
    page.goto(f"{site.place('dataset')}?chart.by=county&chart.is.year=2020")
    page.get_by_text("The chart as a table").click()
    table = page.get_by_role("region", name="The chart as a table")
    expect(table.get_by_role("row", name="County 00")).to_contain_text("Withheld")
    expect(table.get_by_role("row", name="County 01")).to_contain_text("28")
    drawn = page.locator("figure img")
    drawn.scroll_into_view_if_needed()
    assert drawn.evaluate("e => e.decode().then(() => e.naturalWidth)") > 300
