"""What a reader waits for on the page of a large dataset, in a real Chromium."""

from __future__ import annotations

import json
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from rich.console import Console
from rich.table import Table

from benchmarks.measuring import machine
from benchmarks.pipeline_portal import USER, served_portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
TIMES = 5
_FIELDS = ("year", "county", "cause", "sex", "visits", "visits_annotation")
#: Watches from before the first byte what the browser itself counts.
_WATCH = """
window.seen = {lcp: 0, cls: 0, tasks: []};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen.lcp = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.cls += entry.value;
}).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen.tasks.push(entry.duration);
}).observe({type: "longtask", buffered: true});
"""
_READ = """() => ({
  first_byte_ms: performance.getEntriesByType("navigation")[0].responseStart,
  loaded_ms: performance.getEntriesByType("navigation")[0].loadEventEnd,
  largest_paint_ms: window.seen.lcp,
  layout_shift: window.seen.cls,
  long_tasks: window.seen.tasks.length,
  longest_task_ms: Math.max(0, ...window.seen.tasks),
  heap_mb: performance.memory.usedJSHeapSize / 1e6,
  elements: document.querySelectorAll("*").length,
})"""


@dataclass(frozen=True)
class Figure:
    """One thing that was measured: the median, and the worst of the repetitions."""

    rows: int
    name: str
    median: float
    worst: float


def measured(counts: Sequence[int], file: Path) -> list[Figure]:
    """Measure the page for tables of these numbers of rows; write the figures to a file."""
    found = [figure for count in counts for figure in _figures(count)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine(), "figures": [asdict(f) for f in found]}))
    return found


def show_pages(found: Sequence[Figure], out: Console) -> None:
    """Print the figures as one table."""
    table = Table(title="The page of a dataset, median of five", title_justify="left")
    table.add_column("rows", justify="right")
    table.add_column("figure")
    for name in ("median", "worst"):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(f"{each.rows:,}", each.name, f"{each.median:,.2f}", f"{each.worst:,.2f}")
    out.print(table)


def _figures(count: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        password = secrets.token_urlsafe(16)
        with served_portal(Path(folder), password) as (url, _), _chromium() as browser:
            begun = time.perf_counter()
            made = _published(url, password, Path(folder), count)
            yield Figure(count, "import_s", *[time.perf_counter() - begun] * 2)
            runs = [_visit(browser, f"{url}/d/{made}") for _ in range(TIMES)]
    for name in runs[0]:
        values = sorted(run[name] for run in runs)
        yield Figure(count, name, values[len(values) // 2], values[-1])


def _visit(browser: Browser, place: str) -> dict[str, float]:
    """Open the page, scroll, jump to the end, sort and filter, as a reader would."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(place, wait_until="load")
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    found: dict[str, float] = page.evaluate(_READ)
    found |= _scrolled(page)
    found["sort_ms"] = _followed(page, lambda: page.locator("thead a").nth(4).click())
    chosen = f"{place}?is.county=County+07&is.cause=Cause+003"
    found["filter_ms"] = _followed(page, lambda: page.goto(chosen, wait_until="load"))
    context.close()
    return found


def _scrolled(page: Page) -> dict[str, float]:
    page.evaluate("window.seen.tasks = []")
    page.locator("#table").hover()
    for _ in range(30):
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(30)
    page.locator("tr.waiting").first.wait_for(state="detached")
    begun = time.perf_counter()
    page.locator("#table").focus()
    page.keyboard.press("End")
    page.locator("tr.waiting").first.wait_for(state="detached")
    after = page.evaluate(_READ)
    return {
        "to_the_end_ms": 1000 * (time.perf_counter() - begun),
        "longest_task_scrolling_ms": after["longest_task_ms"],
        "heap_after_scrolling_mb": after["heap_mb"],
        "elements_after_scrolling": after["elements"],
    }


def _followed(page: Page, act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    page.wait_for_load_state("load")
    page.locator("#table").wait_for()
    return 1000 * (time.perf_counter() - begun)


@contextmanager
def _chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("There is no Chromium; get it with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def _published(url: str, password: str, folder: Path, count: int) -> str:
    """Make a public table of generated counts, some of them withheld."""
    auth = (USER, password)
    columns = [
        {"name": name.capitalize(), "fieldName": name, "dataTypeName": _type(name)}
        for name in _FIELDS
    ]
    words = {"name": "Generated visits", "columns": columns}
    made: str = requests.post(f"{url}/api/views", json=words, auth=auth, timeout=60).json()["id"]
    file = folder / "rows.csv"
    _write(file, count)
    with file.open("rb") as rows:
        head = {"Content-Type": "text/csv"}
        place = f"{url}/resource/{made}.json"
        sent = requests.put(place, data=rows, auth=auth, headers=head, timeout=3600)
        sent.raise_for_status()
    requests.post(f"{url}/api/views/{made}/publication.json", auth=auth, timeout=60)
    public = f"{url}/api/views/{made}?method=setPermission&value=public.read"
    requests.put(public, auth=auth, timeout=60).raise_for_status()
    return made


def _type(name: str) -> str:
    return "number" if name == "visits" else "text"


def _write(file: Path, count: int) -> None:
    draw = random.Random(7)  # noqa: S311 - repeatable, not secret
    with file.open("w") as out:
        out.write(",".join(_FIELDS) + "\n")
        for at in range(count):
            year, rest = 2000 + at % 24, at // 24
            county, cause = f"County {rest % 58:02}", f"Cause {rest // 58 % 240:03}"
            sex = ("All", "Female", "Male")[rest // 13920 % 3]
            gone = draw.random() < 0.05
            cells = (year, county, cause, sex, "" if gone else draw.randrange(11, 5000))
            out.write(",".join(map(str, cells)) + f",{1 if gone else ''}\n")
