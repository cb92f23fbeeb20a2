"""What one run adds to a dataset's chain, and whether the dataset is still its to send."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from opengazette.errors import LedgerConflict
from opengazette.governance.ledger_state import CLAIM
from opengazette.model.ledger import EntryKind, Portrait
from opengazette.ports import Clock, Ledger, PublicState

#: How the ledger's note of an intent begins that waits for the portal's reviewers.
HELD: Final = "Held by the portal"
#: What a person writes who lets nothing more out; what stands on the portal is as it was.
_STOPS: Final = ("hold", "resumed")


class Links:
    """What one run adds to a chain: each entry directly after the last, or not at all.

    It is the run's `ports.Claim` as well: the ledger is read again before anything is sent that
    the public can see.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        portrait: Portrait,
        dataset: str,
        length: int,
        note: str,
        by: str | None,
    ) -> None:
        self._ledger, self._clock, self._portrait = ledger, clock, portrait
        self._dataset, self._length, self._note, self._by = dataset, length, note, by
        self._claimed = clock.now()
        self.uid: str | None = None

    def intend(self, uid: str | None) -> None:
        """Write what is meant; `uid` is where, once that is known."""
        self.uid = uid
        self._claimed = self._clock.now()
        self._add("intent", self._note)

    def give_up(self, problem: str) -> None:
        """Write that what was meant is not meant any more, before anything was sent."""
        self._add("abandoned", problem)

    def wait(self, problem: str) -> None:
        """Write that what is meant waits for the portal's reviewers; it stays meant."""
        self._add("intent", f"{HELD}: {problem}")

    def roll_back(self, problem: str) -> None:
        """Write that the portal refused, and what is public."""
        self._add("rolled_back", problem)

    def receive(self, seen: PublicState) -> None:
        """Write what a stranger sees."""
        self.uid = seen.uid
        told = f"The portal shows otherwise: {', '.join(seen.otherwise)}." * bool(seen.otherwise)
        self._add("published", " ".join(filter(None, (self._note, told))), seen)

    def refuse_lost(self) -> None:
        """Let nothing more be seen of what a person stopped, or another run took over.

        A claim that has lasted for half its time is written anew, which only one run can do: so
        none is lost while a request is on its way, however long the run goes on.

        Raises:
            LedgerConflict: the ledger has gone on without this run.
        """
        if self._clock.now() >= self._claimed + CLAIM / 2:
            self.intend(self.uid)
            return
        self._refuse_since(but=())

    def refuse_taken(self) -> None:
        """Put nothing back over what another run sends, nor what a person took off the portal.

        Raises:
            LedgerConflict: another run has written an entry, or the dataset was withdrawn.
        """
        self._refuse_since(but=_STOPS)

    def _refuse_since(self, *, but: Collection[str]) -> None:
        entries = self._ledger.entries(self._dataset)
        since = [e for e in entries[self._length :] if e.kind not in but]
        if since or len(entries) < self._length:
            raise LedgerConflict(
                f"{self._dataset}: Another run or a person wrote to its ledger while this run was "
                "sending; it makes nothing more public.",
                f"See who: opengazette ledger {self._dataset}. What is public now: opengazette "
                f"watch {self._dataset}.",
            )

    def _add(self, kind: EntryKind, note: str, seen: PublicState | None = None) -> None:
        self._ledger.append(
            self._dataset,
            kind,
            self._clock.now(),
            self._portrait,
            after=self._length,
            uid=self.uid,
            address=seen.address if seen else None,
            digest=seen.digest if seen else None,
            papers=seen.papers if seen else None,
            note=note,
            by=self._by,
        )
        self._length += 1
