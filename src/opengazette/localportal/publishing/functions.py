"""The functions of transforms, each with the types it takes. What is not here does not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from opengazette.localportal.problems import bad_request
from opengazette.localportal.publishing import conversions as sql
from opengazette.localportal.publishing.value import (
    NULL_KIND,
    Failure,
    Value,
    computed,
    converted,
    made,
    wrong_types,
)
from opengazette.localportal.values import GEOMETRIES

TIMES: Final = ("floating_timestamp", "fixed_timestamp")
_SIMPLE: Final = ("text", "number", "boolean", *TIMES)


@dataclass(frozen=True)
class Function:
    """A function: how many arguments of which types it takes, and what it makes of them."""

    make: Callable[..., Value]
    takes: tuple[tuple[str, ...], ...]
    optional: int = 0

    def of(self, name: str, arguments: list[Value]) -> Value:
        """Call it.

        Raises:
            Problem: the number or the types of the arguments do not fit.
        """
        most, least = len(self.takes), len(self.takes) - self.optional
        if not least <= len(arguments) <= most:
            raise wrong_types(name)
        for argument, kinds in zip(arguments, self.takes, strict=False):
            if argument.kind not in kinds and argument.kind != NULL_KIND:
                raise wrong_types(name)
        return self.make(*arguments)


def _to_text(value: Value) -> Value:
    if value.kind in TIMES:
        return made(
            sql.text_of_time(value.sql, fixed=value.kind == "fixed_timestamp"), "text", value
        )
    if value.kind == "boolean":
        return made(f"CASE WHEN {value.sql} THEN 'true' ELSE 'false' END", "text", value)
    return replace(value, kind="text", double=None, literal=None)


def _to_number(value: Value) -> Value:
    if value.kind == "number":
        return value
    if value.kind == "boolean":
        return made(f"CASE WHEN {value.sql} THEN '1' ELSE '0' END", "number", value)
    return converted(sql.number_of_text(value.sql), value, "number")


def _to_boolean(value: Value) -> Value:
    if value.kind == "boolean":
        return value
    return converted(sql.boolean_of_text(value.sql), value, "boolean", "checkbox")


def _to_floating(value: Value, form: Value | None = None) -> Value:
    if value.kind == "floating_timestamp":
        return value
    if value.kind == "fixed_timestamp":
        return replace(value, kind="floating_timestamp")
    if form is not None:
        if form.literal is None or "%z" in form.literal:
            raise wrong_types("to_floating_timestamp")
        read = sql.time_by_format(value.sql, form.sql, zoned=False)
        return converted(read, value, "floating_timestamp", "calendar_date")
    return converted(sql.floating_of_text(value.sql), value, "floating_timestamp", "calendar_date")


def _to_fixed(value: Value, form: Value | None = None) -> Value:
    if value.kind in TIMES:
        return replace(value, kind="fixed_timestamp")
    if form is not None:
        if form.literal is None:
            raise wrong_types("to_fixed_timestamp")
        read = sql.time_by_format(value.sql, form.sql, zoned="%z" in form.literal)
        return converted(read, value, "fixed_timestamp", "date")
    return converted(sql.fixed_of_text(value.sql), value, "fixed_timestamp", "date")


def _to_point(value: Value) -> Value:
    if value.kind == "point":
        return value
    return converted(sql.point_of_text(value.sql), value, "point")


def _parse_point(value: Value) -> Value:
    return converted(sql.point_of_address(value.sql), value, "point")


def _to_location(value: Value) -> Value:
    if value.kind == "location":
        return value
    if value.kind == "point":
        return made(sql.location_of_point(value.sql), "location", value)
    return converted(sql.location_of_text(value.sql), value, "location")


def _make_location(first: Value, *others: Value) -> Value:
    if first.kind == "point":
        if others:
            raise wrong_types("make_location")
        return _to_location(first)
    parts, point = others[:3], others[3:]
    if len(parts) != 3:
        raise wrong_types("make_location")
    city, state, zipped = (part.sql for part in parts)
    at = point[0].sql if point else None
    text = sql.location_of_parts(first.sql, city, state, zipped, at)
    return made(text, "location", first, *others)


def _make_point(latitude: Value, longitude: Value) -> Value:
    text = sql.point_of_numbers(latitude.as_double(), longitude.as_double())
    there = f"({latitude.sql}) IS NOT NULL AND ({longitude.sql}) IS NOT NULL"
    outside = Failure(
        f"{there} AND ({text}) IS NULL", "'There is no place of this latitude and longitude'"
    )
    return made(text, "point", latitude, longitude, fails=(outside,))


def _ordinate(which: int) -> Callable[[Value], Value]:
    return lambda point: computed(sql.ordinate(point.sql, which), point)


def _to_url(address: Value, description: Value | None = None) -> Value:
    if address.kind == "url":
        return address
    parts = [address] if description is None else [address, description]
    text = sql.url_of_text(address.sql, description.sql if description else None)
    return made(text, "url", *parts)


def _on_text(name: str) -> Callable[..., Value]:
    def make(*parts: Value) -> Value:
        return made(f"{name}({', '.join(part.sql for part in parts)})", "text", *parts)

    return make


_SMALL_WORDS: Final = (
    *("a", "an", "and", "as", "at", "but", "by", "en", "for", "if", "in", "of", "on", "or"),
    *("the", "to", "viz", "vs", "vs."),
)


def _title_case(value: Value) -> Value:
    listed = ", ".join(f"'{word}'" for word in _SMALL_WORDS)
    words = f"string_split({value.sql}, ' ')"
    word = (
        f"CASE WHEN i > 1 AND lower(w) IN ({listed}) THEN lower(w)"
        " ELSE upper(w[1]) || lower(w[2:]) END"
    )
    return made(
        f"array_to_string(list_transform({words}, lambda w, i: {word}), ' ')", "text", value
    )


def _regex_replace(value: Value, pattern: Value, by: Value) -> Value:
    if pattern.literal is None:
        raise wrong_types("regex_replace")
    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [pattern.literal])
    except duckdb.InvalidInputException:
        raise wrong_types("regex_replace") from None
    return made(f"regexp_replace({value.sql}, {pattern.sql}, {by.sql}, 'g')", "text", value, by)


def _pad(name: str) -> Callable[[Value, Value, Value], Value]:
    def make(value: Value, width: Value, by: Value) -> Value:
        asked = f"least(TRY_CAST({width.as_double()} AS INTEGER), 1000)"
        wide = f"CAST(greatest(length({value.sql}), {asked}) AS INTEGER)"
        padded = f"{name}({value.sql}, {wide}, {by.sql})"
        text = f"CASE WHEN length({by.sql}) > 0 THEN {padded} ELSE {value.sql} END"
        return made(text, "text", value, width, by)

    return make


def _slice(value: Value, start: Value, length: Value | None = None) -> Value:
    begin = f"least(TRY_CAST({start.as_double()} AS INTEGER), 70000000) + 1"
    parts = [value, start] if length is None else [value, start, length]
    count = f", greatest(TRY_CAST({length.as_double()} AS INTEGER), 0)" if length else ""
    return made(f"substring({value.sql}, {begin}{count})", "text", *parts)


def _length(value: Value) -> Value:
    return computed(f"CAST(length({value.sql}) AS DOUBLE)", value)


def _on_number(name: str) -> Callable[[Value], Value]:
    return lambda value: computed(f"{name}({value.as_double()})", value)


def _round(value: Value, places: Value | None = None) -> Value:
    if places is None:
        return computed(f"round({value.as_double()})", value)
    at = f"least(greatest(TRY_CAST({places.as_double()} AS INTEGER), -15), 15)"
    return computed(f"round({value.as_double()}, {at})", value, places)


def _date_part(part: str) -> Callable[[Value], Value]:
    return lambda time: computed(f"CAST(date_part('{part}', {time.sql}) AS DOUBLE)", time)


def _date_trunc(part: str) -> Callable[[Value], Value]:
    return lambda time: made(
        f"CAST(date_trunc('{part}', {time.sql}) AS TIMESTAMP)", time.kind, time
    )


def _asks(name: str) -> Callable[[Value, Value], Value]:
    return lambda text, part: made(f"{name}({text.sql}, {part.sql})", "boolean", text, part)


def _is_null(value: Value) -> Value:
    return made(f"(({value.sql}) IS NULL)", "boolean", value)


def _forgive(value: Value) -> Value:
    return replace(value, failures=())


def _error(message: Value) -> Value:
    said = Failure("TRUE", f"coalesce({message.sql}, 'The expression says that this is an error')")
    return Value("NULL", NULL_KIND, (*message.failures, said), message.reads)


def _geocode(*_parts: Value) -> Value:
    raise bad_request(
        "This portal looks up no addresses: give latitude and longitude and use make_point.",
        "query.soql.no-such-function",
    )


_TEXT: Final = ("text",)
_NUMBER: Final = ("number",)
_TIME: Final = TIMES
_ANY: Final = (*_SIMPLE, "url", "location", *GEOMETRIES)

FUNCTIONS: Final[Mapping[str, Function]] = {
    "to_text": Function(_to_text, (_ANY,)),
    "to_number": Function(_to_number, (("text", "number", "boolean"),)),
    "to_boolean": Function(_to_boolean, (("text", "boolean"),)),
    "to_checkbox": Function(_to_boolean, (("text", "boolean"),)),
    "to_floating_timestamp": Function(_to_floating, (("text", *_TIME), _TEXT), 1),
    "to_fixed_timestamp": Function(_to_fixed, (("text", *_TIME), _TEXT), 1),
    "to_point": Function(_to_point, (("text", "point"),)),
    "parse_point": Function(_parse_point, (_TEXT,)),
    "to_location": Function(_to_location, (("text", "point", "location"),)),
    "make_location": Function(
        _make_location, (("text", "point"), _TEXT, _TEXT, _TEXT, ("point",)), 4
    ),
    "make_point": Function(_make_point, (_NUMBER, _NUMBER)),
    "point_latitude": Function(_ordinate(1), (("point",),)),
    "point_longitude": Function(_ordinate(0), (("point",),)),
    "to_url": Function(_to_url, (("text", "url"), _TEXT), 1),
    "make_url": Function(_to_url, (("text", "url"), _TEXT), 1),
    "geocode": Function(_geocode, (_ANY,) * 6, 5),
    "trim": Function(_on_text("trim"), (_TEXT,)),
    "trim_leading": Function(_on_text("ltrim"), (_TEXT,)),
    "trim_trailing": Function(_on_text("rtrim"), (_TEXT,)),
    "upper": Function(_on_text("upper"), (_TEXT,)),
    "lower": Function(_on_text("lower"), (_TEXT,)),
    "title_case": Function(_title_case, (_TEXT,)),
    "replace": Function(_on_text("replace"), (_TEXT, _TEXT, _TEXT)),
    "regex_replace": Function(_regex_replace, (_TEXT, _TEXT, _TEXT)),
    "pad_left": Function(_pad("lpad"), (_TEXT, _NUMBER, _TEXT)),
    "pad_right": Function(_pad("rpad"), (_TEXT, _NUMBER, _TEXT)),
    "slice": Function(_slice, (_TEXT, _NUMBER, _NUMBER), 1),
    "length": Function(_length, (_TEXT,)),
    "contains": Function(_asks("contains"), (_TEXT, _TEXT)),
    "starts_with": Function(_asks("starts_with"), (_TEXT, _TEXT)),
    "is_null": Function(_is_null, (_ANY,)),
    "abs": Function(_on_number("abs"), (_NUMBER,)),
    "ceil": Function(_on_number("ceil"), (_NUMBER,)),
    "floor": Function(_on_number("floor"), (_NUMBER,)),
    "round": Function(_round, (_NUMBER, _NUMBER), 1),
    "date_extract_y": Function(_date_part("year"), (_TIME,)),
    "date_extract_m": Function(_date_part("month"), (_TIME,)),
    "date_extract_d": Function(_date_part("day"), (_TIME,)),
    "date_extract_hh": Function(_date_part("hour"), (_TIME,)),
    "date_extract_mm": Function(_date_part("minute"), (_TIME,)),
    "date_extract_dow": Function(_date_part("dow"), (_TIME,)),
    "date_trunc_y": Function(_date_trunc("year"), (_TIME,)),
    "date_trunc_ym": Function(_date_trunc("month"), (_TIME,)),
    "date_trunc_ymd": Function(_date_trunc("day"), (_TIME,)),
    "forgive": Function(_forgive, (_ANY,)),
    "error": Function(_error, (_TEXT,)),
}
