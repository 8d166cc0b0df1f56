"""The promises of the closed loop."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from han_gateway.core.events import ChargerSaid, Event, MeterSaid, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, Line, PerLine
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.classes import case
from han_gateway.simulation.house import VOLTS, Draw
from han_gateway.simulation.lab import Case, Lab, drawn, watts_per_amp
from han_gateway.simulation.laws import LAWS, play
from han_gateway.simulation.measures import Judge
from han_gateway.simulation.policy import Order
from han_gateway.simulation.supply import Pulse, add_up, phasors

HOURS = 2


def short(kind: str, number: int) -> Case:
    """Two hours of the evening of a house of a class."""
    whole = case(kind, number, days=1, seed=7)
    start, end = 17 * 3600, (17 + HOURS) * 3600
    amps = PerLine(*(line[start:end] for line in whole.supply.amps))
    cars = tuple(replace(each, visits=(Visit(0, end - start),)) for each in whole.cars)
    return replace(whole, supply=replace(whole.supply, amps=amps), cars=cars)


@pytest.mark.parametrize("kind", ["tn-one", "it-one", "kamstrup", "tn-three"])
@pytest.mark.parametrize("number", [0, 1])
def test_fast_and_faithful_decide_alike(kind: str, number: int) -> None:
    """Bytes through the software meter and the decoder lead to the same limits and currents as the fast way, to the millisecond."""
    house = short(kind, number)
    fast, faithful = play(house, "han-gateway"), play(house, "han-gateway", faithful=True)

    assert fast.limits == faithful.limits
    assert fast.currents == faithful.currents
    assert any(len(trace) > 2 for trace in fast.limits.values())  # or there was nothing to compare


@pytest.mark.parametrize("meter", ["p1-se-kamstrup", "kaifa-at-encrypted"])
def test_any_meter_can_close_the_loop(meter: str) -> None:
    """With telegrams of a P1 port, and with encrypted M-Bus telegrams, as bytes through the real decoder, the fuse holds and the car charges."""
    house = replace(short("tn-one", 0), meter=meter)
    ruled = Judge(house).measure(play(house, "han-gateway", faithful=True))
    unruled = Judge(house).measure(play(house, "none", faithful=True))
    oracle = Judge(house).measure(play(house, "oracle-late", faithful=True))

    assert ruled.edge_trips == 0
    assert ruled.edge_heat < 1
    assert ruled.above_s[0] < unruled.above_s[0] / 4
    assert ruled.delivered_kwh > 0.8 * oracle.delivered_kwh


def test_damaged_frames_are_lost_in_both_ways() -> None:
    """A frame that is damaged on the wire and one that the fast way drops have the same consequence."""
    house = short("lossy", 0)
    house = replace(house, trouble=house.trouble._replace(damaged=0.2))

    assert play(house, "han-gateway").limits == play(house, "han-gateway", faithful=True).limits


def test_a_run_can_be_repeated() -> None:
    """The same case under the same law ends the same."""
    assert play(short("tn-one", 0), "warp") == play(short("tn-one", 0), "warp")


def steady(*draws: Draw) -> Case:
    """An hour of a 25 A house that draws the same all the time, and a hungry car."""
    charger = Charger(name="garage", lines=frozenset(LINES))
    return Case(
        name="steady",
        site=Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(charger,))),
        supply=add_up(Grid.TN, 3600, [Pulse(0, 3600, phasors(Grid.TN, draw)) for draw in draws]),
        cars=(Car(charger=charger, visits=(Visit(0, 3600),)),),
        meter="kaifa-tn",
    )


class Listener:
    """A policy that wakes every second, says nothing and remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.due_at = 0  # long past: at the next whole second

    def handle(self, event: Event) -> list[Order]:
        """Remember."""
        self.heard.append(event)
        return []


def test_a_policy_hears_what_the_gateway_hears() -> None:
    """Instants never go back, a tick comes before what happens in its second, and each list is sent once."""
    listener = Listener()
    Lab(steady(), lambda _lab: listener).play()
    heard = listener.heard
    lists = Counter(event.reading.list for event in heard if isinstance(event, MeterSaid))

    assert [event.at for event in heard] == sorted(event.at for event in heard)
    assert lists == {1: 1440, 2: 358, 3: 1}
    assert sum(isinstance(event, Tick) for event in heard) == 3600
    assert all(isinstance(before, Tick) for before, event in pairwise(heard) if isinstance(event, ChargerSaid))


