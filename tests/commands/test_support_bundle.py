"""``support-bundle``: what a helper needs is in it, and canaries that were planted everywhere are not."""

import base64
import gzip
import json
import tarfile
from pathlib import Path
from urllib.parse import quote

import pytest
from prometheus_client import CollectorRegistry, Info

from han_gateway import cli
from han_gateway.adapters.metrics_server import serve
from han_gateway.commands.redaction import HIDDEN, Redactor
from han_gateway.commands.support_bundle import ABOUT, FOLDER

METER_ID = "9900000099999999"
PASSWORD = 'canary "pass\\word" æ'
USER = "canary-user"
HOST = "canary-host.lan"
CANARIES = (METER_ID, PASSWORD, USER, HOST)
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


def bundle(folder: Path, text: str) -> tuple[int, Path, dict[str, str]]:
    """The exit code, the bundle, and its members."""
    config = folder / "home.toml"
    config.write_text(text)
    (folder / "secret").write_text(PASSWORD + "\n")
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / "state.json").write_text(json.dumps({"at": 1_768_500_000_000, "who": [*CANARIES, *DISGUISED]}))
    out = folder / "support.tar.gz"
    code = cli.main(["support-bundle", "--config", str(config), "--out", str(out)])
    with tarfile.open(out) as opened:
        members = {member.name: opened.extractfile(member) for member in opened.getmembers()}
        return code, out, {name.removeprefix(f"{FOLDER}/"): stream.read().decode() for name, stream in members.items() if stream}


def test_canaries_do_not_come_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A meter id, a password, a user and a host that stand in the configuration, the metrics and the memory are in no member, in no form."""
    registry = CollectorRegistry()
    Info("han_meter", "The meter.", registry=registry).info({"model": METER_ID, "words": PASSWORD, "who": f"{USER}@{HOST}"})
    server = serve(registry, "127.0.0.1", 0)
    code, out, members = bundle(tmp_path, HOUSE.format(port=server.port))
    server.close()
    packed = out.read_bytes()
    everything = b"".join(
        (packed, gzip.decompress(packed), *(text.encode() for text in members.values()), capsys.readouterr().out.encode())
    )

    assert code == 0
    assert [form for secret in CANARIES for form in written(secret) if form in everything] == []
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


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that cannot be written is one line and exit 1."""
    assert cli.main(["support-bundle", "--config", str(tmp_path / "x.toml"), "--out", str(tmp_path / "no" / "x.tar.gz")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_short_secrets_do_not_eat_the_text() -> None:
    """A user called `pi` is hidden where the word stands, and nothing else is; figures that are no meter's stay."""
    clean = Redactor(["pi"]).clean(
        "user pi: a pile of pins, 1768500000000 ms, 9900000099999999, 39 39 30 30 30 30 30 30 30 30 30 30 30 31"
    )

    assert clean == f"user {HIDDEN}: a pile of pins, 1768500000000 ms, {HIDDEN}, {HIDDEN}"
