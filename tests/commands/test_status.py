"""``han-gateway status``."""

from pathlib import Path

import pytest

from han_gateway.cli import EXIT_CONFIG, main
from tests.adapters.served import Served
from tests.mosquitto import free_port

HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "/dev/null"
"""


def test_it_shows_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """Phases, chargers and the last decisions, and 0 when the house is protected."""
    with Served() as served:
        served.evening.play(120_000)
        assert main(["status", "--url", served.address]) == 0

    said = capsys.readouterr().out
    assert said.startswith("home: main fuse 25 A, TN")
    for words in ("L1 ", "L2 ", "L3 ", "garage", "carport", "broker connected"):
        assert words in said


@pytest.mark.parametrize(
    ("variables", "options", "head"),
    [
        ({"LANG": "nb_NO.UTF-8"}, (), "hovedsikring 25 A"),
        ({"LANG": "nb_NO.UTF-8", "LC_ALL": "C.UTF-8"}, (), "main fuse 25 A"),
        ({"LANG": "nb_NO.UTF-8"}, ("--language", "en"), "main fuse 25 A"),
        ({}, ("--language", "nb"), "hovedsikring 25 A"),
        ({}, (), "main fuse 25 A"),
    ],
)
def test_it_speaks_the_language_of_its_reader(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    options: tuple[str, ...],
    head: str,
) -> None:
    """What is asked for counts, else the locale, else it is English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Served() as served:
        served.evening.play(120_000)
        assert main(["status", "--url", served.address, *options]) == 0

    assert head in capsys.readouterr().out


def test_trouble_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """A daemon that is not healthy is shown, and the code is 1."""
    with Served() as served:
        served.trouble = "the meter is lost"
        assert main(["status", "--url", served.address]) == 1

    assert "NOT WELL: the meter is lost" in capsys.readouterr().out


def test_a_daemon_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said in one line on stderr, and the code is 1."""
    assert main(["status", "--url", f"http://127.0.0.1:{free_port()}"]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("han-gateway status: no answer from http://127.0.0.1:")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - it is only asked
def test_the_configuration_says_where_to_ask(host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --config the port of the daemon is known, also where it listens on every address."""
    with Served() as served:
        config = tmp_path / "home.toml"
        config.write_text(f'{HOUSE}[metrics]\nhost = "{host}"\nport = {served.port}\n')
        served.evening.play(120_000)
        assert main(["status", "--config", str(config)]) == 0

    assert capsys.readouterr().out.startswith("home: ")


@pytest.mark.parametrize("table", ["metrics", "page"])
def test_a_daemon_without_a_page_cannot_be_asked(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the configuration has no page, that is a matter of the configuration, and it is said what to write."""
    config = tmp_path / "home.toml"
    config.write_text(f"{HOUSE}[{table}]\nenabled = false\n")

    assert main(["status", "--config", str(config)]) == EXIT_CONFIG
    assert "enabled = true" in capsys.readouterr().err


def test_watching_goes_on_until_somebody_has_seen_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--watch shows it again and again, also while the daemon is away; Ctrl-C ends it."""
    rounds: list[float] = []

    with Served() as served:

        def sleep(seconds: float) -> None:
            rounds.append(seconds)
            if len(rounds) == 3:
                raise KeyboardInterrupt

        monkeypatch.setattr("time.sleep", sleep)
        assert main(["status", "--url", served.address, "--watch"]) == 130

    assert capsys.readouterr().out.count("home: main fuse") == 3
