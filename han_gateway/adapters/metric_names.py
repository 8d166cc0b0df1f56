"""Every metric: its name, its labels and its meaning. Names are a contract with dashboards: they are added, never changed.

Base units in the name, phase and direction as labels, instants rather than ages (prometheus.io/docs/practices/naming). This file
must not know where the values come from.
"""

from typing import NamedTuple


class Defined(NamedTuple):
    """A metric: what it means, and the names of its labels. A name that ends in ``_total`` is a counter, any other a gauge."""

    meaning: str
    labels: tuple[str, ...]


_PHASE = ("meter", "phase")
_DIRECTION = ("meter", "direction")

DEFINED = {
    "han_gateway_build_info": Defined("This program.", ("version", "python")),
    "han_meter_info": Defined("How the meter names itself.", ("meter", "manufacturer", "model", "list_version", "grid")),
    "han_meter_up": Defined("1 while the way to the meter (serial port, TCP) is open.", ("meter",)),
    "han_meter_current_amperes": Defined("Line current; computed where han_meter_current_estimated is 1.", _PHASE),
    "han_meter_current_estimated": Defined("1 where the meter does not measure the line's current.", _PHASE),
    "han_meter_voltage_volts": Defined("Voltage to neutral; in a net without one L1-L2, L1-L3, L2-L3.", _PHASE),
    "han_meter_active_power_watts": Defined("Active power.", _DIRECTION),
    "han_meter_reactive_power_vars": Defined("Reactive power.", _DIRECTION),
    "han_meter_active_energy_watt_hours_total": Defined("The meter's register of active energy.", _DIRECTION),
    "han_meter_reactive_energy_var_hours_total": Defined("The meter's register of reactive energy.", _DIRECTION),
    "han_meter_telegrams_total": Defined("Lists that were read, by kind of list.", ("meter", "list")),
    "han_meter_frame_errors_total": Defined("Bytes that could not be believed, by reason.", ("meter", "reason")),
    "han_meter_telegrams_doubted_total": Defined(
        "Lists that renew nothing and raise nothing, by reason: old ones, and those of a meter that repeats itself.",
        ("meter", "reason"),
    ),
    "han_meter_contradicts_grid": Defined("1 while the meter shows another net than the configured one.", ("meter",)),
    "han_meter_last_telegram_timestamp_seconds": Defined("When the last list of each kind came.", ("meter", "list")),
    "han_meter_clock_timestamp_seconds": Defined(
        "What the meter's clock said in that list, by its maker's rule or the configured one.", ("meter", "list")
    ),
    "han_meter_bytes_received_total": Defined("Bytes from the meter's line.", ("meter",)),
    "han_meter_reconnects_total": Defined("How often the way to the meter was opened again.", ("meter",)),
    "han_fuse_limit_amperes": Defined("The main fuse.", _PHASE),
    "han_cap_watts": Defined("The power cap in force.", ("meter",)),
    "han_cap_amperes": Defined("The phase cap in force.", _PHASE),
    "han_headroom_amperes": Defined("Room under the main fuse; negative is overload.", _PHASE),
    "han_overload_seconds_total": Defined("Time during which the room was negative.", _PHASE),
    "han_circuit_current_amperes": Defined("What the meter of a sub-fuse says.", ("circuit", "phase")),
    "han_controller_state": Defined("1 for the state in which the meter is now.", ("state",)),
    "han_failsafe_active": Defined("1 while chargers get fallback limits, by reason.", ("reason",)),
    "han_charger_limit_amperes": Defined("What the charger was told last.", ("charger", "phase")),
    "han_charger_limit_cause": Defined(
        "1 for why it was told that, in one word; other causes have no sample.", ("charger", "cause")
    ),
    "han_charger_limit_changes_total": Defined(
        "Commands that raised or lowered its limit; a pause lowers it.", ("charger", "change")
    ),
    "han_charger_reported_limit_amperes": Defined("The limit that the charger says it obeys.", ("charger",)),
    "han_charger_current_amperes": Defined("What the charger says it draws.", ("charger", "phase")),
    "han_charger_up": Defined("1 while the charger reports at all.", ("charger",)),
    "han_charger_trouble": Defined(
        "1 while it misbehaves: ignoring or gone (conduct), disputed or shared (accord).", ("charger", "kind")
    ),
    "han_charger_foreign_limits_total": Defined("Limits that somebody else published on its topic.", ("charger",)),
    "han_charger_requests_total": Defined(
        "What people asked of the charger (restart, pause, resume, boost), and what came of it.",
        ("charger", "command", "outcome"),
    ),
    "han_charger_wish": Defined("1 while it is paused, or first in line, because somebody asked for it.", ("charger", "wish")),
    "han_charger_waiting": Defined("1 while it waits for power: paused for want of room, and a car may be there.", ("charger",)),
    "han_charger_commands_total": Defined("Commands issued, and those that a report confirmed.", ("charger", "result")),
    "han_charger_last_ack_timestamp_seconds": Defined("When a report last confirmed a command.", ("charger",)),
    "han_mqtt_connected": Defined("1 while the broker is connected.", ()),
    "han_mqtt_reconnects_total": Defined("Connections to the broker after the first.", ()),
    "han_mqtt_troubles_total": Defined(
        "Connections, subscriptions and messages that the broker refused or broke; the log says why.", ()
    ),
    "han_mqtt_publish_failures_total": Defined("Messages that the broker refused.", ()),
    "han_mqtt_messages_dropped_total": Defined("Messages never sent: expired, or no room to wait.", ()),
    "han_mqtt_messages_refused_total": Defined("Messages to us that were not as docs/mqtt.md has them.", ()),
    "han_mqtt_messages_ignored_total": Defined("Messages to us that were too large, too old, unreadable or too many.", ()),
    "han_state_write_failures_total": Defined("What was learned could not be written down, and would not outlive a restart.", ()),
}
