"""``support-bundle``: what somebody who helps needs to see, in one file, without secrets and without the number of the meter.

It sends nothing to anyone. What is taken out, and how, is ``redaction``'s business.
"""

import argparse
import contextlib
import getpass
import io
import os
import platform
import re
import socket
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from han_gateway.commands.bundled_line import bundled
from han_gateway.commands.durations import seconds_up_to
from han_gateway.commands.redaction import Redactor, shown

if TYPE_CHECKING:  # pydantic takes 150 ms, and --help does not need it
    from han_gateway.config.load import Config

FOLDER = "han-gateway-support"
LARGEST = 1024 * 1024
"""Bytes of a part; of a longer one the end."""
PATIENCE_S = 10
LONGEST_S = 600
"""Of listening to the meter."""
JOURNAL_LINES = 2_000
CREDENTIALS = ("mqtt-password", "page-token", "meter-key", "meter-authentication-key")
NOBODY = frozenset({"root", "pi", "localhost", "raspberrypi"})
"""Names of every second machine: they tell nothing, and are parts of other words."""
EXAMPLE = """example:
  sudo han-gateway support-bundle --config /etc/han-gateway/home.toml --out support.tar.gz
  sudo han-gateway support-bundle --config /etc/han-gateway/home.toml --out support.tar.gz --record 60

It holds the configuration, what `check` and `status` say, versions, the last lines of the log, the metrics and what the gateway has learned.
With --record it listens to the meter, too: that says most where lists are missing or wrong. An adapter has one reader, so stop the gateway
for that time (sudo systemctl stop han-gateway@home); or name with --recording what `run --record FILE` has written.
Passwords, user names, host names and the number of the meter are taken out, comments of the configuration too. What your house draws is in
the recording, and cannot be taken out. It sends nothing: look into it before you do.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.epilog = EXAMPLE
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the bundle to write: a new file")
    line = parser.add_mutually_exclusive_group()
    line.add_argument(
        "--record",
        type=seconds_up_to(LONGEST_S),
        metavar="S",
        help="listen to the meter so long (60 is plenty), and put that in, too",
    )
    line.add_argument("--recording", type=Path, metavar="FILE", help="put in the end of a recording that is there already")


def main(args: argparse.Namespace) -> int:
    """0 when the bundle was written, 1 when not; a configuration that cannot be used is no hindrance: it may be the trouble.

    One that is not there is: whoever helps would get a bundle of another house, or of none. Raises ConfigError.
    """
    _refuse_missing(args.config)
    config = _config(args.config)
    redactor = Redactor(_secrets(args.config, config))
    parts = {name: redactor.clean(text)[-LARGEST:] for name, text in _parts(args.config, config)}
    parts["meter.han"] = bundled(args.record, args.recording, config, redactor)[-LARGEST:]
    try:
        size = _write(args.out, parts)
    except FileExistsError:
        print(f"han-gateway support-bundle: {args.out} is there already: name another file with --out", file=sys.stderr)
        return 1
    except OSError as why:
        reason = (why.strerror or str(why)).lower()
        print(
            f"han-gateway support-bundle: {args.out} cannot be written ({reason}): name another file with --out", file=sys.stderr
        )
        return 1
    print(
        f"{args.out} is written ({size:,} bytes), and nothing was sent. In it, without secrets and without the number of the meter:"
    )
    for name, text in parts.items():
        print(f"  {name:<14} {len(text):>8,} characters  {ABOUT[name]}")
    print(f"next:  look into it (tar -xzf {args.out}; less {FOLDER}/*), then send it to whoever helps you")
    return 0


def _refuse_missing(path: Path) -> None:
    from han_gateway.config.problems import ConfigError, Problem

    try:
        path.stat()
    except FileNotFoundError:
        raise ConfigError([Problem(str(path), "is not there", "check the name after --config")]) from None
    except (OSError, ValueError):  # what hinders us there is told in the bundle
        return


ABOUT: Mapping[str, str] = {
    "config.toml": "the configuration, without comments",
    "check.txt": "what `check` says of it",
    "status.txt": "what `status` shows now",
    "service.txt": "what systemd says of the service",
    "about.txt": "versions and the machine",
    "journal.txt": "the end of the log",
    "metrics.txt": "what Prometheus would see now",
    "state.json": "what the gateway has learned",
    "meter.han": "what the meter sent (han-gateway decode meter.han), or why it is not here",
}


def _parts(path: Path, config: "Config | None") -> Iterator[tuple[str, str]]:
    """Each part, or why it is not there."""
    unit = f"han-gateway@{path.stem}"
    yield "config.toml", _document(path)
    us = (sys.executable, "-m", "han_gateway")
    yield "check.txt", _said(*us, "check", "--config", str(path))
    yield "status.txt", _said(*us, "status", "--config", str(path), "--language", "en")
    yield "service.txt", _said("systemctl", "status", "--no-pager", "--lines=0", unit)
    yield "about.txt", _about()
    yield "journal.txt", _said("journalctl", "--no-pager", "-o", "short-iso", f"-n{JOURNAL_LINES}", "-u", unit)
    yield "metrics.txt", _scraped(config)
    yield "state.json", _learned(path, config)


def _config(path: Path) -> "Config | None":
    from han_gateway.config.load import load
    from han_gateway.config.problems import ConfigError

    try:
        return load(path)
    except ConfigError:
        return None


def _document(path: Path) -> str:
    """The configuration as it may be shown."""
    from pydantic import BaseModel

    from han_gateway.config.charger import ChargerSettings, WordsSettings
    from han_gateway.config.problems import ConfigError
    from han_gateway.config.settings import CircuitSettings, Settings
    from han_gateway.config.toml_file import read_toml

    tables = [field.annotation for field in Settings.model_fields.values()]
    sections = [table for table in tables if isinstance(table, type) and issubclass(table, BaseModel)]
    models: list[type[BaseModel]] = [Settings, ChargerSettings, WordsSettings, CircuitSettings, *sections]
    known = {key for model in models for key in model.model_fields}
    try:
        return "\n".join(shown(read_toml(path).document, known)) + "\n"
    except ConfigError as why:
        return f"not shown: {why}\n"


def _secrets(path: Path, config: "Config | None") -> Iterator[str]:
    """All that identifies somebody here. Of a configuration that cannot be used the values of all keys, as nobody knows which they are."""
    people = {socket.gethostname(), getpass.getuser(), Path.home().name, os.environ.get("SUDO_USER", "")}
    yield from people - NOBODY
    for name in CREDENTIALS:  # those that systemd hands over, as docs/install.md names them
        with contextlib.suppress(OSError, ValueError):
            yield path.with_name(f"{path.stem}.{name}").read_text(encoding="utf-8").strip("\r\n")
    if config is None:
        yield from _values(path)
        return
    yield from (secret.get_secret_value() for secret in (config.password, config.page_token) if secret)
    for key in (config.keys.encryption, config.keys.authentication or b"") if config.keys else ():
        yield from (key.hex(), key.hex().upper(), key.hex(" "), key.hex(" ").upper())
    yield config.mqtt.username or ""
    hosts = [config.mqtt.host, *(host for host, _ in config.mqtt.other_addresses), *(config.meter.tcp or ())[:1]]
    yield from (str(host) for host in hosts if host not in {"localhost", "127.0.0.1", "::1"})


def _values(path: Path) -> Iterator[str]:
    """What stands in quotes."""
    from han_gateway.config.toml_file import LARGEST_FILE, first_bytes

    try:
        text = first_bytes(path, LARGEST_FILE).decode(errors="replace")
    except OSError:
        return
    yield from (value for pair in re.findall(r'"([^"\n]{4,})"|\'([^\'\n]{4,})\'', text) for value in pair)


def _said(*command: str) -> str:
    """What a program says, or why it could not be asked."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as why:
        return f"{command[0]} could not be asked ({why})\n"
    return f"{done.stdout}{done.stderr}exit {done.returncode}\n"


