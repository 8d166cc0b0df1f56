"""Every make against a simulated charger that behaves as its documentation says, in virtual time."""

from dataclasses import replace
from itertools import pairwise

import pytest

from han_gateway.core.effects import MeterState
from han_gateway.core.events import ChargerStatus
from han_gateway.devices.link import safe
from han_gateway.devices.makes import DEVICES
from han_gateway.devices.record import IN_FEEDS, IN_LIMITS, IN_TOPICS, OWN, Device, blanks
from tests.devices.bench import Bench, link_to
from tests.devices.simulated import (
    CHARGERS,
    Easee,
    Evcc,
    EvccLoadpoint,
    GoE,
    OpenEvseShaper,
    Simulated,
    SmartEvse,
    SmartEvseOverride,
    Warp,
    Zaptec,
)

SLOW = {"easee": 15, "easee-set": 5, "zaptec": 1, "evcc-loadpoint": 10}
"""Seconds that a command needs to arrive; everybody else has it in the same second."""


def chargers(*without: str) -> list[object]:
    """All makes but some, by name."""
    return [pytest.param(sim, id=sim.make) for sim in CHARGERS if sim.make not in without]


def test_every_make_has_a_simulated_charger() -> None:
    """No record without a simulated charger that it is tested against."""
    assert {sim.make for sim in CHARGERS} == DEVICES.keys()


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_a_record_is_whole(device: Device) -> None:
    """Every template has only blanks that will be filled, commands are not retained, and a record names its document."""
    says = (*device.charge, *device.pause, *device.resume, *device.one_phase, *device.three_phase)
    assert all(blanks(say.payload) <= IN_LIMITS | ({OWN} if device.own else set()) for say in says)
    assert all(say.retain == (say.topic == device.own) for say in says)
    assert OWN not in blanks(device.charge[0].payload) | blanks(device.pause[0].payload), "these two are last wills"
    assert all(blanks(topic) <= IN_TOPICS for topic in (*device.written, *device.read))
    assert device.feed is None or blanks(device.feed.payload) <= IN_FEEDS
    assert blanks(device.charge[0].payload) & IN_LIMITS
    assert device.source
    assert device.setup
    assert device.needs_id == bool(device.id_example)


@pytest.mark.parametrize("make", chargers())
def test_a_charger_never_obeys_more_than_it_was_told(make: type[Simulated]) -> None:
    """Cuts, pauses and raises: once a command has had its time, the charger obeys no more than the last limit, and soon as much."""
    sim = make()
    bench = Bench(sim, replace(link_to(sim), device=replace(DEVICES[make.make], raise_after_ms=0)))
    for amps in (16, 10, 6, 0, 6, 13, 0, 8):
        bench.tell(amps)
        bench.run(SLOW.get(make.make, 0))
        assert sim.obeys(bench.now_s) <= 1000 * amps, amps
        bench.run(40)
        assert sim.obeys(bench.now_s) == 1000 * amps, amps


@pytest.mark.parametrize("make", chargers())
def test_below_its_smallest_current_a_charger_pauses(make: type[Simulated]) -> None:
    """A limit between 0 and the charger's minimum pauses it; none is rounded up to the minimum."""
    sim = make()
    bench = Bench(sim)
    bench.tell(5)
    bench.run(40)
    assert sim.obeys(bench.now_s) <= 5_000


@pytest.mark.parametrize("make", chargers())
def test_a_limit_is_rounded_down_in_every_unit(make: type[Simulated]) -> None:
    """9.99 A never becomes 10 A."""
    sim = make()
    bench = Bench(sim)
    bench.limit_ma = 9_990
    bench.run(40)
    assert 9_000 <= sim.obeys(bench.now_s) <= 9_990


@pytest.mark.parametrize("make", chargers("openwb", "evcc"))
def test_what_a_charger_obeys_comes_back_as_its_limit(make: type[Simulated]) -> None:
    """The echo arrives in the report of the contract, in mA, whatever its unit; a pause is 0."""
    sim = make()
    bench = Bench(sim)
    for amps in (12, 7, 0):
        bench.tell(amps)
        bench.run(60)
        assert bench.limits()[-1] == 1000 * amps


@pytest.mark.parametrize("make", chargers("openwb", "evcc", "zaptec", "easee", "easee-set"))
def test_what_a_charger_draws_and_does_comes_back(make: type[Simulated]) -> None:
    """Currents at its own terminals, and its state in our words."""
    sim = make()
    bench = Bench(sim)
    bench.tell(9)
    bench.run(120)
    report = bench.reports[-1][1]
    measured = len(DEVICES[make.make].currents)
    assert report.current_ma[:measured] == (9_000,) * measured
    assert report.status is ChargerStatus.CHARGING


@pytest.mark.parametrize("make", chargers())
def test_a_gateway_that_dies_leaves_what_the_record_promises(make: type[Simulated]) -> None:
    """With a failsafe the charger takes what the record says once we are silent; without one it keeps its limit."""
    sim = make()
    bench = Bench(sim)
    bench.tell(13)
    bench.run(60)
    bench.alive = False
    bench.run(150)
    promised = DEVICES[make.make].failsafe_ma
    assert sim.obeys(bench.now_s) == (13_000 if promised is None else promised)


