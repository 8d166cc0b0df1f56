"""The documentation."""

import re
from pathlib import Path

import pytest

from docs.make import page
from han_gateway import cli

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY"))]
INSTALL = ROOT / "docs" / "install.md"


def commands(path: Path) -> list[list[str]]:
    """The commands that a page tells to type, block by block."""
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)]


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


def test_installing_names_files_and_commands_that_exist() -> None:
    """What docs/install.md copies is there, and what it calls is a command of ours with these options."""
    lines = [line for block in commands(INSTALL) for line in block]
    copied = [match[1] for line in lines if (match := re.match(r"sudo cp (\S+) ", line))]
    called = [line.split()[1:] for line in lines if line.startswith("/opt/han-gateway/bin/han-gateway ")]

    assert len(copied) >= 4
    assert [name for name in copied if not (ROOT / name).is_file()] == []
    for words in called:
        if words != ["--version"]:
            assert cli._parser(words).parse_args(words).command in cli.COMMANDS
    assert len(called) >= 3


def test_uninstalling_removes_all_that_was_installed() -> None:
    """Every place that docs/install.md writes to is named, or lies in a folder that is named, where it is removed again."""
    *before, end = commands(INSTALL)
    removed = [word for line in end if "rm -" in line for word in line.split() if word.startswith("/")]
    written = {
        word if not word.endswith("/") else word + Path(line.split()[2]).name
        for block in before
        for line in block
        if re.match(r"sudo (cp|mkdir|install)|printf|.* -m venv", line)
        for word in line.split()[-1:]
    }

    assert len(written) >= 7
    assert [place for place in written if not any(f"{place}/".startswith(f"{each}/") for each in removed)] == []


def test_the_udev_rule_names_the_unit_and_the_driver_list_the_drivers() -> None:
    """The rule is one line of matches and assignments, and what it starts is the unit that is shipped."""
    lines = (ROOT / "systemd" / "99-han-gateway.rules").read_text(encoding="utf-8").splitlines()
    (rule,) = (line for line in lines if line and not line.startswith("#"))

    assert [part for part in rule.split(", ") if not re.fullmatch(r'[A-Z]+(\{\w+\})?(==|!=|=|\+=)"[^"]+"', part)] == []
    unit = re.findall(r'SYSTEMD_WANTS\}\+="(\S+)@home\.service"', rule)
    assert [name for name in unit if not (ROOT / "systemd" / f"{name}@.service").exists()] == []
    assert unit
