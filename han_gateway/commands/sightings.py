"""Chargers by what they publish: which make a topic belongs to, and where that one is.

One table, from the makers' documentation. Pure: a message in, a sighting out. This file must not know how messages come here, nor how
these chargers are spoken to.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Sign(NamedTuple):
    """A topic on which a make of charger speaks: ``before``, the part that is its owner's (``+`` for each level), ``after``.

    ``within`` is in the payload. ``told``: the configuration wants to know the owner's part.
    """

    device: str
    before: str
    own: str
    after: str
    within: bytes = b""
    told: bool = True

    @property
    def filter(self) -> str:
        """What to subscribe to."""
        return f"{self.before}{self.own}{self.after}"


class Sighting(NamedTuple):
    """A charger that was seen: its make, the part of its topics that is its own, and a name for the configuration."""

    device: str
    identity: str
    name: str


OWN = "han-gateway"
"""The ``device`` of one that speaks the gateway's own topics (docs/mqtt.md), as they are called by default."""

TITLES: Mapping[str, str] = {
    OWN: "a charger that reports to a gateway",
    "go-e": "go-eCharger",
    "openevse": "OpenEVSE",
    "openevse-shaper": "OpenEVSE, its shaper",
    "smartevse": "SmartEVSE",
    "smartevse-override": "SmartEVSE, its current override",
    "warp": "Tinkerforge WARP",
    "everest": "EVerest",
    "wallbox": "Wallbox (wallbox-mqtt-bridge)",
    "openwb": "openWB 2, its load manager",
    "openwb-secondary": "openWB 2 as a secondary",
    "evcc": "evcc, a circuit",
    "evcc-loadpoint": "a loadpoint of evcc",
    "amina": "Amina S (Zigbee2MQTT)",
    "easee": "Easee (easee2mqtt)",
    "easee-set": "Easee (easee2mqtt, topics that end in /set)",
    "zaptec": "Zaptec (Home Assistant)",
}

LEVEL = r"[A-Za-z0-9_.: -]{1,48}"
IDENTITY = rf"/?{LEVEL}(?:/{LEVEL})?"
"""What an owner's part of a topic may be; it ends in a configuration, so nothing else is believed."""

SIGNS = (
    Sign(OWN, "han/home/chargers/", "+", "/report", told=False),
    Sign("go-e", "", "/go-eCharger/+", "/amp"),
    Sign("go-e", "", "go-eCharger/+", "/amp"),
    Sign("openevse", "", "+", "/claim"),
    Sign("smartevse", "", "SmartEVSE/+", "/EVPlugState"),
    Sign("smartevse", "", "+", "/EVPlugState"),
    *(Sign("warp", "", f"{prefix}/+", "/evse/state") for prefix in ("warp", "warp2", "warp3", "warp4")),
    Sign("everest", "everest_api/", "+", "/var/limits"),
    Sign("wallbox", "", "+", "/charging_enable/state"),
    Sign("openwb-secondary", "openWB/internal_chargepoint/", "+", "/get/plug_state"),
    Sign("evcc-loadpoint", "", "evcc/loadpoints/+", "/maxCurrent"),
    Sign("amina", "zigbee2mqtt/", "+", "", b'"ev_connected"'),
    Sign("easee", "", "+/+", "/chargerOpMode"),
    Sign("easee", "", "+", "/chargerOpMode"),
)
"""Prefixes are the makers' defaults: who has changed one names the charger himself."""

FILTERS = tuple(sign.filter for sign in SIGNS)
"""What to subscribe to."""


def recognised(topic: str, payload: bytes) -> Sighting | None:
    """Whose message this is, or None."""
    for sign in SIGNS:
        found = re.fullmatch(_pattern(sign), topic)
        if found and sign.within in payload:
            last = found[1].rpartition("/")[2]
            name = _name(last if sign.device == OWN or last.startswith(sign.device) else f"{sign.device}-{last}")
            return Sighting(sign.device, found[1] if sign.told else "", name)
    return None


def _pattern(sign: Sign) -> str:
    own = LEVEL.join(re.escape(part) for part in sign.own.split("+"))
    return f"{re.escape(sign.before)}({own}){re.escape(sign.after)}"


def _name(words: str) -> str:
    """A name that the configuration accepts."""
    return re.sub(r"[^a-z0-9_-]+", "-", words.lower()).strip("-_")[:32] or "charger"