def test_smartevse_never_misses_its_eleven_seconds() -> None:
    """Lists come every 10 s and it waits 11 s: the currents of the house are repeated so often that it never stops by itself."""
    sim = SmartEvse()
    bench = Bench(sim)
    errors: list[str] = []
    bench.watch = lambda: errors.append(sim.error)
    bench.tell(10)
    bench.run(300)
    assert set(errors[12:]) == {"None"}
    assert sim.mains[-1] == (81, 70, 124), "rounded up, never down"


def test_smartevse_hears_no_stale_currents() -> None:
    """When the meter is stale the currents of the house are not repeated, and the charger stops by itself within 11 s."""
    sim = SmartEvse()
    bench = Bench(sim)
    bench.tell(10)
    bench.run(60)
    bench.meter = MeterState.STALE
    bench.run(10 + 12)
    assert sim.error == "Communication Error"
    assert sim.obeys(bench.now_s) == 0


def test_a_line_that_is_not_known_is_not_fed() -> None:
    """An unknown current never becomes a 0 in the feed."""
    sim = SmartEvse()
    bench = Bench(sim)
    bench.meter = MeterState.LOST
    bench.run(60)
    assert sim.mains == []


def test_the_shaper_hears_whole_watts() -> None:
    """The power of the house arrives as a whole number, often enough."""
    sim = OpenEvseShaper()
    bench = Bench(sim)
    bench.run(300)
    assert set(sim.powers) == {5_000}
    assert len(sim.powers) >= 29


def test_zaptec_is_raised_at_most_every_fifteen_minutes_and_cut_at_once() -> None:
    """Raises wait for 15 minutes after the last change; a cut does not wait, and a smaller raise is not smuggled in."""
    sim = Zaptec()
    bench = Bench(sim)
    bench.tell(6)
    for amps in (10, 8, 16, 6, 12):
        bench.run(200)
        bench.tell(amps)
    bench.run(1_000)
    bench.tell(7)
    bench.run(10)
    changes = sim.changes
    raised = [(before, after) for before, after in pairwise(changes) if after[1] > before[1]]
    assert [after[1] for _, after in raised] == [12], "16 was wanted for a moment, before its time"
    assert all(after[0] - before[0] >= 900 for before, after in raised)
    assert changes[-1] == (bench.now_s - 10, 7), "a cut does not wait"


def test_a_go_e_that_takes_no_commands_never_confirms_one() -> None:
    """Writing is forbidden by default: the echo stays what it was, and the limit is said again and again."""
    sim = GoE(writes=False)
    bench = Bench(sim)
    bench.tell(8)
    bench.run(40)
    assert set(bench.limits()) == {16_000}
    assert len(bench.payloads("/amp/set")) >= 4


def test_a_go_e_that_its_owner_forced_off_is_not_forced_on() -> None:
    """Neutral is said when charging may begin again, and not with each repetition: the owner may stop the car."""
    sim = GoE()
    bench = Bench(sim)
    bench.tell(10)
    bench.run(20)
    sim.keys["frc"] = 1
    bench.run(60)
    assert bench.payloads("/frc/set") == ["0"]
    assert bench.limits()[-1] == 0


def test_a_warp_without_external_control_is_seen_to_draw_more() -> None:
    """It echoes what it does not obey; its currents tell."""
    sim = Warp(external=False)
    bench = Bench(sim)
    bench.tell(8)
    bench.run(30)
    report = bench.reports[-1][1]
    assert bench.limits()[-1] == 8_000
    assert report.current_ma == (16_000, 16_000, 16_000)


def test_smartevse_gets_its_mode_before_its_override() -> None:
    """An override is ignored in other modes, so the mode comes first when charging may begin again."""
    sim = SmartEvseOverride()
    bench = Bench(sim)
    bench.tell(0)
    bench.tell(11)
    topics = [message.topic.rpartition("/")[2] for _, message in bench.sent]
    assert topics == ["Mode", "Mode", "CurrentOverride"]
    assert sim.obeys(0) == 11_000


def test_no_word_for_a_pause_of_an_evcc_circuit_is_zero() -> None:
    """A circuit takes 0 A for no limit at all, so nothing that we say there is 0, a last will neither."""
    sim = Evcc()
    bench = Bench(sim)
    for amps in (16, 0, 8, 0):
        bench.tell(amps)
        bench.run(20)
    assert 0 not in [float(payload) for payload in bench.payloads("/amps")]
    assert float(safe(replace(bench.link, charger=replace(bench.link.charger, fallback_ma=0))).payload) > 0
    assert sim.obeys(bench.now_s) == 0


def test_a_smartevse_that_forgot_its_override_is_told_again() -> None:
    """0 in the place of its override is no limit at all: it is reported as the most that it takes, and told its limit anew."""
    sim = SmartEvseOverride()
    bench = Bench(sim)
    bench.tell(8)
    bench.run(30)
    assert bench.limits()[-1] == 8_000
    sim.restart()
    bench.says(sim.passes(bench.now_s))
    assert bench.limits()[-1] == 32_000
    bench.run(20)
    assert (sim.obeys(bench.now_s), bench.limits()[-1]) == (8_000, 8_000)


