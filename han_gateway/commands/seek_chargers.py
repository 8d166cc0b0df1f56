"""What `setup` finds out about the chargers: the broker, who speaks on it, and what only their owner knows.

This file must not know by what a charger is known, nor what becomes of the answers.
"""

import getpass
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from han_gateway.adapters.broker_settings import BrokerSettings, TlsSettings, TlsUnusableError
from han_gateway.adapters.lookout import Lacks, Trouble, listen
from han_gateway.commands import answers
from han_gateway.commands.answers import LINES, THREE_WIRES, BrokerAnswer, ChargerAnswer
from han_gateway.commands.questions import Asker, NoAnswerError
from han_gateway.commands.sightings import FILTERS, IDENTITY, TITLES, Sighting, recognised
from han_gateway.config.problems import did_you_mean
from han_gateway.devices.makes import DEVICES

SECONDS = 4.0
AGAIN, SKIP, NO_MAKE = "again", "skip", "none"


def seek_broker(asker: Asker, broker: BrokerAnswer) -> tuple[BrokerAnswer, tuple[Sighting, ...]]:
    """The broker, and who is seen there; without a broker the configuration can be written all the same."""
    while True:
        seen, trouble = _look(broker)
        if trouble is None:
            return broker, seen
        asker.say(f"  {trouble.words}")
        if asker.silent:
            asker.say(f"  next: {_OPTIONS[trouble.lacks]}")
            return broker, ()
        changed = _MENDED[trouble.lacks](asker, broker)
        if changed is None:
            return broker, ()
        broker = changed


def seek_chargers(asker: Asker, seen: Sequence[Sighting], grid: str, phases: int | None) -> tuple[ChargerAnswer, ...]:
    """Those that were seen, each if it is wanted, and those that somebody names."""
    every = LINES[:1] if phases == 1 and grid not in THREE_WIRES else LINES
    found: list[ChargerAnswer] = []
    for sighting in seen:
        if asker.agree(
            f"  {TITLES[sighting.device]} ({sighting.identity or sighting.name}): shall it be controlled?", otherwise=True
        ):
            found += [_charger(asker, grid, every, [each.name for each in found], sighting)]
    if not seen:
        asker.say(
            "  no charger was seen: only some makes can be, only while they are switched on, and only where the broker's access rules let us"
        )
    while not asker.silent and asker.agree("  Another charger?" if found else "  Is there a charger?", otherwise=not found):
        found += [_charger(asker, grid, every, [each.name for each in found], None)]
    return tuple(found)


def _look(broker: BrokerAnswer) -> tuple[tuple[Sighting, ...], Trouble | None]:
    seen: dict[Sighting, None] = {}

    def hear(topic: str, payload: bytes) -> None:
        sighting = recognised(topic, payload)
        if sighting:
            seen.setdefault(sighting)

    tls = TlsSettings(ca_file=Path(broker.ca_file) if broker.ca_file else None) if broker.tls else None
    settings = BrokerSettings(host=broker.host, port=broker.port, username=broker.username, password=password(broker), tls=tls)
    print(f"  looking for chargers on {broker}, {SECONDS:g} s", flush=True)
    trouble = listen(settings, FILTERS, SECONDS, hear)
    return tuple(seen), trouble


def password(broker: BrokerAnswer) -> str | None:
    """The password at the broker, typed or from its file. Raises NoAnswerError."""
    if broker.password is not None or broker.password_file is None:
        return broker.password
    try:
        return Path(broker.password_file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, ValueError) as why:
        raise NoAnswerError(f"{broker.password_file} cannot be read: put the password alone into that file") from why


def _address(asker: Asker, broker: BrokerAnswer) -> BrokerAnswer | None:
    """Where else the broker may be; None to go on without."""

    def read(text: str) -> BrokerAnswer | str:
        return text if text in {AGAIN, SKIP} else answers.broker(text)

    question = (
        f"  Enter tries again (is mosquitto running?), `{SKIP}` goes on without it; or HOST[:PORT], with TLS mqtts://HOST[:PORT]"
    )
    words = asker.ask(question, read, AGAIN)
    if isinstance(words, str):
        return None if words == SKIP else broker
    return broker._replace(host=words.host, port=words.port, tls=words.tls, ca_file=broker.ca_file if words.tls else None)


