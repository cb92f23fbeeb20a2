"""An archive that fails at any record: nothing is half done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from examples.offices import LocalPortal
from examples.operations import OPERATIONS, begun, converges

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.errors import ArchiveUnavailable

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_archive_that_fails_at_any_record_leaves_what_the_next_run_finishes(
    name: str,
    committed: bool,
    tmp_path: Path,
    shared_portal: LocalPortal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation, put = OPERATIONS[name], FolderArchive.put_new
    for at in range(4):
        office = begun(tmp_path / str(at), shared_portal, operation)
        calls = iter(range(1_000))

        def fail(
            archive: FolderArchive, key: str, content: bytes, at: int = at, n: Any = calls
        ) -> bool:
            strikes = next(n) == at
            if not strikes or committed:
                done = put(archive, key, content)
                if not strikes:
                    return done
            raise ArchiveUnavailable("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(FolderArchive, "put_new", fail)
            with pytest.raises(ArchiveUnavailable):
                operation.act(office)
        seen = office.shown()
        assert (seen[0] if seen else None) in (3, 4, 40, 41, None)
        converges(office, operation)
        office.clear_away()
