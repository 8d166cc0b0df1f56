"""The house as it is written down: what holds where nothing is said, and how one house differs from another."""

import pytest

from han_gateway.core.site import Cap, CapRule, Charger, Circuit, Grid, Policy, Site, modes_of
from tests.core.houses import L1, L2, L3, charger, house


def test_a_charger_of_which_only_its_lines_are_known_is_like_most() -> None:
    """6 to 16 A in whole amperes, nobody special, a failsafe of its own, wired straight, and reporting by the lines of the house."""
    plain = Charger(name="garage", lines=frozenset({L3, L1}))

    assert (plain.minimum_ma, plain.maximum_ma, plain.step_ma, plain.fallback_ma) == (6_000, 16_000, 1_000, 6_000)
    assert (plain.priority, plain.weight, plain.has_failsafe, plain.counts_own) == (0, 1, True, False)
    assert (plain.order, plain.modes) == ((L1, L3), ())


def test_how_a_charger_is_wired_is_kept() -> None:
    """An order that is given is not put straight."""
    assert charger(order=(L2, L3, L1)).order == (L2, L3, L1)


@pytest.mark.parametrize(
    ("kind", "grid", "modes"),
    [
        (None, Grid.TN, ()),
        ("one-phase", Grid.TN, ({L2},)),
        ("any-phase", Grid.TN, ({L2}, {L3}, {L1})),
        ("one-phase", Grid.IT, ({L2, L3},)),
        ("any-phase", Grid.TT, ({L2, L3}, {L2, L1}, {L3, L1})),
    ],
)
def test_the_lines_of_one_phase(kind: str | None, grid: Grid, modes: tuple[set[object], ...]) -> None:
    """Its own first one, or any of them; without a neutral these are pairs; none where it cannot switch."""
    assert modes_of(kind, (L2, L3, L1), grid) == modes


def test_words_that_people_write() -> None:
    """Nets and caps have the names of the configuration and of topics."""
    assert [grid.value for grid in Grid] == ["TN", "TT", "IT"]
    assert [cap.value for cap in Cap] == ["power", "line"]
    assert [grid.three_wire for grid in Grid] == [False, True, True]


def test_each_cap_has_its_own_rule() -> None:
    """What is allowed for the power is not what is allowed for a line."""
    power, line = CapRule(default=8_000, least=1, most=9_000), CapRule(default=20_000, least=1, most=25_000)
    site = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000), power_cap=power, line_cap=line)

    assert (site.rule(Cap.POWER), site.rule(Cap.LINE)) == (power, line)
    assert house().rule(Cap.POWER) is None


def test_who_is_gone_from_a_house() -> None:
    """The chargers that the new house does not have, by name; one that is only changed is still there."""
    before = house(charger("a"), charger("b"), charger("c"))

    assert before.gone(house(charger("b", [L1]), charger("d"))) == ("a", "c")
    assert before.gone(before) == ()


def test_limits_are_repeated_well_within_the_time_for_which_they_hold() -> None:
    """A charger may miss several of them in a row; the meter is stale before it is lost, and a report outlives a stale meter."""
    policy = Policy()

    assert policy.valid_for_ms >= 3 * policy.republish_ms
    assert policy.list_period_ms < policy.stale_after_ms < policy.report_fresh_ms < policy.lost_after_ms
    assert policy.hold_minimum
