"""Names and messages are shown as they are, whatever they hold; nothing of them is markup."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import show_reports
from opengazette.model.receipts import RunReport

CLI = Path(__file__).parents[2] / "src/opengazette/cli"


@pytest.mark.parametrize(
    "problem", ["column [race] is not listed.", "/data[/x] cannot be read.", "[red]ALL[/red]"]
)
def test_the_last_words_of_a_night_are_whole_and_hide_no_other(problem: str) -> None:
    first = RunReport("births", "Births", "refused", 1.0, problem=problem, remedy="See [b].")
    second = RunReport("deaths", "Deaths", "failed", 1.0, problem="It broke.")
    out = StringIO()
    show_reports([first, second], Console(file=out, width=160))
    assert out.getvalue().splitlines()[-3:] == [
        f"births: {problem} See [b].",
        "",
        "deaths: It broke.",
    ]


def test_a_step_is_shown_as_it_is() -> None:
    out = StringIO()
    with telling(Console(file=out), "births[/x]") as tell:
        tell("clear")
    assert out.getvalue() == "births[/x]: clear\n"


def consoles() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(CLI.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Console":
                yield f"{file.name}, line {node.lineno}", node


def test_no_terminal_of_the_command_line_reads_markup() -> None:
    opened = dict(consoles())
    assert opened
    told = {
        where: [ast.unparse(k.value) for k in call.keywords if k.arg == "markup"]
        for where, call in opened.items()
    }
    assert all(said == ["False"] for said in told.values()), told
