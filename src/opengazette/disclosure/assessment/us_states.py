"""The names and codes of the United States' states: the smallest areas inside Safe Harbor."""

from __future__ import annotations

_NAMES = (
    "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia "
    "Hawaii Idaho Illinois Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts "
    "Michigan Minnesota Mississippi Missouri Montana Nebraska Nevada New_Hampshire New_Jersey "
    "New_Mexico New_York North_Carolina North_Dakota Ohio Oklahoma Oregon Pennsylvania "
    "Rhode_Island South_Carolina South_Dakota Tennessee Texas Utah Vermont Virginia Washington "
    "West_Virginia Wisconsin Wyoming District_of_Columbia Puerto_Rico"
)
_CODES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR"
)

_STATES = frozenset(name.replace("_", " ").casefold() for name in (*_NAMES.split(), "US"))
_STATE_CODES = frozenset(_CODES.split())
_WIDER = frozenset({"united states", "state", "statewide", "outside the state", "out of state"})


def is_state_or_wider(label: str) -> bool:
    """Tell whether a label names a state, or something larger.

    A state's name that is also a county's is taken for the state.
    """
    plain = " ".join(label.split()).casefold()
    return plain in _STATES or plain in _WIDER or label.strip() in _STATE_CODES
