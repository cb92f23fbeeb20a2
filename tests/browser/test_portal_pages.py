"""The portal's pages in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.servers]

COLUMNS = [
    {
        "name": "County",
        "fieldName": "county",
        "dataTypeName": "text",
        "description": "Of residence",
    },
    {"name": "Year", "fieldName": "year", "dataTypeName": "number"},
    {"name": "Visits", "fieldName": "visits", "dataTypeName": "number", "description": "A count"},
    {"name": "Visits note", "fieldName": "visits_annotation", "dataTypeName": "text"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
]
DISCLOSURE = {"legend": "Numbers from 1 to 10 are withheld.", "method": "By linear programming."}
ANNOTATED = [("0", 1234567), ("1", None), ("2", None), ("3", None), ("4", 20)]
ROWS = "table.rows tbody:not(.spacer) tr"
CONTRAST = """() => {
  const parts = (color) => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const light = ({rgb}) => {
    const [r, g, b] = rgb.map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const found = parts(getComputedStyle(e).backgroundColor);
      if (found.a === 1) return found;
    }
    return parts("rgb(255, 255, 255)");
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || !element.checkVisibility() || element.closest(".unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const pair = [light(parts(style.color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) poor.push(`${element.tagName} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


class Served(Protocol):
    url: str
    user: str
    password: str


@dataclass(frozen=True)
class Site:
    url: str
    dataset: str

    def page(self) -> str:
        return f"{self.url}/d/{self.dataset}"


@pytest.fixture(scope="module")
def site(shared_portal: Served) -> Iterator[Site]:
    """A portal with one dataset of 61 rows, some of them withheld, and a file."""
    with requests.Session() as session:
        session.auth = (shared_portal.user, shared_portal.password)
        document = {
            "name": "Emergency visits by county",
            "description": "Visits by county and year.\n\nNot people: visits.",
            "category": "Emergency care",
            "tags": ["emergency"],
            "attribution": "Public Health",
            "licenseId": "CC_40_BY",
            "columns": COLUMNS,
            "metadata": {"custom_fields": {"Disclosure": DISCLOSURE}},
            "privateMetadata": {"contactEmail": "data@example.gov"},
        }
        views = f"{shared_portal.url}/api/views"
        made = session.post(views, json=document, timeout=10).json()["id"]
        rows = [
            {
                "county": f"County {at:02}",
                "year": 2020,
                "visits": count,
                "visits_annotation": code,
                "day": "2020-03-01",
            }
            for at, (code, count) in enumerate([*ANNOTATED, *[("0", 100 + at) for at in range(56)]])
        ]
        session.put(f"{shared_portal.url}/resource/{made}.json", json=rows, timeout=10)
        head = {"X-File-Name": "dictionary.csv", "Content-Type": "text/csv"}
        file = session.post(f"{views}/{made}/files.txt", data=b"a,b\n", headers=head, timeout=10)
        attachments = [{"name": "Data dictionary (CSV)", "assetId": file.json()["file"]}]
        metadata = {**document["metadata"], "attachments": attachments}  # type: ignore[dict-item]
        session.put(f"{views}/{made}", json={"metadata": metadata}, timeout=10)
        session.post(f"{views}/{made}/publication.json", timeout=10)
        session.put(f"{views}/{made}?method=setPermission&value=public.read", timeout=10)
        yield Site(shared_portal.url, made)
        session.delete(f"{views}/{made}", timeout=10)


def test_a_search_leads_to_a_dataset(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.get_by_label("Search the datasets").fill("emergency county")
    page.keyboard.press("Enter")
    expect(
        page.get_by_role("heading", level=2, name=re.compile("for “emergency county”"))
    ).to_be_visible()
    page.get_by_role("link", name="Emergency visits by county").click()
    expect(page).to_have_url(site.page())
    expect(page.get_by_role("heading", level=1)).to_have_text("Emergency visits by county")
    facts = page.get_by_role("complementary")
    for fact in ("61", "Public Health", "Creative Commons Attribution 4.0", "data@example.gov"):
        expect(facts.get_by_text(fact, exact=True)).to_be_visible()


def test_a_search_that_finds_nothing_says_so(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/?q=zeppelin")
    expect(page.get_by_text("No dataset matches.")).to_be_visible()


def test_withheld_cells_are_hatched_and_told_apart_from_zero(page: Page, site: Site) -> None:
    page.goto(site.page())
    table = page.get_by_role("table", name=re.compile("rows 1 to [0-9]+ of 61"))
    expect(table.get_by_role("columnheader")).to_have_count(4)
    withheld = table.get_by_role("row", name=re.compile("County 01")).get_by_role("cell").nth(2)
    expect(withheld).to_have_text(re.compile("^Withheld to protect"))
    mark = withheld.locator(".mark")
    assert "repeating-linear-gradient" in mark.evaluate("e => getComputedStyle(e).backgroundImage")
    assert "Withheld" in (mark.get_attribute("title") or "")
    expect(table.get_by_role("row", name=re.compile("County 00"))).to_contain_text("1,234,567")
    expect(table.get_by_role("row", name=re.compile("County 00"))).to_contain_text("2020")
    expect(table.get_by_role("row", name=re.compile("County 03"))).to_contain_text("No data")
    expect(table.get_by_role("row", name=re.compile("County 04"))).to_contain_text("20 *")
    legend = page.get_by_role("region", name="Withheld numbers")
    expect(legend).to_contain_text("Numbers from 1 to 10 are withheld.")
    expect(legend).to_contain_text("1 cell")


def test_the_table_is_sorted_and_scrolled_from_the_keyboard(page: Page, site: Site) -> None:
    page.goto(site.page())
    page.get_by_role("link", name=re.compile("^Visits")).focus()
    page.keyboard.press("Enter")
    header = page.get_by_role("columnheader", name=re.compile("^Visits"))
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(page.locator(ROWS).first).to_contain_text("County 04")
    page.get_by_role("link", name=re.compile("^Visits")).click()
    expect(header).to_have_attribute("aria-sort", "descending")
    expect(page.locator(ROWS).first).to_contain_text("1,234,567")
    page.get_by_role("region", name=re.compile("rows 1 to")).focus()
    page.keyboard.press("End")
    expect(page.locator(ROWS).last).to_contain_text("County 03")
    expect(page.get_by_text(re.compile("rows [0-9]+ to 61 of 61"))).to_be_visible()


def test_the_first_tab_skips_to_the_content(page: Page, site: Site) -> None:
    page.goto(site.page())
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = set()
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement === document.body"):
        reached.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 12)"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", (
            page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        )
        page.keyboard.press("Tab")
    assert {"Download CSV", "Excel", "Find", "Copy", "Run"} <= reached


def test_downloads_hold_every_row(page: Page, site: Site) -> None:
    page.goto(site.page())
    with page.expect_download() as started:
        page.get_by_role("link", name="Download CSV").click()
    text = Path(started.value.path()).read_text()
    assert text.splitlines()[0] == '"county","year","visits","visits_annotation","day"'
    assert len(text.splitlines()) == 62
    with page.expect_download() as started:
        page.get_by_role("link", name="Data dictionary (CSV)").click()
    assert started.value.suggested_filename == "dictionary.csv"


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_quiet_and_self_contained(
    chromium: Browser, site: Site, tmp_path: Path, width: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/", f"/d/{site.dataset}", "/about"):
        page.goto(site.url + path)
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []
        for landmark in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(landmark)).to_have_count(1)
    context.close()
    assert [url for url in asked if not url.startswith(site.url)] == []
    assert said == []


def test_everything_works_without_scripts(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.page())
    page.get_by_label("Find in the table").fill("county 1234567")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("link", name="Show all rows").click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(11)
    context.close()


def test_a_wrong_address_leads_back(page: Page, site: Site) -> None:
    answered = page.goto(f"{site.url}/d/aaaa-aaaa")
    assert answered is not None
    assert answered.status == 404
    page.get_by_role("link", name="Go to all datasets").click()
    expect(page).to_have_url(f"{site.url}/")


def test_what_a_publisher_writes_is_text_and_never_markup(
    page: Page, shared_portal: Served
) -> None:
    script = "<script>document.title='taken'</script><img src=x>"
    with requests.Session() as session:
        session.auth = (shared_portal.user, shared_portal.password)
        views = f"{shared_portal.url}/api/views"
        columns = [{"name": script, "fieldName": "a", "dataTypeName": "text"}]
        made = session.post(views, json={"name": script, "columns": columns}, timeout=10).json()[
            "id"
        ]
        session.put(f"{shared_portal.url}/resource/{made}.json", json=[{"a": script}], timeout=10)
        session.post(f"{views}/{made}/publication.json", timeout=10)
        session.put(f"{views}/{made}?method=setPermission&value=public.read", timeout=10)
        page.goto(f"{shared_portal.url}/d/{made}?q={script}")
        assert page.title().startswith(script[:8])
        expect(page.locator("main img, main script")).to_have_count(0)
        session.delete(f"{views}/{made}", timeout=10)
