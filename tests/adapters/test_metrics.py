"""What is served is parsed with Prometheus' own parsers, and says what the events and effects said."""

from dataclasses import dataclass, replace
from datetime import datetime

import pytest
from prometheus_client import generate_latest, parser
from prometheus_client.openmetrics import exposition
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from dlms.rejects import Reason as RejectReason
from dlms.rejects import Rejected
from han_gateway.adapters.metric_names import DEFINED
from han_gateway.adapters.metrics import Metrics
from han_gateway.core.effects import (
    Cause,
    ChargerState,
    Doubt,
    Grant,
    MeterState,
    Reason,
    SetLimit,
    ShowCaps,
    ShowCharger,
    ShowHeadroom,
    ShowOutcome,
    ShowReading,
    Stage,
)
from han_gateway.core.events import Ask, BrokerChanged, ChargerSaid, CircuitSaid, MeterGarbled, MeterSaid, SourceChanged, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import Line, PerLine
from han_gateway.meters.reading import ClockRule, Reading, clock_octets

HOUR = 1_768_500_000_000
GARAGE = Charger(name="garage", lines=frozenset({Line.L1, Line.L3}))
SHED = Circuit(name="shed", fuse_ma=16_000, metered=True)
SITE = Site(name="home", grid=Grid.IT, root=Circuit(name="main", fuse_ma=25_000, parts=(GARAGE, SHED)))
LIST_1 = Reading(manufacturer="kaifa", list=1, list_id="KFM_001", power_import_w=2_500)
LIST_2 = Reading(
    manufacturer="kaifa",
    list=2,
    list_id="KFM_001",
    meter_type='MA"304\\H3',
    power_import_w=1_000,
    power_export_w=0,
    reactive_import_var=10,
    reactive_export_var=20,
    current_l1_ma=5_100,
    current_l3_ma=7_250,
    voltage_l1_mv=231_400,
    voltage_l3_mv=230_000,
    clock_rule=ClockRule.UTC,
    clock=clock_octets(datetime(2026, 1, 15, 18, 0, 5)),
)
LIST_3 = LIST_2._replace(list=3, energy_import_wh=85_823_280, energy_export_wh=0, reactive_energy_import_varh=7)
ROOM = ShowHeadroom(
    state=MeterState.FRESH,
    fuse_ma=25_000,
    room_ma=PerLine(19_900, -1_500, 17_750),
    load_ma=PerLine(5_100, 26_500, 7_250),
    estimated=(Line.L2,),
)


@dataclass
class Refusals:
    """Somebody who counted."""

    count: int = 6


