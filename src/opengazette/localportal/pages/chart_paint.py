"""The colours of charts, on light and on dark paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Paint:
    """The colours of a theme. `series` can be told apart without seeing hues, by lightness too."""

    ink: str
    soft: str
    line: str
    paper: str
    series: tuple[str, ...]
    ramp: tuple[str, str]
    missing: str


PAINT: Final[dict[Theme, Paint]] = {
    "light": Paint(
        ink="#1b2430",
        soft="#4d5a68",
        line="#d9d8d0",
        paper="#ffffff",
        series=(
            *("#12415a", "#b3541e", "#2b7a4b", "#7a4fa3"),
            *("#8a6d00", "#a33a5e", "#3c6fb0", "#5b6470"),
        ),
        ramp=("#d3e4ed", "#12415a"),
        missing="#8a96a3",
    ),
    "dark": Paint(
        ink="#e8ecef",
        soft="#aab6c1",
        line="#36424d",
        paper="#1a222a",
        series=(
            *("#86c5e6", "#f0a35e", "#7fd0a0", "#c7a3ea"),
            *("#e3c85a", "#f08fb0", "#8fb4f0", "#b9c2cb"),
        ),
        ramp=("#3a5163", "#a5dcf7"),
        missing="#7d8a96",
    ),
}
