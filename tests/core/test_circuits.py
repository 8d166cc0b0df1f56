"""Sub-fuses with a meter of their own: their house counts, one reading raises nothing, and silence falls back."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from han_gateway.core.circuits import carried, rooms_for_cuts, rooms_for_raises, unread
from han_gateway.core.effects import Note
from han_gateway.core.events import CircuitSaid, MeterSaid
from han_gateway.core.site import Circuit, Grid, Policy, Site
from han_gateway.core.state import Conduct
from han_gateway.core.units import PerLine
from tests.core.houses import L1, L3, Run, charger, house, list1, list2, notes, report


def shed(*, fuse: int = 20, margin: int = 0, grid: Grid = Grid.TN, fallback: int = 6_000) -> Site:
    """A generous main fuse, and below it a shed with a workshop, a charger on L1 (between L1 and L3 without a neutral) and a meter."""
    lines = [L1, L3] if grid.three_wire else [L1]
    garage = charger("garage", lines, fallback_ma=fallback)
    below = Circuit(name="shed", fuse_ma=fuse * 1000, margin_ma=margin * 1000, metered=True, parts=(garage,))
    return house(below, charger("yard"), fuse=63, grid=grid)


def says(run: Run, amps: float | None) -> tuple[object, ...]:
    """The shed's meter reports so much on each line, half a second after what happened last."""
    current = None if amps is None else round(amps * 1000)
    return run.play(CircuitSaid(at=run.now + 500, circuit="shed", current_ma=PerLine(current, current, current)))


def minutes(run: Run, lists: int, workshop: float | None) -> None:
    """So many lists of a quiet house with cars that take all they may; the shed reports after each, unless it is silent."""
    for _ in range(lists):
        drawn = run.limit("garage") / 1000
        run.lists(1, 2 + drawn, 2, 2, says={"garage": drawn, "yard": 0})
        if workshop is not None:
            says(run, workshop + drawn)


def test_the_workshop_takes_from_the_garage() -> None:
    """Of 20 A the workshop has 9, so 11 are left, whatever the main fuse has; and the reason names the shed."""
    run = Run(shed())
    minutes(run, 8, 9)

    assert (run.limit("garage"), str(run.grant("garage").reason)) == (11_000, "shed fuse, L1")
    assert run.limit("yard") == 16_000


def test_one_reading_is_enough_to_cut() -> None:
    """A saw that starts is answered in the same breath, in full, and nobody outside the shed is touched."""
    run = Run(shed())
    minutes(run, 8, 2)
    assert run.limit("garage") == 16_000
    effects = says(run, 9 + 16)

    assert notes(effects) == ["cut garage 16 -> 11 A: shed fuse, L1"]  # type: ignore[arg-type]
    assert run.limit("yard") == 16_000


def test_a_cut_in_flight_is_not_cut_again() -> None:
    """While the car slows down the next reading adds nothing."""
    run = Run(shed())
    minutes(run, 8, 2)
    says(run, 25)
    says(run, 24)

    assert run.limit("garage") == 11_000


def test_without_a_neutral_a_cut_is_deeper() -> None:
    """Between two lines a fall by 5 A needs 5.9, as under the main fuse."""
    run = Run(shed(grid=Grid.IT))
    minutes(run, 8, 2)
    says(run, 25)

    assert run.limit("garage") == 10_000


def test_what_is_left_is_given_back_after_a_window() -> None:
    """When the saw stops, the room must have been there in every reading of a window."""
    run = Run(shed())
    minutes(run, 8, 9)
    stopped = run.now
    minutes(run, 8, 2)
    raised = next(at for at, limit in run.limits("garage") if at > stopped and limit > 11_000)

    assert raised - stopped >= 20_000
    assert run.limit("garage") == 16_000


def test_one_wrong_reading_raises_nothing() -> None:
    """In a shed that is full, one reading of anything, in place of a right one or beside it, raises nothing, wherever it falls."""
    rng = random.Random(31)
    for _ in range(60):
        run = Run(shed())
        minutes(run, 8, 9)
        place, beside = rng.randrange(5), rng.random() < 0.5
        for number in range(5):
            minutes(run, 1, rng.uniform(0, 9) if number == place and not beside else 9)
            if number == place and beside:
                says(run, rng.choice((0, rng.uniform(0, 20))))
            assert run.limit("garage") <= 11_000


