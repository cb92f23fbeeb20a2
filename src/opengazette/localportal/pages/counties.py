"""The counties of California: their names, and where their boundaries are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("california_counties.json")
CALIFORNIA_COUNTIES: Final = frozenset(
    {
        "alameda",
        "alpine",
        "amador",
        "butte",
        "calaveras",
        "colusa",
        "contra costa",
        "del norte",
        "el dorado",
        "fresno",
        "glenn",
        "humboldt",
        "imperial",
        "inyo",
        "kern",
        "kings",
        "lake",
        "lassen",
        "los angeles",
        "madera",
        "marin",
        "mariposa",
        "mendocino",
        "merced",
        "modoc",
        "mono",
        "monterey",
        "napa",
        "nevada",
        "orange",
        "placer",
        "plumas",
        "riverside",
        "sacramento",
        "san benito",
        "san bernardino",
        "san diego",
        "san francisco",
        "san joaquin",
        "san luis obispo",
        "san mateo",
        "santa barbara",
        "santa clara",
        "santa cruz",
        "shasta",
        "sierra",
        "siskiyou",
        "solano",
        "sonoma",
        "stanislaus",
        "sutter",
        "tehama",
        "trinity",
        "tulare",
        "tuolumne",
        "ventura",
        "yolo",
        "yuba",
    }
)


@cache
def county_boundaries() -> dict[str, Any]:
    """Return the boundaries as TopoJSON; each county's `name` is spelled as in its title.

    Source: us-atlas 3.0.1, from the U.S. Census Bureau's boundary files of 2017.
    """
    found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return found
