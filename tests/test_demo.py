"""The promises of the demo: it shows the main job within ten seconds, on any terminal, and leaves nothing behind."""

import io
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from han_gateway.cli import main
from han_gateway.core.site import Grid
from han_gateway.core.units import LINES
from han_gateway.demo.evening import NAMES, described, evening
from han_gateway.demo.scene import ChargerNews, Scene, in_words
from han_gateway.demo.stage import damaged, key_files
from han_gateway.demo.world import BOXES, LAPSE, Heard, Trouble, World, endless, troubles, with_cars
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import MODELS
from han_gateway.meters.reading import Reading
from han_gateway.simulation.charger import passed, plugged_in

L1, L2, L3 = LINES
METER = MODELS["kaifa-tn"]
CALM = frozenset[Trouble]()
COMMAND = (sys.executable, "-m", "han_gateway", "demo")


def new_world() -> World:
    """Begin the demo's evening."""
    return World(evening(), METER)


def currents(frames: list[bytes]) -> list[tuple[int | None, ...]]:
    """Give the currents that these frames carry."""
    decoder = Decoder()
    said = [item for frame in frames for item in decoder.feed(frame)]
    return [item.current_ma for item in said if isinstance(item, Reading) and item.list == 2]


def scene() -> Scene:
    """A moment with something of everything."""
    shown = Scene(
        title="title",
        fuse_a=25,
        page="http://127.0.0.1:9755/",
        chargers={box.name: ChargerNews(box.name, box.lines) for box in BOXES},
    )
    shown.headroom(
        {
            "state": "fresh",
            "estimated": ["L2"],
            "load_a": {"L1": 17.2, "L2": 29.1, "L3": None},
            "room_a": {"L1": 7.8, "L2": -4.1, "L3": None},
        }
    )
    shown.chargers["garage"].told({"current_a": 9, "reason": "main fuse, L1"})
    shown.chargers["garage"].reported({"current_a": {"L1": 8.9, "L2": 8.9, "L3": 8.9}, "status": "charging"})
    shown.chargers["carport"].told({"current_a": 0, "reason": "no room for the minimum (main fuse, L2)"})
    shown.note("gateway", "paused carport 9 -> 0 A: no room for the minimum (main fuse, L2)")
    return shown


def test_what_the_cars_draw_is_in_the_next_list() -> None:
    """A charger that is told more makes every later list show more, on its own lines."""
    calm, told = new_world(), new_world()
    before = currents(told.run(19_000, CALM))
    calm.run(19_000, CALM)
    told.tell("carport", 19_000, 10_000, 60_000)
    (first,), (second,) = currents(calm.run(30_000, CALM))[-1:], currents(told.run(30_000, CALM))[-1:]

    assert before
    assert [more - less for more, less in zip(second, first, strict=True) if more is not None and less is not None] == [
        0,
        4_000,
        0,
    ]


def test_a_deaf_charger_changes_nothing() -> None:
    """While the carport charger ignores its limits, a new one changes no list."""
    deaf, calm = new_world(), new_world()
    for world in (deaf, calm):
        world.run(19_000, frozenset({Trouble.DEAF}))
    deaf.tell("carport", 19_000, 0, 60_000)

    assert deaf.run(30_000, frozenset({Trouble.DEAF})) == calm.run(30_000, frozenset({Trouble.DEAF}))


def test_a_deaf_charger_takes_what_it_likes() -> None:
    """Whatever it was told before, it draws 10 A on its line while it is deaf, so that everybody sees what the gateway does about it."""
    deaf, calm = new_world(), new_world()
    for world in (deaf, calm):
        world.tell("carport", 0, 0, 600_000)
        world.run(19_000, CALM)
    (seen,), (usual,) = currents(deaf.run(30_000, frozenset({Trouble.DEAF})))[-1:], currents(calm.run(30_000, CALM))[-1:]
    assert [more - less for more, less in zip(seen, usual, strict=True) if more is not None and less is not None] == [
        0,
        10_000,
        0,
    ]


def test_cars_add_nothing_to_what_a_meter_does_not_send() -> None:
    """A current that is absent stays absent, and a list of power alone gets power alone."""
    cars = ((BOXES[0], passed(BOXES[0], plugged_in(BOXES[0], 0), 60_000)),)
    short = with_cars(Reading(manufacturer="kaifa", list=1, power_import_w=100), cars)
    long = with_cars(Reading(manufacturer="aidon", list=2, power_import_w=100, current_l1_ma=1_000), cars)

    assert short == Reading(manufacturer="kaifa", list=1, power_import_w=100 + 6 * 690)
    assert long.current_ma == (7_000, None, None)


def test_the_evening_begins_again() -> None:
    """When the recording is over it goes on from the start, without a gap in time or in the meter's clock."""
    short = evening()[:3]
    played = endless(short)
    instants = [next(played) for _ in range(9)]

    assert [heard.at for heard in instants] == [lap * 6_000 + step * 2_000 for lap in range(3) for step in range(3)]
    assert isinstance(instants[0], Heard)
    clocks = [heard.reading.meter_time for heard in instants]
    assert [(later - clocks[0]).total_seconds() for later in clocks if later and clocks[0]] == [at / 1000 for at, _ in instants]


