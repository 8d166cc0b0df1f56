"""One port, tried at every setting that HAN meters use, until one of them shows a meter or no other can do better.

This file must not know how bytes are judged (``signs``) nor how anything is shown (``detect``).
"""

from collections.abc import Callable
from typing import NamedTuple

from dlms.ciphering import Keys
from han_gateway.adapters.clock import SystemClock
from han_gateway.adapters.ports import holder, lasting_name
from han_gateway.adapters.probe import End, listen_serial, listen_tcp
from han_gateway.commands.portrait import Portrait, portrait
from han_gateway.commands.signs import Ear, Kind, LineErrors, kind_of
from han_gateway.commands.verdicts import GO_ON, Verdict, best, verdict


class Setting(NamedTuple):
    """Speed in baud and parity; None for a serial server, which has its own."""

    baud: int
    parity: str

    def __str__(self) -> str:
        return f"{self.baud} 8{self.parity}1"


# The likeliest first. 8E1 comes before 8N1, because a lenient receiver set to 8N1 reads 8E1 as well, but not the other way round.
SETTINGS: tuple[Setting, ...] = (Setting(2400, "E"), Setting(2400, "N"), Setting(115_200, "N"))


class Trial(NamedTuple):
    """What one setting showed."""

    setting: Setting | None
    verdict: Verdict
    size: int
    meter: Portrait | None


class Result(NamedTuple):
    """What was found on a port. ``name`` is for the configuration."""

    name: str
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial:
        """The trial that tells most."""
        told = best(tuple(trial.verdict for trial in self.trials))
        return next(trial for trial in self.trials if trial.verdict is told)


class _Attention:
    """How long to listen on: for a while, as long again once a meter has spoken, and no longer than its period takes to learn."""

    def __init__(self, ear: Ear, seconds: float) -> None:
        self.ear = ear
        self._clock = SystemClock()
        self.seconds = seconds
        self._named = False
        self.begin()

    def begin(self) -> None:
        """The line is open: opening it has cost no listening."""
        self._until = self._clock.now() + self.seconds * 1000

    def hear(self, data: bytes) -> None:
        """Bytes came."""
        now = self._clock.now()
        self.ear.hear(now, data)
        if self.ear.readings and not self._named:
            self._named = True
            self._until = now + self.seconds * 1000

    def left(self) -> float:
        """How many seconds to go on."""
        if self._named and portrait(self.ear.readings).current_period_s is not None:
            return 0
        return (self._until - self._clock.now()) / 1000


def try_port(
    port: str,
    tcp: tuple[str, int] | None,
    seconds: float,
    tell: Callable[[Trial], None],
    opened: Callable[[], None] = lambda: None,
    keys: Keys | None = None,
) -> Result:
    """Try a device, or a serial server when ``tcp`` is given; ``tell`` hears of each trial as it ends, ``opened`` when the port is open."""
    trials: list[Trial] = []
    for setting in (None,) if tcp else SETTINGS:
        trial = _try(port, tcp, setting, _Attention(Ear(keys), seconds), opened)
        trials.append(trial)
        tell(trial)
        if trial.verdict.kind not in GO_ON:
            break
    return Result(port if tcp else lasting_name(port), tuple(trials))


def _try(
    port: str, tcp: tuple[str, int] | None, setting: Setting | None, attention: _Attention, opened: Callable[[], None]
) -> Trial:
    held = None if tcp else holder(port)
    ear, seconds = attention.ear, attention.seconds

    def begin() -> None:
        attention.begin()
        opened()

    if held:
        end = End("busy")  # to read beside another program would take its bytes
    elif tcp:
        end = listen_tcp(*tcp, attention.hear, attention.left, begin)
    else:
        end = listen_serial(port, *(setting or SETTINGS[0]), attention.hear, attention.left, begin)
    evidence = ear.evidence(None if end.errors is None else LineErrors(*end.errors))
    heard = verdict(kind_of(evidence), evidence, seconds=seconds, over_tcp=bool(tcp))
    if end.trouble:
        trouble = verdict(Kind(end.trouble), evidence, seconds=seconds, detail=end.detail, holder=held or "")
        heard = best((heard, trouble)) if evidence.size else trouble
    return Trial(setting, heard, evidence.size, portrait(evidence.readings) if evidence.readings else None)
