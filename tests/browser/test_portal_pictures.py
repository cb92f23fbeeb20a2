"""The pictures of the portal in the documentation, taken from its pages as they are.

`PICTURES=docs/images` takes them anew; without it they go nowhere, and must only be takeable.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from playwright.sync_api import Browser, Page

from opengazette.localportal.pages.counties import county_boundaries

pytestmark = [pytest.mark.browser, pytest.mark.servers]

LARGEST = 220_000
YEARS = range(2019, 2025)
LEGEND = (
    "A blank count is withheld to protect people's privacy: either it is from 1 to 10, or it would"
    " let such a count be worked out. A 0 is a true zero."
)


@dataclass(frozen=True)
class Picture:
    name: str
    place: str
    scheme: str = "light"
    width: int = 1280
    height: int = 860
    at: str = ""
    signed_in: bool = False


PICTURES = [
    Picture("portal-catalogue", "/"),
    Picture("portal-dataset", "/d/{visits}", height=1500),
    Picture("portal-map", "/d/{visits}?chart.by=county", "dark", at="#chart", height=1010),
    Picture("portal-table", "/d/{visits}?is.year=2024", "dark", at="#rows"),
    Picture("portal-phone", "/d/{births}", width=390, height=844, at="#chart"),
    Picture("portal-phone-dark", "/", "dark", width=390, height=844),
    Picture("portal-preview", "/d/{copy}/compare", signed_in=True, height=1000),
]


class Served(Protocol):
    url: str
    user: str
    password: str


def visits(shift: int = 0) -> list[dict[str, Any]]:
    """Made-up counts of the counties by year and sex, small ones withheld.

    What a small number would follow from is withheld with it.
    """
    shapes = county_boundaries()["objects"]["counties"]["geometries"]
    names = sorted(shape["properties"]["name"] for shape in shapes)
    draw = random.Random(5)  # noqa: S311 - made up, not secret
    rows = []
    size = {name: 4 * 2.4 ** draw.gauss(5, 1.6) / 10 for name in names}
    for year in YEARS:
        women = {name: round(size[name] * draw.uniform(0.9, 1.2)) for name in names}
        men = {name: round(size[name] * draw.uniform(0.7, 1.0)) for name in names}
        both = {name: women[name] + men[name] for name in names}
        for sex, counts in (("All", both), ("Female", women), ("Male", men)):
            cells = {"California": sum(counts.values()), **counts}
            for name, count in cells.items():
                small = min(women.get(name, 99), men.get(name, 99)) if sex != "All" else count
                gone = 0 < small < 11 - shift
                rows.append(
                    {
                        "year": str(year),
                        "county": name,
                        "sex": sex,
                        "visits": None if gone else count,
                        "visits_annotation": "1" if gone else None,
                    }
                )
    return rows


def births() -> list[dict[str, Any]]:
    draw = random.Random(8)  # noqa: S311 - made up, not secret
    return [
        {
            "month": f"{year}-{month:02}",
            "births": 3200 + 250 * (month in (7, 8, 9)) + draw.randrange(200),
        }
        for year in YEARS
        for month in range(1, 13)
    ]


def words(name: str, topic: str, frequency: str, description: str) -> dict[str, Any]:
    publication = {"publisher": "Department of Public Health", "frequency": frequency}
    publication |= {"coverage": "2019-01-01/2024-12-31", "geography": "California"}
    sets = {"Publication": publication, "Disclosure": {"legend": LEGEND}}
    return {
        "name": name,
        "category": topic,
        "description": description,
        "licenseId": "CC0_10",
        "tags": ["made up", topic.lower()],
        "metadata": {"custom_fields": sets},
    }


class Desk:
    """Publishes what the pictures show."""

    def __init__(self, served: Served) -> None:
        self.session = requests.Session()
        self.session.auth = (served.user, served.password)
        self.views = f"{served.url}/api/views"
        self.url = served.url
        self.made: list[str] = []

    def publish(self, said: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        numbers = {"visits", "births"}
        columns = [
            {
                "name": field.replace("_", ": ").capitalize(),
                "fieldName": field,
                "dataTypeName": "number" if field in numbers else "text",
            }
            for field in rows[0]
        ]
        made: str = self.session.post(self.views, json={**said, "columns": columns}).json()["id"]
        self.made.append(made)
        self.replace(made, rows)
        self.session.post(f"{self.views}/{made}/publication.json")
        self.session.put(f"{self.views}/{made}?method=setPermission&value=public.read")
        return made

    def replace(self, made: str, rows: list[dict[str, Any]]) -> None:
        self.session.put(f"{self.url}/resource/{made}.json", json=rows).raise_for_status()


@pytest.fixture(scope="module")
def places(shared_portal: Served) -> Iterator[dict[str, str]]:
    desk = Desk(shared_portal)
    told = "Made up for these pictures: no number stems from a real person, hospital or visit."
    for name, topic, frequency in (
        ("Immunisations at school entry", "Prevention", "annual"),
        ("Inspections of restaurants", "Facilities", "weekly"),
    ):
        desk.publish(words(name, topic, frequency, told), births())
    made = {
        "births": desk.publish(words("Births by month", "Life events", "monthly", told), births()),
        "visits": desk.publish(
            words("Emergency visits by county and sex", "Health care", "annual", told), visits()
        ),
    }
    copied = desk.session.post(f"{desk.views}/{made['visits']}/publication.json?method=copy")
    made["copy"] = copied.json()["id"]
    changed = visits(shift=1)[2:]
    for row in changed[40:900:90]:
        row["visits"] = None if row["visits"] is None else row["visits"] + 12
    desk.replace(made["copy"], changed)
    yield made
    for each in (made["copy"], *desk.made):
        desk.session.delete(f"{desk.views}/{each}")


def sign_in(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("Name").fill(served.user)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_taken_and_is_small(
    chromium: Browser,
    shared_portal: Served,
    places: dict[str, str],
    tmp_path: Path,
    picture: Picture,
) -> None:
    scheme: Any = picture.scheme
    window: Any = {"width": picture.width, "height": picture.height}
    with chromium.new_context(viewport=window, color_scheme=scheme) as context:
        page = context.new_page()
        if picture.signed_in:
            sign_in(page, shared_portal)
        page.goto(shared_portal.url + picture.place.format(**places))
        if picture.at:
            page.locator(picture.at).evaluate("e => e.scrollIntoView({behavior: 'instant'})")
        for drawn in page.locator("figure img").all():
            drawn.evaluate("e => { e.loading = 'eager'; return e.decode(); }")
        page.mouse.move(0, 0)
        page.wait_for_timeout(300)
        folder = Path(os.environ.get("PICTURES", tmp_path))
        file = folder / f"{picture.name}.png"
        page.screenshot(path=file)
    assert 5_000 < file.stat().st_size < LARGEST
