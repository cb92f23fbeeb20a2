"""Charts as SVG, drawn here: a browser that shows one asks nobody else for anything."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from opengazette.localportal.pages.chart_choice import Choice
from opengazette.localportal.pages.chart_paint import PAINT, Paint, Theme
from opengazette.localportal.pages.chart_points import Point, Points
from opengazette.localportal.pages.chart_words import measure_name
from opengazette.localportal.pages.counties import county_boundaries
from opengazette.localportal.pages.periods import breaks, period, usual_stretch

if TYPE_CHECKING:
    import altair as alt

Size = Literal["wide", "phone"]
WIDTHS: Final[dict[Size, int]] = {"wide": 1120, "phone": 340}
_HEIGHT: Final = 330
#: What the labels are measured with here, and fonts of the same widths elsewhere.
_FONT: Final = "'Liberation Sans', Arial, Helvetica, sans-serif"
_SHORT_DAYS: Final = 150


def draw(choice: Choice, found: Points, theme: Theme, size: Size) -> str:
    """Draw a chart as SVG.

    A point without a number is a gap in a line under a mark, a word in the place of a bar, a
    hatched county; none of them stands at zero.
    """
    paint = PAINT[theme]
    drawn = _drawn(choice, found, paint, size)
    width, height = measures(choice, found, size)
    framed = drawn.properties(width=width, height=height).configure(
        background=paint.paper,
        font=_FONT,
        padding=8,
        autosize={"type": "fit", "contains": "padding"},
        view={"stroke": None},
        axis=_axis(paint),
        legend={"labelColor": paint.ink, "titleColor": paint.soft, **_LEGEND[size]},
    )
    svg = _svg(framed.to_json(indent=None, validate=False))
    return _with_hatching(svg, paint) if choice.kind == "map" else svg


def _drawn(
    choice: Choice, found: Points, paint: Paint, size: Size
) -> alt.LayerChart | alt.FacetChart:
    if choice.kind == "line":
        return _lines(choice, found, paint, size)
    if choice.kind == "bars":
        return _bars(choice, found, paint)
    return _map(choice, found, paint, size)


def measures(choice: Choice, found: Points, size: Size) -> tuple[int, int]:
    """Return the width and height of a drawing, so that a page keeps room for it."""
    if choice.kind == "map":
        width = min(WIDTHS[size], 560)
        return width, width + 70
    series = len({point.series for point in found.points})
    legend = 0 if choice.split is None else 50 if size == "wide" else 30 + 20 * -(-series // 2)
    if choice.kind == "line":
        return WIDTHS[size], _HEIGHT + legend
    each = 28 if choice.split is None else 18 * max(2, series)
    bars = max(60, each * len({point.at for point in found.points}))
    return WIDTHS[size], bars + 50 + legend


_LEGEND: Final[dict[Size, dict[str, Any]]] = {
    "wide": {"orient": "top", "labelFontSize": 13, "titleFontSize": 13, "labelLimit": 260},
    "phone": {"orient": "top", "labelFontSize": 12, "titleFontSize": 12, "columns": 2},
}


def _axis(paint: Paint) -> dict[str, Any]:
    return {
        "labelColor": paint.soft,
        "titleColor": paint.soft,
        "gridColor": paint.line,
        "domainColor": paint.soft,
        "tickColor": paint.soft,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelLimit": 220,
    }


@lru_cache(maxsize=256)
def _svg(specification: str) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return drawn


def _with_hatching(svg: str, paint: Paint) -> str:
    """Define the hatching that counties without a number are filled with."""
    lines = (
        f'<defs><pattern id="hatching" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{paint.paper}"/>'
        f'<line y2="6" stroke="{paint.missing}" stroke-width="3"/></pattern></defs>'
    )
    return svg.replace("><", f">{lines}<", 1)


def _data(points: list[dict[str, Any]]) -> alt.InlineData:
    import altair as alt

    return alt.InlineData(values=points)


def _lines(
    choice: Choice, found: Points, paint: Paint, size: Size
) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    dated = _dated(found)
    days = sorted({str(one["at"]) for one in dated if not one["absent"]})
    few: Any = days if len(days) <= (12 if size == "wide" else 6) else alt.Undefined
    ticks = alt.Axis(
        title=None,
        format=_date_format(choice, days),
        grid=False,
        labelFlush=False,
        values=few,
        tickCount=6 if size == "phone" else 10,
    )
    x = alt.X("at:T", axis=ticks)
    base = alt.Chart(_data(dated)).encode(x=x)
    lines = base.mark_line(
        strokeWidth=2.5, invalid="break-paths-show-path-domains", point=_dot(len(days))
    ).encode(
        y=alt.Y("number:Q", axis=_numbers(found), scale=_from_zero(found)),
        color=_series(choice, found, paint),
    )
    gaps = base.transform_filter("datum.number === null && !datum.absent")
    rules = gaps.mark_rule(color=paint.missing, strokeDash=[3, 4], strokeWidth=1.5)
    marks = gaps.mark_point(
        shape="diamond", size=90, color=paint.missing, fill=paint.paper, strokeWidth=2
    ).encode(y=alt.value(4))
    return alt.layer(rules, lines, marks)


def _date_format(choice: Choice, days: list[str]) -> str:
    units = {read.unit for value in choice.by.values if (read := period(value)) is not None}
    if units == {"year"}:
        return "%Y"
    span = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days if days else 0
    return "%-d %b %Y" if units & {"day", "week"} and span < _SHORT_DAYS else "%b %Y"


def _dated(found: Points) -> list[dict[str, Any]]:
    """Return the points by day, and one without a number in each stretch that lacks rows."""
    lines: dict[str, dict[date, float | None]] = {}
    unbroken = False
    for point in found.points:
        read = period(point.at)
        if read is not None:
            lines.setdefault(point.series, {})[read.start] = point.number
            # Days may lack weekends, which is no gap.
            unbroken = unbroken or read.unit == "day"
    usual = usual_stretch([start for line in lines.values() for start in line])
    dated = []
    for series, line in lines.items():
        starts = sorted(line)
        absent = [] if unbroken else breaks(starts, usual)
        for start in sorted([*starts, *absent]):
            cells = {"at": start.isoformat(), "series": series, "number": line.get(start)}
            dated.append({**cells, "absent": start not in line})
    return dated


def _dot(points: int) -> Any:  # noqa: ANN401 - altair takes a truth or a form
    return {"size": 50, "filled": True} if points <= 40 else False


def _has_zeros_alone(found: Points) -> bool:
    return not any(point.number for point in found.points)


def _from_zero(found: Points) -> alt.Scale:
    """Begin at zero, and end above it where no number does."""
    import altair as alt

    return alt.Scale(domain=[0, 1]) if _has_zeros_alone(found) else alt.Scale(zero=True)


def _numbers(found: Points) -> alt.Axis:
    """Write numbers in full up to a million; the words above the chart say what they count."""
    import altair as alt

    return alt.Axis(
        title=None,
        values=[0] if _has_zeros_alone(found) else alt.Undefined,
        labelExpr="format(datum.value, abs(datum.value) >= 1e6 ? '~s' : ',')",
        domain=False,
        ticks=False,
        tickCount=5,
        labelPadding=6,
    )


def _series(choice: Choice, found: Points, paint: Paint) -> Any:  # noqa: ANN401 - a channel or a value
    import altair as alt

    if choice.split is None:
        return alt.value(paint.series[0])
    drawn = {point.series for point in found.points}
    names = [value for value in choice.split.values if value in drawn]
    colours = [paint.series[at % len(paint.series)] for at in range(len(names))]
    return alt.Color(
        "series:N",
        title=choice.split.column.name,
        scale=alt.Scale(domain=names, range=colours),
        sort=names,
    )


def _bars(choice: Choice, found: Points, paint: Paint) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    values = [_bar(point) for point in found.points]
    order = _bar_order(found.points)
    y = alt.Y(
        "at:N",
        sort=order,
        axis=alt.Axis(title=None, domain=False, ticks=False, labelPadding=8, labelLimit=150),
        scale=alt.Scale(paddingInner=0.28),
    )
    split: dict[str, Any] = {}
    if choice.split is not None:
        split = {"yOffset": alt.YOffset("series:N", sort=list(choice.split.values))}
    base = alt.Chart(_data(values)).encode(y=y, **split)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("number:Q", axis=_numbers(found), scale=_from_zero(found)),
        color=_series(choice, found, paint),
    )
    words = (
        base.transform_filter("datum.number === null")
        .mark_text(align="left", dx=4, color=paint.soft, fontStyle="italic", fontSize=13)
        .encode(x=alt.value(0), text="missing:N")
    )
    return alt.layer(bars, words)


def _bar(point: Point) -> dict[str, Any]:
    word = point.missing.lower() if point.number is None else ""
    return {"at": point.at, "series": point.series, "number": point.number, "missing": word}


def _bar_order(points: tuple[Point, ...]) -> list[str]:
    """Keep the publisher's order of a few values, as of ages; many go by size."""
    places = list(dict.fromkeys(point.at for point in points))
    if len(places) <= 12:
        return places
    size = dict.fromkeys(places, 0.0)
    for point in points:
        size[point.at] += point.number or 0.0
    return sorted(places, key=lambda at: -size[at])


