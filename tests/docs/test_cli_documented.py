from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from opengazette.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs/reference/cli.md").read_text()


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for part, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{name} {part}")


COMMANDS = dict(commands(typer.main.get_command(app), "opengazette"))


def section(name: str) -> str:
    found = re.search(rf"^##+ `{re.escape(name)}`\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    return found.group(1) if found else ""


def spellings(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [str(parameter.metavar)]
    return [s for s in (*parameter.opts, *parameter.secondary_opts) if s != "--help"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_all_its_options(name: str) -> None:
    command, text = COMMANDS[name], section(name)
    assert text.strip(), f"docs/reference/cli.md has no section `{name}`"
    for spelling in (s for parameter in command.params for s in spellings(parameter)):
        assert f"`{spelling}`" in text, f"{name}: {spelling} is not documented"


def test_no_section_describes_a_command_that_does_not_exist() -> None:
    described = re.findall(r"^##+ `(opengazette[^`]*)`$", PAGE, re.M)
    assert set(described) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_its_help_what_it_does(name: str) -> None:
    assert COMMANDS[name].help
