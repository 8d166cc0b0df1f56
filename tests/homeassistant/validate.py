"""Judges our discovery with Home Assistant's own code. Run by the Python of an environment that has Home Assistant, not by pytest.

Reads ``{"discovery": {topic: payload}, "states": {topic: [payload, ...]}}`` from stdin and prints what Home Assistant makes of it:
``{"problems": [...], "values": {unique id: [value, ...]}, "available": {unique id: {topic: [word, ...]}}}``. A value is None where Home
Assistant leaves the entity as it was. It must not know what we meant.
"""

import asyncio
import importlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import voluptuous as vol
from homeassistant.components.mqtt import discovery
from homeassistant.components.mqtt.schemas import SHARED_OPTIONS
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS as SENSOR_UNITS
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant, valid_entity_id
from homeassistant.helpers import frame
from homeassistant.helpers.template import Template
from homeassistant.util import slugify

UNITS: dict[str, Any] = {"sensor": SENSOR_UNITS, "number": NUMBER_UNITS}


class Loud(logging.Handler):
    """What Home Assistant would only write into its log is a problem here."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.problems = problems

    def emit(self, record: logging.LogRecord) -> None:
        """Note it."""
        self.problems.append(f"log: {record.getMessage()}")


async def main(folder: str) -> None:
    """Judge what stdin holds."""
    hass = HomeAssistant(folder)
    frame.async_setup(hass)
    given = json.load(sys.stdin)
    problems: list[str] = []
    values: dict[str, list[str | None]] = {}
    available: dict[str, dict[str, list[str | None]]] = {}
    logging.getLogger().addHandler(Loud(problems))
    for topic, payload in given["discovery"].items():
        match = discovery.TOPIC_MATCHER.match(topic.removeprefix("homeassistant/"))
        if match is None:
            problems.append(f"{topic}: no discovery topic")
            continue
        component, node_id, object_id = match.groups()
        if component != "device":
            problems.append(f"{topic}: not a device")
            continue
        device = discovery._parse_device_payload(hass, payload, object_id, node_id)
        for key, config in device.get("components", {}).items():
            if config.keys() == {"platform"}:
                continue  # takes an entity away: the schema of the device has judged it
            where = f"{topic}: {key}"
            problems += [f"{where}: {what}" for what in judge(device, dict(config))]
            if config["unique_id"] in values:
                problems.append(f"{where}: its unique id is not unique")
            values[config["unique_id"]] = list(render(hass, config, config.get("state_topic"), given["states"]))
            available[config["unique_id"]] = {
                one["topic"]: list(render(hass, one, one["topic"], given["states"]))
                for one in config.get("availability", device["availability"])
            }
    await hass.async_stop(force=True)
    json.dump({"version": __version__, "problems": problems, "values": values, "available": available}, sys.stdout)


def judge(device: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Find what is wrong with one entity; the options of the device are its own, too, as when it is discovered."""
    platform = config.pop("platform")
    config |= {"device": device["device"], "origin": device["origin"]}
    config |= {option: device[option] for option in SHARED_OPTIONS if option in device and option not in config}
    module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
    problems = []
    # Discovery drops a key that it does not know; the schema of the YAML configuration is the same and refuses it.
    for name in ("DISCOVERY_SCHEMA", "PLATFORM_SCHEMA_MODERN"):
        try:
            validated = getattr(module, name)(dict(config))
        except vol.Invalid as wrong:
            problems.append(f"{name}: {wrong}")
            continue
        problems += [f"{name} drops {key}" for key in config.keys() - validated.keys()]
    device_class, unit = config.get("device_class"), config.get("unit_of_measurement")
    if unit is not None and unit not in UNITS[platform].get(device_class, {unit}):
        problems.append(f"{unit} is no unit of {device_class}")
    state_class = config.get("state_class")
    if state_class is not None and state_class not in DEVICE_CLASS_STATE_CLASSES.get(device_class, ()):
        problems.append(f"{state_class} is no state class of {device_class}")
    entity_id = f"{platform}.{slugify(device['device']['name'])}_{slugify(config['name'])}"
    if not valid_entity_id(entity_id):
        problems.append(f"{entity_id} is no entity id")
    return problems


def render(hass: HomeAssistant, config: dict[str, Any], topic: str | None, states: dict[str, list[str]]) -> Iterator[str | None]:
    """Give what Home Assistant reads in each message on the topic."""
    template = Template(config.get("value_template", "{{ value }}"), hass)
    for payload in states.get(topic or "", []):
        yield template.async_render_with_possible_json_value(payload, None)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(folder))
