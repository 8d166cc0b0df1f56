"""The command line as people and scripts meet it: output, exit codes, and never a traceback."""

import bz2
import gzip
import json
import lzma
import os
import random
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from han_gateway import cli
from han_gateway.adapters.recording import append
from han_gateway.cli import COMMANDS
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.software_meter import write

ROOT = Path(__file__).parent.parent
START = datetime(2026, 1, 15, 17, tzinfo=UTC)

HOUSE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "/dev/ttyUSB0"
[[charger]]
name = "garage"
failsafe = true
"""


def frames(count: int, current_ma: int = 2_000) -> list[bytes]:
    """Lists of a 4-wire meter, ten seconds apart."""
    form = METERS["kaifa-tn"].list2
    assert form is not None
    return [
        write(
            form,
            Reading(
                manufacturer="kaifa",
                list=2,
                list_id="KFM_001",
                meter_id="9900000000000000",
                meter_type="MA304H4",
                clock=clock_octets((START + timedelta(hours=1, seconds=10 * number)).replace(tzinfo=None)),
                power_import_w=3 * current_ma * 230 // 1000,
                power_export_w=0,
                reactive_import_var=0,
                reactive_export_var=0,
                current_l1_ma=current_ma,
                current_l2_ma=current_ma,
                current_l3_ma=current_ma,
                voltage_l1_mv=230_000,
                voltage_l2_mv=230_000,
                voltage_l3_mv=230_000,
            ),
        )
        for number in range(count)
    ]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A configuration."""
    file = tmp_path / "house.toml"
    file.write_text(HOUSE)
    return file


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Two minutes of a quiet house, in hex."""
    file = tmp_path / "evening.log"
    file.write_text("".join(frame.hex(" ").upper() + "\n" for frame in frames(12)))
    return file


def program(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The real program, as a process."""
    command = [sys.executable, "-m", "han_gateway", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, timeout=60, check=False)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "demo"])
def test_every_command_explains_itself_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help exits with 0 and shows how the command is used."""
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    assert f"han-gateway {command} " in capsys.readouterr().out.split("example")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["dekode"],
        ["decode"],
        ["decode", "x", "--zone", "Oslo"],
        ["decode", "x", "--ct-ratio", "0"],
        ["run"],
        ["replay", "x"],
        ["replay", "x", "--serve", "udp:1"],
        ["replay", "x", "--speed", "fast"],
        ["record", "--out", "x"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What was typed wrongly is said on stderr, with the usage."""
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: han-gateway" in capsys.readouterr().err


