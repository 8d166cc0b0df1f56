"""The documentation."""

import ast
import json
import re
from pathlib import Path

import pytest

from docs.make import page
from docs.pictures import FOLDER, PICTURES
from han_gateway import cli
from han_gateway.config import settings
from han_gateway.core import diversity, fairness, foresight, heat, phases, sharing, times, usage
from han_gateway.core.seen import question, remainder
from han_gateway.core.site import Charger, Policy
from han_gateway.core.units import Line
from han_gateway.simulation.classes import JUDGING_SEED

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY"))]
INSTALL = ROOT / "docs" / "install.md"
TROUBLE = ROOT / "docs" / "troubleshooting.md"


PROTECTION, RULES, BENCH = (ROOT / "docs" / f"{name}.md" for name in ("protection", "rules", "bench"))
WORDS = 1100
"""So many words of docs/protection.md, with those of its table and beside its pictures, are two pages of A4 in letters of 10.5 points, within
margins of 15 mm and with four pictures as wide as it says. Print it before you change this."""
KILOBYTES = 40
"""No picture is larger."""
POLICY = Policy()
ANY = Charger(name="any", lines=frozenset({Line.L1}))
MINIMUM = f"{ANY.minimum_ma // 1000} A"
LAW = (
    f"every {POLICY.list_period_ms // 1000} s",
    f"(`margin_a`, {settings.SiteSettings.model_fields['margin_a'].default:g} A)",
    f"minimum of {MINIMUM}",
    f"the last {POLICY.raise_window_ms // 1000} s (`raise_window_s`)",
    f"takes nothing for {times.SETTLED_MS // 1000} s",
    f"undoes within {times.SHOWN_MS // 1000} s (within {times.SETTLED_MS // 1000} s, if it is a pause)",
    "1.7 times as long",  # tests/core/test_patience.py
    f"up to {POLICY.longest_window_ms // 1000} s (`longest_window_s`)",
    "stood longer takes that back",
    f"After {times.QUIET_MS // 60_000} minutes without a cut",
    f"less than {POLICY.raise_deadband_ma // 1000} A (`raise_deadband_a`)",
    f"nothing has changed for {times.SETTLED_MS // 1000} s",
    f"more than {POLICY.foresee_above_percent - 100} % of the fuse (`foresee_above_percent`)",
    f"up to {foresight.SURE_PERCENT} %; a guess that was right",
    f"its turn for {times.TURN_MS // 60_000} minutes",
    f"cut in the last {times.QUIET_MS // 60_000} minutes, a paused",
    f"there are {sharing.SPARE_MA // 1000} A more than its minimum: else",
    f"shows for {times.SETTLED_MS // 1000} s that less than {remainder.BARE_MA // 1000} A are left",
    f"in the last {remainder.SUN_MS // 3_600_000} hours: the sun",
    f"has had {fairness.LEAD_MA / 1000:g} A less",
    f"at its minimum for {times.SHOWN_MS // 1000} s",
    f"stays {fairness.UNUSED_MA / 1000:g} A below its limit for {times.SETTLED_MS // 1000} s",
    f"what it draws and {fairness.SLACK_MA // 1000} A to grow",
    f"up to {1 + heat.EXCESS_PERCENT / 100:g} times the fuse",
    f"a time constant of {heat.TAU_MS // 1000} s",
    f"stands still for {times.QUIET_MS // 60_000} minutes",
    f"({times.SHOWN_MS // 1000} s where it has answered before)",
    f"lowered by {question.QUESTION_MA // 1000} A",
    f"was cut for {times.QUIET_MS // 60_000} minutes, it is raised by {question.QUESTION_MA // 1000} A",
    f"{question.QUESTION_MA // 1000} A more now and then",
    f"given its minimum anew after {fairness.LOOK_AGAIN_MS // 60_000} minutes",
    f"more than {diversity.BORNE_PERCENT} % of the fuse: should",
    f"{usage.SEEN_REPORTS} reports over {times.SHOWN_MS // 1000} s",
    f"{POLICY.report_fresh_ms // 1000} s without a report (`report_fresh_s`)",
    f"paused for {times.SETTLED_MS // 1000} s",
    f"room for {phases.SPARE_MA // 1000} A more than its minimum",
    f"{times.QUIET_MS // 60_000} minutes at least",
    f"at most {usage.MOST_SWITCHES} changes",
    f"`stale` after {POLICY.stale_after_ms // 1000} s",
    f"`lost` after {POLICY.lost_after_ms // 1000} s",
    f"expire after {POLICY.valid_for_ms // 1000} s (`valid_for_s`)",
    f"margin of {POLICY.estimate_margin_ma / 1000:g} A (`estimate_margin_a`)",
)
"""Figures of the law as docs/rules.md words them, from the code."""
SHORT = (
    f"Every {POLICY.list_period_ms // 1000} s the meter sends a list",
    f"less {settings.SiteSettings.model_fields['margin_a'].default:g} A, is the *room*",
    f"below its minimum of {MINIMUM} it pauses",
    f"list of the last {POLICY.raise_window_ms // 1000} s allows",
    f"those {POLICY.raise_window_ms // 1000} s become up to {POLICY.longest_window_ms // 1000} s",
    f"by more than {POLICY.foresee_above_percent - 100} % of the fuse",
    f"its turn for {times.TURN_MS // 60_000} minutes",
    f"stays {fairness.UNUSED_MA / 1000:g} A below its limit for {times.SETTLED_MS // 1000} s",
    f"what it draws and {fairness.SLACK_MA // 1000} A",
    f"gets {MINIMUM} only if nobody else needs them",
    f"**Held at {MINIMUM}.**",
    f"up to {1 + heat.EXCESS_PERCENT / 100:g} times the fuse",
    f"moved by {question.QUESTION_MA // 1000} A now and then",
    f"{usage.SEEN_REPORTS} reports over {times.SHOWN_MS // 1000} s",
    f"margin of {POLICY.estimate_margin_ma / 1000:g} A",
    f"`stale` after {POLICY.stale_after_ms // 1000} s",
    f"`lost` after {POLICY.lost_after_ms // 1000} s",
    f"each `fallback_a` ({ANY.fallback_ma // 1000} A)",
    f"expire after {POLICY.valid_for_ms // 1000} s",
    f"held at {MINIMUM} rather",
)
"""The same as docs/protection.md words them."""
NOT_OURS = ("13.4 %", "every 2 to 2.5 s", "a 25 A gG fuse must carry 52 A for 10 s", "up to 10 s", "1-phase")
"""Figures of nets, meters and fuses."""


