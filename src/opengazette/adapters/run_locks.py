"""One run at a time for each dataset, and for linked ones together, on one machine."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from opengazette.adapters.settings import Settings, written_folder
from opengazette.errors import LedgerConflict
from opengazette.model.contract import Contract


@contextmanager
def holding(settings: Settings, dataset: str) -> Iterator[None]:
    """Hold a dataset for as long as the block runs.

    The operating system lets go when the process ends, however it ends, so a killed run never
    blocks the next. What is not done: runs on several machines are kept apart by the ledger, where
    an intent without an outcome is another machine's claim.

    Raises:
        LedgerConflict: another run holds the dataset.
        SettingsInvalid: nothing can be written below `var`.
    """
    file = written_folder(settings, "run") / f"{dataset}.lock"
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerConflict(
                f"{dataset}: another run of this dataset is under way.",
                "Wait until it has ended; the next run takes it up again.",
            ) from None
        yield


@contextmanager
def in_turn(settings: Settings, contract: Contract) -> Iterator[None]:
    """Wait until no run of a linked dataset is under way, and keep the next one waiting.

    Of two linked datasets, the later is audited together with the release of the earlier one; at
    the same time, each would be audited without the other and one of them be refused in the end.
    A dataset without links waits for nobody.

    Raises:
        SettingsInvalid: nothing can be written below `var`.
    """
    linked = {link.dataset for link in contract.linked_to}
    folder = written_folder(settings, "run")
    with ExitStack() as held:
        # In one order for all, so that no two runs wait for each other.
        for each in sorted({contract.id, *linked}) if linked else ():
            lock = held.enter_context((folder / f"{each}.linked.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