def _about() -> str:
    from importlib import metadata

    from han_gateway.cli import version

    packages = sorted({f"{each.name} {each.version}" for each in metadata.distributions()})
    lines = [f"han-gateway {version()}", f"python {platform.python_version()}", platform.platform(), *packages]
    return "\n".join(lines) + "\n"


def _scraped(config: "Config | None") -> str:
    if config is None or not config.metrics.enabled:
        return "there are no metrics in this configuration\n"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.metrics.host, config.metrics.host)  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{host}:{config.metrics.port}/metrics", timeout=PATIENCE_S) as answer:
            return str(answer.read(LARGEST).decode(errors="replace"))
    except (OSError, urllib.error.URLError, ValueError) as why:
        return f"not to be had ({why}): does the gateway run?\n"


def _learned(path: Path, config: "Config | None") -> str:
    folder = config.state_dir if config and config.state_dir else Path("/var/lib/han-gateway", path.stem)
    try:
        return (folder / "state.json").read_text(encoding="utf-8", errors="replace")
    except OSError as why:
        return f"{folder}/state.json cannot be read ({(why.strerror or str(why)).lower()})\n"


def _write(out: Path, parts: Mapping[str, str]) -> int:
    """Write the bundle, readable for its owner alone; the answer is its size. Nothing in it names a user or a time."""
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz") as bundle:
            for name, text in parts.items():
                data = text.encode()
                member = tarfile.TarInfo(f"{FOLDER}/{name}")
                member.size, member.mode = len(data), 0o600
                bundle.addfile(member, io.BytesIO(data))
        return stream.tell()
