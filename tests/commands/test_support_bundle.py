"""``support-bundle``: what a helper needs is in it, and canaries that were planted everywhere are not."""

import base64
import gzip
import io
import json
import os
import tarfile
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from prometheus_client import CollectorRegistry, Info

from han_gateway import cli
from han_gateway.adapters.http_server import serve
from han_gateway.adapters.recording import Arrived, append, read_recording
from han_gateway.commands.redaction import HIDDEN, Redactor
from han_gateway.commands.support_bundle import ABOUT, FOLDER
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from tests.adapters.served import Served
from tests.commands.test_anonymous import NUMBER, line

METER_ID = "9900000099999999"
PASSWORD = 'canary "pass\\word" æ'
USER = "canary-user"
HOST = "canary-host.lan"
TOKEN = "canary-token-of-the-page"
CANARIES = (METER_ID, PASSWORD, USER, HOST, TOKEN)
KEY, AUTHENTICATION_KEY = "0123456789ABCDEF" * 2, "fedcba9876543210" * 2
DISGUISED = (
    base64.b64encode(PASSWORD.encode()).decode(),
    repr(PASSWORD),
    quote(PASSWORD),
    METER_ID.encode().hex(" "),
    METER_ID.encode().hex(),
)
HOUSE = f"""# the meter is {METER_ID}, the password is {PASSWORD}
[site]
name = "home"
grid = "TN"
fuse_a = 25
state_dir = "state"
[meter]
port = "/dev/serial/by-id/usb-{METER_ID}"   # {USER}
[mqtt]
host = "{HOST}"
username = "{USER}"
password_file = "secret"
[metrics]
port = {{port}}
[page]
token_file = "canary-file"
[[charger]]
name = "garage"
[[charger]]
name = "yard"
phases = ["L9"]
password = "{USER}"
"""


def written(secret: str) -> set[bytes]:
    """The ways in which a secret could be in a file."""
    plain = secret.encode()
    forms = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret)}
    in_hex = {plain.hex().encode(), plain.hex(" ").encode()} if secret.isdecimal() else set[bytes]()
    return {form.encode() for form in forms} | {base64.b64encode(plain).rstrip(b"=")} | in_hex


def bundle(folder: Path, text: str, *more: str) -> tuple[int, Path, dict[str, str]]:
    """The exit code, the bundle, and its members."""
    config = folder / "home.toml"
    config.write_text(text)
    (folder / "secret").write_text(PASSWORD + "\n")
    (folder / "canary-file").write_text(TOKEN + "\n")
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / "state.json").write_text(json.dumps({"at": 1_768_500_000_000, "who": [*CANARIES, *DISGUISED]}))
    out = folder / "support.tar.gz"
    code = cli.main(["support-bundle", "--config", str(config), "--out", str(out), *more])
    with tarfile.open(out) as opened:
        members = {member.name: opened.extractfile(member) for member in opened.getmembers()}
        return code, out, {name.removeprefix(f"{FOLDER}/"): stream.read().decode() for name, stream in members.items() if stream}


