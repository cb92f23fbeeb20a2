"""A night is followed through the Prefect server, and what it came to never hangs on that."""

from __future__ import annotations

import socket
from pathlib import Path

from opengazette.adapters.settings import Settings
from opengazette.cli.night_watch import begun


def test_a_server_that_does_not_answer_makes_the_progress_pause(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = Settings(root=tmp_path, var=tmp_path / "var", prefect_port=port)
    with begun(settings, (), tmp_path / "log" / "nightly.log") as night:
        assert night.progress() == ()


def test_the_run_of_a_night_is_read_from_its_own_note(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, var=tmp_path / "var")
    with begun(settings, (), tmp_path / "log" / "nightly.log") as night:
        assert night.run_id() is None
        night.noted.parent.mkdir(parents=True)
        night.noted.write_text("a-run")
        assert night.run_id() == "a-run"
    assert not night.noted.exists()


def test_a_night_that_is_left_early_is_stopped(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, var=tmp_path / "var")
    with begun(settings, (), tmp_path / "log" / "nightly.log") as night:
        assert night.process.poll() is None
    assert night.process.returncode is not None
