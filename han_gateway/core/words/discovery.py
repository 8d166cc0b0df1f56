"""Words for Home Assistant: which devices and entities the house has (MQTT device discovery, in the form of Home Assistant 2024.11).

Entities are data: what each is called, where its value stands, in which unit. Names and ids are made of the configuration only, never of
bytes from the wire. The values are those of the topics of docs/mqtt.md; this file must not know how they come to be.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from han_gateway.core.accord import Accord
from han_gateway.core.effects import ChargerState, MeterState
from han_gateway.core.events import Ask
from han_gateway.core.site import Cap, CapRule, Charger, Site
from han_gateway.core.state import Conduct
from han_gateway.core.units import LINES
from han_gateway.core.words.topics import Message

ORIGIN = "han-gateway"
PERIODS = 3
"""So many list periods without a word of the meter, and its values are no longer shown."""

_IF_SENT = "{{{{ value_json.{0} if value_json.{0} is not none else nothing | is_defined }}}}"
_IF_SENT_KWH = "{{{{ value_json.{0} / 1000 if value_json.{0} is not none else nothing | is_defined }}}}"
"""The short lists of a meter do not carry everything: what is not in one stays as it was, instead of becoming unknown."""
_VALUE = "{{{{ value_json.{0} }}}}"
_FRESH = "{{ 'online' if value_json.state in ['fresh', 'stale'] else 'offline' }}"
_OVERLOAD = "{{ 'ON' if value_json.room_a.values() | select('number') | select('lt', 0) | list else 'OFF' }}"
_OUTCOME = "{{ value_json.command }}: {{ value_json.state }}, {{ value_json.reason }}"
_WAITING = "{{ 'ON' if value_json.state == 'waiting' else 'OFF' }}"

Entity = tuple[str, dict[str, Any]]
"""The key within its device, and its configuration in the words of Home Assistant."""


class _Kind(NamedTuple):
    """What a number is, for Home Assistant."""

    device_class: str
    unit: str
    decimals: int
    state_class: str = "measurement"


_AMPERES = _Kind("current", "A", 1)
_VOLTS = _Kind("voltage", "V", 0)
_WATTS = _Kind("power", "W", 0)
_VARS = _Kind("reactive_power", "var", 0)
_KWH = _Kind("energy", "kWh", 1, "total_increasing")


def discovery(prefix: str, base: str, site: Site, version: str) -> Iterator[Message]:
    """Give one retained message per device: the site, its meter, each charger. ``prefix`` is Home Assistant's, ``base`` that of our topics."""
    topics = f"{base}/{site.name}"
    gone = [{"topic": f"{topics}/status"}]
    silent = [*gone, {"topic": f"{topics}/headroom", "value_template": _FRESH}]
    house = {"name": f"HAN gateway {site.name}", "model": "Load balancer under the main fuse"}
    meter = {"name": f"HAN meter {site.name}", "model": "Smart meter"}
    devices = [("site", house, gone, _of_site(topics, site, silent)), ("meter", meter, silent, _of_meter(topics, site))]
    for charger in site.chargers:
        described = {"name": f"Charger {charger.name}", "model": "EV charger"}
        devices.append((_object(charger.name), described, gone, _of_charger(topics, site, charger)))
    for name, device, availability, entities in devices:
        owner = {} if name == "site" else {"via_device": _id(site, "site")}
        payload = {
            "device": {"identifiers": [_id(site, name)], "manufacturer": ORIGIN, "sw_version": version, **device, **owner},
            "origin": {"name": ORIGIN, "sw_version": version},
            "availability": availability,
            "availability_mode": "all",
            "components": {key: _owned(entity, _id(site, f"{name}/{key}")) for key, entity in entities},
        }
        yield Message(_config(prefix, site, name), json.dumps(payload, separators=(",", ":")).encode(), qos=1, retain=True)


def undiscovered(prefix: str, site: Site, new_site: Site) -> Iterator[Message]:
    """Take the devices from Home Assistant that ``new_site`` does not have."""
    for name in site.gone(new_site):
        yield Message(_config(prefix, site, _object(name)), b"", qos=1, retain=True)


def birth_topic(prefix: str) -> str:
    """Give the topic on which Home Assistant says that it has started."""
    return f"{prefix}/status"


def _of_meter(topics: str, site: Site) -> Iterator[Entity]:
    """What the meter says. Which of it a meter sends is not known beforehand: the rest stays unknown."""
    shared = {"state_topic": f"{topics}/meter", "expire_after": _periods_s(site)}
    energies = {"state_topic": f"{topics}/meter"}  # once an hour, and a register does not age

    yield "power_import", _number("Power import", _WATTS, _IF_SENT.format("power_import_w"), shared)
    yield "power_export", _number("Power export", _WATTS, _IF_SENT.format("power_export_w"), shared)
    for line in (line.value for line in LINES):
        yield f"current_{line}", _number(f"Current {line}", _AMPERES, _IF_SENT.format(f"current_a.{line}"), shared)
    for line in (line.value for line in LINES):
        yield f"voltage_{line}", _number(f"Voltage {line}", _VOLTS, _IF_SENT.format(f"voltage_v.{line}"), shared)
    for way in ("import", "export"):
        value = _IF_SENT.format(f"reactive_{way}_var")
        yield f"reactive_{way}", _diagnostic(_number(f"Reactive power {way}", _VARS, value, shared))
    for way in ("import", "export"):
        yield f"energy_{way}", _number(f"Energy {way}", _KWH, _IF_SENT_KWH.format(f"energy_{way}_wh"), energies)
    for key, name in (("meter_id", "Meter id"), ("meter_type", "Meter type")):
        yield key, _diagnostic({**_sensor(name, _IF_SENT.format(key)), **energies})


