"""A portal that shows whatever it is sent, and lets a test act while it is being sent to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from examples.releases import SHA

from opengazette.model.public_face import Seen, Standing
from opengazette.model.stages import Approved, Release
from opengazette.ports import Claim, PublicState


@dataclass
class Obliging:
    """A portal with at most one dataset; `during` is done while rows are being sent."""

    uid: str = "abcd-1234"
    during: Callable[[], object] = lambda: None
    standing: Standing = "absent"
    digest: str = SHA
    papers: str | None = None
    sent: list[Release] = field(default_factory=list)
    made_private: list[str] = field(default_factory=list)
    sending: int = 0
    most_at_once: int = 0

    def changes_rows(self, _dataset: str) -> bool:
        return False

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        if self.standing == "absent":
            return None
        public = self.standing == "public"
        return PublicState(uid, self._address, 1, self.digest, public, self.papers)

    def publish(
        self,
        release: Approved,
        *,
        uid: str | None,
        before: Release | None,
        created: Callable[[str], None] | None = None,
        claim: Claim | None = None,
    ) -> PublicState:
        if uid is None and created is not None:
            created(self.uid)
        self.sending += 1
        self.most_at_once = max(self.most_at_once, self.sending)
        self.sent.append(release.release)
        try:
            self.during()
        finally:
            self.sending -= 1
        self.standing = "public"
        return PublicState(self.uid, self._address, 1, self.digest, True, self.papers)

    def seen(self, uid: str, columns: Mapping[str, str], key: Sequence[str]) -> Seen:
        return Seen(uid, self._address, self.standing, None)

    def withdraw(self, uid: str, *, delete: bool) -> None:
        self.made_private.append(uid)
        self.standing = "absent" if delete else "private"

    @property
    def _address(self) -> str:
        return f"https://data.example.gov/d/{self.uid}"
