"""Code to copy: how a program asks for the rows that the page shows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from opengazette.localportal.views import View

ROWS = 1000


@dataclass(frozen=True)
class Place:
    """Where the portal is: its address, and the scheme and host of it."""

    base: str
    scheme: str
    host: str


@dataclass(frozen=True)
class Example:
    """One way to ask, in one language."""

    name: str
    title: str
    code: str


def examples(view: View, place: Place, asked: Mapping[str, str]) -> list[Example]:
    """Return the examples with the present filter; `asked` holds SODA parameters."""
    given = {**asked, "$limit": str(ROWS)}
    rows = f"{place.base}/resource/{view.id}"
    return [
        Example("curl", "Command line, with curl", _curl(rows, given)),
        Example("python", "Python, with sodapy", _sodapy(view, place, given)),
        Example("pandas", "Python, with pandas", _pandas(rows, given)),
        Example("r", "R", _r(rows, given)),
        Example("javascript", "JavaScript", _javascript(rows, given)),
    ]


def query_text(asked: Mapping[str, str], limit: int) -> str:
    """Write SODA parameters as one SoQL query."""
    parts = ["SELECT *"]
    if "$where" in asked:
        parts.append(f"WHERE {asked['$where']}")
    if "$order" in asked:
        parts.append(f"ORDER BY {asked['$order']}")
    if "$q" in asked:
        words = asked["$q"].replace("'", "''")
        parts.append(f"SEARCH '{words}'")
    return " ".join([*parts, f"LIMIT {limit}"])


def _curl(rows: str, given: Mapping[str, str]) -> str:
    lines = [f"curl --get {shlex.quote(rows + '.json')}"]
    lines += [f"  --data-urlencode {shlex.quote(f'{name}={text}')}" for name, text in given.items()]
    return " \\\n".join(lines)


def _python_arguments(given: Mapping[str, str]) -> str:
    written = [
        f"    {name.removeprefix('$')}={text if name == '$limit' else _quoted(text)},\n"
        for name, text in given.items()
    ]
    return "".join(written)


def _sodapy(view: View, place: Place, given: Mapping[str, str]) -> str:
    session = ""
    if place.scheme == "http":
        session = '    session_adapter={"prefix": "http://", "adapter": HTTPAdapter()},\n'
    opening = "from requests.adapters import HTTPAdapter\n" if session else ""
    return (
        f"{opening}from sodapy import Socrata\n\n"
        f"portal = Socrata(\n    {_quoted(place.host)},\n    None,\n{session})\n"
        f"rows = portal.get(\n    {_quoted(view.id)},\n{_python_arguments(given)})"
    )


def _pandas(rows: str, given: Mapping[str, str]) -> str:
    asked = "".join(f"    {_quoted(name)}: {_quoted(text)},\n" for name, text in given.items())
    return (
        "from urllib.parse import urlencode\n\nimport pandas as pd\n\n"
        f"asked = {{\n{asked}}}\n"
        f"rows = pd.read_csv({_quoted(rows + '.csv?')} + urlencode(asked))"
    )


def _r(rows: str, given: Mapping[str, str]) -> str:
    address = rows + ".csv?" + urlencode(given, quote_via=quote, safe="$")
    return f"rows <- read.csv({_quoted(address)})"


def _javascript(rows: str, given: Mapping[str, str]) -> str:
    asked = "".join(f"  {_quoted(name)}: {_quoted(text)},\n" for name, text in given.items())
    return (
        f"const asked = new URLSearchParams({{\n{asked}}});\n"
        f"const answer = await fetch({_quoted(rows + '.json?')} + asked);\n"
        "const rows = await answer.json();"
    )


def _quoted(text: str) -> str:
    """Write a text as Python, R and JavaScript all read it."""
    return json.dumps(text, ensure_ascii=False)
