"""All makes by name. This file must not know anything else about them."""

from han_gateway.devices import bridges, records
from han_gateway.devices.record import Device

DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        records.GO_E,
        records.OPENEVSE,
        records.OPENEVSE_SHAPER,
        records.SMARTEVSE,
        records.SMARTEVSE_OVERRIDE,
        records.WARP,
        bridges.WALLBOX,
        bridges.OPENWB,
        bridges.OPENWB_SECONDARY,
        bridges.EVCC,
        bridges.EVCC_LOADPOINT,
        records.EVEREST,
        bridges.AMINA,
        bridges.EASEE,
        bridges.EASEE_SET,
        bridges.ZAPTEC,
    )
}
GENERIC = "generic"
"""What a user writes in the configuration."""