@dataclass
class Figures:
    """A broker that counted."""

    reconnects: int = 2
    publish_failures: int = 3
    dropped: int = 4
    ignored: int = 5

    @property
    def troubles(self) -> Refusals:
        """All that it refused."""
        return Refusals(7)


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of a house with one charger, nothing seen yet."""
    return Metrics(SITE, version="0.1.0", python="3.11", broker=Figures(), refusals=Refusals(), unwritten=Refusals())


def limit(amps: int, seq: int) -> SetLimit:
    """A command to the garage."""
    grant = Grant(charger="garage", limit_ma=amps * 1_000, reason=Reason(cause=Cause.CHARGER))
    return SetLimit(grant=grant, lines=GARAGE.lines, seq=seq, valid_for_ms=60_000)


def waiting(state: ChargerState) -> ShowCharger:
    """The garage does this."""
    return ShowCharger(grant=limit(0, 1).grant, lines=GARAGE.lines, state=state, queue=None, conduct="obeying")


def report(at: int, amps: int | None) -> ChargerSaid:
    """A report of the garage."""
    return ChargerSaid(at=at, charger="garage", current_ma=PerLine(5_900, None, 6_000), limit_ma=amps and amps * 1_000)


def samples(metrics: Metrics) -> dict[str, float]:
    """All samples as ``name{values of the labels}``, from the plain text format."""
    text = generate_latest(metrics.registry).decode()
    return {
        f"{sample.name}{{{','.join(sample.labels[name] for name in DEFINED[sample.name].labels)}}}": sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in DEFINED
    }


def everything(metrics: Metrics) -> Metrics:
    """Let the house have a full minute."""
    metrics.saw(SourceChanged(at=HOUR, connected=True))
    metrics.saw(BrokerChanged(at=HOUR, connected=True))
    for reading in (LIST_3, LIST_2, LIST_1):
        metrics.saw(MeterSaid(at=HOUR + 1_500, reading=reading))
    metrics.saw(MeterGarbled(at=HOUR, rejected=Rejected(RejectReason.FRAME_CHECK, 40)))
    metrics.received(1_234)
    metrics.did(ROOM)
    metrics.did(ShowCaps(power_w=8_000, line_ma=20_000))
    metrics.saw(CircuitSaid(at=HOUR, circuit="shed", current_ma=PerLine(3_200, None, None)))
    metrics.did(limit(10, 1))
    metrics.did(waiting(ChargerState.WAITING))
    metrics.did(ShowOutcome(charger="garage", ask=Ask.RESTART, stage=Stage.ACCEPTED, reason="told to restart"))
    metrics.saw(report(HOUR + 2_000, 10))
    return metrics


def test_every_metric_of_the_contract_is_served_and_documented(metrics: Metrics) -> None:
    """After a full minute every name of the table has a sample, with exactly the labels and the words of the table."""
    families = list(parser.text_string_to_metric_families(generate_latest(everything(metrics).registry).decode()))
    served = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    assert {name: labels for name, labels in served.items() if name.startswith("han_")} == {
        name: set(defined.labels) for name, defined in DEFINED.items()
    }
    assert all(family.documentation for family in families)
    assert {"process_resident_memory_bytes", "python_info"} <= served.keys()


def test_both_formats_say_the_same(metrics: Metrics) -> None:
    """The OpenMetrics text is valid for its own, stricter parser, and has the same samples."""
    everything(metrics)
    text = exposition.generate_latest(metrics.registry).decode()
    strict = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_openmetrics(text)
        for sample in family.samples
        if sample.name in DEFINED
    }
    assert len(strict) == len(samples(metrics))
    assert strict["han_meter_telegrams_total", (("list", "2"), ("meter", "home"))] == 1


def test_the_meter_as_it_speaks(metrics: Metrics) -> None:
    """Currents, voltages and power are the newest ones in base units; what the meter does not measure is absent or estimated."""
    everything(metrics)
    seen = samples(metrics)
    assert seen["han_meter_active_power_watts{home,import}"] == 1_000
    assert [seen.get(f"han_meter_current_amperes{{home,L{n}}}") for n in (1, 2, 3)] == [5.1, 26.5, 7.25]
    assert [seen.get(f"han_meter_current_estimated{{home,L{n}}}") for n in (1, 2, 3)] == [0, 1, 0]
    assert [seen.get(f"han_meter_voltage_volts{{home,L{n}}}") for n in (1, 2, 3)] == [231.4, None, 230.0]
    assert seen["han_meter_active_energy_watt_hours_total{home,import}"] == 85_823_280
    assert seen["han_meter_last_telegram_timestamp_seconds{home,1}"] == 1_768_500_001.5
    assert seen['han_meter_info{home,kaifa,MA"304\\H3,KFM_001,IT}'] == 1
    assert seen["han_meter_frame_errors_total{home,frame_check}"] == 1
    assert seen["han_meter_frame_errors_total{home,noise}"] == 0
    assert seen["han_meter_bytes_received_total{home}"] == 1_234
    metrics.saw(MeterSaid(at=HOUR + 4_000, reading=LIST_1))
    assert samples(metrics)["han_meter_active_power_watts{home,import}"] == 2_500
    assert "han_meter_active_power_watts{home,export}" not in samples(metrics)


def test_a_list_of_registers_alone_hides_no_power(metrics: Metrics) -> None:
    """Some meters send their registers in a list of nothing else: power, currents and voltages stay those of the list before."""
    metrics.saw(MeterSaid(at=HOUR, reading=LIST_2))
    before = samples(metrics)
    metrics.saw(MeterSaid(at=HOUR + 1_000, reading=Reading(manufacturer="iskraemeco", list=3, energy_import_wh=52_837)))
    seen = samples(metrics)

    assert seen["han_meter_active_energy_watt_hours_total{home,import}"] == 52_837
    assert {key: value for key, value in seen.items() if key in before and "{home,L" in key} == {
        key: value for key, value in before.items() if "{home,L" in key
    }
    name = "han_meter_active_power_watts{home,import}"
    assert seen[name] == before[name]


def test_nothing_known_is_nothing_served(metrics: Metrics) -> None:
    """Before the first event no measured value exists, not even as 0; counters and states do."""
    seen = samples(metrics)
    assert {name for name in seen if "amperes" in name} == {f"han_fuse_limit_amperes{{home,L{n}}}" for n in (1, 2, 3)}
    assert not {name for name in seen if "watt" in name or "volts" in name or "timestamp" in name or "info{home" in name}
    assert seen["han_controller_state{waiting}"] == seen["han_failsafe_active{meter_waiting}"] == 1
    assert seen["han_charger_up{garage}"] == seen["han_mqtt_connected{}"] == 0
    assert seen["han_meter_telegrams_total{home,2}"] == 0


def test_a_lost_meter_shows_no_old_values(metrics: Metrics) -> None:
    """When the meter is lost its last currents are not shown as if they were news; its energy registers stay."""
    everything(metrics).did(
        ShowHeadroom(state=MeterState.LOST, fuse_ma=25_000, room_ma=PerLine(*[None] * 3), load_ma=PerLine(*[None] * 3))
    )
    seen = samples(metrics)
    assert not {name for name in seen if name.startswith(("han_meter_current", "han_meter_active_power", "han_headroom"))}
    assert seen["han_meter_active_energy_watt_hours_total{home,import}"] == 85_823_280
    assert seen["han_failsafe_active{meter_lost}"] == seen["han_controller_state{lost}"] == 1
    assert seen["han_controller_state{fresh}"] == 0


@pytest.mark.parametrize("other_net", [False, True])
def test_a_meter_that_contradicts_the_configured_net_is_told(metrics: Metrics, other_net: bool) -> None:
    """1 while it does, 0 while it does not, and nothing before anything was heard."""
    assert "han_meter_contradicts_grid{home}" not in samples(metrics)
    metrics.did(replace(ROOM, other_net=other_net))
    assert samples(metrics)["han_meter_contradicts_grid{home}"] == other_net


def test_overload_is_counted_in_seconds_per_line(metrics: Metrics) -> None:
    """While a line has negative room its overload grows with the ticks, and no other line's does."""
    metrics.saw(Tick(at=HOUR))
    metrics.did(ROOM)
    metrics.saw(Tick(at=HOUR + 1_000))
    metrics.saw(Tick(at=HOUR + 3_000))
    assert [samples(metrics)[f"han_overload_seconds_total{{home,L{n}}}"] for n in (1, 2, 3)] == [0, 3, 0]


