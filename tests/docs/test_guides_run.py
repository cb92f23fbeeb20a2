"""Every command that a guide, a message or the README tells a person to type can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from opengazette.cli.main import app

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def typed(text: str) -> Iterator[str]:
    """List what a guide sets as code: fenced blocks (continued lines joined) and inline code."""
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def lines_beginning(word: str) -> list[tuple[str, str]]:
    start = re.compile(rf"^\s*(?:\$ )?(?:\.venv/bin/)?({word} .*)$")
    return [
        (str(guide.relative_to(ROOT)), found.group(1).split("  #")[0].strip())
        for guide in GUIDES
        for line in typed(guide.read_text("utf-8"))
        if (found := start.match(line)) and "…" not in line
    ]


def misspelt(words: list[str]) -> list[str]:
    """Return the words that no command or option of ours answers to."""
    command: Any = typer.main.get_command(app)
    unknown: list[str] = []
    for word in words:
        inner = getattr(command, "commands", {})
        if word in inner:
            command = inner[word]
        elif word.startswith("--"):
            options = {s for p in command.params for s in (*p.opts, *p.secondary_opts)}
            unknown += [] if word.split("=")[0] in options | {"--help"} else [word]
        elif inner:
            unknown.append(word)
    return unknown


@pytest.mark.parametrize(("guide", "line"), lines_beginning("opengazette"))
def test_every_command_of_a_guide_exists_with_its_options(guide: str, line: str) -> None:
    assert misspelt(shlex.split(line)[1:]) == [], guide


@pytest.mark.parametrize(("guide", "line"), lines_beginning("make"))
def test_every_make_target_of_a_guide_exists(guide: str, line: str) -> None:
    target = line.split()[1]
    assert target in TARGETS, guide


def test_a_misspelt_command_would_be_found() -> None:
    assert misspelt(["rehearze", "x"]) == ["rehearze", "x"]
    assert misspelt(["run", "x", "--dry"]) == ["--dry"]
    assert len(lines_beginning("opengazette")) > 10
