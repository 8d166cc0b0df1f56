"""The answers that `setup` collects, and the ten lines they become. Each reader takes what a person typed, or says what would be right.

Pure. This file must not know who asks, nor where the lines are written.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from han_gateway.commands.sightings import IDENTITY, OWN, TITLES
from han_gateway.devices.makes import DEVICES

SMALLEST_A, LARGEST_A = 6, 2_000  # as the configuration has it
LINES = ("L1", "L2", "L3")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_BROKER = re.compile(r"(?:(mqtts?)://)?(\[[0-9A-Fa-f:.]+\]|[\w.-]{1,253})(?::(\d{1,5}))?/?")
PLAIN_PORT, TLS_PORT = 1883, 8883
_NETS = {"TN": "TN", "TT": "TT", "IT": "IT", "400": "TN", "400V": "TN"}
THREE_WIRES = frozenset({"TT", "IT"})


class MeterAnswer(NamedTuple):
    """The way to the meter; ``baud`` and ``parity`` None at a serial server, which has its own."""

    port: str
    baud: int | None = 2400
    parity: str | None = "E"


class BrokerAnswer(NamedTuple):
    """Where the broker is, by which CA it is known (None with TLS: those that the system trusts), and who we are there.

    A ``password`` that was typed has no file yet.
    """

    host: str = "localhost"
    port: int = PLAIN_PORT
    tls: bool = False
    ca_file: str | None = None
    username: str | None = None
    password_file: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        """As it can be typed again."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts://' if self.tls else ''}{host}:{self.port}"


class ChargerAnswer(NamedTuple):
    """A charger: its name, the lines it is wired to, and its make and own part of its topics, where they are known."""

    name: str
    phases: tuple[str, ...] = LINES
    device: str | None = None
    identity: str = ""


class Answers(NamedTuple):
    """All that makes a configuration."""

    name: str
    grid: str
    fuse_a: float
    meter: MeterAnswer
    broker: BrokerAnswer
    chargers: tuple[ChargerAnswer, ...]


def fuse(text: str) -> float:
    """Amperes of a main fuse."""
    found = re.fullmatch(r"(\d{1,4}(?:[.,]\d{1,2})?)\s*[aA]?", text.strip())
    amperes = float(found[1].replace(",", ".")) if found else 0
    if not SMALLEST_A <= amperes <= LARGEST_A:
        raise ValueError(
            f"{text!r} is not a main fuse: write the amperes that are printed on the main breaker, {SMALLEST_A} to {LARGEST_A}, "
            "for example 25"
        )
    return amperes


def grid(text: str) -> str:
    """The kind of net."""
    net = _NETS.get(text.strip().upper().replace(" ", ""))
    if net is None:
        raise ValueError(f"{text!r} is not a kind of net: write TN (400 V, with a neutral), or IT or TT (230 V, without one)")
    return net


def broker(text: str) -> BrokerAnswer:
    """HOST or HOST:PORT, with TLS behind ``mqtts://`` and on the port that is meant for it."""
    found = _BROKER.fullmatch(text.strip())
    named = int(found[3]) if found and found[3] else None
    tls = found is not None and (found[1] == "mqtts" or (found[1] is None and named == TLS_PORT))
    port = named if named is not None else TLS_PORT if tls else PLAIN_PORT
    if not found or not 0 < port < 65_536:
        who = "; a user is named apart from it" if "@" in text else ""
        raise ValueError(
            f"{text!r} is not a broker: write HOST or HOST:PORT, for example 192.168.1.10:1883; with TLS mqtts://HOST:PORT{who}"
        )
    return BrokerAnswer(found[2].strip("[]"), port, tls)


def phases(text: str) -> tuple[str, ...]:
    """The lines that a charger is wired to, in the order of its own L1, L2, L3."""
    lines = tuple(re.split(r"[\s,+]+", text.strip().upper()))
    if not set(lines) <= set(LINES) or len(set(lines)) < len(lines):
        raise ValueError(f"{text!r} are not its phases: write L1,L2,L3, or those of them that it is wired to, each once")
    return lines


def charger_name(text: str) -> str:
    """A name of a charger."""
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{text!r} is not a name: lower-case letters, digits, - and _, at most 32, for example garage")
    return name


def charger(text: str) -> ChargerAnswer:
    """``NAME``, ``NAME=L1,L3`` or ``NAME=DEVICE:ID,L1,L2,L3``."""
    name, _, rest = text.partition("=")
    words = [word.strip() for word in rest.split(",") if word.strip()]
    lines = [word for word in words if word.upper() in LINES]
    makes = [word for word in words if word not in lines]
    device, _, identity = makes[0].partition(":") if makes else ("", "", "")
    if len(makes) > 1 or (makes and device not in TITLES):
        raise ValueError(f"{makes[-1]!r} is neither a phase (L1, L2, L3) nor a make of charger: {', '.join(sorted(TITLES))}")
    if identity and not re.fullmatch(IDENTITY, identity):
        raise ValueError(f"{identity!r} cannot be a part of a topic: write it as the charger shows it")
    record = DEVICES.get(device)
    if record is not None and record.needs_id and not identity:
        raise ValueError(f"{text!r} does not say which {device} it is: write for example {name}={device}:{record.id_example}")
    return ChargerAnswer(charger_name(name), phases(",".join(lines)) if lines else LINES, device or None, identity)


def toml(answers: Answers, charger_keys: Collection[str]) -> str:
    """The configuration. ``charger_keys`` are those that a [[charger]] may have: a make is a key where it can be one, else a comment."""
    return "\n".join(_lines(answers, charger_keys)) + "\n"


def _lines(answers: Answers, charger_keys: Collection[str]) -> Iterator[str]:
    meter, broker = answers.meter, answers.broker
    yield from ("[site]", f'name = "{answers.name}"', f'grid = "{answers.grid}"', f"fuse_a = {answers.fuse_a:g}")
    yield from ("[meter]", f"port = {json.dumps(meter.port)}")
    if meter.baud not in (None, 2400):
        yield f"baud = {meter.baud}"
    if meter.parity is not None:
        yield f'parity = "{meter.parity}"'
    if broker != BrokerAnswer():
        yield from ("[mqtt]", f"host = {json.dumps(broker.host)}")
        yield from (f"port = {broker.port}",) if broker.port != (TLS_PORT if broker.tls else PLAIN_PORT) else ()
        yield from ("tls = true",) if broker.tls else ()
        for key, value in (("ca_file", broker.ca_file), ("username", broker.username), ("password_file", broker.password_file)):
            if value is not None:
                yield f"{key} = {json.dumps(value)}"
    for charger in answers.chargers:
        yield from ("[[charger]]", f'name = "{charger.name}"', f"phases = {json.dumps(charger.phases)}")
        yield from _make(charger, charger_keys)


def _make(charger: ChargerAnswer, charger_keys: Collection[str]) -> Iterator[str]:
    if charger.device in (None, OWN):
        return
    if "device" not in charger_keys:
        yield f"# {TITLES[str(charger.device)]} {charger.identity}".rstrip()  # a reminder for its owner
        return
    yield f"device = {json.dumps(charger.device)}"
    if charger.identity:
        yield f"device_id = {json.dumps(charger.identity)}"