def test_a_charger_and_its_commands(metrics: Metrics) -> None:
    """Each command is counted once when issued and once when a report names its limit; a silent charger is not up."""
    metrics.did(limit(10, 1))
    metrics.saw(report(HOUR, 16))
    assert samples(metrics)["han_charger_commands_total{garage,confirmed}"] == 0
    metrics.saw(report(HOUR + 1_000, 10))
    metrics.saw(report(HOUR + 2_000, 10))
    metrics.did(limit(6, 2))
    seen = samples(metrics)
    assert seen["han_charger_commands_total{garage,issued}"] == 2
    assert seen["han_charger_commands_total{garage,confirmed}"] == 1
    assert seen["han_charger_last_ack_timestamp_seconds{garage}"] == (HOUR + 2_000) / 1000
    assert [seen.get(f"han_charger_limit_amperes{{garage,L{n}}}") for n in (1, 2, 3)] == [6, None, 6]
    assert [seen.get(f"han_charger_current_amperes{{garage,L{n}}}") for n in (1, 2, 3)] == [5.9, None, 6]
    assert seen["han_charger_reported_limit_amperes{garage}"] == 10
    assert seen["han_charger_up{garage}"] == 1
    metrics.saw(Tick(at=HOUR + 62_001))
    assert samples(metrics)["han_charger_up{garage}"] == 0


def test_changes_of_a_limit_and_their_cause(metrics: Metrics) -> None:
    """Raises and cuts are counted apart, the first command and a repeated one are neither; the present cause alone has a sample."""
    for seq, amps in enumerate((6, 6, 10, 0, 16, 8)):
        metrics.did(limit(amps, seq))
    seen = samples(metrics)
    assert seen["han_charger_limit_changes_total{garage,raised}"] == 2
    assert seen["han_charger_limit_changes_total{garage,lowered}"] == 2
    assert [name for name in seen if name.startswith("han_charger_limit_cause")] == ["han_charger_limit_cause{garage,charger}"]


def test_the_meter_s_clock_stands_beside_the_arrival(metrics: Metrics) -> None:
    """What the meter's clock said is an instant with the labels of the arrival, so that their difference is how far it is off."""
    everything(metrics)
    metrics.saw(MeterSaid(at=HOUR + 1_500, reading=LIST_2._replace(list=1, clock=None)))
    seen = samples(metrics)
    arrived = seen["han_meter_last_telegram_timestamp_seconds{home,2}"]
    assert seen["han_meter_clock_timestamp_seconds{home,2}"] - arrived == 3.5
    assert "han_meter_clock_timestamp_seconds{home,1}" not in seen


