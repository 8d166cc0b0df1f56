"""One limit to one charger over a connection of its own, and what came of it: what ``test-charger`` does.

The words go the same way as those of the daemon, so that what is tried is what will be said. This file must not know any make.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

from han_gateway.adapters.broker import Broker
from han_gateway.adapters.clock import SystemClock
from han_gateway.brokers import settings_of
from han_gateway.config.load import Config
from han_gateway.core.echo import TOLERANCE_MA
from han_gateway.core.effects import Cause, Grant, Reason, SetLimit
from han_gateway.core.events import ChargerSaid, Tick
from han_gateway.core.site import Charger
from han_gateway.core.units import Instant, MilliAmps
from han_gateway.core.words import inbox, topics
from han_gateway.core.words.topics import Message
from han_gateway.devices.link import Link, admissible, safe
from han_gateway.interpreter import Interpreter

CONNECT_S = 10.0
HEAR_S = 1.5
"""What the broker has kept comes at once; this is generous."""
LOOK_S = 0.05


_TODO = (
    (
        "refused us",
        "do username and password_file under [mqtt] name a user of that broker? config/mosquitto.conf begins with how it gets one",
    ),
    ("TLS", "a port with TLS needs tls = true under [mqtt] (and mostly is 8883), one without must not have it (1883)"),
    ("certificate", "openssl s_client -connect HOST:PORT shows what the broker shows; ca_file under [mqtt] names whom to trust"),
    ("cannot reach", "is mosquitto running (systemctl status mosquitto), and are host and port under [mqtt] where it listens?"),
    ("", "what does the broker say? journalctl -u mosquitto"),
)
"""What is in the words of a trouble with the broker, and what to do then; the first that fits."""


class Echo(NamedTuple):
    """A limit that the charger named, and when."""

    limit_ma: MilliAmps
    at: Instant


class Trial:
    """Knows the charger and hears it. ``spoke``: the topics on which anything came."""

    def __init__(self, config: Config, charger: Charger) -> None:
        """Raises TlsUnusableError."""
        self.clock = SystemClock()
        self.charger = charger
        self.link: Link | None = next((link for link in config.links if link.charger.name == charger.name), None)
        self.sent: list[Message] = []
        self.echoes: list[Echo] = []
        self.spoke: set[str] = set()
        self.online = False
        self.troubles: list[str] = []
        self._config = config
        self._prefix = config.mqtt.prefix
        self._interpreter = Interpreter([self.link] if self.link else [], self._send, self.clock)
        self._status = topics.birth(self._prefix, config.site).topic
        self._inlets = {
            topic: inlet
            for topic, inlet in inbox.inlets(self._prefix, config.site).items()
            if inlet == inbox.Inlet("charger", charger.name)
        }
        hears = (*self._interpreter.topics(), *self._inlets)
        will = safe(self.link) if self.link else self._worded(charger.fallback_ma)
        self.broker = Broker(
            settings_of(config, ".test"),
            will=will,
            birth=None,
            subscriptions=(self._status, *hears),
            settled=frozenset({self._status, *hears}),
            on_connection=lambda _: None,
            on_message=self._message,
            on_trouble=self.troubles.append,
        )

    def tell(self, limit_ma: MilliAmps) -> tuple[Message, ...]:
        """Say a limit as the daemon would; the answer is what was really said to a charger with words of its own."""
        self.sent.clear()
        effect = self._effect(limit_ma)
        self._send(self._worded(limit_ma))
        self._interpreter.see(Tick(at=self.clock.now()), (effect,))
        return tuple(self.sent[1:] or self.sent)

    def _effect(self, limit_ma: MilliAmps) -> SetLimit:
        grant = Grant(charger=self.charger.name, limit_ma=limit_ma, reason=Reason(cause=Cause.QUESTION))
        return SetLimit(grant=grant, lines=self.charger.lines, seq=0, valid_for_ms=self._config.site.policy.valid_for_ms)

    def _worded(self, limit_ma: MilliAmps) -> Message:
        worded = topics.message(self._prefix, self._config.site, self._effect(limit_ma), self.clock.wall())
        return cast("Message", worded)  # a limit always has words

    def _send(self, message: Message) -> None:
        self.sent.append(message)
        self.broker.publish(message)

    def _message(self, topic: str, payload: bytes) -> None:
        if topic == self._status:
            self.online = payload == b"online"
            return
        self.spoke.add(topic)
        reports = self._interpreter.hear(topic, payload)
        for where, report in ((topic, payload),) if reports is None else reports:
            at = self.clock.now()
            heard = inbox.understood(self._config.site, self._inlets[where], report, at)
            if isinstance(heard, ChargerSaid) and heard.limit_ma is not None:
                self.echoes.append(Echo(heard.limit_ma, at))


async def trial(config: Config, charger: Charger, limit_ma: MilliAmps, wait_s: float, say: Callable[[str], None]) -> int:
    """Try one limit; the answer is the exit code. Raises TlsUnusableError."""
    it = Trial(config, charger)
    it.broker.start(asyncio.get_running_loop())
    sent = False
    try:
        if not await _until(lambda: it.broker.connected, CONNECT_S):
            trouble = it.troubles[-1] if it.troubles else f"{it.broker.address} does not answer"
            say(f"no broker: {trouble}; nothing was sent")
            say(f"next:  {next(todo for words, todo in _TODO if words in trouble)}")
            return 1
        say(f"broker {it.broker.address} connected")
        await asyncio.sleep(HEAR_S)
        if it.online:
            say(f"the gateway runs for {config.site.name} and would tell the charger otherwise: stop it first, then try again")
            say(f"  sudo systemctl stop han-gateway@{config.site.name}")
            return 1
        sent = True
        return await _try(it, limit_ma, wait_s, say)
    finally:
        if sent:
            say(f"sent {_amps(charger.fallback_ma)}, its fallback, as {_words(it.tell(charger.fallback_ma))}")
        await it.broker.stop(quietly=not sent)


async def _try(it: Trial, limit_ma: MilliAmps, wait_s: float, say: Callable[[str], None]) -> int:
    """Say it and wait."""
    before = it.echoes[-1].limit_ma if it.echoes else None
    if before is not None:
        say(f"before, the charger said {_amps(before)}")
    wanted = limit_ma if it.link is None else admissible(it.link, limit_ma)
    since = it.clock.now()
    it.echoes.clear()
    it.spoke.clear()
    say(f"sent {_amps(limit_ma)} as {_words(it.tell(limit_ma))}")
    if it.link is not None and it.link.device.echo is None and it.link.device.paused is None and not it.echoes:
        wait_s = min(wait_s, HEAR_S)
    if await _until(lambda: any(_same(echo, wanted) for echo in it.echoes), wait_s):
        at = next(echo.at for echo in it.echoes if _same(echo, wanted))
        say(f"the charger said {_amps(wanted)} after {(at - since) / 1000:.1f} s")
        return 0
    return _silent(it, before, wanted, wait_s, say)


def _silent(it: Trial, before: MilliAmps | None, wanted: MilliAmps, wait_s: float, say: Callable[[str], None]) -> int:
    """No answer, or another one: what it may be."""
    for trouble in it.troubles:
        say(trouble)
    device = it.link.device if it.link else None
    if device is not None and device.echo is None and not it.echoes:
        say(f"a charger of this make ({device.name}) does not say which limit it obeys: look at the charger itself")
        return 0
    if it.echoes:
        say(
            f"the charger said {_amps(it.echoes[-1].limit_ma)}, not {_amps(wanted)}: does somebody else control it, or its own maximum?"
        )
    elif before is not None and abs(before - wanted) < TOLERANCE_MA:
        say(f"the charger said {_amps(before)} before and has no news: try another number")
        return 0
    elif it.spoke:
        say(f"the charger speaks ({', '.join(sorted(it.spoke))}) but named no limit within {wait_s:g} s: does it take commands?")
    else:
        say(f"the charger said nothing within {wait_s:g} s: is it on, on this broker, and is device_id right?")
    for step in device.setup if device else ():
        say(f"  {step}")
    return 1


def _same(echo: Echo, wanted: MilliAmps) -> bool:
    """Chargers name whole amperes."""
    return abs(echo.limit_ma - wanted) < TOLERANCE_MA


async def _until(true: Callable[[], bool], patience_s: float) -> bool:
    """Wait for what may become true; whether it did."""
    rounds = max(1, round(patience_s / LOOK_S))
    for _ in range(rounds):
        if true():
            return True
        await asyncio.sleep(LOOK_S)
    return true()


def _words(messages: tuple[Message, ...]) -> str:
    return ", ".join(f"{message.topic} {message.payload.decode() or '(nothing)'}" for message in messages)


def _amps(milliamps: MilliAmps) -> str:
    return f"{milliamps / 1000:g} A"
