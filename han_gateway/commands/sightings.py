"""Chargers by what they publish: which make a topic belongs to, and where that one is.

One table, from the makers' documentation. Pure: a message in, a sighting out. This file must not know how messages come here, nor how
these chargers are spoken to.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Sign(NamedTuple):
    """A topic on which a make of charger speaks: ``topic`` has ``<id>`` where its owner's part stands, ``within`` is in the payload."""

    device: str
    topic: str
    within: bytes = b""


class Sighting(NamedTuple):
    """A charger that was seen: its make, the part of its topics that is its own, and a name for the configuration."""

    device: str
    identity: str
    name: str


OWN = "han-gateway"
"""The ``device`` of one that speaks the gateway's own topics (docs/mqtt.md)."""

TITLES: Mapping[str, str] = {
    OWN: "a charger that reports to a gateway",
    "go-e": "go-eCharger",
    "openevse": "OpenEVSE",
    "smartevse": "SmartEVSE",
    "warp": "Tinkerforge WARP",
    "wallbox": "Wallbox (wallbox-mqtt-bridge)",
    "openwb": "openWB 2",
    "evcc": "a loadpoint of evcc",
    "everest": "EVerest",
    "amina": "Amina S (Zigbee2MQTT)",
    "easee": "Easee (easee2mqtt)",
}

IDENTITY = r"[A-Za-z0-9_.: -]{1,64}"
"""What an owner's part of a topic may be; it ends in a configuration, so nothing else is believed."""

SIGNS = (
    Sign(OWN, "han/+/chargers/<id>/report"),
    Sign("go-e", "/go-eCharger/<id>/amp"),
    Sign("go-e", "go-eCharger/<id>/amp"),
    Sign("openevse", "openevse/announce/<id>"),
    Sign("smartevse", "SmartEVSE/<id>/StateID"),
    Sign("warp", "warp/<id>/evse/state"),
    Sign("warp", "warp2/<id>/evse/state"),
    Sign("warp", "warp3/<id>/evse/state"),
    Sign("warp", "warp4/<id>/evse/state"),
    Sign("openwb", "openWB/internal_chargepoint/<id>/get/plug_state"),
    Sign("evcc", "evcc/loadpoints/<id>/maxCurrent"),
    Sign("everest", "everest_api/<id>/var/limits"),
    Sign("amina", "zigbee2mqtt/<id>", b'"ev_connected"'),
    Sign("easee", "<id>/chargerOpMode"),
    Sign("wallbox", "<id>/charging_enable/state"),
)
"""Prefixes are the makers' defaults: who has changed one names the charger himself."""

FILTERS = tuple(dict.fromkeys(sign.topic.replace("<id>", "+") for sign in SIGNS))
"""What to subscribe to."""


def recognised(topic: str, payload: bytes) -> Sighting | None:
    """Whose message this is, or None."""
    for sign in SIGNS:
        found = re.fullmatch(_pattern(sign.topic), topic)
        if found and sign.within in payload:
            identity = found[1]
            return Sighting(sign.device, identity, _name(identity if sign.device == OWN else f"{sign.device}-{identity}"))
    return None


def _pattern(topic: str) -> str:
    """The expression for a topic with ``<id>`` and ``+``."""
    return re.escape(topic).replace("<id>", f"({IDENTITY})").replace(r"\+", "[^/]+")


def _name(words: str) -> str:
    """A name that the configuration accepts."""
    return re.sub(r"[^a-z0-9_-]+", "-", words.lower()).strip("-_")[:32] or "charger"
