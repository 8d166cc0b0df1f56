"""The documentation."""

import re
from pathlib import Path

import pytest

from docs.make import page

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_are_those_of_the_code(path: Path) -> None:
    """Generated tables are as the code has them (`scripts/make-docs` writes them)."""
    text = path.read_text(encoding="utf-8")

    assert page(text) == text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the project leads to a file."""
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_scripts_that_are_named_exist(path: Path) -> None:
    """Every script that a page names is there."""
    scripts = re.findall(r"\bscripts/[a-z-]+", path.read_text(encoding="utf-8"))

    assert [script for script in scripts if not (ROOT / script).exists()] == []
