"""The command that writes the document of an expert determination."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console
from opengazette.errors import SettingsInvalid

_ROLES = {
    "expert": "Statistical De-Identification Expert",
    "supervisor": "Statistical De-Identification Supervisor Expert",
}

_FORMS = (".html", ".pdf")


def determination(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")],
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why the data are released, in the department's words.")
    ] = None,
    expert: Annotated[str | None, typer.Option(help="Name of the expert who will sign.")] = None,
    role: Annotated[
        Literal["expert", "supervisor"] | None, typer.Option(help="Role of the expert.")
    ] = None,
    approval: Annotated[
        str | None, typer.Option(help="Reference of the Peer Review Team's approval of the expert.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write this file alone, ending in .pdf or .html; both under var/reports without."
        ),
    ] = None,
) -> None:
    """Rehearse a dataset and write the document that its expert completes and signs."""
    from opengazette.adapters.world import World
    from opengazette.cli.way import prepare
    from opengazette.documentation.determination import (
        Answers,
        answers_on_file,
        determination_record,
        open_questions,
    )

    settings = Settings()
    files = _files(settings, dataset, out)
    world, terminal = World(settings), console()
    with telling(terminal, dataset) as tell:
        release = prepare(world, dataset, tell).release
    contract = world.contract(dataset)
    department = world.department(contract.department)
    evidence = json.loads(world.papers().read(release.evidence))
    given = Answers(reason, expert, _ROLES[role] if role else None, approval)
    answers = answers_on_file(contract, given)
    record = determination_record(contract, department, evidence, answers, release.fingerprint)
    for file in files:
        file.write_bytes(_form(file, record))
        terminal.print(f"Document  {file}", soft_wrap=True, markup=False)
    terminal.print("To be filled in by hand:")
    for question in open_questions(contract, department, evidence, answers):
        terminal.print(f"  {question}", markup=False)


def _files(settings: Settings, dataset: str, out: Path | None) -> tuple[Path, ...]:
    if out is None:
        folder = written_folder(settings, "reports")
        return tuple(folder / f"{dataset}-determination{form}" for form in _FORMS)
    if out.suffix.lower() not in _FORMS:
        raise SettingsInvalid(
            f"--out names {out.name!r}: the document is written as PDF or HTML.",
            "Let the file's name end in .pdf or .html.",
        )
    if not out.parent.is_dir():
        raise SettingsInvalid(
            f"--out: the folder {str(out.parent)!r} does not exist.", "Make it, or name another."
        )
    return (out,)


def _form(file: Path, record: Mapping[str, Any]) -> bytes:
    from opengazette.adapters.typesetting import determination_pdf
    from opengazette.documentation.determination import determination_page

    return (
        determination_pdf(record) if file.suffix.lower() == ".pdf" else determination_page(record)
    )