def commands(path: Path) -> list[list[str]]:
    """The commands that a page tells to type, block by block."""
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_are_those_of_the_code(path: Path) -> None:
    """Generated tables are as the code has them (`scripts/make-docs` writes them)."""
    text = path.read_text(encoding="utf-8")

    assert page(text) == text


def test_every_promise_was_held_by_a_campaign() -> None:
    """What docs/promises.md promises held when it was tried last, and the command that tried it names a campaign that is there."""
    kept = json.loads((ROOT / "docs" / "figures.json").read_text(encoding="utf-8"))
    names = {each["command"].split()[-1] for each in kept.values()}

    assert [name for name, each in kept.items() if not each["holds"]] == []
    assert [name for name in names if not (ROOT / "tests" / "campaign" / f"{name.replace('-', '_')}.py").exists()] == []
    assert len(kept) > 10


def test_the_readme_promises_what_is_tried() -> None:
    """Each promise in the README is word for word one that a campaign has tried."""
    kept = json.loads((ROOT / "docs" / "figures.json").read_text(encoding="utf-8"))
    _, listed = (ROOT / "README.md").read_text(encoding="utf-8").split("It promises, among other things:\n")
    promised = re.findall(r"^\* (.*)$", listed.split("\n\nEach promise")[0], re.MULTILINE)

    assert [words for words in promised if words not in {each["text"] for each in kept.values()}] == []
    assert len(promised) > 5


