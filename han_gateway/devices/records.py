"""The makes of charger that speak MQTT themselves: one literal each, and by which document.

A new make is a literal here (or in ``bridges.py``), a simulated one in tests/devices, and nothing else.
"""

from dataclasses import replace

from han_gateway.core.events import ChargerStatus as Is
from han_gateway.devices.record import DECIAMPERE, MILLIAMPERE, MILLISECOND, SECOND, Device, Feed, Paused, Say, States, Value

GO_E = Device(
    name="go-e",
    title="go-eCharger (V3 and later, Gemini, PRO)",
    id_example="go-eCharger/123456",
    charge=(Say("<id>/amp/set", "<amps>"),),
    pause=(Say("<id>/frc/set", "1"), Say("<id>/amp/set", "6")),
    resume=(Say("<id>/frc/set", "0"),),
    one_phase=(Say("<id>/psm/set", "1"),),
    three_phase=(Say("<id>/psm/set", "2"),),
    echo=Value("<id>/amp"),
    paused=Paused("<id>/frc", "", "1"),
    currents=(Value("<id>/nrg", "4"), Value("<id>/nrg", "5"), Value("<id>/nrg", "6")),
    states=(
        States("<id>/car", "", {"1": Is.IDLE, "2": Is.CHARGING, "3": Is.CONNECTED, "4": Is.FULL, "0": Is.ERROR, "5": Is.ERROR}),
    ),
    session=Value("<id>/wh"),
    uptime=Value("<id>/rbt", milli=MILLISECOND),
    alive=("<id>/rbt",),
    on_change=True,
    restart=Say("<id>/rst/set", "true"),
    setup=(
        (
            "In the app, under Internet, Advanced Settings, MQTT: switch MQTT on, enter the broker, and allow writing "
            "(forbidden by default since firmware 51.5)."
        ),
        "`device_id` is the prefix of its topics and its serial number. Some firmware begins topics with a slash: then so does `device_id`.",
    ),
    source="go-eCharger-API-v2 mqtt-en.md, apikeys-en.md; issue 112 there: `amp` may be written as often as one likes",
)

OPENEVSE = Device(
    name="openevse",
    title="OpenEVSE, by a claim",
    id_example="openevse-55ad",
    charge=(Say("<id>/claim/set", '{"state":"active","charge_current":<amps>,"max_current":<amps>,"auto_release":false}'),),
    pause=(Say("<id>/claim/set", '{"state":"disabled","auto_release":false}'),),
    echo=Value("<id>/claim", "max_current"),
    paused=Paused("<id>/claim", "state", "disabled"),
    currents=(Value("<id>/amp", milli=MILLIAMPERE),),
    states=(
        States(
            "<id>/state",
            "",
            {"1": Is.IDLE, "2": Is.CONNECTED, "3": Is.CHARGING, "254": Is.CONNECTED}
            | dict.fromkeys(("4", "5", "6", "7", "8", "9", "10", "11"), Is.ERROR),
        ),
    ),
    session=Value("<id>/session_energy"),
    restart=Say("<id>/restart", '{"device":"evse"}'),
    setup=(
        "On its web page, under Services, MQTT: enter the broker; the base topic there is `device_id`.",
        "It measures one current only and reports every 30 s, so what a car leaves is shared out late.",
    ),
    source="openevse_esp32_firmware docs/mqtt.md, src/mqtt.cpp, src/current_shaper.cpp",
)

OPENEVSE_SHAPER = replace(
    OPENEVSE,
    name="openevse-shaper",
    title="OpenEVSE, by a claim, with its current shaper as failsafe",
    feed=Feed("<base>/house_w", "<house_w>", 10_000),
    failsafe_ma=0,
    failsafe="stops 120 s after the last power of the house (its current shaper)",
    setup=(
        *OPENEVSE.setup,
        (
            "Switch the current shaper on, with the power of your main fuse as its maximum, and let its live power topic be the one below "
            "that ends in `house_w`."
        ),
    ),
)

