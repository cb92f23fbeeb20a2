"""From one type to another in SQL: what cannot be read is null, so that nothing ever raises.

Each function takes SQL and returns SQL; the only text of a client in it is bound elsewhere.
"""

from __future__ import annotations

from typing import Final

_PLAIN: Final = r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,15})?"
_LOOSE: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_SCIENTIFIC: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]{1,3}"
_ISO: Final = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
_OFFSET: Final = r"(Z|[+-]\d{2}:?\d{2})"
_AMERICAN: Final = r"\d{1,2}/\d{1,2}/\d{4}([ T]\d{1,2}:\d{2}(:\d{2})?\s*([AaPp][Mm])?)?"
_AMERICAN_FORMS: Final = (
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
)
_TRUE: Final = ("true", "t", "yes", "y", "1")
_FALSE: Final = ("false", "f", "no", "n", "0")
_WKT_POINT: Final = r"(?i)POINT\s*\(\s*(\S+)\s+(\S+)\s*\)"
_STREET: Final = r"(?s)(.*)\([^()]*\)\s*"
_POSTAL: Final = r"(?s)(.*)\n([^\n]*),[ \t]*([A-Za-z]{2})[ \t]*([0-9-]*)"
_PAIR: Final = r"(?s).*\(\s*([-+0-9.]+)\s*,\s*([-+0-9.]+)\s*\)\s*"


