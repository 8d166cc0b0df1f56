"""The promises of the random houses."""

import pytest

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.classes import CLASSES, JUDGING_SEED, TUNING_SEED, case
from han_gateway.simulation.house import VOLTS, Draw
from han_gateway.simulation.lab import Case, unit, watts_per_amp
from han_gateway.simulation.laws import play
from han_gateway.simulation.measures import Judge
from han_gateway.simulation.meter import Meter
from han_gateway.simulation.supply import Pulse, add_up, phasors
from han_gateway.simulation.town import BUSY_S, DAY, FUSES_A


def test_a_house_is_a_function_of_its_name() -> None:
    """The same class, number and seed give the same house; another number or seed gives another."""
    assert case("tn-one", 3, days=1, seed=1) == case("tn-one", 3, days=1, seed=1)
    assert case("tn-one", 3, days=1, seed=1).supply != case("tn-one", 4, days=1, seed=1).supply
    assert case("tn-one", 3, days=1, seed=TUNING_SEED).supply != case("tn-one", 3, days=1, seed=JUDGING_SEED).supply


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_what_it_says(name: str) -> None:
    """Chargers, lines, meter and fuse fit the class and each other."""
    kind, house = CLASSES[name], case(name, 1, days=1, seed=3)
    wires = {1: 2 if kind.grid.three_wire else 1, 3: 3}

    assert [len(each.charger.lines) for each in house.cars] == [
        wires[kind.phases[place % len(kind.phases)]] for place in range(kind.chargers)
    ]
    assert house.site.root.fuse_ma // 1000 in FUSES_A
    assert Meter(house.meter).model.grid == kind.grid.value
    assert all(kind.slow_s[0] <= each.down_s <= kind.slow_s[1] for each in house.cars)


@pytest.mark.parametrize("number", range(4))
def test_a_house_alone_is_at_home_under_its_fuse(number: int) -> None:
    """Without a car a house is rarely above its fuse: people would have had a larger one put in."""
    house = case("tn-one", number, days=1, seed=9)
    above = sum(max(amps) > house.site.root.fuse_ma / 1000 for amps in zip(*house.supply.magnitudes(), strict=True))

    assert above <= BUSY_S
    assert house.supply.seconds == DAY


def test_three_wires_carry_nothing_away() -> None:
    """In an IT house, line currents sum to zero; ours are turned into their own line's frame first, so turn them back."""
    import cmath
    import math

    house = case("it-one", 0, days=1, seed=2)
    back = [cmath.rect(1, -2 * math.pi * line / 3) for line in range(3)]

    assert house.site.grid is Grid.IT
    for amps in list(zip(*house.supply.amps, strict=True))[:: DAY // 50]:
        assert abs(sum(current * turn for current, turn in zip(amps, back, strict=True))) < 1e-6


def test_judging_leaves_the_house_out() -> None:
    """A run in which no car ever draws has nothing to answer for."""
    from dataclasses import replace

    house = case("tn-one", 0, days=1, seed=4)
    house = replace(house, cars=tuple(replace(each, visits=()) for each in house.cars))
    judged = Judge(house).measure(play(house, "none"))

    assert (judged.above_s, judged.i2t, judged.edge_trips, judged.delivered_kwh) == ((0, 0, 0, 0), 0, 0, 0)


def test_one_charger_of_an_unruly_house_misbehaves() -> None:
    """Exactly one, and over many houses each kind of misconduct is met."""
    met = set()
    for number in range(40):
        bad = [
            (bool(each.deaf), bool(each.lies), bool(each.offline), each.failsafe_ma)
            for each in case("unruly", number, days=1, seed=1).cars
            if each.deaf or each.lies or each.offline
        ]
        assert len(bad) == 1
        met |= {(*flags, failsafe and failsafe > 6_000) for *flags, failsafe in bad}

    assert met == {
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
        (False, False, True, True),
        (False, False, True, None),
    }


def test_cars_of_a_mixed_house_use_fewer_lines_than_their_chargers_have() -> None:
    """All chargers have three lines; a car of two phases draws two loads with the neutral, at unity power factor."""
    house = case("mixed", 0, days=1, seed=1)

    assert [(len(each.charger.lines), len(each.loads)) for each in house.cars] == [(3, 3), (3, 1), (3, 2)]
    for each in house.cars:
        amps = unit(house, each)
        assert [abs(amps[line.index] - (line in each.loads)) < 1e-9 for line in LINES] == [True] * 3
        assert watts_per_amp(house, each) == pytest.approx(VOLTS * len(each.loads))


def test_what_did_not_obey_is_told_apart() -> None:
    """Seconds above the fuse that the deaf and the house make alone are nobody's fault, and those of who obeys are not among them."""
    charger = Charger(name="deaf", lines=frozenset(LINES))
    deaf = Car(charger=charger, visits=(Visit(0, 3_600),), deaf=((1_000, 2_000),), wake_s=5)
    heater = phasors(Grid.TN, Draw(frozenset(LINES[:1]), 15 * VOLTS))
    house = Case(
        name="deaf",
        site=Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(charger,))),
        supply=add_up(Grid.TN, 3_600, [Pulse(500, 600, heater), Pulse(1_500, 3_600, heater)]),
        cars=(deaf,),
        meter="kaifa-tn",
    )
    judged = Judge(house).measure(play(house, "oracle-cars"))

    assert judged.unobeyed_s == 500
    assert judged.above_s[0] == 4 + 500 + 4  # a cut on its way, the deaf spell, and a cut on its way again
