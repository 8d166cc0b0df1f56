"""The promises of the account of losses."""

from dataclasses import replace

import pytest

from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES
from han_gateway.simulation.cars import Car, Visit
from han_gateway.simulation.house import Draw
from han_gateway.simulation.lab import Case
from han_gateway.simulation.laws import play
from han_gateway.simulation.losses import Overload, Shortfall, offered, overloads, shortfalls
from han_gateway.simulation.measures import Judge
from han_gateway.simulation.supply import Pulse, add_up, phasors


def oven(watts: int = 3_000, **habits: int) -> Case:
    """A 25 A house in which an oven (13 A on L1 unless told otherwise) comes on 3 s after a list, ten minutes into a charge."""
    charger = Charger(name="garage", lines=frozenset(LINES))
    pulses = [Pulse(603, 1200, phasors(Grid.TN, Draw(frozenset({LINES[0]}), watts)))]
    return Case(
        name="oven",
        site=Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000, parts=(charger,))),
        supply=add_up(Grid.TN, 1800, pulses),
        cars=(Car(charger=charger, visits=(Visit(0, 1800),), **habits),),  # type: ignore[arg-type]
        meter="kamstrup-tn",
    )


def test_every_second_has_a_cause() -> None:
    """The oven is heard at 611 s; what comes before is the house's, what comes after the car's, and the sum is what is judged."""
    case = oven(down_s=6)
    run = play(case, "han-gateway")
    found = overloads(case, run)

    assert found[Overload.UNHEARD] == 611 - 603
    assert found[Overload.FOLLOWING] == 1 + 6
    assert found[Overload.UNCUT] == 0
    assert found.total() == Judge(case).measure(run).above_s[0]


def test_what_the_house_does_alone_has_no_cause_here() -> None:
    """While the house alone is above its fuse, nothing is anybody's fault."""
    case = oven(watts=6_500)
    run = play(case, "none")

    assert overloads(case, run).total() == Judge(case).measure(run).above_s[0] == 0


def test_who_does_not_cut_is_told_so() -> None:
    """Without control the rest of the overload is uncut."""
    case = oven()
    assert overloads(case, play(case, "none"))[Overload.UNCUT] > 500


def test_energy_is_missed_for_a_reason() -> None:
    """A law that waits before it raises loses to a low limit; a car that wakes slowly does not take what it is offered."""
    case = oven(wake_s=120)
    missed = shortfalls(case, play(case, "han-gateway"), play(case, "oracle-late"))

    assert missed[Shortfall.LOW] > 0
    assert missed[Shortfall.NOT_TAKEN] > 100
    assert missed[Shortfall.PAUSED] == 0


def test_a_car_on_one_line_is_told_so() -> None:
    """At the same current, a car that is held on one line misses two thirds of its energy, and is offered only that line."""
    case = oven()
    free = play(case, "none")
    held = replace(free, flows={"garage": [flow._replace(lines=frozenset(LINES[:1])) for flow in free.flows["garage"]]})

    assert shortfalls(case, held, free) == {Shortfall.NARROW: pytest.approx(free.delivered_wh["garage"] * 2 / 3, abs=1)}
    assert max(offered(case, free).magnitudes().l2) == pytest.approx(16)
    assert max(offered(case, held).magnitudes().l1) == pytest.approx(16)
    assert max(offered(case, held).magnitudes().l2) == 0