def _map(
    choice: Choice, found: Points, paint: Paint, size: Size
) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    numbers = {point.at.casefold(): point.number for point in found.points}
    topology = county_boundaries()
    shapes = alt.InlineData(
        values=topology, format=alt.TopoDataFormat(type="topojson", feature="counties")
    )
    rows = [
        {"name": name, "number": numbers.get(name.casefold())}
        for name in (
            shape["properties"]["name"] for shape in topology["objects"]["counties"]["geometries"]
        )
    ]
    width, _ = measures(choice, found, size)
    base = alt.Chart(shapes).transform_lookup(
        lookup="properties.name", from_=alt.LookupData(_data(rows), "name", ["number"])
    )
    shown = base.transform_filter("isValid(datum.number)").mark_geoshape(
        stroke=paint.paper, strokeWidth=0.8
    )
    ramp = alt.Color(
        "number:Q",
        title=measure_name(choice),
        scale=alt.Scale(
            range=list(paint.ramp),
            type="sqrt",
            domain=[0, 1] if _has_zeros_alone(found) else alt.Undefined,
        ),
        legend=alt.Legend(
            labelExpr="format(datum.value, abs(datum.value) >= 1e6 ? '~s' : ',')",
            gradientLength=min(240, width - 80),
            tickCount=3,
            labelOverlap="greedy",
        ),
    )
    hidden = base.transform_filter("!isValid(datum.number)").mark_geoshape(
        fill="url(#hatching)", stroke=paint.missing, strokeWidth=1, strokeDash=[2, 2]
    )
    layers = alt.layer(shown.encode(color=ramp), hidden)
    return layers.project("mercator")