def test_a_damaged_frame_is_refused() -> None:
    """The damage of the demo is one that the decoder sees."""
    frame = METER.say(2, evening()[0].reading)

    assert [type(item) for item in Decoder().feed(frame)] == [Reading]
    assert not any(isinstance(item, Reading) for item in Decoder().feed(damaged(frame)))


def test_ten_seconds_show_a_fault() -> None:
    """Within ten seconds a frame is damaged and the cable is pulled out, and both end again."""
    seen = [troubles(tenth / 10) for tenth in range(100)]

    assert {Trouble.DAMAGE, Trouble.UNPLUGGED} == frozenset().union(*seen)
    assert seen[0] == seen[-1] == CALM


def test_the_house_is_the_one_on_the_screen() -> None:
    """What the demo says of itself fits what it plays: a TN house in which no fuse goes without cars."""
    assert METER.grid == Grid.TN.value
    assert max(current or 0 for heard in evening() for current in heard.reading.current_ma) < 25_000
    assert LAPSE == 10


def test_plain_lines_say_it_all() -> None:
    """In words the scene has state, load and room of each line, and limit, draw and reason of each charger, on 90 columns."""
    lines = in_words(scene()).splitlines()

    assert "meter fresh    L1 17.2 A  L2 29.1 A  L3    ? A  room  7.8 A -4.1 A    ? A" in lines[0]
    assert lines[1].strip() == "garage   limit 9 A   draws  8.9 A  main fuse, L1"
    assert lines[2].strip() == "carport  limit 0 A   draws    ? A  no room for the minimum (main fuse, L2)"
    assert max(len(line) for line in lines) <= 90
    assert "\x1b" not in "".join(lines)


def test_the_table_fits_eighty_columns() -> None:
    """Drawn on 80 columns the table has load, room, limits and reasons, and no line is wider than that."""
    rich = pytest.importorskip("rich.console")
    from han_gateway.demo.table import table

    console = rich.Console(width=80, record=True, file=io.StringIO())
    console.print(table(scene()))
    drawn = console.export_text()

    assert max(len(line) for line in drawn.splitlines()) <= 80
    assert "page: http://127.0.0.1:9755/" in drawn
    for words in ("meter FRESH", "17.2 A", "-4.1 A", "load~", "9 A", "main fuse, L1", "pause", "no room for the minimum", "┃█"):
        assert words in drawn


def test_a_long_sentence_goes_on_below_itself() -> None:
    """What the house did stands at the end of a cut: the table shows all of it, the newest last, and is always as high as a terminal allows."""
    rich = pytest.importorskip("rich.console")
    from han_gateway.demo.table import table

    cut = "cut garage 16 -> 9 A: power rose (main fuse, L2); the house rose by 2.2 kW, kettle or oven?"
    heights = set()
    for count in range(7):
        told = scene()
        for _ in range(count):
            told.note("gateway", cut)
        console = rich.Console(width=80, record=True, file=io.StringIO())
        console.print(table(told))
        drawn = console.export_text().splitlines()
        heights.add(len(drawn))
        said = " ".join(" ".join(drawn).split())
        assert said.count("kettle or oven?") == said.count("cut garage 16") == min(count, 4)
    assert len(heights) == 1
    assert heights.pop() <= 24


@pytest.mark.parametrize("meter", NAMES)
def test_any_meter_can_play(meter: str) -> None:
    """Every list that a meter sends in half a minute of the evening is read, with its key if it has one, and shows what the cars draw."""
    model = MODELS[meter]
    world, calm = World(evening(meter), model), World(evening(meter), model)
    world.tell("carport", 0, 10_000, 60_000)
    calm.tell("carport", 0, 0, 60_000)
    shown = []
    for each in (world, calm):
        decoder = Decoder(keys=model.keys)
        items = [item for frame in each.run(30_000, CALM) for item in decoder.feed(frame)] + decoder.close()
        assert not [item for item in items if not isinstance(item, Reading)]
        *_, last = [item.current_l2_ma for item in items if isinstance(item, Reading) and item.list > 1]
        shown.append(last or 0)

    assert 9_000 <= shown[0] - shown[1] <= 11_000


