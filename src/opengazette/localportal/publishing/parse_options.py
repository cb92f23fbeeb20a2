"""Parse options as clients send them."""

from __future__ import annotations

from pydantic import JsonValue, ValidationError

from opengazette.localportal.problems import bad_request
from opengazette.localportal.publishing.drafts import ParseOptions
from opengazette.localportal.publishing.parsing import known_encoding

#: What is shown for an encoding that is guessed; sent back, it still means a guess.
SHOWN_FOR_GUESS = "utf8"
_MOST_HEADERS = 1000


def changed_options(before: ParseOptions, sent: JsonValue) -> ParseOptions:
    """Merge what a client sends into parse options; null and unknown names are passed over.

    Raises:
        Problem: an option has a value that it cannot have (400).
    """
    if sent is None:
        return before
    if not isinstance(sent, dict):
        raise bad_request("parse_options is an object.")
    known = set(ParseOptions.model_fields)
    given = {name: value for name, value in sent.items() if name in known and value is not None}
    if before.encoding is None and given.get("encoding") == SHOWN_FOR_GUESS:
        del given["encoding"]
    try:
        options = ParseOptions.model_validate({**before.model_dump(), **given}, strict=True)
    except ValidationError as invalid:
        names = ", ".join(str(error["loc"][0]) for error in invalid.errors() if error["loc"])
        raise bad_request(f"These parse options are malformed: {names}.") from None
    _refuse_unusable(options)
    return options


def _refuse_unusable(options: ParseOptions) -> None:
    if options.encoding is not None:
        known_encoding(options.encoding)
    separator, quote = options.column_separator, options.quote_char
    if len(separator) != 1 or separator in "\r\n" or len(quote) > 1 or quote == separator:
        raise bad_request("The separator and the quote are one character each, and different.")
    if quote in ("\r", "\n"):
        raise bad_request("The quote cannot be the end of a line.")
    if not 0 <= options.header_count <= _MOST_HEADERS:
        raise bad_request(f"header_count is from 0 to {_MOST_HEADERS}.")
    if not 0 <= options.column_header <= options.header_count:
        raise bad_request("column_header counts from one, within the header.")
