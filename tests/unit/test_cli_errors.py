from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from opengazette.cli import main
from opengazette.cli.approving import approve
from opengazette.cli.checking import check
from opengazette.cli.releases import datasets
from opengazette.errors import (
    ApprovalMissing,
    ContractInvalid,
    Fault,
    OpenGazetteError,
    PortalUnavailable,
    SettingsInvalid,
    StandardsNotMet,
)

SECRET = "078-05-1120"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command line with a command of the test's own, and return the exit status."""

    def call(action: Callable[[], object], *options: str) -> int:
        app = typer.Typer(pretty_exceptions_enable=False)
        app.callback()(main.options)
        app.command("try")(action)
        monkeypatch.setattr(main, "app", app)
        monkeypatch.setattr(sys, "argv", ["opengazette", *options, "try"])
        with pytest.raises(SystemExit) as ended:
            main.run()
        return int(str(ended.value.code))

    return call


def raising(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("family", "status"),
    [
        (PortalUnavailable, 75),
        (StandardsNotMet, 65),
        (SettingsInvalid, 78),
        (ContractInvalid, 78),
        (ApprovalMissing, 77),
        (Fault, 70),
    ],
)
def test_each_family_of_errors_has_one_message_a_next_step_and_its_exit_status(
    command: Callable[..., int],
    capfd: pytest.CaptureFixture[str],
    family: type[OpenGazetteError],
    status: int,
) -> None:
    assert command(raising(family("Something is wrong.", "Do this."))) == status
    out, err = capfd.readouterr()
    assert (out, err) == ("", "Error: Something is wrong.\nNext: Do this.\n")


def test_a_foreign_error_names_where_it_arose_and_quotes_nothing(
    command: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert command(raising(ValueError(f"cannot convert {SECRET}"))) == Fault.exit_status
    err = capfd.readouterr().err
    assert err.startswith("Error: ValueError in test_cli_errors.py, action, line ")
    assert "--debug" in err
    assert SECRET not in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(
    command: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert command(raising(ValueError("cannot convert")), "--debug") == Fault.exit_status
    assert "Traceback" in capfd.readouterr().err


def test_an_interrupt_ends_cleanly(
    command: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert command(raising(KeyboardInterrupt())) == 130
    assert capfd.readouterr() == ("", "")


def test_a_command_that_ends_with_a_status_passes_it_on(command: Callable[..., int]) -> None:
    assert command(raising(typer.Exit(1))) == 1


def test_a_misspelt_command_is_told_in_one_message(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["opengazette", "nightlie"])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 2
    err = capfd.readouterr().err
    assert "nightlie" in err
    assert "Traceback" not in err


def test_a_folder_without_contracts_says_where_to_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["opengazette", "nightly"])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == ContractInvalid.exit_status
    assert "OPENGAZETTE_ROOT" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "option"),
    [(("", "expert", "Read it"), "--approver"), (("Ann", "expert", "x"), "--reason")],
)
def test_an_approval_without_words_is_refused_before_the_long_work(
    words: tuple[str, str, str], option: str
) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        approve("covid_testing", *words)
    assert refused.value.param_hint == option


def test_a_folder_without_contracts_is_no_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(tmp_path))
    for listing in (datasets, check):
        with pytest.raises(ContractInvalid, match="There is no contract in"):
            listing()
