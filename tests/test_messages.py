"""Every message of `detect` and `check` says what to do next: a table of mistakes, each with the remedy that must be in its line."""

import ast
from pathlib import Path

import pytest

from han_gateway.commands.signs import Kind
from han_gateway.commands.verdicts import WORDS
from han_gateway.config.load import load
from han_gateway.config.problems import ConfigError

ROOT = Path(__file__).parent.parent
SITE = '[site]\nname = "home"\ngrid = "TN"\nfuse_a = 25\n'
METER = '[meter]\nport = "/dev/ttyUSB0"\n'
CHARGER = '[[charger]]\nname = "garage"\nfailsafe = true\n'
GOOD = SITE + METER + CHARGER

MISTAKES = {
    "": "write [site] above its keys",
    "[site": "see config/gateway.example.toml",
    "[site]\nname = 'æ\xff'": "save the file as UTF-8",
    "x = 1\n" * 20_000: "name the configuration, not a recording",
    f"x = {'[' * 4_000}": "start from config/gateway.example.toml",
    SITE: "write [meter] above its keys",
    SITE.replace("fuse_a = 25\n", "") + METER: "for example fuse_a = 25",
    SITE.replace("25", "3") + METER: "for example fuse_a = 25",
    SITE.replace("25", '"a"') + METER: "for example fuse_a = 25",
    SITE.replace("25", "true") + METER: "for example fuse_a = 25",
    SITE.replace("25", "nan") + METER: "for example fuse_a = 25",
    SITE.replace("fuse_a", "fuse") + METER: "did you mean fuse_a?",
    SITE.replace('"TN"', '"DC"') + METER: 'for example grid = "TN"',
    SITE.replace('"home"', '"My home"') + METER: 'for example name = "home"',
    SITE.replace('"home"', "1") + METER: 'for example name = "home"',
    SITE + '[meter]\nport = "ttyUSB0"\n': "for example port = ",
    SITE + METER + "baud = 2401\n": "for example baud = 2400",
    SITE + METER + 'clock = "winter"\n': 'for example clock = "local"',
    SITE + METER + 'zone = "Oslo"\n': 'for example zone = "Europe/Oslo"',
    SITE + METER + "ct_ratio = 1.5\n": "for example ct_ratio = 1",
    SITE + METER + "max_a = 16\n": "it belongs under [[charger]]",
    GOOD + "[mqtt]\nport = 0\n": "for example port = 1883",
    GOOD + '[mqtt]\nother_hosts = ["a b"]\n': "for example other_hosts",
    GOOD + '[mqtt]\nca_file = "x"\n': "add tls = true",
    GOOD + '[mqtt]\npassword_file = "x"\n': "add username",
    GOOD + '[mqtt]\nusername = "u"\npassword_file = "x"\n': "put the password alone into that file",
    GOOD + '[mqtt]\npassword = "x"\n': "did you mean password_file?",
    GOOD + '[mqtt]\ntls = true\ncert_file = "x"\n': "add the missing one",
    GOOD + "[policy]\nlost_after_s = 61\n": "for example lost_after_s = 60",
    GOOD + "[policy]\nlist_period_s = 30\nstale_after_s = 20\n": "reorder the three",
    GOOD + "[policy]\nrepublish_s = 60\n": "lower republish_s",
    GOOD + "[caps]\npower_min_w = 2000\n": "add power_w",
    GOOD + "[caps]\npower_w = 1000\npower_min_w = 2000\n": "reorder the three",
    GOOD + "[caps]\nline_a = 32\n": "a cap can only be below it",
    GOOD + '[[circuit]]\nname = "main"\nfuse_a = 20\n': "leave this one out",
    GOOD + '[[circuit]]\nname = "a"\nfuse_a = 20\nparent = "b"\n': "known here: main, a",
    GOOD + '[[circuit]]\nname = "a"\nfuse_a = 20\nparent = "a"\n': 'end at "main" sooner',
    SITE + METER + "[charger]\n": "write [[charger]] above each one",
    GOOD + "[site2]\n": "did you mean site?",
}
LEFT_OUT = {
    CHARGER: "give each its own name",
    '[[charger]]\nname = "b"\ncircuit = "mainn"\n': "did you mean main?",
    '[[charger]]\nname = "b"\nmax_a = 5\n': "for example max_a = 16",
    '[[charger]]\nname = "b"\nmin_a = 20\n': "raise max_a",
    '[[charger]]\nname = "b"\nfallback_a = 3\n': "write 0 (pause) or 6 to 16",
    '[[charger]]\nname = "b"\nphases = ["L1", "L1"]\n': "write each line that it is wired to once",
    '[[charger]]\nname = "b"\nphases = ["L4"]\n': "for example phases",
    '[[charger]]\nname = "b"\nphases = []\n': "for example phases",
    '[[charger]]\nname = "b"\nfailsafe_a = 6\n': "write failsafe = true",
    '[[charger]]\nname = "b"\nphases = ["L1"]\nswitches_to = "one-phase"\n': "leave switches_to out",
    '[[charger]]\nname = "b"\nlines = ["L1"]\n': "did you mean phases?",
}
WARNINGS = {
    SITE + METER: "add [[charger]]",
    SITE + METER + '[[charger]]\nname = "garage"\n': "set one in the charger and write failsafe = true",
    GOOD + "[caps]\npower_w = 1000\n": "raise power_w",
    GOOD.replace("failsafe", "min_a = 12\nfailsafe") + "[caps]\nline_a = 8\n": "raise line_a",
    GOOD.replace("failsafe", "min_a = 32\nmax_a = 32\nfallback_a = 0\nfailsafe"): "are fuse_a and margin_a right?",
    SITE.replace("25", "10") + METER + CHARGER + CHARGER.replace("garage", "yard"): "write fallback_a = 0",
    GOOD + '[[circuit]]\nname = "shed"\nfuse_a = 40\n': "are both fuse_a right",
}