def test_connections(metrics: Metrics) -> None:
    """The way to the meter and to the broker: up or not, and how often opened again."""
    for connected in (True, False, True):
        metrics.saw(SourceChanged(at=HOUR, connected=connected))
        metrics.saw(BrokerChanged(at=HOUR, connected=connected))
    seen = samples(metrics)
    assert (seen["han_meter_up{home}"], seen["han_meter_reconnects_total{home}"], seen["han_mqtt_connected{}"]) == (1, 1, 1)
    assert seen["han_mqtt_reconnects_total{}"] == 2
    assert seen["han_mqtt_publish_failures_total{}"] == 3
    assert seen["han_mqtt_troubles_total{}"] == 7
    assert seen["han_mqtt_messages_dropped_total{}"] == 4
    assert seen["han_mqtt_messages_ignored_total{}"] == 5


def test_a_charger_that_waits_for_power_can_be_seen(metrics: Metrics) -> None:
    """Waiting is 1 for as long as the charger is shown to wait, and unknown before it was shown at all."""
    assert "han_charger_waiting{garage}" not in samples(metrics)
    metrics.did(waiting(ChargerState.WAITING))
    assert samples(metrics)["han_charger_waiting{garage}"] == 1
    metrics.did(waiting(ChargerState.PAUSED))
    assert samples(metrics)["han_charger_waiting{garage}"] == 0


def test_caps_are_shown_as_they_are_in_force(metrics: Metrics) -> None:
    """Each cap that the house has is a gauge, in the units of the fuse; one that it does not have has no sample."""
    metrics.did(ShowCaps(power_w=8_000, line_ma=None))
    assert samples(metrics)["han_cap_watts{home}"] == 8_000
    assert "han_cap_amperes{home,L1}" not in samples(metrics)
    metrics.did(ShowCaps(power_w=7_000, line_ma=12_500))
    shown = samples(metrics)
    assert (shown["han_cap_watts{home}"], shown["han_cap_amperes{home,L2}"]) == (7_000, 12.5)
    assert shown["han_mqtt_messages_refused_total{}"] == 6


def test_timestamps_are_on_the_clock_as_it_is_now() -> None:
    """A machine that started in 1970 and was set later serves no timestamp of 1970; the age of a list is right all the same."""
    set_by_ms = 0
    metrics = Metrics(SITE, version="1", python="3", set_by_ms=lambda: set_by_ms)
    metrics.saw(MeterSaid(at=5_000, reading=LIST_2))
    assert samples(metrics)["han_meter_last_telegram_timestamp_seconds{home,2}"] == 5
    set_by_ms = HOUR
    assert samples(metrics)["han_meter_last_telegram_timestamp_seconds{home,2}"] == HOUR / 1000 + 5


def test_doubted_lists_are_counted_by_reason(metrics: Metrics) -> None:
    """Each reason has its count, from 0 on; a list that is believed counts nowhere."""
    for doubt in (None, Doubt.LATE, Doubt.LATE, Doubt.REPEATED):
        metrics.did(ShowReading(reading=LIST_2, doubt=doubt))
    counts = [samples(metrics)[f"han_meter_telegrams_doubted_total{{home,{doubt.value}}}"] for doubt in Doubt]
    assert counts == [0, 2, 1]


def test_what_people_asked_is_counted_with_what_came_of_it(metrics: Metrics) -> None:
    """Each outcome counts once under its command; what nobody asked has no sample; a pause that holds can be seen."""
    for stage in (Stage.ACCEPTED, Stage.AWAY, Stage.DONE, Stage.ACCEPTED):
        metrics.did(ShowOutcome(charger="garage", ask=Ask.RESTART, stage=stage, reason="because"))
    metrics.did(replace(waiting(ChargerState.PAUSED), wish=Ask.PAUSE))
    seen = {name: value for name, value in samples(metrics).items() if "requests" in name or "wish" in name}
    assert seen == {
        "han_charger_requests_total{garage,restart,accepted}": 2,
        "han_charger_requests_total{garage,restart,away}": 1,
        "han_charger_requests_total{garage,restart,done}": 1,
        "han_charger_wish{garage,pause}": 1,
        "han_charger_wish{garage,boost}": 0,
    }