def test_canaries_do_not_come_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A meter id, a password, a user and a host that stand in the configuration, the metrics and the memory are in no member, in no form."""
    registry = CollectorRegistry()
    Info("han_meter", "The meter.", registry=registry).info(
        {"model": METER_ID, "words": PASSWORD, "who": f"{USER}@{HOST} {TOKEN}"}
    )
    server = serve(registry, "127.0.0.1", 0)
    code, out, members = bundle(tmp_path, HOUSE.format(port=server.port))
    server.close()
    packed = out.read_bytes()
    everything = b"".join(
        (packed, gzip.decompress(packed), *(text.encode() for text in members.values()), capsys.readouterr().out.encode())
    )

    assert code == 0
    assert [form for secret in CANARIES for form in written(secret) if form in everything] == []
    assert "canary-file" not in "".join(members.values())
    assert "han_meter_info{" in members["metrics.txt"]
    assert '"at": 1768500000000' in members["state.json"]
    assert "left out: " in members["check.txt"]
    assert members["config.toml"].startswith('[site]\nname = "home"\ngrid = "TN"\nfuse_a = 25\n')
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_keys_of_the_meter_do_not_come_out(tmp_path: Path) -> None:
    """Keys, their files' names and the name that the meter has in its encrypted lists are in no member, however they are written."""
    (tmp_path / "canary-a").write_text(KEY)
    (tmp_path / "canary-b").write_text(AUTHENTICATION_KEY)
    registry = CollectorRegistry()
    forms = [form for key in (KEY, AUTHENTICATION_KEY) for form in (key, key.lower(), key.upper(), bytes.fromhex(key).hex(" "))]
    Info("han_meter", "The meter.", registry=registry).info({"model": " ".join(forms), "log": "system title 58595A4142434445"})
    server = serve(registry, "127.0.0.1", 0)
    keys = 'key_file = "canary-a"\nauthentication_key_file = "canary-b"\n[mqtt]'
    _, _, members = bundle(tmp_path, HOUSE.format(port=server.port).replace("[mqtt]", keys))
    server.close()

    everything = "".join(members.values())
    assert [form for form in (*forms, "58595A4142434445", "canary-a") if form in everything] == []
    assert f"key_file = {HIDDEN}" in members["config.toml"]
    assert "system title " in members["metrics.txt"]


def test_it_says_what_is_inside_before_anybody_sends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every member is named with its size and its meaning, and that nothing was sent; an old bundle is never overwritten."""
    _, out, members = bundle(tmp_path, HOUSE.format(port=1))
    told = capsys.readouterr().out

    assert members.keys() == ABOUT.keys()
    assert [name for name in members if f"  {name} " not in told] == []
    assert "nothing was sent" in told
    assert cli.main(["support-bundle", "--config", str(tmp_path / "home.toml"), "--out", str(out)]) == 1
    assert "name another file with --out" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[site\n", f'[mqtt]\npassword = "{USER}"\nhost = "{HOST}"\n', f'[site]\nfuse_a = "{USER}"\n'])
def test_a_broken_configuration_is_the_reason_to_ask_for_help(tmp_path: Path, text: str) -> None:
    """Of a configuration that cannot be used there is a bundle all the same, with what `check` says, and without what stands in quotes."""
    code, _, members = bundle(tmp_path, text)

    assert code == 0
    assert "exit 78" in members["check.txt"]
    assert [name for name, said in members.items() if USER in said and name != "state.json"] == []


def test_a_configuration_that_is_not_there_is_a_wrong_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is sent a bundle without a house in it: it is refused, and nothing is written."""
    missing, out = tmp_path / "hoem.toml", tmp_path / "support.tar.gz"
    assert cli.main(["support-bundle", "--config", str(missing), "--out", str(out)]) == 78
    assert capsys.readouterr().err == f"{missing}: is not there; check the name after --config\n"
    assert not out.exists()


