"""The promises of ``han-gateway simulate``."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import protection
from benchmarks.front import Bound
from benchmarks.front import main as front_main
from benchmarks.front import words as told
from benchmarks.protection import verdicts
from han_gateway.cli import main
from han_gateway.core.site import Grid
from han_gateway.simulation.campaign import Score
from han_gateway.simulation.evening import Evening, bytes_of
from han_gateway.simulation.families import family
from han_gateway.simulation.laws import LISTS, ORACLES
from han_gateway.simulation.measures import Measures


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Three quarters of an hour of a house without a car, in hex."""
    evening = Evening(meter="kaifa-tn", house=family(Grid.TN, 1), begins=datetime(2026, 1, 15, 17), minutes=45)
    file = tmp_path / "dump.txt"
    file.write_text("".join(f"{data.hex()}\n" for _, data in bytes_of(evening) if isinstance(data, bytes)), encoding="ascii")
    return file


def test_laws_are_compared_in_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each law that was asked for, and the oracles, have a line; the picture is drawn."""
    plot = tmp_path / "day.svg"
    code = main(
        ["simulate", "--class", "kamstrup", "--houses", "1", "--policy", "han-gateway", "--policy", "openwb", "--plot", str(plot)]
    )
    said = capsys.readouterr().out

    assert code == 0
    assert [line.split()[0] for line in said.splitlines()[2:]] == ["han-gateway", "openwb", "oracle", "oracle-late"]
    assert plot.read_text(encoding="utf-8").startswith("<svg")


def test_json_has_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON names its class and seed, and the oracle of now is never above the fuse."""
    assert main(["simulate", "--class", "kamstrup", "--houses", "1", "--policy", "openwb", "--json", "--seed", "5"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert (told["class"], told["seed"]) == ("kamstrup", 5)
    assert {law["law"]: law["above_s_per_day"]["1"] for law in told["laws"]}["oracle"] == 0


INTERRUPTED = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts the tests in the background has it ignored
from han_gateway.cli import main
sys.exit(main(["simulate"]))
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor needs no workers")
def test_ctrl_c_ends_it_at_once() -> None:
    """Nobody waits for the houses that have begun, no worker stays behind, and none of them says a word."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as program:
        workers, deadline = Path(f"/proc/{program.pid}/task/{program.pid}/children"), time.monotonic() + 60
        while not workers.read_text(encoding="ascii") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)  # they are at work
        os.killpg(program.pid, signal.SIGINT)
        try:
            said = program.communicate(timeout=10)  # workers that stayed would keep the pipes open
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)

    assert (program.returncode, said) == (130, (b"", b""))


@pytest.mark.slow
@pytest.mark.parametrize("meter", ["p1-se-kamstrup", "kaifa-at-encrypted"])
def test_the_fuse_holds_with_any_meter(meter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the bytes of a P1 port, or of encrypted M-Bus telegrams, no breaker trips in a day, where without control it would."""
    arguments = ["--houses", "1", "--policy", "han-gateway", "--policy", "none", "--meter", meter, "--json"]
    assert main(["simulate", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    trips = {law["law"]: law["edge_trips"] for law in told["laws"]}
    utilised = {law["law"]: law["utilisation"] for law in told["laws"]}

    assert told["meter"] == meter
    assert trips["han-gateway"] == 0 < trips["none"]
    assert utilised["han-gateway"] > 0.9


def test_your_own_house(dump: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A recording, a fuse and a charger give an answer in words, and a picture."""
    plot = tmp_path / "house.svg"
    code = main(["simulate", "--recording", str(dump), "--fuse", "35", "--charger", "3x16", "--kwh", "2", "--plot", str(plot)])
    said = capsys.readouterr().out

    assert code == 0
    assert "a net with a neutral" in said
    assert "It holds with a charger of 3 lines up to 16 A" in said
    assert "2 kWh, plugged in when the recording begins, take" in said
    assert plot.exists()


def test_your_own_house_in_json(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    assert main(["simulate", "--recording", str(dump), "--fuse", "35", "--charger", "1x16@L2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["holds"]
    assert told["delivered_kwh"] <= told["possible_kwh"] * 1.02


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recording", "x"], "--recording needs --fuse and --charger"),
        (["--recording", "x", "--fuse", "25", "--charger", "2x16"], "'2x16' is not phases x amperes"),
        (["--recording", "x", "--fuse", "25", "--charger", "1x16@L4"], "'1x16@L4' is not"),
        (["--meter", "moon"], "invalid choice: 'moon'"),
        (["--class", "it-one", "--meter", "kaifa-tn"], "a kaifa-tn is not for the net and the phases"),
        (["--class", "tn-one", "--meter", "kaifa-1p"], "a kaifa-1p is not for the net and the phases"),
        (["--class", "moon"], "invalid choice: 'moon'"),
        (["--houses", "0"], "'0' is not a whole number from 1 to 10000"),
        (["--fuse", "big"], "'big' is not a number of amperes"),
        (["--kwh", "nan"], "'nan' is not an energy"),
        (["--fuse", "25"], "--fuse is for your own house: name its --recording"),
        (["--key-file", "key"], "--key-file is for your own house: name its --recording"),
        (["--recording", "x", "--fuse", "25", "--charger", "3x16", "--policy", "evcc"], "--policy is not for a recording"),
        (["--recording", "x", "--fuse", "25", "--charger", "3x16", "--class", "ten"], "--class is not for a recording"),
    ],
)
def test_wrong_words_are_named(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Usage errors end with 2 and say which word is wrong."""
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])

    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    assert main(["simulate", "--recording", "/nowhere", "--fuse", "25", "--charger", "3x16"]) == 1
    assert capsys.readouterr().err == "han-gateway simulate: /nowhere: cannot be read (no such file or directory)\n"


def test_a_picture_that_cannot_be_written(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    arguments = ["--recording", str(dump), "--fuse", "35", "--charger", "3x16", "--plot", "/nowhere/x.svg"]

    assert main(["simulate", *arguments]) == 1
    assert capsys.readouterr().err == "han-gateway simulate: /nowhere/x.svg: cannot be written (no such file or directory)\n"


def test_a_house_that_was_not_recorded_for_long_enough(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dump that tells too little is not guessed at."""
    file = tmp_path / "short.txt"
    file.write_text("".join(dump.read_text(encoding="ascii").splitlines(keepends=True)[:10]), encoding="ascii")

    assert main(["simulate", "--recording", str(file), "--fuse", "35", "--charger", "3x16", "--grid", "TN"]) == 1
    assert "less than a minute of lists" in capsys.readouterr().err


def test_a_dump_without_a_list_is_not_asked_for_its_net(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever takes another file for a dump is told that, not to say --grid."""
    file = tmp_path / "nothing.txt"
    file.write_text("nothing of a meter\n", encoding="ascii")

    assert main(["simulate", "--recording", str(file), "--fuse", "35", "--charger", "3x16"]) == 1
    told = capsys.readouterr().err
    assert (
        told == f"han-gateway simulate: {file}: 0 readings, 0 rejected\nno meter list was found: is this a dump of a HAN port?\n"
    )


def score(law: str, above: float, severe: float, *, utilisation: float = 1.0, trips: int = 0, changes: int = 24) -> Score:
    """A day of a house under a law."""
    measures = Measures(
        houses=1,
        days=1,
        above_s=(above, severe, severe, 0),
        i2t=0,
        edge_trips=trips,
        typical_trips=0,
        edge_heat=0,
        delivered_kwh=1,
        changes=changes,
        pauses=0,
    )
    return Score(law=law, measures=measures, utilisation=utilisation, reach=utilisation)


@pytest.mark.parametrize(
    ("own", "short"),
    [
        (score("han-gateway", 100, 2), []),
        (score("han-gateway", 101, 2), ["s above In a day (0.25 of warp)"]),
        (score("han-gateway", 100, 3), ["s above 1.3 In a day (0.1 of warp)"]),
        (score("han-gateway", 0, 0, utilisation=0.94, trips=1), ["trips, worst case", "utilisation"]),
        (score("han-gateway", 0, 0, changes=25), ["changes an hour (median peer)"]),
    ],
)
def test_the_benchmark_judges_every_target(own: Score, short: list[str]) -> None:
    """A class is judged by the best peer that really charges, and each target that is missed is named."""
    peers = [score("warp", 400, 20), score("openwb", 900, 90), score("evcc", 0, 0, utilisation=0.3)]

    assert [verdict.words for verdict in verdicts([own, *peers]) if not verdict.passed] == short


def test_the_front_says_whether_a_target_can_be_had_at_all() -> None:
    """Between two oracles the front is in proportion; a target below it is called so, and our law is compared at its own utilisation."""
    front = [score("oracle-cars", 300, 60, utilisation=1.0), score("oracle-cars+60s", 100, 20, utilisation=0.9)]
    lists = [score("oracle-lists+10s", 600, 60, utilisation=0.94), score("oracle-lists+90s", 400, 20, utilisation=0.90)]
    peers = [score("warp", 400, 20), score("openwb", 1000, 90)]
    lines = list(told([score("han-gateway", 250, 30, utilisation=0.92), *peers, *front, *lists, score("oracle-sees", 1, 0)]))

    assert lines[0] == "s above In a day: the target is 100.0 (0.25 of warp) at a utilisation of 0.95"
    assert lines[1] == "  BEYOND THE FRONT: it has 200.0 at 0.95"
    assert lines[2] == "  han-gateway has 250.0 at 0.920; the front has 140.0 there"
    assert lines[3] == "  who hears the lists alone: that front has 500.0 there"


def test_who_delivers_more_than_a_front_is_told_where_it_ends() -> None:
    """Without a member that delivers as much there is nothing to compare with."""
    laws = [score("han-gateway", 250, 30), score("oracle-cars", 300, 60, utilisation=0.9), score("warp", 400, 20)]
    lines = list(told([*laws, score("oracle-sees", 1, 0)]))

    assert lines[1:4] == [
        "  BEYOND THE FRONT: no oracle delivers 0.95",
        "  han-gateway has 250.0 at 1.000; the front ends before",
        "  who hears the lists alone: that front ends before",
    ]


def test_our_own_figures_are_renewed_beside_kept_targets(tmp_path: Path) -> None:
    """With --own no peer is played: targets stay as they were kept for these houses, our figures and those of the lists are new."""
    file = tmp_path / "bounds.json"
    kept = [Bound(name, 12.5, "0.25 of warp", 30.0, -1.0, 0.5, None) for name in ("s above In a day", "s above 1.3 In a day")]
    file.write_text(json.dumps({"kamstrup": {"houses": 9, "bounds": [bound._asdict() for bound in kept]}}), encoding="utf-8")
    front_main(["--houses", "1", "--seed", "5", "--own", "--bounds", str(file), "kamstrup"])
    found = json.loads(file.read_text(encoding="utf-8"))["kamstrup"]

    assert found["houses"] == 1
    for bound in found["bounds"]:
        assert (bound["target"], bound["of"], bound["least"]) == (12.5, "0.25 of warp", 30.0)
        assert bound["utilisation"] > 0.5
        assert bound["own"] >= 0


def test_a_front_is_played_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    """The word that the help offers stands for all members of the family, beside the two oracles that measure them."""
    assert main(["simulate", "--class", "kamstrup", "--houses", "1", "--policy", "lists", "--json", "--seed", "5"]) == 0
    played = [law["law"] for law in json.loads(capsys.readouterr().out)["laws"]]

    assert played == [*LISTS, *ORACLES]
    assert all(law.startswith("oracle-lists+") for law in LISTS)


@pytest.mark.parametrize("words", [[], ["kamstrup"], ["--bounds", "none.json", "kamstrup"]])
def test_nothing_is_renewed_that_was_not_kept(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file, or without the class in it, --own says what to do and plays nothing."""
    with pytest.raises(SystemExit):
        front_main(["--own", *words])

    assert "--own renews classes that --bounds FILE has" in capsys.readouterr().err


def test_the_benchmark_keeps_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With some laws only it plays only those and the two oracles that measure them, and the file says what the table says."""
    file = tmp_path / "figures.json"
    protection.main(["--houses", "1", "--seed", "5", "--laws", "openwb", "--json", str(file), "kamstrup"])
    kept = json.loads(file.read_text(encoding="utf-8"))

    assert [law["law"] for law in kept["classes"]["kamstrup"]["laws"]] == ["openwb", "oracle", "oracle-late"]
    assert (kept["seed"], kept["classes"]["kamstrup"]["houses"]) == (5, 1)
    assert "0 targets not reached" in capsys.readouterr().out


def test_the_benchmark_does_not_guess_names(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt law or class ends it before anything is played."""
    with pytest.raises(SystemExit):
        protection.main(["--laws", "openwb,evc", "kamstrap"])

    assert "no such class or law: evc, kamstrap" in capsys.readouterr().err