def _of_site(topics: str, site: Site, silent: list[dict[str, str]]) -> Iterator[Entity]:
    """What the gateway makes of it: the room under the main fuse, how far the meter is trusted, and the caps."""
    shared = {"state_topic": f"{topics}/headroom"}
    ages = {**shared, "expire_after": -(-site.policy.lost_after_ms // 1000), "availability": silent}
    for line in (line.value for line in LINES):
        yield f"room_{line}", _number(f"Room {line}", _AMPERES, _VALUE.format(f"room_a.{line}"), ages)
    for line in (line.value for line in LINES):
        yield f"load_{line}", _number(f"Load {line}", _AMPERES, _VALUE.format(f"load_a.{line}"), ages)
    yield "overload", {**_binary("Overload", _OVERLOAD, ages), "device_class": "problem"}
    yield "meter_state", {**_sensor("Meter", _VALUE.format("state")), **shared, **_one_of(MeterState)}
    yield "fuse", _diagnostic(_number("Main fuse", _AMPERES, _VALUE.format("fuse_a"), shared))
    for cap, rule in ((Cap.POWER, site.power_cap), (Cap.LINE, site.line_cap)):
        if rule is not None:
            yield f"{cap.value}_cap", _cap(topics, cap, rule)


def _cap(topics: str, cap: Cap, rule: CapRule) -> dict[str, Any]:
    """A number that can be set between its bounds; a sensor where the configuration gives it none."""
    name, value, kind, scale, step = {
        Cap.POWER: ("Power cap", "power_w", _WATTS, 1, 100),
        Cap.LINE: ("Phase cap", "line_a", _AMPERES, 1000, 1),
    }[cap]
    state = {"state_topic": f"{topics}/caps"}
    if rule.least == rule.most:
        return _diagnostic(_number(name, kind, _VALUE.format(value), state))
    return {
        "platform": "number",
        "name": name,
        "device_class": kind.device_class,
        "unit_of_measurement": kind.unit,
        "command_topic": f"{topics}/caps/{cap.value}/set",
        "value_template": _VALUE.format(value),
        "min": rule.least / scale,
        "max": rule.most / scale,
        "step": step,
        "mode": "box",
        **state,
    }


def _of_charger(topics: str, site: Site, charger: Charger) -> Iterator[Entity]:
    """What the charger is told and why, what it does, and the buttons for what it can be asked to do. No key holds another after a ``_``."""
    own = f"{topics}/chargers/{charger.name}"
    state = {"state_topic": f"{own}/state"}
    told = {"state_topic": f"{own}/limit", "expire_after": -(-site.policy.valid_for_ms // 1000)}
    yield "limit", _number("Limit", _AMPERES, _VALUE.format("current_a"), told)
    yield "state", {**_sensor("State", _VALUE.format("state")), **state, **_one_of(ChargerState)}
    yield "reason", {**_sensor("Reason", _VALUE.format("reason")), **state}
    yield "waiting", _binary("Waiting for power", _WAITING, state)
    yield "queue", {**_sensor("Place in the queue", _VALUE.format("queue")), **state}
    yield "conduct", _diagnostic({**_sensor("Conduct", _VALUE.format("conduct")), **state, **_one_of(Conduct)})
    yield "accord", _diagnostic({**_sensor("Accord", _VALUE.format("accord")), **state, **_one_of(Accord)})
    yield "outcome", {**_sensor("Last command", _OUTCOME), "state_topic": f"{own}/outcome"}
    for ask in Ask:
        yield ask.value, _button(own, ask) if charger.restarts or ask is not Ask.RESTART else {"platform": "button"}


def _button(own: str, ask: Ask) -> dict[str, Any]:
    """Says its word to a charger."""
    word = ask.value
    button = {"platform": "button", "name": word.capitalize(), "command_topic": f"{own}/command", "payload_press": word}
    return {**button, "device_class": "restart"} if ask is Ask.RESTART else button


def _owned(entity: dict[str, Any], unique_id: str) -> dict[str, Any]:
    """With its id; what has no more than a platform takes an entity of an earlier configuration or version away, and has none."""
    return {**entity, "unique_id": unique_id} if len(entity) > 1 else entity


def _sensor(name: str, template: str) -> dict[str, Any]:
    return {"platform": "sensor", "name": name, "value_template": template}


def _number(name: str, kind: _Kind, template: str, where: Mapping[str, Any]) -> dict[str, Any]:
    """A sensor that shows a number."""
    return {
        **_sensor(name, template),
        "device_class": kind.device_class,
        "unit_of_measurement": kind.unit,
        "suggested_display_precision": kind.decimals,
        "state_class": kind.state_class,
        **where,
    }


def _binary(name: str, template: str, where: Mapping[str, Any]) -> dict[str, Any]:
    return {"platform": "binary_sensor", "name": name, "value_template": template, **where}


def _one_of(words: type[MeterState | ChargerState | Conduct | Accord]) -> dict[str, Any]:
    """What makes a sensor one of a few words."""
    return {"device_class": "enum", "options": [word.value for word in words]}


def _diagnostic(entity: dict[str, Any]) -> dict[str, Any]:
    """Show it with the details of the device, not on the dashboard."""
    return {**entity, "entity_category": "diagnostic"}


def _periods_s(site: Site) -> int:
    return max(1, PERIODS * site.policy.list_period_ms // 1000)


def _object(charger: str) -> str:
    return f"charger_{charger}"


def _id(site: Site, name: str) -> str:
    """Unlike the name of a device, its id never changes; the slash is in no name, so no two are the same."""
    return f"{ORIGIN}/{site.name}/{name}"


def _config(prefix: str, site: Site, name: str) -> str:
    return f"{prefix}/device/{ORIGIN}_{site.name}/{name}/config"
