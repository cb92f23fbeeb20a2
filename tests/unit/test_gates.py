"""The shape of the house: who may make a stage, what may be imported, where there is no Python."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "opengazette"

#: The one module that may make each stage.
MAKERS = {
    "Extracted": "steps/extract.py",
    "Validated": "steps/validate.py",
    "Deidentified": "steps/deidentify.py",
    "Cleared": "steps/clear.py",
    "Documented": "steps/document.py",
    "Approved": "steps/approve.py",
    "Published": "steps/publish.py",
}


def modules() -> Iterator[Path]:
    yield from (p for p in PACKAGE.rglob("*.py") if "__pycache__" not in p.parts)
    for folder in ("flows", "tasks"):
        yield from (ROOT / folder).rglob("*.py")


def called_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Attribute):
                names.add(target.attr)
            elif isinstance(target, ast.Name):
                names.add(target.id)
    return names


@pytest.mark.parametrize(("stage", "maker"), MAKERS.items())
def test_each_stage_is_made_in_one_place(stage: str, maker: str) -> None:
    found = {p for p in modules() if stage in called_names(p)}
    assert found == {PACKAGE / maker}


def test_no_stage_is_copied_with_changes() -> None:
    """`replace` could make an `Approved` out of another release."""
    for path in [*(PACKAGE / "steps").glob("*.py"), *(ROOT / "flows").glob("*.py")]:
        text = path.read_text("utf-8")
        assert "dataclasses.replace" not in text, path
        assert "import replace" not in text, path


@pytest.mark.parametrize("folder", ["config", "expectations", "deployments"])
def test_data_folders_hold_no_python(folder: str) -> None:
    assert list((ROOT / folder).rglob("*.py")) == []


def test_importing_everything_does_nothing() -> None:
    """No network, no file written, no setting read when a module is imported."""
    program = """
import importlib, pkgutil, socket, sys, builtins, io
def refuse(*args, **kwargs): raise SystemExit("a module opened a connection on import")
socket.socket.connect = refuse
import opengazette
names = [m.name for m in pkgutil.walk_packages(opengazette.__path__, "opengazette.")
         if not m.name.endswith("__main__")]
for name in names: importlib.import_module(name)
assert "great_expectations" not in sys.modules, "imported where it is not used"
assert len(names) > 40, names
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENGAZETTE_")}
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_links_give_flows_and_tasks_one_name() -> None:
    for folder in ("flows", "tasks", "config", "expectations"):
        link = PACKAGE / folder
        assert link.is_symlink()
        assert link.resolve() == ROOT / folder