def _once(value: str, name: str, then: str) -> str:
    """Name a value that is used several times, so that it is written and computed once."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def number_of_text(text: str) -> str:
    """Read text as a number in plain notation, every digit kept."""
    scientific = number_of_double("TRY_CAST(t AS DOUBLE)")
    return _once(
        f"trim({text})",
        "t",
        f"CASE WHEN regexp_full_match(t, '{_PLAIN}') AND t <> '-0' THEN t"
        f" WHEN regexp_full_match(t, '{_LOOSE}') THEN {_tidied('t')}"
        f" WHEN regexp_full_match(t, '{_SCIENTIFIC}') THEN {scientific} END",
    )


def _tidied(text: str) -> str:
    digits = f"ltrim({text}, '+-')"
    whole = f"coalesce(nullif(ltrim(split_part({digits}, '.', 1), '0'), ''), '0')"
    part = f"coalesce('.' || nullif(split_part({digits}, '.', 2), ''), '')"
    sign = f"CASE WHEN starts_with({text}, '-') THEN '-' ELSE '' END"
    return rf"regexp_replace({sign} || {whole} || {part}, '^-(0(\.0+)?)$', '\1')"


def number_of_double(double: str) -> str:
    """Write a double to 15 digits, in plain notation to 20 places; null where not finite."""
    digits = "replace(replace(split_part(w, 'e', 1), '.', ''), '-', '')"
    power = "TRY_CAST(split_part(w, 'e', 2) AS INTEGER)"
    sign = "CASE WHEN starts_with(w, '-') THEN '-' ELSE '' END"
    return _once(
        f"format('{{:.15g}}', {double})",
        "w",
        "CASE WHEN w IN ('nan', '-nan', 'inf', '-inf') THEN NULL WHEN w = '-0' THEN '0'"
        " WHEN NOT contains(w, 'e') THEN w"
        f" WHEN {power} BETWEEN 15 AND 20 THEN {sign} || rpad({digits}, {power} + 1, '0')"
        f" WHEN {power} BETWEEN -9 AND -5"
        f" THEN {sign} || '0.' || repeat('0', -{power} - 1) || {digits}"
        " ELSE upper(w) END",
    )


def double_of_number(number: str) -> str:
    """Read a number as a double to compute with."""
    return f"TRY_CAST({number} AS DOUBLE)"


def boolean_of_text(text: str) -> str:
    """Read the usual words for true and false."""
    word = f"lower(trim({text}))"
    return (
        f"CASE WHEN {word} IN ({_quoted(_TRUE)}) THEN TRUE"
        f" WHEN {word} IN ({_quoted(_FALSE)}) THEN FALSE END"
    )


def floating_of_text(text: str) -> str:
    """Read a date with an optional time and no offset, ISO or American."""
    trimmed = f"trim({text})"
    return (
        f"CASE WHEN regexp_full_match({trimmed}, '{_ISO}')"
        f" THEN TRY_CAST(replace({trimmed}, 'T', ' ') AS TIMESTAMP)"
        f" WHEN regexp_full_match({trimmed}, '{_AMERICAN}') THEN {_american(trimmed)} END"
    )


def _american(text: str) -> str:
    spaced = rf"regexp_replace(upper(replace({text}, 'T', ' ')), '\s*([AP]M)$', ' \1')"
    return f"try_strptime({spaced}, [{_quoted(_AMERICAN_FORMS)}])"


def fixed_of_text(text: str) -> str:
    """Read a date and time with its offset, UTC where there is none, as UTC."""
    trimmed = f"trim({text})"
    with_colon = rf"regexp_replace({trimmed}, '([+-]\d{{2}}):?(\d{{2}})$', '\1:\2')"
    zoned = f"TRY_CAST({with_colon} AS TIMESTAMPTZ)"
    return (
        f"CASE WHEN regexp_full_match({trimmed}, '{_ISO}{_OFFSET}')"
        f" THEN timezone('UTC', {zoned}) ELSE {floating_of_text(text)} END"
    )


def time_by_format(text: str, form: str, *, zoned: bool) -> str:
    """Read a date and time after a bound format of strptime; one with an offset as UTC."""
    read = f"try_strptime(trim({text}), {form})"
    return f"timezone('UTC', {read})" if zoned else read


def text_of_time(time: str, *, fixed: bool) -> str:
    """Write a timestamp as it stands on the wire."""
    pattern = "%Y-%m-%dT%H:%M:%S.%g" + ("Z" if fixed else "")
    return f"strftime({time}, '{pattern}')"


def point_of_numbers(latitude: str, longitude: str) -> str:
    """Make a GeoJSON point of two doubles; null where there is no such place."""
    return (
        f"CASE WHEN {latitude} BETWEEN -90 AND 90 AND {longitude} BETWEEN -180 AND 180 THEN"
        f' \'{{"type":"Point","coordinates":[\' || CAST({longitude} AS VARCHAR) || \',\''
        f" || CAST({latitude} AS VARCHAR) || ']}}' END"
    )


def point_of_text(text: str) -> str:
    """Read a point in WKT, longitude first."""
    x, y = (f"regexp_extract({text}, '{_WKT_POINT}', {part})" for part in (1, 2))
    made = point_of_numbers(f"TRY_CAST({y} AS DOUBLE)", f"TRY_CAST({x} AS DOUBLE)")
    return f"CASE WHEN regexp_full_match(trim({text}), '{_WKT_POINT}') THEN {made} END"


def point_of_address(text: str) -> str:
    """Read the `(latitude, longitude)` at the end of an address."""
    y, x = (f"regexp_extract({text}, '{_PAIR}', {part})" for part in (1, 2))
    made = point_of_numbers(f"TRY_CAST({y} AS DOUBLE)", f"TRY_CAST({x} AS DOUBLE)")
    return f"CASE WHEN regexp_full_match({text}, '{_PAIR}') THEN {made} END"


def location_of_text(text: str) -> str:
    """Read an address that ends in `(latitude, longitude)`, or that alone."""
    latitude, longitude = (f"regexp_extract({text}, '{_PAIR}', {part})" for part in (1, 2))
    street = f"trim(regexp_extract({text}, '{_STREET}', 1), ' ' || chr(10))"
    known = f"regexp_full_match({street}, '{_POSTAL}')"
    postal = [
        f"CASE WHEN {known} THEN trim(regexp_extract({street}, '{_POSTAL}', {part}))"
        f" ELSE {whole} END"
        for part, whole in enumerate(
            (f"regexp_replace({street}, '\\s+', ' ', 'g')", "''", "''", "''"), start=1
        )
    ]
    place = _place(number_of_text(latitude), number_of_text(longitude))
    return (
        f"CASE WHEN regexp_full_match({text}, '{_PAIR}')"
        f" AND ({point_of_address(text)}) IS NOT NULL THEN CASE WHEN {street} = ''"
        f" THEN '{{' || {place} || '}}'"
        f" ELSE '{{' || {place} || ',' || {_human(*postal)} || '}}' END END"
    )


def location_of_parts(address: str, city: str, state: str, zipped: str, point: str | None) -> str:
    """Make a location of the parts of an address, and of a point where there is one."""
    parts = (f"coalesce({part}, '')" for part in (address, city, state, zipped))
    human = _human(*parts)
    if point is None:
        return f"'{{' || {human} || '}}'"
    return f"coalesce({location_of_point(point, human)}, '{{' || {human} || '}}')"


def location_of_point(point: str, human: str | None = None) -> str:
    """Make a location of a point; null where there is none."""
    latitude, longitude = (
        f"json_extract_string({point}, '$.coordinates[{which}]')" for which in (1, 0)
    )
    more = f" || ',' || {human}" if human else ""
    return f"'{{' || {_place(latitude, longitude)}{more} || '}}'"


def _place(latitude: str, longitude: str) -> str:
    return f'\'"latitude":"\' || {latitude} || \'","longitude":"\' || {longitude} || \'"\''


def _human(address: str, city: str, state: str, zipped: str) -> str:
    named = zip(("address", "city", "state", "zip"), (address, city, state, zipped), strict=True)
    inner = " || ', ' || ".join(
        f"'\"{name}\": ' || CAST(to_json({part}) AS VARCHAR)" for name, part in named
    )
    return f"'\"human_address\":' || CAST(to_json('{{' || {inner} || '}}') AS VARCHAR)"


def ordinate(point: str, which: int) -> str:
    """Take the longitude (0) or the latitude (1) out of a GeoJSON point, as a double."""
    return f"TRY_CAST(json_extract_string({point}, '$.coordinates[{which}]') AS DOUBLE)"


def url_of_text(address: str, description: str | None = None) -> str:
    """Make a link of an address and what it is called."""
    described = f", 'description', {description}" if description else ""
    return (
        f"CASE WHEN {address} IS NOT NULL THEN"
        f" CAST(json_object('url', {address}{described}) AS VARCHAR) END"
    )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