SMARTEVSE_OVERRIDE = Device(
    name="smartevse-override",
    title="SmartEVSE 3, by the override alone",
    id_example="SmartEVSE-12345",
    charge=(Say("<id>/Set/CurrentOverride", "<deciamps>"),),
    pause=(Say("<id>/Set/Mode", "Off"),),
    resume=(Say("<id>/Set/Mode", "Normal"),),
    echo=Value("<id>/ChargeCurrentOverride", milli=DECIAMPERE),
    zero_frees=True,
    paused=Paused("<id>/Mode", "", "Off"),
    currents=tuple(Value(f"<id>/EVCurrentL{place}", milli=DECIAMPERE) for place in (1, 2, 3)),
    states=(
        States("<id>/EVPlugState", "", {"Disconnected": Is.IDLE}),
        States(
            "<id>/State",
            "",
            {
                "Ready to Charge": Is.IDLE,
                "Connected to EV": Is.CONNECTED,
                "Charging": Is.CHARGING,
                "Charging Stopped": Is.CONNECTED,
            },
        ),
    ),
    session=Value("<id>/EVEnergyCharged"),
    uptime=Value("<id>/ESPUptime", milli=SECOND),
    alive=("<id>/ESPUptime",),
    on_change=True,
    setup=(
        "On its web page: enter the broker; the prefix there is `device_id`.",
        "An override is only taken between its own MIN and MAX, and not on a node of a group. A restart of the charger forgets it.",
    ),
    source="dingo35/SmartEVSE-3.5 docs (configuration; only changes are published), SmartEVSE-3/src/esp32.cpp, main.cpp, mqtt_parser.c",
)

SMARTEVSE = replace(
    SMARTEVSE_OVERRIDE,
    name="smartevse",
    title="SmartEVSE 3, fed with the currents of the house",
    resume=(Say("<id>/Set/Mode", "Smart"),),
    feed=Feed("<id>/Set/MainsMeter", "<l1_deciamps>:<l2_deciamps>:<l3_deciamps>", 4_000),
    failsafe_ma=0,
    failsafe="stops 11 s after the last currents of the house",
    setup=(
        *SMARTEVSE_OVERRIDE.setup,
        (
            "Set MAINS MET to API, and MAINS to your main fuse. Meters send currents every 10 s and it waits for 11 s: the gateway repeats "
            "them every 4 s, and stops as soon as they are stale."
        ),
    ),
)

WARP = Device(
    name="warp",
    title="Tinkerforge WARP 1 to 4",
    id_example="warp3/AbCd",
    charge=(Say("<id>/evse/external_current_update", '{"current":<milliamps>}'),),
    pause=(Say("<id>/evse/external_current_update", '{"current":0}'),),
    echo=Value("<id>/evse/external_current", "current", MILLIAMPERE),
    currents=tuple(Value("<id>/meter/all_values", str(place)) for place in (3, 4, 5)),
    states=(
        States(
            "<id>/evse/state",
            "charger_state",
            {"0": Is.IDLE, "1": Is.CONNECTED, "2": Is.CONNECTED, "3": Is.CHARGING, "4": Is.ERROR},
        ),
    ),
    uptime=Value("<id>/evse/low_level_state", "uptime", MILLISECOND),
    alive=("<id>/evse/low_level_state",),
    on_change=True,
    restart=Say("<id>/reboot", "null"),
    setup=(
        (
            "On its web page: enter the broker; the prefix there is `device_id`. Where the firmware has it (it is always on in newer ones), "
            "under Wallbox, Settings: enable external control."
        ),
        "It can watch over us by itself: add the automation External-control watchdog (30 s), and write `failsafe = true`.",
    ),
    source="Tinkerforge/esp32-firmware evse_common.cpp, mqtt.cpp, main.cpp (reboot); warp-charger docs mqtt_http: `global_current` is written to flash, so it is never used",
)

EVEREST = Device(
    name="everest",
    title="EVerest (MQTT API module)",
    id_example="evse_manager",
    charge=(Say("everest_api/<id>/cmd/set_limit_amps", "<amps>"),),
    pause=(Say("everest_api/<id>/cmd/set_limit_amps", "0"),),
    echo=Value("everest_api/<id>/var/limits", "max_current"),
    currents=tuple(Value("everest_api/<id>/var/powermeter", f"current_A.L{place}") for place in (1, 2, 3)),
    states=(
        States(
            "everest_api/<id>/var/session_info",
            "state",
            {"Unplugged": Is.IDLE, "Charging": Is.CHARGING, "Finished": Is.FULL, "FinishedEV": Is.FULL}
            | dict.fromkeys(
                ("Preparing", "AuthRequired", "WaitingForEnergy", "ChargingPausedEV", "ChargingPausedEVSE"), Is.CONNECTED
            ),
        ),
    ),
    session=Value("everest_api/<id>/var/session_info", "charged_energy_wh"),
    setup=(
        "Load the API module and give it one `evse_energy_sink` connection for each EVSE; `device_id` is the name of the EVSE's manager.",
        "Let EVerest use this broker, or bridge its own with it.",
    ),
    source="everest-core modules/API/README.md",
)
