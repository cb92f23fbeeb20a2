"""The templates of every page and paper that is made from evidence."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def page_templates() -> Environment:
    """Return the templates: HTML is escaped, and a name that nobody gave is an error."""
    return Environment(
        loader=PackageLoader("opengazette.documentation"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
