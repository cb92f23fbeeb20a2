"""What a described table comes to: facts for its score, and its way through the six steps."""

from __future__ import annotations

from collections.abc import Mapping

from opengazette.disclosure.assessment.assessment import mitigated_by
from opengazette.disclosure.assessment.explanation import (
    Explained,
    explain,
    explain_nothing_personal,
)
from opengazette.disclosure.assessment.facts import LAST_AGE, STATE, TableFacts, Variable
from opengazette.disclosure.assessment.six_steps import Declared
from opengazette.errors import ContractInvalid
from opengazette.model.described import (
    INSURANCE,
    AgeBand,
    DescribedGroups,
    DescribedTable,
    DescribedVariable,
    ListedGroups,
    SideBySide,
)
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack, TimeUnit
from opengazette.model.special_class import FacilityClass, special_words

INCLUSIVE = "a person counts in every group selected, which takes no further points"


def explain_described(
    table: DescribedTable, populations: Mapping[str, PopulationTable], pack: RulePack
) -> tuple[Explained, ...]:
    """Assess and score a described table: one result for each table that stands side by side.

    Raises:
        DisclosureRisk: the table cannot be scored.
        ContractInvalid: a population table is missing, or lacks a label.
    """
    if not table.personal_characteristics.present:
        declared = _declared(table, ())
        return (explain_nothing_personal(declared, table.events.smallest, pack),)
    everything = SideBySide(crossed=tuple(v.name for v in table.variables))
    parts = table.side_by_side or (everything,)
    return tuple(_explained(table, part, populations, pack) for part in parts)


def facts_of(
    table: DescribedTable, part: SideBySide, populations: Mapping[str, PopulationTable]
) -> TableFacts:
    """Return the facts of one of the tables that a description holds.

    Raises:
        ContractInvalid: a population table is missing, or lacks a label.
    """
    shown = [v for v in table.variables if v.name in part.crossed]
    variables = [_variable(v, populations) for v in shown]
    if table.insurance is not None:
        plan = Variable("insurance", "expected_payer", 1, INSURANCE, table.insurance.members)
        variables.append(plan)
    residence, service = _residence(table, populations), table.service
    served = service.population if service is not None else None
    if service is not None and service.residents_only and served is not None:
        residence = served if residence is None else min(residence, served)
    smallest = table.events.smallest if part.smallest is None else part.smallest
    return TableFacts(
        smallest_count=smallest,
        periods=(_period(table),),
        has_zeros=table.events.zeros,
        variables=tuple(variables),
        residence_population=residence,
        service_population=served,
        service_place=service.place if service is not None else None,
        statewide=_only_the_state(table),
    )


def _period(table: DescribedTable) -> int | TimeUnit:
    unit = table.period.unit
    return table.period.years or ("week" if unit is None or unit == "day" else unit)


def _explained(
    table: DescribedTable,
    part: SideBySide,
    populations: Mapping[str, PopulationTable],
    pack: RulePack,
) -> Explained:
    facts = facts_of(table, part, populations)
    people = table.denominator if part.denominator is None else part.denominator
    return explain(_declared(table, part.crossed), facts, people, pack)


def _declared(table: DescribedTable, crossed: tuple[str, ...]) -> Declared:
    shown = [v for v in table.variables if v.name in crossed]
    groups = [v for v in shown if isinstance(v, DescribedGroups)]
    return Declared(
        personal=table.personal_characteristics.present,
        personal_basis=table.personal_characteristics.basis,
        high_risk=table.high_risk is not None and table.high_risk.present,
        regimes=table.regimes,
        characteristics=tuple(f"{v.name} ({v.kind})" for v in shown),
        others=tuple(v.name for v in shown if v.kind == "other"),
        decisions=tuple(
            f"{v.name}: {said}"
            for v in groups
            for said in (v.basis, INCLUSIVE if v.reporting == "inclusive" else None)
            if said
        ),
        decided=tuple(v.name for v in groups if v.basis),
        denominator_basis="as described",
        mitigation=mitigated_by(table.mitigation, table.special_class),
        special=special_words(table.special_class) if table.special_class else None,
        financial=table.financial,
    )


def _only_the_state(table: DescribedTable) -> bool:
    """Tell whether no place but the state is shown; a facility is a place."""
    named = isinstance(table.special_class, FacilityClass)
    return table.residence is not None and table.residence.statewide and not named


def _residence(table: DescribedTable, populations: Mapping[str, PopulationTable]) -> int | None:
    area = table.residence
    if area is None:
        return None
    if area.areas is not None:
        return _smallest("residence", area.areas, populations)
    return STATE if area.statewide else area.population


def _variable(variable: DescribedVariable, populations: Mapping[str, PopulationTable]) -> Variable:
    if not isinstance(variable, DescribedGroups):
        width, opens_at = _ages(variable.bands)
        number = len(variable.bands)
        return Variable(variable.name, "age", number, width=width, opens_at=opens_at)
    known = [] if variable.smallest_population is None else [variable.smallest_population]
    if variable.listed is not None:
        known.append(_smallest(variable.name, variable.listed, populations))
    people = min(known, default=None)
    return Variable(variable.name, variable.kind, variable.number, variable.level, people)


def _ages(bands: tuple[AgeBand, ...]) -> tuple[int | None, int | None]:
    closed = [band.high - band.low + 1 for band in bands if band.high is not None]
    opened = [band.low for band in bands if band.high is None or band.high > LAST_AGE]
    return min(closed, default=None), max(opened, default=None)


def _smallest(name: str, listed: ListedGroups, populations: Mapping[str, PopulationTable]) -> int:
    known = populations.get(listed.table)
    if known is None:
        raise ContractInvalid(
            f"{name}: there is no population table {listed.table!r}.",
            f"The tables are: {', '.join(sorted(populations))}.",
        )
    missing = [label for label in listed.labels if label not in known.people]
    if missing:
        raise ContractInvalid(
            f"{name}: {', '.join(missing)} is not in the population table {listed.table!r}.",
            f"Spell it as config/standards/populations/{listed.table}.yaml does, or give the "
            "population of the smallest.",
        )
    return min(known.people[label] for label in listed.labels)
