"""Servers as child processes: one pid file and one log each, and never two of a kind."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opengazette.errors import Fault

#: Seconds that a server gets to end by itself before it is killed.
GRACE_SECONDS = 10.0
_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Service:
    """A server that runs beside us: its name, its command, where it notes itself.

    The pid file stays locked for as long as the server lives, because the server inherits the
    lock: a pid that another program has taken over since is never mistaken for it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    pid_file: Path
    log_file: Path

    def start(self) -> None:
        """Start the server in a session of its own, with its output in its log file."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.pid_file.open("a+") as held, self.log_file.open("ab") as log:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(held.fileno(),),
            )
            held.truncate(0)
            held.write(str(process.pid))

    def pid(self) -> int | None:
        """Return the process of the server, or None where it does not run."""
        if not self.pid_file.exists():
            return None
        with self.pid_file.open() as noted:
            try:
                fcntl.flock(noted, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(noted.read() or 0) or None
        return None

    def await_health(self, healthy: Callable[[], bool], seconds: float) -> None:
        """Return when the server answers.

        Raises:
            Fault: it ended, or has not answered in time; names its log.
        """
        deadline = time.monotonic() + seconds
        while not healthy():
            if self.pid() is None:
                raise Fault(f"The {self.name} ended as it started.", f"Read {self.log_file}.")
            if time.monotonic() > deadline:
                self.stop()
                raise Fault(
                    f"The {self.name} has not answered within {seconds:.0f} seconds.",
                    f"Read {self.log_file}.",
                )
            time.sleep(_TICK_SECONDS * 2)

    def stop(self) -> bool:
        """End the server and all that it started; tell whether it ran."""
        pid = self.pid()
        if pid is None:
            self.pid_file.unlink(missing_ok=True)
            return False
        self._signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self.pid() is not None and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(_TICK_SECONDS)
        if self.pid() is not None:
            self._signal(pid, signal.SIGKILL)
        _reap(pid)
        self.pid_file.unlink(missing_ok=True)
        return True

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
