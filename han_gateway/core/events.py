"""What can happen to the house. Every event carries the instant at which it happened; a tick is an event too.

Because of that the whole controller is a function of its list of events, and a replay is a live run with another source.
This file must not know who noticed the event.
"""

from dataclasses import dataclass
from enum import Enum

from dlms.rejects import Rejected
from han_gateway.core.site import Cap
from han_gateway.core.units import Instant, MilliAmps, PerLine
from han_gateway.meters.reading import Reading


class ChargerStatus(Enum):
    """What a charger says of itself (the ``status`` of its report)."""

    IDLE = "idle"
    CONNECTED = "connected"
    CHARGING = "charging"
    FULL = "full"
    ERROR = "error"


class Ask(Enum):
    """What people may ask of a charger; the value is the word on the topic."""

    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"
    BOOST = "boost"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSaid:
    """A list came from the meter, whole and believed. ``at`` is the arrival of its closing flag."""

    at: Instant
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterGarbled:
    """Bytes came from the meter's line that could not be believed."""

    at: Instant
    rejected: Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanged:
    """The way to the meter (serial port, TCP) opened or was lost; ``detail`` is for people."""

    at: Instant
    connected: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerSaid:
    """A charger reported. What it does not know is None; currents in mA on the lines of the *house*.

    ``uptime_s`` is how long ago it was switched on: it falls when the charger has restarted.
    """

    at: Instant
    charger: str
    current_ma: PerLine[MilliAmps | None] = PerLine(None, None, None)
    status: ChargerStatus | None = None
    limit_ma: MilliAmps | None = None
    session_wh: int | None = None
    uptime_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody asked something of a charger. The same ``id`` twice is the same wish; ``for_ms`` is how long it shall hold, None: not said."""

    at: Instant
    charger: str
    ask: Ask
    id: str | None = None
    for_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """Somebody else told a charger its limit, on our own topic; in mA, None where the words cannot be read."""

    at: Instant
    charger: str
    limit_ma: MilliAmps | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSaid:
    """The meter of a sub-fuse reported: the current of each line in mA, never negative; None where it does not measure."""

    at: Instant
    circuit: str
    current_ma: PerLine[MilliAmps | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapSaid:
    """Somebody set a cap, in W or mA and within its bounds; None brings the configured one back."""

    at: Instant
    cap: Cap
    value: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerChanged:
    """The connection to the MQTT broker came up or went down."""

    at: Instant
    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed. ``at`` is the *scheduled* instant (a whole second), not the moment it was served."""

    at: Instant


Event = MeterSaid | MeterGarbled | SourceChanged | ChargerSaid | Asked | Overheard | CircuitSaid | CapSaid | BrokerChanged | Tick
