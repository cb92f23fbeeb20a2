"""The flow that watches what is public: every night, after everything was published."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from opengazette.cli.watching import Watched, watch_lines
from opengazette.tasks.telling import tell
from opengazette.tasks.watching import datasets_of_the_ledger, watched


@flow(name="watch-portal", persist_result=False, log_prints=False)
def watch_portal(*, repair: bool | None = None) -> State[list[Watched]]:
    """Compare what the public sees with the ledger; what is not put right fails the run.

    Args:
        repair: put right what can be, or only look; as the contracts say where neither is said
    """
    seen = [watched(dataset, repair=repair) for dataset in datasets_of_the_ledger()]
    create_table_artifact(
        key="watch",
        table=[{"Dataset": w.dataset, "Found": line} for w in seen for line in watch_lines(w)],
        description="What the public sees, held against the ledger",
    )
    unsound = [each for each in seen if not each.is_sound]
    if unsound:
        lines = [line for each in unsound for line in watch_lines(each)]
        untold = tell(f"OpenGazette: drift found in {len(unsound)} datasets", lines)
        lines += [untold] if untold else []
        return Failed(name="Drift found", message="\n".join(lines))
    return Completed(message=f"{len(seen)} datasets are as the ledger says.", data=seen)
