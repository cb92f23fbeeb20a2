"""How requests travel to a portal: what is sent again by itself, and what never goes along."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from opengazette.adapters.portals.answers import LONGEST_RETRY_AFTER
from opengazette.errors import Fault

#: Bytes of a file that are sent at once: between two pieces other work may take its turn.
_PIECE_BYTES: Final = 1 << 20


class _LargePieces(HTTPAdapter):
    """Sends files in larger pieces than urllib3 does of its own."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*arguments, **{**named, "blocksize": _PIECE_BYTES})


def retrying(attempts: int, *also: str) -> HTTPAdapter:
    """Repeat only what may be done twice: reading, and putting the same thing again."""
    return _LargePieces(
        max_retries=Retry(
            total=attempts,
            backoff_factor=0.5,
            backoff_jitter=1.0,
            backoff_max=30,
            status_forcelist=[429, 500, 502, 503, 504],
            allowed_methods={"GET", "PUT", *also},
            respect_retry_after_header=True,
            retry_after_max=LONGEST_RETRY_AFTER,
            raise_on_status=False,
        )
    )


def nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no password, whatever the machine's .netrc says."""
    return request


def is_loopback(host: str) -> bool:
    """Tell whether a name is that of this very machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def as_json(payload: object) -> str:
    """Return a list or an object as JSON that every portal reads.

    Raises:
        Fault: it is neither, or holds what JSON has no word for: NaN, a date, a decimal.
    """
    no_json = Fault("Something was to be sent to the portal that is no JSON.")
    if not isinstance(payload, dict | list):
        raise no_json
    try:
        return json.dumps(payload, allow_nan=False)
    except (TypeError, ValueError):
        raise no_json from None
