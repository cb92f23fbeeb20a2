"""Hold a release that was made once more against what the ledger remembers of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from opengazette.errors import ReplayDiffers
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import DocumentRef, Release
from opengazette.steps.publish import release_of

Stored = Literal["whole", "missing or damaged"]
Rebuilt = Literal["same", "differs", "not rebuilt"]

_STORED: dict[bool, Stored] = {True: "whole", False: "missing or damaged"}


@dataclass(frozen=True)
class FileReplayed:
    """One file of a release: what the ledger says, what the archive has, what was made anew."""

    name: str
    sha256: str
    stored: Stored
    rebuilt: Rebuilt

    @property
    def is_proved(self) -> bool:
        """Tell whether bytes with this digest are at hand: made anew, or read."""
        return self.rebuilt == "same" or (self.rebuilt == "not rebuilt" and self.stored == "whole")


def held_against(
    receipt: LedgerEntry, is_whole: Callable[[str], bool], rebuilt: Release | None
) -> tuple[FileReplayed, ...]:
    """Compare every file of a release, digest by digest, by name.

    `is_whole` asks the archive itself, without what was made anew and without copies that lie
    nearer by; `rebuilt` is None where only what is stored is looked at. What is not done: the
    tables behind the files are not compared, whose form is nobody's promise.

    Raises:
        ArchiveUnavailable: the archive does not answer.
    """
    past = release_of(receipt)
    made = {d.name: d.sha256 for d in rebuilt.documents} if rebuilt else {}
    return tuple(
        FileReplayed(d.name, d.sha256, _STORED[is_whole(d.sha256)], _rebuilt(made, d))
        for d in sorted(past.documents, key=lambda each: each.name)
    )


def refuse_differences(receipt: LedgerEntry, files: tuple[FileReplayed, ...]) -> None:
    """Let nothing pass for proved that is not.

    Raises:
        ReplayDiffers: names the files that were made otherwise, or are lost.
    """
    differing = [f.name for f in files if not f.is_proved]
    if not differing:
        return
    raise ReplayDiffers(
        f"{receipt.dataset}: {len(differing)} of {len(files)} files of the release were not "
        f"rebuilt byte for byte: {', '.join(differing)}.",
        _remedy(files),
    )


def _remedy(files: tuple[FileReplayed, ...]) -> str:
    if any(f.rebuilt == "differs" for f in files):
        return (
            "Another version of OpenGazette, or another department or population file, makes them "
            "otherwise: rebuild with those of that day. 'opengazette replay --stored' reads what "
            "the archive has."
        )
    return "Restore the archive from its copy, or rebuild them without --stored."


def _rebuilt(made: Mapping[str, str], document: DocumentRef) -> Rebuilt:
    if not made:
        return "not rebuilt"
    return "same" if made.get(document.name) == document.sha256 else "differs"
