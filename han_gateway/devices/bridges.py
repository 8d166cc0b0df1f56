"""The makes of charger that reach MQTT through something else: a bridge, an energy manager, Home Assistant. One literal each."""

from han_gateway.core.events import ChargerStatus as Is
from han_gateway.devices.record import KILOWATTHOUR, Device, Paused, Say, States, Value

WALLBOX = Device(
    name="wallbox",
    title="Wallbox, by wallbox-mqtt-bridge",
    id_example="wallbox_123456",
    charge=(Say("<id>/max_charging_current/set", "<amps>"),),
    pause=(Say("<id>/charging_enable/set", "0"),),
    resume=(Say("<id>/charging_enable/set", "1"),),
    repeat_ms=60_000,
    echo=Value("<id>/max_charging_current/state"),
    paused=Paused("<id>/charging_enable/state", "", "0"),
    currents=tuple(Value(f"<id>/charging_current_l{place}/state") for place in (1, 2, 3)),
    states=(
        States("<id>/cable_connected/state", "", {"0": Is.IDLE}),
        States("<id>/status/state", "", {"Ready": Is.IDLE, "Charging": Is.CHARGING, "Paused": Is.CONNECTED, "Error": Is.ERROR}),
    ),
    session=Value("<id>/added_energy/state"),
    on_change=True,
    setup=(
        "Install the bridge on the (rooted) Wallbox; `device_id` is `wallbox_` and its serial number.",
        "The bridge publishes only what changes: with no car, the gateway hears nothing for hours, and says so.",
    ),
    source="wallbox-mqtt-bridge README.md, app/sensors.go, app/bridge.go (the entities for phase currents are those of its newer versions)",
)

OPENWB = Device(
    name="openwb",
    title="openWB 2, as its load manager",
    id_example="1",
    charge=(
        Say(
            "openWB/set/mqtt/loadmanager/<id>/set/loadmanager",
            '{"timestamp":<epoch_s>,"max_power":<watts>,"max_current":[<l1_amps>,<l2_amps>,<l3_amps>]}',
        ),
    ),
    pause=(
        Say("openWB/set/mqtt/loadmanager/<id>/set/loadmanager", '{"timestamp":<epoch_s>,"max_power":0,"max_current":[0,0,0]}'),
    ),
    failsafe_ma=6_000,
    failsafe="takes its own limits 60 s after the last message",
    setup=(
        (
            "Add the IO device and the IO action Load manager; `device_id` is the number of the IO device. (openWB shows a topic with the "
            "number of the action, which may be another one.)"
        ),
        (
            "Set the limits on failure to the smallest ones, and `failsafe_a` to what they amount to. Let openWB use this broker, or bridge its "
            "own with it. All its charge points share this limit."
        ),
    ),
    source="openWB/core packages/modules/io_devices/load_manager/api.py, io_actions/controllable_consumers/load_manager/api.py",
)

OPENWB_SECONDARY = Device(
    name="openwb-secondary",
    title="openWB 2, as a secondary charge point",
    id_example="0",
    charge=(
        Say("openWB/set/internal_chargepoint/<id>/data/set_current", "<amps>"),
        Say("openWB/set/internal_chargepoint/global_data", '{"heartbeat":<epoch_s>,"parent_ip":"localhost"}'),
    ),
    pause=(
        Say("openWB/set/internal_chargepoint/<id>/data/set_current", "0"),
        Say("openWB/set/internal_chargepoint/global_data", '{"heartbeat":<epoch_s>,"parent_ip":"localhost"}'),
    ),
    echo=Value("openWB/internal_chargepoint/<id>/get/evse_current"),
    currents=tuple(Value("openWB/internal_chargepoint/<id>/get/currents", str(place)) for place in (0, 1, 2)),
    states=(
        States("openWB/internal_chargepoint/<id>/get/plug_state", "", {"false": Is.IDLE}),
        States("openWB/internal_chargepoint/<id>/get/charge_state", "", {"true": Is.CHARGING, "false": Is.CONNECTED}),
    ),
    failsafe_ma=0,
    failsafe="stops 80 s after the last heartbeat",
    setup=("Switch it to secondary (external) mode; `device_id` is 0, or 1 for the second socket of a duo.",),
    source="openWB core external_openwb/chargepoint_module.py, internal_chargepoint_handler.py (read, not run)",
)