def test_the_help_names_the_meters(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks is told every meter that can play, in words; one that is not there is a usage error."""
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    helped = "".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit) as refused:
        main(["demo", "--meter", "kaifa-it"])

    assert all(f"{name}{''.join(described(name).split())}" in helped for name in NAMES)
    assert refused.value.code == 2


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The keys of a meter that encrypts stand in files that nobody else can read, and only those that it uses."""
    files = {meter: key_files(meter, tmp_path / meter) for meter in ("kamstrup-dk-encrypted", "kaifa-at-encrypted", "kaifa-tn")}

    assert {meter: list(found) for meter, found in files.items()} == {
        "kamstrup-dk-encrypted": ["key_file", "authentication_key_file"],
        "kaifa-at-encrypted": ["key_file"],
        "kaifa-tn": [],
    }
    assert {path.stat().st_mode & 0o777 for found in files.values() for path in found.values()} == {0o600}


@pytest.mark.parametrize("words", ["0", "-1", "nan", "inf", "soon"])
def test_a_duration_that_makes_no_sense_is_a_usage_error(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The duration is a number of seconds between 0 and a day; anything else is exit 2 with the option's name."""
    with pytest.raises(SystemExit) as exit_code:
        main(["demo", f"--duration={words}"])

    assert exit_code.value.code == 2
    assert "--duration" in capsys.readouterr().err


def test_a_gateway_that_ends_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """When the gateway cannot run, the demo ends with exit 1 and says in one line what the gateway said last."""
    pytest.importorskip("amqtt")
    monkeypatch.setattr("han_gateway.commands.demo.configuration", lambda *_, **__: "[site]\nname = 1\n")

    assert main(["demo", "--plain", "--embedded-broker"]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("han-gateway demo: the gateway ended by itself, exit code 78: ")
    assert errors.count("\n") == 1


def test_no_broker_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a mosquitto and without amqtt the demo says what to install."""
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    monkeypatch.delitem(sys.modules, "han_gateway.demo.embedded_broker", raising=False)

    assert main(["demo", "--plain", "--embedded-broker"]) == 1
    assert 'install mosquitto or "han-gateway[demo]"' in capsys.readouterr().err


@pytest.mark.slow
def test_two_seconds_in_this_process(capsys: pytest.CaptureFixture[str]) -> None:
    """Within two seconds of the evening every charger has a limit with a reason, and the chargers have reported."""
    pytest.importorskip("amqtt")

    assert main(["demo", "--plain", "--embedded-broker", "--duration", "2"]) == 0
    output = capsys.readouterr().out
    assert re.search(r"garage   limit 6 A   draws  6.0 A  \w+", output)
    assert re.search(r"meter:  [1-9]\d* lists read, 0 rejects", output)


@pytest.mark.slow
@pytest.mark.parametrize("meter", ["p1-se-kamstrup", "kamstrup-dk-encrypted"])
def test_two_seconds_of_another_meter(meter: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A meter with a P1 port and one that encrypts play as well: their lists are read, the chargers have limits, and the keys are gone."""
    pytest.importorskip("amqtt")

    assert main(["demo", "--plain", "--embedded-broker", "--duration", "2", "--meter", meter]) == 0
    output = capsys.readouterr().out
    assert f"an evening with a {meter} plays on" in output
    assert re.search(r"garage   limit 6 A   draws  6.0 A  \w+", output)
    assert re.search(r"meter:  [1-9]\d* lists read, 0 rejects", output)


def processes_of(session: int) -> list[str]:
    """Name what still runs in a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    """Start the demo in a session and a temporary folder of its own."""
    return subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )


def assert_showed_the_main_job(output: str) -> None:
    """Look for everything that ten seconds must show."""
    assert "meter fresh" in output
    assert "raised carport" in output
    assert "main fuse, L2" in output
    assert "noise on the meter's line" in output
    assert "meter stale" in output
    assert re.search(r"meter:  \d+ lists read, [1-9]\d* rejects? \(\d+ frame_check", output)
    assert re.search(r"limits: \d+ commands to 2 chargers", output)
    assert "Traceback" not in output
    assert "\x1b" not in output


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [pytest.param((), marks=pytest.mark.broker, id="mosquitto"), pytest.param(("--embedded-broker",), id="amqtt")]
)
def test_the_demo_shows_the_main_job_in_ten_seconds(tmp_path: Path, options: tuple[str, ...]) -> None:
    """In a pipe the demo shows limits, reasons and a fault in plain lines, ends well, and leaves no process and no file."""
    demo = start(tmp_path, "--duration", "10", *options)
    output, errors = demo.communicate(timeout=120)

    assert (demo.returncode, errors) == (0, "")
    assert_showed_the_main_job(output)
    assert processes_of(demo.pid) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_enough_is_enough(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C ends the demo calmly: the summary, exit 0, nothing left behind."""
    demo = start(tmp_path, "--duration", "60")
    assert demo.stdout
    assert any("meter fresh" in line for line in demo.stdout)
    demo.send_signal(number)
    output, errors = demo.communicate(timeout=60)

    assert (demo.returncode, errors) == (0, "")
    assert "commands to 2 chargers" in output
    assert processes_of(demo.pid) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.broker
def test_on_a_terminal_the_table_is_live() -> None:
    """On a terminal the demo draws the table in place."""
    pytest.importorskip("rich")
    ours, theirs = pty.openpty()
    demo = subprocess.Popen(
        [*COMMAND, "--duration", "3"], stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm-256color"}
    )
    os.close(theirs)
    drawn = bytearray()
    while chunk := read_terminal(ours):
        drawn += chunk
    os.close(ours)

    assert demo.wait(timeout=60) == 0
    assert b"\x1b[" in drawn
    for words in ("garage", "carport", "┃", "FRESH", "room"):
        assert words.encode() in drawn


def read_terminal(terminal: int) -> bytes:
    """Read what is there; empty when the other end is closed, which Linux reports as an error."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""