def test_decode_writes_one_object_a_reading(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output is JSON lines and nothing else; stderr says how much there was."""
    assert cli.main(["decode", str(dump)]) == 0
    shown = capsys.readouterr()
    objects = [json.loads(line) for line in shown.out.splitlines()]
    assert len(objects) == 12
    assert objects[1]["time"] == "2026-01-15T17:00:10Z"
    assert "file" not in objects[0]
    assert shown.err == "12 readings, 0 rejected\n"


def test_decode_names_the_file_when_there_are_several(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is named, the others are decoded, and the exit code is 1."""
    assert cli.main(["decode", str(dump), str(tmp_path / "none"), str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert {json.loads(line)["file"] for line in shown.out.splitlines()} == {str(dump)}
    assert "none: cannot be read (no such file or directory)" in shown.err
    assert "cannot be read (is a directory)" in shown.err


@pytest.mark.parametrize(
    ("pack", "remedy"), [(gzip.compress, "gunzip"), (bz2.compress, "bunzip2"), (lzma.compress, "unxz")], ids=["gz", "bz2", "xz"]
)
@pytest.mark.parametrize(
    "more", [["decode"], ["replay", "--serve", "pty"], ["simulate", "--fuse", "25", "--charger", "3x16", "--recording"]]
)
def test_a_packed_dump_is_to_be_unpacked(
    pack: Callable[[bytes], bytes], remedy: str, more: list[str], dump: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not counted as noise: one line says what to do."""
    dump.write_bytes(pack(dump.read_bytes()))
    assert cli.main([*more, str(dump)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"han-gateway {more[0]}: {dump}: is packed; unpack it first, with {remedy}"


def test_decode_counts_damage_by_reason_and_is_still_good(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damaged frames are counted; what is left was decoded, so that is no failure. --ignore-fcs believes them."""
    damaged = frames(2)[1].replace(b"KFM_001", b"KFM_0X1", 1)
    with dump.open("a") as file:
        file.write(damaged.hex() + "\n")
    assert cli.main(["decode", str(dump)]) == 0
    assert capsys.readouterr().err == "12 readings, 1 rejected (1 frame_check)\n"


@pytest.mark.parametrize("noise", [b"", b"\0" * 1000, b"hello\n", bytes(range(256)) * 100, b"\xff" * 70_000])
def test_decode_of_nothing_fails_with_a_question(noise: bytes) -> None:
    """Bytes in which there is no list: exit 1, a hint, no traceback."""
    done = program("decode", "-", stdin=noise)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"is this a dump of a HAN port?" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_has_enough_is_no_failure(dump: Path) -> None:
    """``decode | head`` ends quietly."""
    dump.write_text(dump.read_text() * 500)
    command = f"{sys.executable} -m han_gateway decode {dump} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line(dump: Path) -> None:
    """Output that cannot be written is said, not thrown."""
    command = f"{sys.executable} -m han_gateway decode {dump} > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 1
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_check_shows_the_tree_and_what_is_worth_a_thought(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tree goes to stdout, warnings to stderr; nothing to complain about is 0."""
    house.write_text(
        HOUSE + '[[circuit]]\nname = "row"\nfuse_a = 20\n[[charger]]\nname = "b"\nphases = ["L2"]\ncircuit = "row"\nweight = 2\n'
    )
    assert cli.main(["check", "--config", str(house)]) == 0
    shown = capsys.readouterr()
    assert "├─ charger garage on L1, L2, L3: 6 A to 16 A" in shown.out
    assert "└─ row fuse 20 A\n   └─ charger b on L2" in shown.out
    assert "NO failsafe, weight 2\n" in shown.out
    assert "charger b has no failsafe" in shown.err


def test_check_shows_how_a_charger_is_spoken_to(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a charger named by its make: the topics that the broker must allow, and what it does when it hears nothing."""
    make = 'device = "go-e"\ndevice_id = "go-eCharger/1"\nraise_after_s = 60'
    house.write_text(house.read_text().replace("failsafe = true", make))
    assert cli.main(["check", "--config", str(house)]) == 0
    shown = capsys.readouterr().out
    assert "charger garage, device go-e: go-eCharger (V3 and later, Gemini, PRO)" in shown
    assert "told on go-eCharger/1/frc/set, go-eCharger/1/psm/set, go-eCharger/1/amp/set" in shown
    assert "raises wait for 60 s after the last change, cuts do not" in shown
    assert "when it hears nothing: keeps its last limit; the broker tells it its fallback if the gateway dies" in shown
    make = 'device = "smartevse"\ndevice_id = "SmartEVSE-1"'
    house.write_text(HOUSE.replace("failsafe = true", make))
    assert cli.main(["check", "--config", str(house)]) == 0
    assert "when it hears nothing: stops 11 s after the last currents of the house" in capsys.readouterr().out


def test_check_shows_where_the_memory_is(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder in which what is learned outlives a restart, or that only systemd gives one."""
    for folder, words in (
        ("", "memory  where systemd says"),
        ("/var/lib/han-gateway/home", "memory  /var/lib/han-gateway/home\n"),
    ):
        monkeypatch.setenv("STATE_DIRECTORY", folder)
        assert cli.main(["check", "--config", str(house)]) == 0
        assert words in capsys.readouterr().out


def test_check_shows_how_a_charger_is_wired(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which line of the house is its own L1, and where it can charge 1-phase."""
    house.write_text(
        HOUSE
        + '[[charger]]\nname = "b"\nphases = ["L2", "L3", "L1"]\nswitches_to = "one-phase"\nreport_phases = "charger"\n'
        + '[[charger]]\nname = "c"\nswitches_to = "any-phase"\n'
    )
    assert cli.main(["check", "--config", str(house)]) == 0
    shown = capsys.readouterr().out
    assert "charger b on L2, L3, L1 (its own L1, L2, L3): 6 A" in shown
    assert "changes to 1 phase on L2, reports its own L1, L2, L3" in shown
    assert "changes to 1 phase on L1 or L2 or L3" in shown


def test_check_shows_caps_and_meters_of_sub_fuses(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the house is held below, where that can be changed, and which fuse has a meter; a cap below a minimum is a warning."""
    caps = "[caps]\npower_w = 4000\npower_max_w = 9000\nline_a = 16\n"
    shed = '[[circuit]]\nname = "shed"\nfuse_a = 20\nmeter = "mqtt"\n'
    house.write_text(HOUSE + caps + shed)
    assert cli.main(["check", "--config", str(house)]) == 0
    out, err = capsys.readouterr()
    assert "the house buys at most 4000 W, 4000 to 9000 W over han/home/caps/power/set" in out
    assert "each phase carries at most 16 A\n" in out
    assert "shed fuse 20 A, with a meter of its own heard on han/home/circuits/shed/load" in out
    assert "warning: charger garage needs at least 4140 W: the power cap of 4000 W keeps it paused" in err


def test_check_fails_when_a_charger_was_left_out(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1: the house is protected, but not as it was written."""
    house.write_text(HOUSE + '[[charger]]\nname = "b"\nmax = 10\n')
    assert cli.main(["check", "--config", str(house)]) == 1
    assert "left out: house.toml, line 12, charger.2.max: is not a known key; did you mean max_a?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "run", "replay", "record"])
def test_a_configuration_without_a_house_is_78(
    command: str, house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command that needs the configuration refuses it in the same words."""
    house.write_text(HOUSE.replace("25", '"lots"'))
    more = {"replay": ["x"], "record": ["--out", str(tmp_path / "out")]}.get(command, [])
    assert cli.main([command, *more, "--config", str(house)]) == 78
    assert capsys.readouterr().err == "house.toml, line 4, site.fuse_a: 'lots' is not a number; for example fuse_a = 25\n"


def test_replay_shows_each_decision_once(house: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object for each limit that changed, with the time of the dump, the charger and the reason."""
    loud = dump.parent / "loud.log"
    loud.write_text("".join(frame.hex() + "\n" for frame in frames(20, current_ma=34_000)[12:]))
    assert cli.main(["replay", str(dump), str(loud), "--config", str(house)]) == 0
    shown = capsys.readouterr()
    decisions = [json.loads(line) for line in shown.out.splitlines()]
    limits = [decision["current_a"] for decision in decisions]
    assert limits[0] == 6
    assert max(limits) == 16
    assert limits[-1] == 0
    assert all(before != after for before, after in pairwise(limits))
    assert [decision["time"] for decision in decisions] == sorted(decision["time"] for decision in decisions)
    assert all(decision["charger"] == "garage" and decision["reason"] for decision in decisions)
    assert shown.err == f"20 readings, 0 rejected; {len(decisions)} decisions\n"


def test_replay_of_noise_ends_with_what_to_do(house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was read, so nothing is counted after the remedy."""
    noise = tmp_path / "noise.txt"
    noise.write_bytes(random.Random(5).randbytes(5_000))
    assert cli.main(["replay", str(noise), "--config", str(house)]) == 1
    assert capsys.readouterr().err.endswith("\nno meter list was found: is this a dump of a HAN port?\n")


def test_replay_of_a_file_that_is_not_there_says_that_alone(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody asks whether it is a dump of a HAN port."""
    assert cli.main(["replay", "/nowhere", "--config", str(house)]) == 1
    assert capsys.readouterr().err == "han-gateway replay: /nowhere: cannot be read (no such file or directory)\n"


def test_replay_at_a_speed_takes_its_time(house: Path, dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """110 seconds at 500 times their speed are a fifth of a second, and the decisions are the same."""
    cli.main(["replay", str(dump), "--config", str(house)])
    fast = capsys.readouterr().out
    begun = time.monotonic()
    cli.main(["replay", str(dump), "--config", str(house), "--speed", "500"])
    assert time.monotonic() - begun >= 0.2
    assert capsys.readouterr().out == fast


def test_replay_serves_the_bytes_to_another_program(dump: Path) -> None:
    """A client of --serve tcp gets the bytes of the dump as from ser2net, then the end."""
    command = [sys.executable, "-m", "han_gateway", "replay", str(dump), "--serve", "tcp:0", "--speed", "max"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT) as server:
        assert server.stderr
        port = int(server.stderr.readline().split(b",")[0].split(b":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            data = b"".join(iter(lambda: client.recv(4096), b""))
        assert server.wait(60) == 0
    assert data == b"".join(frames(12))


def test_replay_serves_a_pty(dump: Path) -> None:
    """A program that only knows serial ports reads the dump from a device."""
    command = [sys.executable, "-m", "han_gateway", "replay", str(dump), "--serve", "pty", "--speed", "1000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT) as server:
        assert server.stderr
        device = os.open(server.stderr.readline().split()[2], os.O_RDWR | os.O_NOCTTY)
        data = b""
        while len(data) < len(b"".join(frames(12))) and (piece := os.read(device, 4096)):
            data += piece
        os.close(device)
        assert server.wait(60) == 0
    assert data == b"".join(frames(12))


def test_record_writes_what_replay_reads(house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes from a network port end up in a recording with their times."""
    out = tmp_path / "out.han"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-m", "han_gateway", "record", "--port", f"tcp:127.0.0.1:{port}", "--out", str(out)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT) as recording, server.accept()[0] as meter:
            meter.sendall(b"".join(frames(3)))
            while not out.exists() or out.read_bytes().count(b"7EA0") < 3:
                time.sleep(0.01)
            recording.terminate()
            assert recording.wait(60) == 0
    assert cli.main(["replay", str(out), "--config", str(house)]) == 0
    assert "3 readings" in capsys.readouterr().err


def test_record_refuses_a_port_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option is named."""
    assert cli.main(["record", "--port", "COM3", "--out", str(tmp_path / "x")]) == 78
    assert capsys.readouterr().err.startswith("--port: 'COM3' is neither a device nor tcp:HOST:PORT nor mqtt:TOPIC")


def test_record_refuses_a_speed_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The remedy is a speed, not a port."""
    assert cli.main(["record", "--port", "/dev/null", "--baud", "2401", "--out", str(tmp_path / "x")]) == 78
    assert capsys.readouterr().err.endswith("; for example --baud 2400; han-gateway detect finds it\n")


@pytest.mark.parametrize("words", ["0", "-1", "nan", "inf", "soon"])
@pytest.mark.parametrize(
    "command",
    [
        ["record", "--port", "/dev/null", "--out", "x.han", "--duration"],
        ["test-charger", "garage", "10", "--config", "house.toml", "--wait"],
        ["support-bundle", "--config", "house.toml", "--out", "x.tar.gz", "--record"],
        ["detect", "--seconds"],
    ],
    ids=lambda command: command[0],
)
def test_a_time_that_makes_no_sense_is_a_usage_error(command: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is begun that would end at once, or never: exit 2, and the option is named."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*command[:-1], f"{command[-1]}={words}"])
    assert ended.value.code == 2
    assert f"argument {command[-1]}: '{words}' is not a number of seconds above 0, " in capsys.readouterr().err


@pytest.mark.parametrize("command", [["record", "--out", "x.han", "--port"], ["detect"]])
def test_a_topic_is_heard_by_run_alone(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A meter whose frames come over MQTT can be neither recorded nor detected alone; the remedy is told."""
    monkeypatch.chdir(tmp_path)
    assert cli.main([*command, "mqtt:pulse/frames"]) == 78
    told = capsys.readouterr().err
    assert "mqtt:pulse/frames is heard by han-gateway run only; to record it: han-gateway run --record FILE" in told
    assert not list(tmp_path.iterdir())


def test_record_that_cannot_write_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named."""
    assert cli.main(["record", "--port", "/dev/null", "--out", str(tmp_path)]) == 1
    assert "cannot be written (is a directory)" in capsys.readouterr().err


def test_a_hostile_recording_is_replayed_in_bounded_time(house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times thousands of years apart do not make the controller live through them."""
    recorder = append(tmp_path / "hostile", 0)
    for at in (0, 200_000_000_000_000, 5, 100_000_000_000_000):
        recorder.arrived(at, frames(1)[0])
    recorder.close()
    assert cli.main(["replay", str(tmp_path / "hostile"), "--config", str(house)]) == 0
    assert "4 readings" in capsys.readouterr().err


def test_no_command_at_all_is_answered_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Who types the name alone sees every command, and where to start."""
    assert cli.main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [name for name in COMMANDS if name not in said.err] == []
    assert "Start with: han-gateway demo" in said.err


def test_control_c_ends_a_command_that_has_not_begun(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """While a command is still being loaded, Ctrl-C is no failure to be shown, either."""

    def pressed(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", pressed)
    assert cli.main(["check", "--config", "x"]) == cli.EXIT_INTERRUPTED
    assert capsys.readouterr().err == ""


def test_an_output_that_is_closed_is_no_failure() -> None:
    """Whoever starts a command with stdin, stdout and stderr closed gets its exit code, and no traceback in its place."""
    command = f"exec {shlex.quote(sys.executable)} -m han_gateway check --config config/gateway.example.toml <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, check=False).returncode == 0