def test_every_symptom_is_a_message_of_the_program() -> None:
    """Each sentence in quotes in docs/troubleshooting.md stands in the source, where the program says it, and each row has three cells."""
    strings = " ".join(
        node.value
        for path in (ROOT / "han_gateway").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    rows = [line for line in TROUBLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "it says" not in line]
    quoted = [re.findall(r'"([^"]+)"', row.split("|")[1]) for row in rows]

    assert [words for row in quoted for words in row if words not in strings] == []
    assert all(quoted)
    assert [row for row in rows if len(row.strip("|").split(" | ")) != 3] == []
    assert len(rows) > 30


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the project, or to a place in one, leads to a file, and every picture is one."""
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) + re.findall(r'src="([^"]+)"', text)

    assert [link for link in links if not (path.parent / link).exists()] == []


def places(path: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_headings(path: Path) -> None:
    """Every link to a place in a page leads to a heading of that page."""
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", path.read_text(encoding="utf-8"))

    assert [(page, place) for page, place in links if place not in places(path.parent / page if page else path)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_scripts_that_are_named_exist(path: Path) -> None:
    """Every script that a page names is there."""
    scripts = re.findall(r"\bscripts/[a-z-]+", path.read_text(encoding="utf-8"))

    assert [script for script in scripts if not (ROOT / script).exists()] == []


def test_installing_names_files_and_commands_that_exist() -> None:
    """What docs/install.md copies is there, and what it calls is a command of ours with these options."""
    lines = [line for block in commands(INSTALL) for line in block]
    copied = [match[1] for line in lines if (match := re.match(r"sudo cp (\S+) ", line))]
    called = [line.removeprefix("sudo ").split()[1:] for line in lines if "/opt/han-gateway/bin/han-gateway " in line]

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


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_what_the_program_does(name: str) -> None:
    """Each picture follows, byte by byte, from its scenario or its figures (`scripts/make-docs` draws them), and is small."""
    drawn = PICTURES[name]()

    assert (FOLDER / name).read_text(encoding="utf-8") == drawn
    assert len(drawn.encode()) < KILOBYTES * 1024


def test_every_picture_is_drawn_and_shown() -> None:
    """There is no picture that nobody draws, and none that neither docs/protection.md nor docs/bench.md shows."""
    shown = {
        name for path in (PROTECTION, BENCH) for name in re.findall(r"pictures/([a-z]+\.svg)", path.read_text(encoding="utf-8"))
    }

    assert sorted(shown) == sorted(PICTURES) == sorted(path.name for path in FOLDER.glob("*.svg"))


def test_the_short_page_stays_short() -> None:
    """docs/protection.md has no more words than fit on two pages."""
    assert len(PROTECTION.read_text(encoding="utf-8").split()) <= WORDS


def unexplained(path: Path, *known: str) -> list[str]:
    """Figures in the prose of a page that are not within known words; and known words that are not there."""
    text = re.sub(
        r"<!-- (\w+) -->.*?<!-- end -->|!\[.*?\)|<img [^>]*>|\]\([^)]*\)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    prose = " ".join(text.split())
    missing = [words for words in known if words not in prose]
    for words in (*known, *NOT_OURS):
        prose = prose.replace(words, "")
    return missing + re.findall(r"\S*(?<![A-Za-z0-9])\d\S*.{0,12}", prose)


def test_figures_of_the_law_are_those_of_the_code() -> None:
    """Every figure in the prose of docs/rules.md is one of the code, or of those few that are not ours."""
    assert unexplained(RULES, *LAW) == []


def test_figures_of_the_short_page_are_those_of_the_code() -> None:
    """So is every figure in the prose of docs/protection.md."""
    assert unexplained(PROTECTION, *SHORT) == []


def test_the_bounds_are_those_of_the_judging_seed() -> None:
    """The command in docs/bench.md plays the houses on which nothing was tuned."""
    assert f"--seed {JUDGING_SEED} --bounds" in BENCH.read_text(encoding="utf-8")
