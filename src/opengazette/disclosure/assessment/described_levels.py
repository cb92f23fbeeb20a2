"""Whether the levels that a description names are levels of any rule pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opengazette.errors import ContractInvalid
from opengazette.model.described import INSURANCE, DescribedGroups, DescribedTable
from opengazette.model.rulepack import RulePack


def refuse_unknown_levels(table: DescribedTable, packs: Iterable[RulePack]) -> None:
    """Refuse a level or a kind of address that no rule pack lists: it is misspelt.

    A level that only another edition lists is known: it takes the highest listed score.

    Raises:
        ContractInvalid: a level is not listed for its kind of variable.
    """
    known = list(packs)
    for variable in table.variables:
        if isinstance(variable, DescribedGroups) and variable.level is not None:
            levels = {name for pack in known for name in _levels(variable.kind, pack)}
            _refuse(f"variables, {variable.name}", "level", variable.level, levels)
    if table.service is not None and table.service.place is not None:
        places = {name for pack in known for name in pack.scores.service.places}
        _refuse("service", "place", table.service.place, places)


def _levels(kind: str, pack: RulePack) -> Iterator[str]:
    tables = pack.scores
    match kind:
        case "sex":
            yield from tables.sex.levels
        case "race_ethnicity":
            yield from tables.race_ethnicity.levels
        case "expected_payer":
            yield INSURANCE
        case _:
            yield from tables.other.levels


def _refuse(where: str, field: str, given: str, listed: set[str]) -> None:
    if given not in listed:
        raise ContractInvalid(
            f"{where}: there is no {field} {given!r}.",
            f"Take one of: {', '.join(sorted(listed))}; or leave {field} out.",
        )