def usable_ca(text: str) -> str:
    """The path of a file with the certificate of a CA. Raises ValueError."""
    path = Path(text).expanduser().resolve()
    try:
        TlsSettings(ca_file=path).context()
    except TlsUnusableError as why:
        raise ValueError(f"{why}; name the certificate of the CA as text (PEM, often ca.crt)") from why
    return str(path)


def _ca(asker: Asker, broker: BrokerAnswer) -> BrokerAnswer | None:
    """By whose signature the broker is known; None to go on without."""

    def read(text: str) -> str:
        return text if text == SKIP else usable_ca(text)

    words = asker.ask(f"  The file of that CA's certificate (`{SKIP}` goes on without the broker)", read)
    return None if words == SKIP else broker._replace(ca_file=words)


def _user(asker: Asker, broker: BrokerAnswer) -> BrokerAnswer | None:
    """Who we are at the broker; None to go on without."""
    asker.say("  it wants a user and a password; config/mosquitto.conf shows how it gets them")
    name = asker.ask(f"  User name (`{SKIP}` goes on without)", str, broker.username or "han-gateway")
    if name == SKIP:
        return None
    try:
        typed = getpass.getpass("  Password: ")
    except EOFError as why:
        raise NoAnswerError("no more answers; --username and --password-file give them") from why
    return broker._replace(username=name, password=typed, password_file=None)


_MENDED: Mapping[Lacks, Callable[[Asker, BrokerAnswer], BrokerAnswer | None]] = {
    Lacks.ADDRESS: _address,
    Lacks.USER: _user,
    Lacks.CA: _ca,
}
_OPTIONS: Mapping[Lacks, str] = {
    Lacks.ADDRESS: "is mosquitto running? Name the broker with --broker HOST:PORT, with TLS mqtts://HOST:PORT",
    Lacks.USER: "name its user with --username and --password-file, as it knows them: config/mosquitto.conf shows how it gets them",
    Lacks.CA: "name the certificate of the CA that signed it with --ca-file",
}


def _charger(asker: Asker, grid: str, every: Sequence[str], taken: Sequence[str], sighting: Sighting | None) -> ChargerAnswer:
    def read_name(text: str) -> str:
        name = answers.charger_name(text)
        if name in taken:
            raise ValueError(f"{name!r} is the name of another charger: give each its own")
        return name

    def read_phases(text: str) -> tuple[str, ...]:
        lines = answers.phases(text)
        if grid in THREE_WIRES and len(lines) == 1:
            raise ValueError("one line carries no current alone: without a neutral a 1-phase charger sits between two, as L1,L3")
        return lines

    proposed = sighting.name if sighting else "garage"
    name = asker.ask("  Its name", read_name, None if proposed in taken else proposed, option="--charger NAME for each")
    device, identity = (sighting.device, sighting.identity) if sighting else _make(asker)
    lines = asker.ask("  The phases of the house that its own L1, L2, L3 are wired to", read_phases, ",".join(every))
    return ChargerAnswer(name, lines, device, identity)


def _make(asker: Asker) -> tuple[str | None, str]:
    """What a charger is that was not seen, and the part of its topics that is its own."""

    def read_make(text: str) -> str:
        if text not in {NO_MAKE, *DEVICES}:
            raise ValueError(f"{text!r} is no make that is known here; {did_you_mean(text, DEVICES)}")
        return text

    def read_identity(text: str) -> str:
        if not re.fullmatch(IDENTITY, text):
            raise ValueError(f"{text!r} cannot be a part of a topic: write it as the charger shows it")
        return text

    asker.say(f"  Makes: {', '.join(DEVICES)} (docs/chargers.md)")
    make = asker.ask(f"  Its make; `{NO_MAKE}` for one that reads the gateway's own topics", read_make, NO_MAKE)
    if make == NO_MAKE:
        return None, ""
    device = DEVICES[make]
    if not device.needs_id:
        return make, ""
    return make, asker.ask(
        f"  How its topics begin or what it is called there (device_id), for example {device.id_example}", read_identity
    )
