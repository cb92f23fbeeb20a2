"""The command that examines single records which somebody wants to have."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opengazette.adapters.settings import Settings
from opengazette.cli.terminal import console
from opengazette.errors import ContractInvalid, DisclosureRisk

if TYPE_CHECKING:
    import pandas as pd

    from opengazette.model.record_release import RecordLimits, RecordRelease
    from opengazette.model.record_risk import Measure, RecordRisk
    from opengazette.model.reference import Department


def records(
    records: Annotated[
        Path, typer.Argument(metavar="RECORDS.csv", help="The records, one in each row.")
    ],
    *,
    request: Annotated[
        Path, typer.Option(help="Who asks for which columns and why: REQUEST.yaml.")
    ],
    report: Annotated[
        Path | None, typer.Option(help="Write a report for the person who decides to this page.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was measured as JSON.")
    ] = False,
) -> None:
    """Measure how easily single records lead to a person; a person decides, nothing is released."""
    from opengazette.adapters.cell_files import write_page
    from opengazette.adapters.record_files import read_record_release, read_records
    from opengazette.adapters.world import World
    from opengazette.disclosure.identifiers.record_risk import measured, record_risk
    from opengazette.documentation.records_report import records_report

    asked = read_record_release(request)
    department = World(Settings()).department(asked.department)
    limits = _limits(asked, department)
    given = read_records(records, asked)
    _refuse_identifiers(given, asked)
    risk = record_risk(given, asked, limits)
    measures = measured(risk, limits)
    broken = [measure.sentence for measure in measures if not measure.kept]
    if report is not None:
        write_page(report, records_report(asked, department, limits, risk, measures))
    _show(risk, limits, measures, as_json=as_json)
    if broken:
        raise DisclosureRisk(
            f"{asked.id}: the records break the limits of {department.name}: {'; '.join(broken)}.",
            "Make quasi-identifiers coarser, leave columns out, or offer a table instead.",
        )


def _limits(asked: RecordRelease, department: Department) -> RecordLimits:
    if department.record_limits is None:
        raise ContractInvalid(
            f"{asked.id}: {department.name} has set no limits for single records.",
            f"Set record_limits in config/departments/{asked.department}.yaml, or offer a table.",
        )
    return department.record_limits


def _refuse_identifiers(given: pd.DataFrame, asked: RecordRelease) -> None:
    from opengazette.disclosure.identifiers.records import identifying_in_records

    found = identifying_in_records(given, asked)
    if found:
        named = ", ".join(f"{f.column} ({f.labels} like a {f.kind})" for f in found)
        raise DisclosureRisk(
            f"{asked.id}: columns to be handed over look like identifiers: {named}.",
            "Give them the role left_out, make them coarser, or record why they name nobody "
            "(not_identifying).",
        )


def _show(
    risk: RecordRisk, limits: RecordLimits, measures: tuple[Measure, ...], *, as_json: bool
) -> None:
    if as_json:
        told = asdict(risk) | {
            "unique_percent": risk.unique_percent,
            "expected_percent": risk.expected_percent,
            "limits": limits.model_dump(mode="json"),
            "measures": [asdict(measure) for measure in measures],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    out = console()
    out.print(f"Records: {risk.records:,} in {risk.groups:,} groups")
    for measure in measures:
        kept = "kept" if measure.kept else "broken"
        out.print(f"{measure.sentence}: {kept}", markup=False)
    for each in risk.without:
        out.print(
            f"Without {each.column}: smallest group {each.smallest_group:,}, "
            f"unique {each.unique:,}",
            markup=False,
        )
    out.print("Nothing was released. A person decides and signs.")
