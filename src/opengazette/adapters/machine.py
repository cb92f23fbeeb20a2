"""The name of this machine in a ledger that several share."""

from __future__ import annotations

import os
import secrets

from opengazette.adapters.settings import Settings, written_folder


def machine_name(settings: Settings) -> str:
    """Return a name that this folder's runs keep and no other has; made where there is none.

    It is random and tells nothing of the machine.

    Raises:
        SettingsInvalid: nothing can be written below `var`.
    """
    file = written_folder(settings, "run") / "machine"
    if not file.exists():
        draft = file.with_suffix(f".{secrets.token_hex(4)}")
        draft.write_text(f"machine-{secrets.token_hex(6)}", encoding="utf-8")
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text(encoding="utf-8").strip()
