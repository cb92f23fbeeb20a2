"""The command that writes the document of an expert determination."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console

_ROLES = {
    "expert": "Statistical De-Identification Expert",
    "supervisor": "Statistical De-Identification Supervisor Expert",
}


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
) -> None:
    """Rehearse a dataset and write the document that its expert completes and signs."""
    from opengazette.adapters.world import World
    from opengazette.cli.way import prepare
    from opengazette.documentation.determination import (
        Answers,
        answers_on_file,
        determination_document,
        open_questions,
    )

    settings = Settings()
    world, out = World(settings), console()
    with telling(out, dataset) as tell:
        release = prepare(world, dataset, tell).release
    contract = world.contract(dataset)
    department = world.department(contract.department)
    evidence = json.loads(world.papers().read(release.evidence))
    given = Answers(reason, expert, _ROLES[role] if role else None, approval)
    answers = answers_on_file(contract, given)
    file = written_folder(settings, "reports") / f"{dataset}-determination.html"
    file.write_bytes(
        determination_document(contract, department, evidence, answers, release.fingerprint)
    )
    out.print(f"Document  {file}", soft_wrap=True, markup=False)
    out.print("To be filled in by hand:")
    for question in open_questions(contract, department, evidence, answers):
        out.print(f"  {question}", markup=False)
