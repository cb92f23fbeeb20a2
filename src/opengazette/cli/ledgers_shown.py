"""The ledger on the terminal: one line for each dataset, or for each entry; a release in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from opengazette.governance.ledger_chain import Chain
from opengazette.governance.ledger_state import hold_of, public_entry
from opengazette.model.ledger import LedgerEntry

_NAME = 12


def datasets_table(chains: Mapping[str, Chain]) -> Table:
    """Return one line for each dataset: its newest entry and what the public is to see."""
    table = _table("Dataset", "Entries", "Newest", "When", "The public", "Release")
    for dataset, chain in chains.items():
        if chain.problems:
            table.add_row(dataset, str(len(chain.entries)), str(chain.problems[0]), "", "", "")
            continue
        newest, public = chain.entries[-1], public_entry(chain.entries)
        table.add_row(
            dataset,
            str(len(chain.entries)),
            newest.kind,
            _when(newest),
            what_is_public(chain.entries),
            public.release.release[:_NAME] if public else "–",
        )
    return table


def what_is_public(entries: Sequence[LedgerEntry]) -> str:
    """Say what the public is to see, and whether a person has stopped the dataset."""
    public = public_entry(entries)
    ever = any(entry.kind == "published" for entry in entries)
    seen = f"{public.release.rows:,} rows" if public else "nothing" if ever else "nothing yet"
    return f"{seen}; stopped" if hold_of(entries) else seen


def entries_table(entries: Sequence[LedgerEntry]) -> Table:
    """Return one line for each entry, oldest first."""
    table = _table("Entry", "When", "What", "Release", "Rows", "On the portal", "By", "Note")
    for entry in entries:
        table.add_row(
            str(entry.sequence),
            _when(entry),
            entry.kind,
            entry.release.release[:_NAME],
            f"{entry.release.rows:,}",
            entry.uid or "–",
            entry.by or "–",
            entry.note or "–",
        )
    return table


def show_release(entry: LedgerEntry, out: Console) -> None:
    """Print everything that the ledger remembers of a release: names, counts and hashes."""
    release = entry.release
    facts = {
        "Dataset": entry.dataset,
        "Release": release.release,
        "Entry": f"{entry.sequence}, {entry.kind} on {_when(entry)}",
        "Address": entry.address or "–",
        "Rows": f"{release.rows:,}",
        "Withheld": f"{release.primary:,} + {release.complementary:,} (primary + complementary)",
        "Score": "–" if release.score is None else str(release.score),
        "Extract": f"{release.extract} ({release.extracted_rows:,} rows)",
        "Proof": release.proof or "–",
        "Contract": release.contract,
        "Rule pack": release.rule_pack,
        "Approval": release.approval,
        "Digest": entry.digest or "–",
        "Made by": f"OpenGazette {entry.program}" if entry.program else "–",
    }
    for name, value in facts.items():
        out.print(f"{name:<12}{value}", soft_wrap=True, markup=False)
    table = _table("File", "Type", "SHA-256")
    for name, (media_type, sha256) in sorted(release.documents.items()):
        table.add_row(name, media_type, sha256)
    out.print()
    out.print(table)
    out.print(f"\nRebuild it: opengazette replay {release.release[:_NAME]}", soft_wrap=True)


def _when(entry: LedgerEntry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M %Z}"


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