EVCC = Device(
    name="evcc",
    title="evcc, by the limit of a circuit",
    charge=(Say("<base>/amps", "<amps>"),),
    pause=(Say("<base>/amps", "0.1"),),
    minimum_ma=1_000,
    maximum_ma=1_000_000,
    response_ms=40_000,
    failsafe_ma=6_000,
    failsafe="falls back to the circuit's own maxCurrent after `timeout`",
    setup=(
        (
            "In evcc.yaml, give the circuit of these loadpoints `getMaxCurrent: {source: mqtt, topic: han/home/chargers/CHARGER/amps, "
            "timeout: 30s}`, and a `maxCurrent` that is always safe: that is what it falls back to, and without one to no limit at all."
        ),
        "0 A means no limit to a circuit, so a pause is 0.1 A, which no charger can take.",
        "Write that safe maxCurrent as `failsafe_a`. evcc looks every 30 s at most: `interval: 10s` makes it follow sooner.",
    ),
    source="evcc core/circuit/circuit.go, docs features/loadmanagement; evcc-io/docs issue 1176: 0 is no limit",
)

EVCC_LOADPOINT = Device(
    name="evcc-loadpoint",
    title="evcc, by a loadpoint",
    id_example="evcc/loadpoints/1",
    charge=(Say("<id>/maxCurrent/set", "<amps>"),),
    pause=(Say("<id>/mode/set", "off"), Say("<id>/maxCurrent/set", "6"), Say("<base>/mode", "<own>", retain=True)),
    resume=(Say("<id>/mode/set", "<own>"), Say("<base>/mode", "", retain=True)),
    response_ms=40_000,
    echo=Value("<id>/maxCurrent"),
    paused=Paused("<id>/mode", "", "off"),
    own="<base>/mode",
    currents=tuple(Value(f"<id>/chargeCurrents/l{place}") for place in (1, 2, 3)),
    states=(
        States("<id>/connected", "", {"false": Is.IDLE}),
        States("<id>/charging", "", {"true": Is.CHARGING, "false": Is.CONNECTED}),
    ),
    session=Value("<id>/sessionEnergy"),
    setup=(
        (
            "`device_id` is the root topic of evcc and the number of the loadpoint, from 1. evcc takes no limit below its own min. current: "
            "leave that at 6 A, or write it as `min_a`. It looks every 30 s at most: `interval: 10s` makes it follow sooner."
        ),
        (
            "A pause is the mode `off`, and your own mode comes back after it, also one that you choose meanwhile and after a restart of "
            "either side. Only `off` chosen in a pause cannot be told from it, and a battery boost ends with it. The limit stands as "
            "max. current in evcc, which remembers it: who takes the gateway away sets it back there."
        ),
        "The circuit above has a failsafe and leaves your modes alone: prefer it where you can write evcc.yaml.",
    ),
    source="evcc server/mqtt.go, core/loadpoint.go, core/loadpoint_api.go, docs integrations/mqtt-api",
)

