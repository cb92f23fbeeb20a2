"""How old a public table may grow before somebody asks the department."""

from __future__ import annotations

from opengazette.model.contract import Contract, Frequency

#: About twice the interval of each frequency, in days; irregular tables never grow too old.
STALE_AFTER_DAYS: dict[Frequency, int | None] = {
    "irregular": None,
    "daily": 3,
    "weekly": 14,
    "monthly": 62,
    "quarterly": 184,
    "semiannual": 366,
    "annual": 731,
    "biennial": 1462,
}


def days_until_stale(contract: Contract) -> int | None:
    """Return after how many days with the same numbers a table is too old; None for never."""
    if contract.watch is not None and contract.watch.stale_after_days is not None:
        return contract.watch.stale_after_days
    return STALE_AFTER_DAYS[contract.documentation.frequency]
