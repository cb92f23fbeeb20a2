"""What the guides say is true: fields, errors, settings and links."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from opengazette import errors
from opengazette.adapters.settings import Settings
from opengazette.documentation.contract_reference import contract_reference

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_contract_reference_is_the_model() -> None:
    written = (ROOT / "docs/reference/contract.md").read_text("utf-8")
    assert written == contract_reference(), "run 'make schemas'"


def leaves() -> list[str]:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    ours = [c for c in classes if issubclass(c, errors.OpenGazetteError)]
    return [
        c.__name__ for c in ours if c.__name__ not in ("OpenGazetteError", "Retryable", "Refused")
    ]


@pytest.mark.parametrize("name", leaves())
def test_every_error_has_a_line_in_the_runbook(name: str) -> None:
    runbook = (ROOT / "docs/operators/when-it-stops.md").read_text("utf-8")
    assert f"| `{name}` |" in runbook


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    page = (ROOT / "docs/operators/settings.md").read_text("utf-8")
    assert f"`OPENGAZETTE_{name.upper()}`" in page


@pytest.mark.parametrize("guide", GUIDES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_guide_leads_somewhere(guide: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", guide.read_text("utf-8"))
    missing = [target for target in targets if not (guide.parent / target).exists()]
    assert missing == []


def test_the_site_lists_every_page() -> None:
    navigation = (ROOT / "zensical.toml").read_text("utf-8")
    pages = [str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f'"{page}"' not in navigation] == []