AMINA = Device(
    name="amina",
    title="Amina S, by Zigbee2MQTT",
    id_example="amina",
    charge=(Say("zigbee2mqtt/<id>/set", '{"charge_limit_with_on_off":<amps>}'),),
    pause=(Say("zigbee2mqtt/<id>/set", '{"charge_limit_with_on_off":0}'),),
    repeat_ms=60_000,
    response_ms=10_000,
    echo=Value("zigbee2mqtt/<id>", "charge_limit"),
    paused=Paused("zigbee2mqtt/<id>", "state", "OFF"),
    currents=(
        Value("zigbee2mqtt/<id>", "current"),
        Value("zigbee2mqtt/<id>", "current_phase_b"),
        Value("zigbee2mqtt/<id>", "current_phase_c"),
    ),
    states=(
        States("zigbee2mqtt/<id>", "ev_connected", {"false": Is.IDLE}),
        States("zigbee2mqtt/<id>", "charging", {"true": Is.CHARGING, "false": Is.CONNECTED}),
    ),
    session=Value("zigbee2mqtt/<id>", "last_session_energy", KILOWATTHOUR),
    on_change=True,
    setup=(
        "`device_id` is its friendly name in Zigbee2MQTT.",
        "Set `enable_offline`, `time_to_offline` and `offline_current` too: they act when the charger loses Zigbee, though not when it loses us.",
    ),
    source="zigbee2mqtt.io docs/devices/amina_S.md; zigbee-herdsman-converters src/devices/amina.ts: only charge_limit and state come back",
)

EASEE_IS_SLOW = (
    "Each command goes through the cloud: a cut takes seconds, and takes minutes or fails when the internet is away. Set the circuit limit in "
    "the Easee app so that the fuse is safe without us."
)

EASEE = Device(
    name="easee",
    title="Easee, by easee2mqtt 1.2 and the maker's cloud",
    id_example="easee2mqtt/EH123456",
    charge=(Say("<id>/cmnd/current", "<amps>"),),
    pause=(Say("<id>/cmnd/charging", "false"),),
    resume=(Say("<id>/cmnd/charging", "true"),),
    raise_after_ms=60_000,
    repeat_ms=300_000,
    response_ms=30_000,
    echo=Value("<id>/charging_current"),
    paused=Paused("<id>/charging_enabled", "", "false"),
    on_change=True,
    setup=(
        (
            "`device_id` is the root topic of easee2mqtt (`MQTT_ROOT_TOPIC`), and begins with `easee2mqtt/` and one word more: it listens to no "
            "other. Its version 1.2.0 has the topics below; where yours end in `/set`, take `easee-set`."
        ),
        EASEE_IS_SLOW,
    ),
    source="sveba/easee2mqtt readme.md, easee2mqtt.py (v1.2.0); easee_hass issues 663, 576",
)

EASEE_SET = Device(
    name="easee-set",
    title="Easee, by an easee2mqtt whose topics end in /set, and the maker's cloud",
    id_example="easee2MQTT/EH123456",
    charge=(Say("<id>/charging_current/set", "<amps>"),),
    pause=(Say("<id>/charging_current/set", "0"),),
    raise_after_ms=60_000,
    repeat_ms=300_000,
    response_ms=30_000,
    echo=Value("<id>/charging_current"),
    on_change=True,
    setup=(
        (
            "`device_id` is what stands before `/charging_current`: `easee2MQTT/` and the charger's number in the first easee2mqtt, "
            "its root topic alone in the newest source."
        ),
        "It repeats a command before the cloud has taken it, and asks the cloud every 5 minutes: a command that was lost shows late.",
        EASEE_IS_SLOW,
    ),
    source="Fr00t/easee2mqtt and sveba/easee2mqtt, easee2mqtt.py; developer.easee.com, commands (48: 0 pauses)",
)

ZAPTEC = Device(
    name="zaptec",
    title="Zaptec, by Home Assistant and the maker's cloud",
    charge=(Say("<base>/amps", "<amps>"),),
    pause=(Say("<base>/amps", "0"),),
    raise_after_ms=900_000,
    repeat_ms=300_000,
    response_ms=30_000,
    setup=(
        "Zaptec asks for 15 minutes between changes: raises wait for that, cuts do not. Sense (APM) and stand-alone mode must be off.",
        (
            "An automation in Home Assistant carries the number over to the installation's available current and reports back (below). That is one "
            "number for all chargers of the installation, and needs a portal user with the right of an owner or of service."
        ),
    ),
    source="custom-components/zaptec README.md (15 minutes), zaptec/api.py; home-assistant.io automation, MQTT trigger",
)