def test_how_things_stand_is_in_it(tmp_path: Path) -> None:
    """The phases, the chargers and the last decisions, as `status` shows them to the owner; or that nobody answers."""
    with Served() as served:
        served.evening.play(120_000)
        _, out, members = bundle(tmp_path, HOUSE.format(port=served.port))
        port = served.port
    assert members["status.txt"].startswith("home: main fuse 25 A")
    assert "carport" in members["status.txt"]
    out.unlink()
    _, _, members = bundle(tmp_path, HOUSE.format(port=port))
    assert "no answer from" in members["status.txt"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that cannot be written is one line and exit 1."""
    config = tmp_path / "x.toml"
    config.touch()
    assert cli.main(["support-bundle", "--config", str(config), "--out", str(tmp_path / "no" / "x.tar.gz")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_short_secrets_do_not_eat_the_text() -> None:
    """A user called `pi` is hidden where the word stands, and nothing else is; figures that are no meter's stay."""
    clean = Redactor(["pi"]).clean(
        "user pi: a pile of pins, 1768500000000 ms, 9900000099999999, 39 39 30 30 30 30 30 30 30 30 30 30 30 31, "
        "ISK1030900000017, 1KFM0200900017, MA304H4, AIDON_V0001"
    )

    assert clean == (
        f"user {HIDDEN}: a pile of pins, 1768500000000 ms, {HIDDEN}, {HIDDEN}, {HIDDEN}, {HIDDEN}, MA304H4, AIDON_V0001"
    )


@contextmanager
def speaking(data: bytes) -> Iterator[str]:
    """A meter on a pty that sends this again and again; its name."""
    meter, device = os.openpty()
    tty.setraw(device)
    os.set_blocking(meter, False)
    end = threading.Event()

    def speak() -> None:
        while not end.wait(0.05):
            with suppress(BlockingIOError):
                os.write(meter, data)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield os.ttyname(device)
    finally:
        end.set()
        thread.join()
        os.close(meter)
        os.close(device)


def meters_house(port: object) -> str:
    """A small house at this port."""
    return (
        f'[site]\nname = "home"\ngrid = "TN"\nfuse_a = 25\n[meter]\nport = "{port}"\nparity = "N"\n[mqtt]\nhost = "localhost"\n'
    )


def lists_in(recording: str) -> list[Reading]:
    """What `decode` makes of it."""
    arrived = [each for each in read_recording(io.BytesIO(recording.encode())) if isinstance(each, Arrived)]
    items = [each.data for each in arrived]
    return [each for each in Decoder().feed(b"".join(items)) if isinstance(each, Reading)]


def test_a_minute_of_the_meter_is_in_it_without_its_number(tmp_path: Path) -> None:
    """Asked to, it listens; what it heard is decoded, and the number of the meter is in no member."""
    with speaking(line("kamstrup-tn")) as port:
        code, _, members = bundle(tmp_path, meters_house(port), "--record", "1")

    assert code == 0
    found = lists_in(members["meter.han"])
    assert {(each.manufacturer, each.meter_id) for each in found} == {("kamstrup", "X" * len(NUMBER))}
    assert NUMBER.encode().hex().upper() not in members["meter.han"]


def test_the_end_of_a_recording_can_be_put_in(tmp_path: Path) -> None:
    """What `run --record` has written needs no stop of the gateway; chargers and commands in it stay where they are."""
    recorder = append(tmp_path / "evening.han", 1_768_500_000_000)
    recorder.arrived(1_768_500_000_100, line("aidon-tn"))
    recorder.said(1_768_500_000_200, "charger", "garage", b"{}")
    recorder.close()
    _, _, members = bundle(tmp_path, meters_house("/dev/null"), "--recording", str(tmp_path / "evening.han"))

    assert [each.manufacturer for each in lists_in(members["meter.han"])] == ["aidon"]
    assert "garage" not in members["meter.han"]


@pytest.mark.parametrize(
    ("port", "more", "why"),
    [
        ("nowhere", ("--record", "60"), "is not there"),
        ("mqtt:pulse/frames", ("--record", "60"), "han-gateway run --record FILE"),
        ("/dev/null", ("--recording", "no.han"), "cannot be read"),
        ("/dev/null", ("--recording", "home.toml"), "is it a recording of ours?"),
        ("/dev/null", (), "--record 60 listens to the meter"),
    ],
)
def test_why_there_is_no_recording_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str, more: tuple[str, ...], why: str
) -> None:
    """A line that cannot be listened to is no hindrance, and is not waited for: the reason is in the bundle."""
    monkeypatch.chdir(tmp_path)
    code, _, members = bundle(tmp_path, meters_house(port if ":" in port or port[0] == "/" else tmp_path / port), *more)

    assert code == 0
    assert why in members["meter.han"]