def test_the_cloud_is_not_asked_more_often_than_needed() -> None:
    """An unchanged limit goes through the cloud every five minutes, not every ten seconds."""
    bench = Bench(Easee())
    bench.tell(10)
    bench.run(600)
    assert len(bench.payloads("/cmnd/current")) <= 3


def paused_evcc(bench: Bench, sim: EvccLoadpoint) -> None:
    """A loadpoint in a pause of ours, and known to be."""
    bench.tell(10)
    bench.run(20)
    bench.tell(0)
    bench.run(20)
    assert (sim.mode, sim.obeys(bench.now_s)) == ("off", 0)


@pytest.mark.parametrize("mode", ["now", "minpv", "pv"])
def test_a_pause_of_evcc_gives_its_owners_mode_back(mode: str) -> None:
    """The mode that was there before the pause is there after it; the other two are never said."""
    sim = EvccLoadpoint(mode=mode)
    bench = Bench(sim)
    paused_evcc(bench, sim)
    bench.tell(8)
    bench.run(20)
    assert (sim.mode, sim.obeys(bench.now_s)) == (mode, 8_000)
    assert set(bench.payloads("/mode/set")) == {"off", mode}
    assert [message.payload.decode() for _, message in bench.sent if message.retain][-1] == "", "nothing is left at the broker"


def test_a_mode_chosen_in_a_pause_of_evcc_waits_for_its_end() -> None:
    """Whoever chooses a mode in a pause is paused again at once, and has that mode afterwards."""
    sim = EvccLoadpoint(mode="pv")
    bench = Bench(sim)
    paused_evcc(bench, sim)
    bench.says(sim.choose("now"))
    bench.run(20)
    assert sim.obeys(bench.now_s) == 0
    bench.tell(8)
    bench.run(20)
    assert sim.mode == "now"


def test_evcc_that_its_owner_switched_off_stays_off() -> None:
    """Off that we did not ask for is the owner's: no pause and no raise after it switches the loadpoint on."""
    sim = EvccLoadpoint(mode="now")
    bench = Bench(sim)
    bench.tell(10)
    bench.run(20)
    bench.says(sim.choose("off"))
    bench.run(20)
    for amps in (0, 12):
        bench.tell(amps)
        bench.run(30)
    assert sim.mode == "off"
    assert bench.limits()[-1] == 0


def test_a_gateway_that_starts_in_a_pause_of_evcc_ends_it_as_the_last_one_would_have() -> None:
    """The broker has kept the owner's mode, and only what stands in the place of a pause is given it back."""
    sim = EvccLoadpoint(mode="minpv")
    bench = Bench(sim)
    paused_evcc(bench, sim)
    kept = next(message for _, message in reversed(bench.sent) if message.retain)
    assert kept.expiry_s is None
    after = Bench(sim)
    assert kept.topic in after.interpreter.settled()
    after.interpreter.hear(kept.topic, kept.payload)
    after.tell(8)
    after.run(30)
    assert (sim.mode, sim.obeys(after.now_s)) == ("minpv", 8_000)


def test_a_mode_chosen_while_no_gateway_ran_is_not_taken_back() -> None:
    """What the broker has kept of a pause gives way to what evcc says now."""
    sim = EvccLoadpoint(mode="now")
    after = Bench(sim)
    after.interpreter.hear("han/home/chargers/garage/mode", b"pv")
    for amps in (8, 0, 8):
        after.tell(amps)
        after.run(30)
    assert sim.mode == "now"
    assert "pv" not in after.payloads("/mode/set")
    assert next(message.payload for _, message in after.sent if message.retain) == b"now", "kept from its first pause on"


def test_a_restart_of_evcc_changes_nothing() -> None:
    """It forgets what is retained and remembers modes and currents: a pause stays one and ends as it would have."""
    sim = EvccLoadpoint(mode="pv")
    bench = Bench(sim)
    paused_evcc(bench, sim)
    bench.says(sim.restart())
    bench.run(20)
    assert sim.obeys(bench.now_s) == 0
    bench.tell(9)
    bench.run(20)
    assert (sim.mode, sim.obeys(bench.now_s)) == ("pv", 9_000)


def test_a_limit_below_evccs_own_minimum_is_seen_not_to_be_taken() -> None:
    """It refuses without a word: its echo stays what it was, so it is said again and again and the core is told of more."""
    sim = EvccLoadpoint(mode="now", least=10)
    bench = Bench(sim)
    bench.tell(8)
    bench.run(60)
    assert bench.limits()[-1] == 16_000
    assert len(bench.payloads("/maxCurrent/set")) >= 5


def test_evcc_without_a_car_is_idle() -> None:
    """That it does not charge does not make it connected."""
    sim = EvccLoadpoint()
    sim.connected = False
    bench = Bench(sim)
    bench.tell(8)
    bench.run(30)
    assert bench.reports[-1][1].status is ChargerStatus.IDLE