def problems(file: Path, text: str) -> list[str]:
    """What `check` says of it, one line each."""
    file.write_text(text, encoding="latin-1" if "\xff" in text else "utf-8")
    try:
        return [str(problem) for problem in load(file).problems]
    except ConfigError as why:
        return str(why).splitlines()


@pytest.mark.parametrize(("text", "remedy"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_every_mistake_has_a_remedy(tmp_path: Path, text: str, remedy: str) -> None:
    """Each line about a configuration that cannot be used has its remedy behind a semicolon."""
    lines = problems(tmp_path / "house.toml", text)

    assert [line for line in lines if "; " not in line] == []
    assert any(remedy in line for line in lines), lines


@pytest.mark.parametrize(("text", "remedy"), LEFT_OUT.items(), ids=range(len(LEFT_OUT)))
def test_every_charger_that_is_left_out_is_told_how_to_come_in(tmp_path: Path, text: str, remedy: str) -> None:
    """Each line about a charger that was left out has its remedy."""
    lines = problems(tmp_path / "house.toml", GOOD + text)

    assert len(lines) == 1
    assert remedy in lines[0].split("; ", 1)[1]


@pytest.mark.parametrize(("text", "remedy"), WARNINGS.items(), ids=range(len(WARNINGS)))
def test_every_warning_says_what_to_do(tmp_path: Path, text: str, remedy: str) -> None:
    """Each warning of `check` has what to do behind a semicolon."""
    file = tmp_path / "house.toml"
    file.write_text(text)
    warnings = load(file).warnings

    assert [warning for warning in warnings if "; " not in warning] == []
    assert any(remedy in warning.split("; ", 1)[1] for warning in warnings), warnings


def test_a_variable_that_means_nothing_is_to_be_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that looks like ours is named with the one that was meant, or with what to do about it."""
    file = tmp_path / "house.toml"
    file.write_text(GOOD)
    monkeypatch.setenv("HAN_QQQQQQ", "1")

    assert load(file).warnings == ("environment variable HAN_QQQQQQ means nothing here; unset it",)


def test_every_verdict_of_detect_says_what_to_do() -> None:
    """Whatever a line shows, there is a next step: something to do, to write, to set, or to ask somebody for."""
    steps = (
        "ask",
        "write",
        "try",
        "set",
        "use",
        "stop",
        "plug",
        "is the",
        "is this",
        "name",
        "sudo",
        "record",
        "inverted",
        "closed",
        "wired",
    )

    assert [kind for kind in Kind if not any(step in WORDS[kind].todo for step in steps)] == []
    assert [kind for kind, words in WORDS.items() if words.over_tcp and not any(step in words.over_tcp for step in steps)] == []


def test_no_problem_is_made_without_a_remedy() -> None:
    """In the source every problem of an operator is made of three parts: where, what, and what to do."""
    calls = [
        (path.name, node.lineno, len(node.args))
        for path in (ROOT / "han_gateway").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    ]

    assert [call for call in calls if call[2] < 3] == []
    assert len(calls) > 15