@pytest.mark.parametrize("every", [2, 3, 4])
@pytest.mark.parametrize("wrong", range(5, 10))
def test_a_meter_that_is_rarely_heard_raises_nobody_on_one_reading(every: int, wrong: int) -> None:
    """Also where the readings are further apart than the window is long, a single one is never the ground for a raise."""
    run = Run(shed())
    minutes(run, 8, 9)
    for number in range(1, 15):
        minutes(run, 1, (0 if number == wrong * every // 2 else 9) if number % every == 0 else None)
        assert run.limit("garage") <= 11_000


def test_a_silent_meter_raises_nobody() -> None:
    """While the shed's meter is stale, the garage keeps its limit though the main fuse has room."""
    run = Run(shed())
    minutes(run, 8, 9)
    before = len(run.limits("garage"))
    minutes(run, 4, None)

    assert {limit for _, limit in run.limits("garage")[before:]} <= {11_000}


def test_a_lost_meter_falls_back() -> None:
    """After a minute of silence the charger below gets the smaller of its limit and its fallback, says why, and stays there."""
    run = Run(shed())
    minutes(run, 8, 2)
    minutes(run, 9, None)
    said = [effect.text for _, effect in run.effects if isinstance(effect, Note)]

    assert (run.limit("garage"), run.limit("yard")) == (6_000, 16_000)
    assert str(run.grant("garage").reason) == "meter lost (shed fuse)"
    assert "meter of the shed fuse lost: silent for 60 s" in said
    assert "cut garage 16 -> 6 A: meter lost (shed fuse)" in said
    minutes(run, 8, 2)
    assert run.limit("garage") == 16_000


def test_a_meter_that_was_never_heard_is_missed() -> None:
    """From the start on the charger has its fallback at most, and after a minute the log says what is missing."""
    run = Run(shed())
    minutes(run, 12, None)

    assert {limit for _, limit in run.limits("garage")} == {6_000}
    assert "meter of the shed fuse lost: silent for 60 s" in notes(effect for _, effect in run.effects)
    assert str(run.grant("garage").reason) == "meter lost (shed fuse)"


def test_a_lost_meter_is_named_while_it_is_lost() -> None:
    """Who waits below a silent meter is told so whatever the house does meanwhile: not that its raise is near, nor a place in the queue."""
    run = Run(shed(fallback=0))
    for each in range(30):
        run.lists(1, 2, 2, 75 if each % 10 == 9 else 2, says={"garage": 0, "yard": run.limit("yard") / 1000})
    reasons = {(str(told.grant.reason), told.queue) for at, told in run.told() if told.grant.charger == "garage" and at > 60_000}

    assert run.limits("yard")[-1][1] < 16_000
    assert reasons == {("meter lost (shed fuse)", None)}
    minutes(run, 2, 2)
    assert str(run.grant("garage").reason) == "no room for the minimum (shed fuse, L1)"


def test_a_line_that_is_not_measured_has_no_room_for_raises() -> None:
    """What the shed's meter does not say about a line that a charger loads raises nothing."""
    run = Run(shed())
    for _ in range(8):
        run.lists(1, 2, 2, 2, says={"garage": 0, "yard": 0})
        run.play(CircuitSaid(at=run.now + 500, circuit="shed", current_ma=PerLine(None, 2_000, 2_000)))

    assert run.limit("garage") == 6_000


def test_a_circuit_without_a_meter_is_not_heard() -> None:
    """Whoever speaks for a fuse that has no meter, or does not exist, changes nothing."""
    run = Run(house(Circuit(name="row", fuse_ma=20_000, parts=(charger("garage"),))))
    before = run.state
    for name in ("row", "main", "shed"):
        assert run.play(CircuitSaid(at=1_000, circuit=name, current_ma=PerLine(0, 0, 0))) == ()

    assert run.state is before
    run.hear(10_000, list2(2, 2, 2))


def test_room_that_is_no_longer_measured_is_not_used() -> None:
    """When the main fuse has room at last, but the shed's meter has been silent for too long, nothing rises in the shed."""
    run = Run(shed())
    for _ in range(6):
        run.lists(1, 62, 2, 2, says={"garage": 0, "yard": 0})
        says(run, 2)
    held = run.limit("garage")
    run.lists(3, 62, 2, 2, says={"garage": 0, "yard": 0})
    run.lists(3, 2, 2, 2, says={"garage": 0, "yard": 0})

    assert run.limit("garage") == held < 16_000


def test_a_guess_is_not_given_back_beyond_the_shed() -> None:
    """What was cut on a guess comes back with the next list as far as the shed allows by then."""
    run = Run(house(Circuit(name="shed", fuse_ma=20_000, metered=True, parts=(charger("garage", [L1]),))))
    for _ in range(8):
        drawn = run.limit("garage") / 1000
        at = (run.now // 10_000 + 1) * 10_000
        run.until(at - 1000)
        run.say(at - 1000, "garage", drawn)
        run.hear(at, list2(6 + drawn, 2, 2, power_import_w=round(230 * (10 + drawn))))
        says(run, 2 + drawn)
    assert run.limit("garage") == 16_000
    run.hear(run.now + 1_500, list1(230 * 26 + 2_300))
    guessed = run.limit("garage")
    assert guessed < 11_000
    run.until(run.now + 3_000)
    run.say(run.now, "garage", guessed / 1000)
    says(run, 9 + guessed / 1000)
    assert run.limit("garage") == guessed
    run.hear((run.now // 10_000 + 1) * 10_000, list2(6 + guessed / 1000, 2, 2, power_import_w=2_300 + 230 * guessed // 1000))

    assert run.limit("garage") == 11_000


def test_a_guess_is_not_given_back_below_a_lost_meter() -> None:
    """A charger that fell back while a guess was in force stays there when the next list looks back."""
    run = Run(house(Circuit(name="shed", fuse_ma=20_000, metered=True, parts=(charger("garage", [L1]),))))
    for _ in range(8):
        drawn = run.limit("garage") / 1000
        run.hear(run.now // 10_000 * 10_000 + 10_000, list2(6 + drawn, 2, 2, power_import_w=round(230 * (10 + drawn))))
        says(run, 2 + drawn)
        run.say(run.now + 8_000, "garage", run.limit("garage") / 1000)
    lost_at = (run.state.circuits[0].heard_at or 0) + 60_000
    while run.now < lost_at - 12_000:
        run.hear(run.now // 10_000 * 10_000 + 10_000, list2(22, 2, 2, power_import_w=230 * 26))
        run.say(run.now + 8_000, "garage", 16)
    assert run.limit("garage") == 16_000
    run.play(MeterSaid(at=run.now + 1_000, reading=list1(230 * 26 + 1_840)))
    assert run.state.guessed
    run.until(lost_at + 1_000)
    assert run.limit("garage") == 6_000
    run.hear(run.now // 10_000 * 10_000 + 10_000, list2(12, 2, 2, power_import_w=230 * 16))

    assert run.limit("garage") == 6_000


def test_the_margin_of_the_shed_stays_free() -> None:
    """Of 20 A less a margin of 2 the workshop has 9, so 9 are left."""
    run = Run(shed(margin=2))
    minutes(run, 8, 9)

    assert run.limit("garage") == 9_000


def test_each_meter_is_missed_by_itself() -> None:
    """While one shed goes on talking, the silence of the other is noticed, whichever was declared first."""
    sheds = [Circuit(name=name, fuse_ma=20_000, metered=True, parts=(charger(f"in {name}", [L1]),)) for name in ("east", "west")]
    for silent, talking in (("east", "west"), ("west", "east")):
        run = Run(house(*sheds, fuse=63))
        for name in (silent, *[talking] * 8):
            run.lists(1, 2, 2, 2)
            run.play(CircuitSaid(at=run.now + 500, circuit=name, current_ma=PerLine(1_000, 1_000, 1_000)))

        assert {view.circuit.name for view in run.state.circuits if view.heard_at is None} == {silent}


def heard(run: Run, *instants: int) -> Run:
    """The shed's meter says 5 A at these instants."""
    for at in instants:
        run.play(CircuitSaid(at=at, circuit="shed", current_ma=PerLine(5_000, 5_000, 5_000)))
    return run


def test_a_raise_needs_a_whole_window_of_readings() -> None:
    """Two readings that are a window apart are enough, to the millisecond; one alone is not, however old, nor are two in a hurry."""
    window = Policy().raise_window_ms
    enough, alone = heard(Run(shed()), 1_000, 2_000 + window), heard(Run(shed()), 1_000)
    at = 1_000 + window

    assert rooms_for_raises(enough.site, enough.state, 2_000 + window)["shed"].l2 == 15_000
    assert rooms_for_raises(alone.site, alone.state, at + 1)["shed"] == (0, 0, 0)
    hurried = heard(Run(shed()), 1_000, at - 1)
    assert rooms_for_raises(hurried.site, hurried.state, at - 1)["shed"].l2 == 0
    assert rooms_for_raises(hurried.site, hurried.state, at)["shed"].l2 == 15_000


def test_a_reading_counts_for_cuts_until_it_is_stale() -> None:
    """A reading says something about cuts for as long as a list of the meter does, and not a millisecond longer."""
    run, stale = heard(Run(shed()), 1_000), 1_000 + Policy().stale_after_ms

    assert rooms_for_cuts(run.site, run.state, stale - 1)["shed"].l2 == 15_000
    assert rooms_for_cuts(run.site, run.state, stale) == {}


def test_a_shed_that_is_awaited_may_change() -> None:
    """A reload before the first reading of a shed takes its new fuse and goes on waiting."""
    run = Run(shed())
    (view,) = carried(run.site, run.state, shed(fuse=16), run.now)

    assert (view.circuit.fuse_ma, view.load) == (16_000, None)


def test_what_is_not_known_of_a_shed_lowers_no_more_than_its_fallback() -> None:
    """Below a meter that was never heard a charger is lowered to its fallback; one that has just that, or less, is left alone."""
    run = Run(shed())
    for limit_ma, told in ((5_000, {}), (6_000, {}), (7_000, {"garage": 6_000})):
        view = run.state.chargers[0]
        state = run.state.having(view._replace(grant=replace(view.grant, limit_ma=limit_ma)))

        assert {name: grant.limit_ma for name, grant in unread(run.site, state).items()} == told


def row(claims_ma: int = 0, draws_a: float = 0, conduct: Conduct = Conduct.OBEYING) -> PerLine[int] | None:
    """What is left below a fuse of 20 A with a margin of 1 and no meter, when one of two chargers with 6 A is like this and the other is not seen.

    The other has a bad name from earlier, and says nothing now.
    """
    parts = (charger("garage", [L1]), charger("yard", [L1]))
    run = Run(house(Circuit(name="row", fuse_ma=20_000, margin_ma=1_000, parts=parts), fuse=63))
    for view, ignores, claimed in zip(run.state.chargers, (conduct, Conduct.IGNORING), (claims_ma, 0), strict=True):
        said = report(60_000, "garage", draws_a, [L1]) if view.charger.name == "garage" else None
        grant = replace(view.grant, limit_ma=6_000)
        unruly = view._replace(grant=grant, conduct=ignores, echo=view.echo._replace(echo_ma=claimed), report=said)
        run.state = run.state.having(unruly)
    return rooms_for_cuts(run.site, run.state, 60_000).get("row")


@pytest.mark.parametrize(
    ("claims_ma", "draws_a", "conduct", "left"),
    [
        (16_000, 6, Conduct.OBEYING, 9_000),  # 20 less 1 less the 10 A that it claims beyond its limit
        (0, 16, Conduct.IGNORING, 9_000),
        (0, 16, Conduct.OBEYING, None),  # one report is no bad name
        (6_000, 6, Conduct.OBEYING, None),
    ],
)
def test_a_charger_that_takes_more_leaves_less_below_a_fuse_without_a_meter(
    claims_ma: int, draws_a: float, conduct: Conduct, left: int | None
) -> None:
    """What a charger claims, or draws against its limit, is not there for its neighbours, nor is the margin; who obeys takes nothing."""
    room = row(claims_ma, draws_a, conduct)

    assert room == (None if left is None else (left, 19_000, 19_000))


def test_a_saw_that_cycles_teaches_patience() -> None:
    """What its meter makes us cut is a lesson as under the main fuse: two cars are not paused with every cut that is sawn."""
    site = house(Circuit(name="shed", fuse_ma=20_000, metered=True, parts=(charger("a", [L1]), charger("b", [L1]))), fuse=63)
    run = Run(site)
    for place in range(360):
        drawn = {name: run.limit(name) / 1000 for name in "ab"}
        saw = 9 if place % 9 < 3 else 2
        run.lists(1, saw + sum(drawn.values()), 2, 2, says=drawn)
        says(run, saw + sum(run.limit(name) / 1000 for name in "ab"))

    told = [run.limits(name) for name in "ab"]
    pauses = sum(was > 0 == now for limits in told for (_, was), (_, now) in pairwise(limits))
    assert pauses <= 10


@pytest.mark.parametrize("every", [1, 3])
def test_who_is_below_a_silent_meter_keeps_what_it_has(every: int) -> None:
    """Two cars share a main fuse that is full. The shed's meter misses some readings, or is heard each half minute: nothing is taken from its car."""
    below = Circuit(name="shed", fuse_ma=20_000, metered=True, parts=(charger("a"),))
    run = Run(house(below, charger("b"), fuse=30))
    for place in range(120):
        drawn = {name: run.limit(name) / 1000 for name in "ab"}
        run.lists(1, *[2 + sum(drawn.values())] * 3, says=drawn)
        if place % every == 0 and not 61 <= place < 63:
            says(run, 1 + run.limit("a") / 1000)

    assert {limit for name in "ab" for at, limit in run.limits(name) if at > 200_000} == {14_000}


@pytest.mark.parametrize("waking_s", [8, 16, 22, 24, 26, 32, 34])
@pytest.mark.parametrize("every_s", [2, 3, 5])
def test_a_start_that_the_shed_shows_first_is_not_cut(waking_s: int, every_s: int) -> None:
    """A car wakes up late, after its charger's last report: what rises in the shed is that car, not a saw beside what it was offered."""
    run = Run(shed(fuse=16))
    began = 0
    for second in range(1, 600):
        at, workshop = second * 1000, 12 if second < 200 else 5
        run.until(at)
        began = began or (second if run.limit("garage") and second > 200 else 0)
        drawn = min(6, run.limit("garage") / 1000) if began and second >= began + waking_s else 0
        if second % 30 == 10:
            run.say(at, "garage", drawn)
        if second % 10 == 0:
            run.play(MeterSaid(at=at + 200, reading=list2(workshop + drawn, 2, 2)))
        if second % every_s == 0:
            says(run, workshop + drawn)

    assert began
    assert all(limit for at, limit in run.limits("garage") if at > began * 1000)


@pytest.mark.parametrize(
    ("rises", "told"),
    [
        ((6,), []),  # one car of two
        ((12,), []),  # both
        ((3, 3, 6), []),  # one that comes up slowly, and the other
        ((8,), ["paused b 6 -> 0 A: no room for the minimum (shed fuse, L1)"]),  # one, and a lamp: each ampere is counted once
        ((2,), ["paused b 6 -> 0 A: no room for the minimum (shed fuse, L1)"]),  # the lamp alone
    ],
)
def test_each_ampere_of_a_rise_in_the_shed_is_one_cars(rises: tuple[float, ...], told: list[str]) -> None:
    """Two cars may start beside a workshop of 3.9 A, and nothing is left of 16: what rises is theirs as far as it fits a start."""
    below = Circuit(name="shed", fuse_ma=16_000, metered=True, parts=(charger("a", [L1]), charger("b", [L1])))
    run = Run(house(below, fuse=63))
    for place in range(25):
        run.lists(1, 16 if place < 20 else 3.9, 2, 2, says={"a": 0, "b": 0})
        says(run, 16 if place < 20 else 3.9)
    assert [run.limit(name) for name in "ab"] == [6_000, 6_000]

    effects: list[object] = []
    shown = 3.9
    for rise in rises:
        shown += rise
        effects += says(run, shown)
    assert notes(effects) == told  # type: ignore[arg-type]
