"""A real Home Assistant with nothing but its MQTT integration, on the broker whose port is the argument. Run in its own environment.

Each line on stdin is a request, ``{}`` or ``{"call": [domain, service, data]}``; each answer is one line: the state of every entity.
It must not know what is expected of it.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from types import MappingProxyType

from homeassistant import loader
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import (
    area_registry,
    category_registry,
    device_registry,
    entity,
    entity_registry,
    floor_registry,
    frame,
    issue_registry,
    label_registry,
    restore_state,
    translation,
)

REGISTRIES = (
    area_registry,
    category_registry,
    device_registry,
    entity_registry,
    floor_registry,
    issue_registry,
    label_registry,
    restore_state,
)
NOT_NEEDED = {"http", "file_upload", "auth"}  # what mqtt asks for and only its pages use
BIRTH = {"topic": "homeassistant/status", "payload": "online", "qos": 0, "retain": False}


async def begin(folder: Path, port: int) -> HomeAssistant:
    """Start Home Assistant as far as MQTT needs it: it connects, subscribes, and says that it is there."""
    (folder / "configuration.yaml").touch()
    hass = HomeAssistant(str(folder))
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    for part in (loader, frame, entity, translation):
        part.async_setup(hass)
    await asyncio.gather(*(registry.async_load(hass) for registry in REGISTRIES), hass.config_entries.async_initialize())
    hass.config.components |= NOT_NEEDED
    hass.set_state(CoreState.running)
    entry = ConfigEntry(
        version=1,
        minor_version=2,
        domain="mqtt",
        title="broker",
        data={"broker": "127.0.0.1", "port": port},
        options={"birth_message": BIRTH},
        source="user",
        unique_id=None,
        discovery_keys=MappingProxyType({}),
        subentries_data=(),
    )
    await hass.config_entries.async_add(entry)
    return hass


async def main(folder: Path, port: int) -> None:
    """Answer until stdin ends."""
    hass = await begin(folder, port)
    while line := await asyncio.to_thread(sys.stdin.readline):
        call = json.loads(line).get("call")
        if call:
            await hass.services.async_call(*call, blocking=True)
        states = {state.entity_id: state.state for state in hass.states.async_all()}
        print(json.dumps(states), flush=True)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name), int(sys.argv[1])))
