"""What `setup` finds out about the meter: the adapter, its speed and parity, and what the lists show of the net; or what to do next.

This file must not know how an adapter is tried, nor what becomes of the answer.
"""

from collections.abc import Sequence
from typing import NamedTuple

from han_gateway.adapters.ports import adapters
from han_gateway.commands import detect
from han_gateway.commands.answers import MeterAnswer
from han_gateway.commands.portrait import Portrait
from han_gateway.commands.questions import Asker, NoAnswerError
from han_gateway.commands.signs import Kind
from han_gateway.commands.trials import SETTINGS, Result, try_port
from han_gateway.config.load import meter_at
from han_gateway.config.problems import ConfigError

AGAIN, SKIP = "again", "skip"


class Found(NamedTuple):
    """A meter: the way to it, and what its lists show of the net (in words; how many phases; whether there is no neutral)."""

    meter: MeterAnswer
    net: str = ""
    phases: int | None = None
    three_wire: bool | None = None


def seek(asker: Asker, port: str | None, seconds: float) -> Found:
    """Listen to a port, or to every adapter, until a meter is heard or somebody goes on without."""
    while True:
        ports = [port] if port else adapters()
        found = _listen(asker, ports, seconds)
        if found:
            return found
        if not ports:
            asker.say(
                "  no USB serial adapter is plugged in; plug it in, or name a port (/dev/..., or tcp:HOST:PORT of a serial server)"
            )
        if asker.silent:
            return _unheard(asker, ports)
        words = asker.ask(f"  Enter tries again, `{SKIP}` goes on without hearing it; or another port", _way, AGAIN)
        if words == SKIP:
            return _unheard(asker, ports)
        port = port if words == AGAIN else words


def known(port: str, baud: int, parity: str) -> Found:
    """A port whose settings somebody knows: nobody listens. Raises ConfigError for what is no port."""
    meter = meter_at(port, baud, parity)
    return Found(MeterAnswer(port, None, None) if meter.tcp else MeterAnswer(port, meter.baud, meter.parity))


def _listen(asker: Asker, ports: Sequence[str], seconds: float) -> Found | None:
    for port in ports:
        way = meter_at(port, 2400, "E")
        opened = detect.announcer(way.port, seconds, 1 if way.tcp else len(SETTINGS))
        result = try_port(way.port, way.tcp, seconds, detect.tell, opened)
        trial = result.best
        asker.say(f"  {result.name}: {trial.verdict.what}")
        if trial.verdict.kind is Kind.METER and trial.meter:
            return _named(asker, result, trial.meter)
        asker.say(f"  next: {trial.verdict.todo}")
    return None


def _named(asker: Asker, result: Result, heard: Portrait) -> Found:
    for line in detect.described(heard):
        asker.say(f"  {line}")
    setting = result.best.setting
    way = MeterAnswer(result.name, setting and setting.baud, setting and setting.parity)
    return Found(way, heard.wires, heard.phases, heard.three_wire)


def _unheard(asker: Asker, ports: Sequence[str]) -> Found:
    """A port with the commonest settings: those of Kaifa and Aidon."""
    if not ports and asker.silent:
        raise NoAnswerError("no adapter was found: plug it in, or add --port")
    port = ports[0] if ports else asker.ask("  The port that it will have", _port)
    asker.say(
        '  going on with 2400 8E1 (Kaifa and Aidon); Kamstrup needs parity = "N". `han-gateway detect` tells when the port is open'
    )
    return known(port, 2400, "E")


def _way(text: str) -> str:
    return text if text in {AGAIN, SKIP} else _port(text)


def _port(text: str) -> str:
    """A port that a configuration would take."""
    try:
        return meter_at(text, 2400, "E").port
    except ConfigError as why:
        raise ValueError(f"{text!r} is no port: write /dev/..., or tcp:HOST:PORT") from why
