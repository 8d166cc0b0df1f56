"""Each peer shows the trait that it is known for."""

from typing import Any

import pytest

from han_gateway.core.events import ChargerSaid, MeterSaid, Tick
from han_gateway.core.site import Charger, Circuit, Grid, Site
from han_gateway.core.units import LINES, PerLine
from han_gateway.meters.reading import Reading
from han_gateway.simulation.peers import Evcc, OpenWb, Peer, SmartEvse
from han_gateway.simulation.peers_with_memory import Cryptotomte, HassEvse, Warp

L1, L2, L3 = LINES


def site(*lines: frozenset[Any], fuse: int = 25) -> Site:
    """A house with a charger for each set of lines."""
    chargers = tuple(Charger(name=f"car{place}", lines=each) for place, each in enumerate(lines or [frozenset(LINES)]))
    return Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=fuse * 1000, parts=chargers))


def hear(peer: Peer, seconds: int, *amps: float, drawn: float | None = None) -> dict[str, int]:
    """Reports of all chargers, a list, and ticks up to the second after: the limits that stand then, in A."""
    at = seconds * 1000
    if drawn is not None:
        for charger in peer.site.chargers:
            current = PerLine[int | None](*(round(drawn * 1000) if line in charger.lines else 0 for line in LINES))
            peer.handle(ChargerSaid(at=at, charger=charger.name, current_ma=current))
    l1, l2, l3 = (round(each * 1000) for each in amps)
    reading = Reading(manufacturer="test", list=2, current_l1_ma=l1, current_l2_ma=l2, current_l3_ma=l3)
    peer.handle(MeterSaid(at=at, reading=reading))
    while peer.due_at <= at + 1000:
        peer.handle(Tick(at=max(peer.due_at, at)))
    return {name: limit // 1000 for name, limit in peer.limits.items()}


def test_openwb_takes_all_at_once_and_gives_all_at_once() -> None:
    """Each list decides alone: the fuse less the house."""
    peer = OpenWb(site())

    assert [hear(peer, 10, 5, 5, 5, drawn=0), hear(peer, 20, 26, 21, 21, drawn=16), hear(peer, 30, 16, 5, 5, drawn=0)] == [
        {"car0": 16},
        {"car0": 15},
        {"car0": 9},
    ]


def test_openwb_knows_lines() -> None:
    """A car on one line is not limited by the load on another."""
    assert hear(OpenWb(site(frozenset({L1}))), 10, 5, 24, 24, drawn=0) == {"car0": 16}


def test_evcc_serves_one_charger_in_thirty_seconds() -> None:
    """The busiest line counts, and the second charger has to wait for its turn."""
    peer = Evcc(site(frozenset({L1}), frozenset({L2})))
    hear(peer, 1, 5, 5, 15, drawn=0)
    assert hear(peer, 31, 5, 5, 15, drawn=0) == {"car0": 10, "car1": 10}
    assert hear(peer, 61, 18, 5, 30, drawn=10) == {"car0": 0, "car1": 10}


def test_smartevse_climbs_by_quarters_and_falls_at_once() -> None:
    """Up by a quarter of the room, down by all of the excess; a silence of 11 s stops."""
    peer = SmartEvse(site())
    assert hear(peer, 10, 5, 5, 5) == {"car0": 6}
    assert hear(peer, 20, 11, 11, 11) == {"car0": 9}
    assert hear(peer, 30, 27, 11, 11) == {"car0": 7}
    peer.handle(Tick(at=42_000))
    assert peer.limits == {"car0": 0}


def test_hass_evse_lets_a_small_overload_pass_for_a_minute() -> None:
    """13 % of overload are borne for 60 s, then cut in full; the raise comes after a quarter of an hour."""
    peer = HassEvse(site())
    hear(peer, 1, 10, 10, 10)
    limits = [hear(peer, second, 28, 10, 10)["car0"] for second in range(2, 80)]
    assert limits[50] == 16
    assert limits[-1] == 13
    assert hear(peer, 120, 5, 5, 5) == {"car0": 13}
    assert hear(peer, 1_100, 5, 5, 5) == {"car0": 16}


def test_cryptotomte_keeps_two_amperes_free_and_holds_six() -> None:
    """Down at once to what is left less 2 A; below 6 A it holds the minimum for 15 s before it pauses."""
    peer = Cryptotomte(site())
    hear(peer, 10, 5, 5, 5, drawn=0)
    for second in (20, 30, 40, 50):
        hear(peer, second, 5, 5, 5, drawn=0)
    assert hear(peer, 60, 30, 20, 20, drawn=16) == {"car0": 9}
    assert hear(peer, 70, 30, 20, 20, drawn=9) == {"car0": 6}
    assert hear(peer, 90, 30, 20, 20, drawn=6) == {"car0": 0}


def test_warp_starts_a_car_only_after_four_minutes() -> None:
    """The least of four minutes has to have room for one and a half minimums."""
    peer = Warp(site())
    limits = [hear(peer, second, 5, 5, 5, drawn=0)["car0"] for second in range(10, 300, 10)]

    assert limits[20] == 0
    assert limits[-1] > 6


@pytest.mark.parametrize("make", [Evcc, OpenWb, SmartEvse, Warp, HassEvse, Cryptotomte])
def test_everybody_says_every_limit_at_first(make: type[Peer]) -> None:
    """A charger must not stay at its failsafe because a law believes that it has been told."""
    peer = make(site())
    orders = [
        *peer.handle(Tick(at=0)),
        *peer.handle(
            MeterSaid(at=1, reading=Reading(manufacturer="t", list=2, current_l1_ma=0, current_l2_ma=0, current_l3_ma=0))
        ),
    ]

    assert "car0" in {order.charger for order in orders}