@pytest.mark.parametrize(
    ("draw", "limit_ma"),
    [
        (Draw(frozenset({LINES[0]}), 10.5 * VOLTS), 14_000),
        (Draw(frozenset({LINES[0]}), 19.5 * VOLTS), 0),
        (Draw(frozenset({LINES[0]}), 0, 20 * VOLTS), 15_000),  # reactive current stands across
        (Draw(frozenset(LINES), -3 * 5 * VOLTS), 16_000),
    ],
)
def test_the_oracle_gives_all_there_is(draw: Draw, limit_ma: int) -> None:
    """Perfect knowledge leaves no whole ampere unused, knows angles, and never goes between nothing and the minimum."""
    run = play(steady(draw), "oracle")

    assert run.limits["garage"][-1][1] == limit_ma


@pytest.mark.parametrize("law", LAWS)
def test_every_law_charges_a_car_in_an_empty_house(law: str) -> None:
    """Where there is room for all, every law soon gives all, and no fuse is touched."""
    empty = steady()
    run = play(empty, law)

    assert run.limits["garage"][-1][1] == 16_000
    assert run.delivered_wh["garage"] == pytest.approx(11_040, rel=0.12)
    assert Judge(empty).measure(run).above_s[0] == 0


@pytest.mark.parametrize("kind", ["tn-one", "it-one", "tn-three"])
def test_the_oracle_of_now_never_overloads(kind: str) -> None:
    """Perfect knowledge never draws a line above its fuse where the house alone does not; no law delivers more without doing so."""
    house = short(kind, 1)
    judged = Judge(house).measure(play(house, "oracle"))

    assert judged.above_s[0] == 0
    assert judged.delivered_kwh > 0


class OneThenTwo:
    """A policy that charges on L1 for half an hour, pauses, and then charges on L2 and L3."""

    due_at = 0

    def handle(self, event: Event) -> list[Order]:
        """Say what is due at this instant."""
        due = {0: (10_000, {Line.L1}), 1_800_000: (0, {Line.L2, Line.L3}), 1_860_000: (10_000, {Line.L2, Line.L3})}
        limit_ma, lines = due.get(event.at, (0, None)) if isinstance(event, Tick) else (0, None)
        return [Order("garage", limit_ma, None, frozenset(lines))] if lines else []


@pytest.mark.parametrize(("poles", "lines_then"), [(3, 2), (1, 1)])
def test_energy_is_counted_by_the_lines_that_are_used(poles: int, lines_then: int) -> None:
    """A car that is moved from one line to two gets twice the energy there, unless it uses but one of them."""
    house = steady()
    house = replace(house, cars=(replace(house.cars[0], poles=poles, failsafe_ma=0, wake_s=10, down_s=3),))
    run = Lab(house, lambda _lab: OneThenTwo()).play()
    began, paused, again = (flow.start for flow in run.flows["garage"])

    expected = 10 * VOLTS * (paused - began + lines_then * (3_600 - again)) / 3_600
    assert run.delivered_wh["garage"] == pytest.approx(expected)
    assert drawn(house, run).magnitudes().l1[1_000] == pytest.approx(10)
    assert drawn(house, run).magnitudes().l2[3_000] == pytest.approx(10)


def test_a_car_without_a_neutral_fills_by_its_energy() -> None:
    """Between two lines an ampere is worth 1/1.73 of one in all three, and the car fills at that share of its speed."""
    house = steady()
    supply = add_up(Grid.IT, 3_600, ())
    house = replace(house, site=replace(house.site, grid=Grid.IT), supply=supply, meter="kaifa-it")
    lab = Lab(house, lambda _lab: Listener())
    lab.sockets["garage"].told(0, 10_000, None, frozenset({Line.L1, Line.L2}))
    run = lab.play()

    assert {flow.lines for flow in run.flows["garage"]} == {frozenset({Line.L1, Line.L2})}
    assert run.delivered_wh["garage"] > 2_000
    full = watts_per_amp(house, house.cars[0])
    assert lab.sockets["garage"].charged_as * full / 3_600 == pytest.approx(run.delivered_wh["garage"])


def test_what_the_meter_says_is_what_flows() -> None:
    """The table of the cars' currents has, at every second, what the log of currents says."""
    house = short("tn-one", 0)
    run = play(house, "han-gateway")
    table = drawn(house, run).amps.l1

    for second, current_ma in run.currents["car01"]:
        last = [level for at, level in run.currents["car01"] if at == second][-1]
        assert abs(table[second]) * 1000 == pytest.approx(last, abs=1e-3), current_ma
