"""One run at a time for each dataset, on one machine."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from opengazette.adapters.settings import Settings, written_folder
from opengazette.errors import LedgerConflict


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
