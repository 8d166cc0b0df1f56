"""``detect`` as a process, on real ptys and sockets: what is found, what is said, and the exit code.

A pty has no parity: that 8E1 and 8N1 are told apart on a real UART is proven by ``test_signs.py`` on UARTs in software only.
"""

import json
import os
import socket
import subprocess
import sys
import time
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from han_gateway.commands import detect
from han_gateway.commands.trials import SETTINGS, try_port
from han_gateway.meters.models import METERS
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_forms import write as write_telegram
from han_gateway.meters.telegram_meter import TELEGRAM_METERS
from tests.ser2net import BEGINS, doubled
from tests.uart import Uart, inverted, received, sent

ROOT = Path(__file__).parent.parent.parent
METER = METERS["aidon-it"]
LIST = write(
    METER.list2,
    Reading(
        manufacturer="aidon",
        list=2,
        list_id=METER.list_id,
        meter_id="9900000000000017",
        meter_type=METER.meter_type,
        **{f"voltage_l{line}_mv": 230_000 for line in (1, 2, 3)},  # type: ignore[arg-type]
    ),
)


def asked(*arguments: str) -> "subprocess.Popen[str]":
    """The command, listening."""
    command = [sys.executable, "-m", "han_gateway", "detect", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def fed(data: bytes, *more: str, seconds: str = "0.4") -> tuple[int, str, str]:
    """Exit code and output of the command on a pty that says this again and again."""
    meter, device = os.openpty()
    tty.setraw(device)
    name = os.ttyname(device)
    os.set_blocking(meter, False)
    with asked(name, "--seconds", seconds, *more) as process:
        while process.poll() is None:
            if data:
                with suppress(BlockingIOError):
                    os.write(meter, data)
            time.sleep(0.05)
        assert process.stdout
        assert process.stderr
        out, err = process.stdout.read(), process.stderr.read()
    os.close(meter)
    os.close(device)
    return process.returncode, out.replace(name, "PORT"), err


def test_a_meter_is_named_with_the_lines_to_write() -> None:
    """Maker, type, lists, net and four lines of TOML on stdout, each trial on stderr, exit 0."""
    code, out, err = fed(LIST)

    assert code == 0
    assert "aidon, type 6525, lists AIDON_V0001" in out
    assert "230 V, 230 V, 230 V: L2's current is not measured" in out
    assert out.endswith('[meter]\nport = "PORT"\nbaud = 2400\nparity = "E"\n')
    assert "up to 1.6 s" in err


TELEGRAM = write_telegram(
    TELEGRAM_METERS["p1-se-kamstrup"].form,
    Reading(
        manufacturer="kamstrup",
        list=3,
        power_import_w=690,
        **{f"voltage_l{line}_mv": 230_000 for line in (1, 2, 3)},  # type: ignore[arg-type]
        **{f"current_l{line}_ma": 1_000 for line in (1, 2, 3)},  # type: ignore[arg-type]
    ),
)


def test_a_p1_meter_is_named() -> None:
    """A P1 port is a meter as any other: maker, what its telegrams call themselves, its voltages, the lines to write."""
    code, out, _ = fed(TELEGRAM, "--json", seconds="1")
    (port,) = json.loads(out)["ports"]

    assert code == 0
    assert (port["meter"]["manufacturer"], port["meter"]["list_id"]) == ("kamstrup", "KAM5")
    assert list(port["meter"]["lists"]) == ["3"]
    assert port["meter"]["voltage_v"] == [230.0, 230.0, 230.0]
    assert "baud = " in port["toml"]


def test_an_inverted_p1_port_is_recognised() -> None:
    """A P1 port without a cable that inverts: exit 1, that the line is inverted, and which cable helps; all speeds are tried."""
    fast = Uart(115_200, "N")
    upside_down, _, _ = received(inverted(sent(TELEGRAM, fast)), fast, at_baud=115_200)
    code, out, err = fed(upside_down)

    assert code == 1
    assert "the line is inverted" in out
    assert "P1 or DSMR cable" in out
    assert "115200 8N1" in err


def test_an_encrypted_telegram_says_which_key_to_ask_for() -> None:
    """An encrypted P1 telegram: exit 1, that it is encrypted, and what to ask the grid company for."""
    sealed = b"/XYZ5\r\n\r\n\xdb\x08XYZ12345\x28\x30\0\0\0\x01" + bytes(range(35)) + b"!0000\r\n"
    code, out, _ = fed(sealed)

    assert code == 1
    assert "encrypted" in out
    assert "grid company" in out


def test_the_period_of_the_lists_is_learned() -> None:
    """Listening goes on until two lists with currents have come, and says how often they come."""
    meter, device = os.openpty()
    tty.setraw(device)
    with asked(os.ttyname(device), "--seconds", "3", "--json") as process:
        for _ in range(40):
            if process.poll() is not None:
                break
            os.write(meter, LIST)
            time.sleep(1.5)
        assert process.stdout
        told: dict[str, Any] = json.loads(process.stdout.read())
    os.close(meter)
    os.close(device)

    assert told["found"] is True
    (port,) = told["ports"]
    assert port["meter"]["current_period_s"] == pytest.approx(1.5, abs=0.5)
    assert port["verdict"] == "meter"
    assert [trial["verdict"] for trial in port["trials"]] == ["meter"]


def test_silence_is_a_closed_port() -> None:
    """Not a byte: exit 1, what it means and what to do; other speeds are not tried, since silence is silence at all of them."""
    code, out, err = fed(b"")

    assert code == 1
    assert "no bytes in 0.4 s" in out
    assert "ask your grid company to open it" in out
    assert err.count("listening, up to") == 1
    assert "115200" not in err


def test_nonsense_is_tried_at_every_setting() -> None:
    """Bytes without a frame make every setting be tried; the verdict speaks of speed and parity."""
    code, out, err = fed(bytes(range(1, 255)))

    assert code == 1
    assert "but no frame" in out
    assert all(str(setting) in err for setting in SETTINGS)


def test_no_such_port_is_said_at_once() -> None:
    """A name that is not there is answered without listening, in words and for programs."""
    with asked("/dev/serial/by-id/none", "--json") as process:
        out, err = process.communicate(timeout=60)
    told = json.loads(out)

    assert process.returncode == 1
    assert "listening" not in err
    assert told["ports"][0]["verdict"] == "no_port"
    assert "is the adapter plugged in?" in told["ports"][0]["todo"]


def test_a_serial_server_has_its_own_settings() -> None:
    """Behind TCP there is one trial, and the lines to write name neither speed nor parity."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with asked(f"tcp:127.0.0.1:{port}", "--seconds", "2") as process, server.accept()[0] as line:
            line.sendall(LIST)
            out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert out.endswith(f'[meter]\nport = "tcp:127.0.0.1:{port}"\n')


def test_a_serial_server_that_speaks_telnet_is_named() -> None:
    """Every list of this meter has bytes FF, which come twice: the verdict is telnet, and the remedy that of the server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with asked(f"tcp:127.0.0.1:{port}", "--seconds", "2", "--json") as process, server.accept()[0] as line:
            line.sendall(BEGINS + doubled(LIST))
            out, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    (told,) = json.loads(out)["ports"]
    assert told["verdict"] == "telnet"
    assert "ser2net: accepter: tcp,PORT" in told["todo"]


def test_a_port_that_another_program_reads_is_left_alone(tmp_path: Path) -> None:
    """Two readers would take the bytes from each other, so a port that is held is not opened, and its holder is named."""
    device = tmp_path / "device"
    device.touch()
    with device.open() as file, subprocess.Popen(["sleep", "60"], stdin=file) as other:
        result = try_port(str(device), None, 1, lambda _: None)
        other.kill()

    assert result.best.verdict.what == f"in use by sleep (process {other.pid})"
    assert len(result.trials) == 1


def test_the_help_says_how_long_it_takes() -> None:
    """The figures of the help are those of the settings."""
    assert f"up to {len(SETTINGS) * detect.SECONDS:g} s: {detect.SECONDS:g} s at each" in detect.EXAMPLE
    assert all(str(setting) in detect.EXAMPLE for setting in SETTINGS)
