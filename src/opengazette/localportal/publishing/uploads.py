"""Bytes of uploads: chunks by their byte offset, in any order, and put together at the end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from opengazette.localportal.problems import Problem, bad_request

CHUNK_BYTES: Final = 4 * 1024 * 1024
PARALLEL: Final = 4
_WHOLE: Final = "whole"


def begin(folder: Path) -> None:
    """Make room for an upload; what a broken attempt left is dropped."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def put_chunk(folder: Path, staged: Path, seq: int, offset: int) -> None:
    """Put a received chunk in its place; the same chunk sent again takes the place over.

    Raises:
        Problem: the upload was not initiated (400).
    """
    if not folder.is_dir():
        raise bad_request("The upload was not initiated.", "upload.not-initiated")
    staged.rename(folder / f"{seq}.{offset}")


def put_together(folder: Path, last_seq: int, size: int) -> Path:
    """Join the chunks to the whole file and return it; done twice it is done once.

    Raises:
        Problem: a chunk is missing, or the chunks are not as many bytes as the client says.
    """
    whole = folder / _WHOLE
    if whole.exists():
        _refuse_other_size(whole.stat().st_size, size)
        return whole
    chunks = _in_order(folder, last_seq, size)
    building = folder / "building"
    with building.open("wb") as file:
        for chunk in chunks:
            with chunk.open("rb") as part:
                shutil.copyfileobj(part, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())
    building.rename(whole)
    for chunk in chunks:
        chunk.unlink()
    return whole


def whole_file(folder: Path) -> Path | None:
    """Return the file that was put together, or None."""
    whole = folder / _WHOLE
    return whole if whole.exists() else None


def take_whole(folder: Path, staged: Path) -> Path:
    """Take a file that came in one piece."""
    begin(folder)
    staged.rename(folder / _WHOLE)
    return folder / _WHOLE


def _in_order(folder: Path, last_seq: int, size: int) -> list[Path]:
    by_seq: dict[int, tuple[int, Path]] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        number, dot, offset = path.name.partition(".")
        if dot and number.isdigit() and offset.isdigit():
            by_seq[int(number)] = (int(offset), path)
    end = 0
    for seq in range(last_seq + 1):
        found = by_seq.get(seq)
        if found is None or found[0] != end:
            raise bad_request(
                f"Chunk {seq} of the upload is missing or does not begin at byte {end}.",
                "upload.chunk-missing",
            )
        end += found[1].stat().st_size
    _refuse_other_size(end, size)
    return [by_seq[seq][1] for seq in range(last_seq + 1)]


def _refuse_other_size(there: int, said: int) -> None:
    if there != said:
        raise Problem(
            400, "upload.size-mismatch", f"The upload has {there} bytes, the client says {said}."
        )
