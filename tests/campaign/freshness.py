"""Campaign: a meter that is silent, frozen, or repeats itself raises nothing, and is found out in time.

    python -m tests.campaign.freshness [--seed N] [--fast | --count N]

*Silence*: after the last list the house is looked at, and the next list comes, at every millisecond around each border. *Freezing*: a meter
whose list, clock and all, comes again and again as bytes. *Repeating*: evenings in which lists come twice or thrice, late, and in the
wrong order; every raise must be allowed by each list of its window, as for one wrong reading. *Constancy*: a house that really draws
always the same charges its cars. *Setting*: so does one whose meter's clock is set to anything, now and then. For every 50 frozen meters
there are 2 houses at 4,402 moments, 500 evenings and 150 houses that draw the same; ``--fast`` is 50, without it 5,000, about 25 min.
"""

import copy
import random
import sys
from datetime import datetime, timedelta

from dlms.rejects import Rejected
from han_gateway.core.effects import MeterState, ShowHeadroom
from han_gateway.core.events import MeterSaid, SourceChanged
from han_gateway.core.site import Policy, Site
from han_gateway.core.units import Instant
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from tests.campaign._house import frame
from tests.campaign._parts import Part, Tally, parts, tried
from tests.campaign._promise import Promise, arguments, published, wanted
from tests.core.houses import L2, LIST_MS, Run, charger, house, list2
from tests.properties.test_no_raise_on_one_reading import SITES, Heard, a_run, check, limits

FAST, FULL = 50, 5_000
POLICY = Policy()
REACH_MS = 1_100
SECOND_MS = 1_000
FAR_S = 20 * 365 * 86_400
FROZEN_MS = POLICY.lost_after_ms - POLICY.stale_after_ms
"""How long a meter's clock may stand until its lists renew nothing."""


def a_house() -> Site:
    """Two chargers below 25 A."""
    return house(charger("a"), charger("b", [L2]), policy=POLICY)


# --- silence --------------------------------------------------------------------------------------------------------------------------


def silence(part: Part) -> Tally:
    """Every millisecond around each border, in houses whose last list came at any millisecond and said anything."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        run = Run(a_house(), at=rng.randrange(1_000))
        amps = [rng.choice((1.0, rng.uniform(0, 24))) for _ in range(3)]
        for _ in range(8):
            run.hear(run.now + LIST_MS, list2(*amps))
        for border in (POLICY.stale_after_ms, POLICY.lost_after_ms):
            near = _fork(run)
            near.until(run.now + border - REACH_MS - 1)
            for off in range(-REACH_MS, REACH_MS + 1):
                wrong = _after_silence(_fork(near), limits(run.state), run.now, border + off)
                tally = tally.plus(
                    Tally(1, bool(wrong), example=f"{wrong}, {border + off} ms after {amps} at {run.now}" if wrong else "")
                )
    return tally


def _fork(run: Run) -> Run:
    """The same house from here on; its state is immutable."""
    twin = copy.copy(run)
    twin.effects = list(run.effects)
    return twin


def _after_silence(run: Run, before: dict[str, int], heard: Instant, age_ms: int) -> str:
    """What is wrong when so much time has passed since the last list, and with what follows; empty where all is right."""
    at = heard + age_ms
    run.until(at)
    run.play(SourceChanged(at=at, connected=True))
    stale, lost = age_ms >= POLICY.stale_after_ms, age_ms >= POLICY.lost_after_ms
    meter, now = run.state.meter, limits(run.state)
    fallback = {each.name: min(before[each.name], each.fallback_ma) for each in run.site.chargers}
    wrong = {
        f"the meter counts as {meter}": meter
        is not (MeterState.LOST if lost else MeterState.STALE if stale else MeterState.FRESH),
        f"limits became {now}": now != (fallback if lost else before),
        "stale came late": stale and not _in_time(run, heard, MeterState.STALE, POLICY.stale_after_ms, at),
        "the fallback came late": lost and not _in_time(run, heard, MeterState.LOST, POLICY.lost_after_ms, at),
    }
    run.play(MeterSaid(at=at, reading=list2(0, 0, 0)))
    wrong["a list was not heard"] = run.state.meter is not MeterState.FRESH
    if stale:
        run.hear(at + LIST_MS, list2(0, 0, 0))
        raised = any(limit > now[name] for name, limit in limits(run.state).items())
        wrong["raised before a window of new lists was full"] = raised
    return "; ".join(words for words, true in wrong.items() if true)


def _in_time(run: Run, heard: Instant, meter: MeterState, border_ms: int, now: Instant) -> bool:
    """The new state was shown, and so were the limits that come with it, in the first second after its border."""
    shown = [at for at, effect in run.effects if isinstance(effect, ShowHeadroom) and effect.state is meter and at > heard]
    return bool(shown) and heard + border_ms <= shown[0] <= min(now, heard + border_ms + SECOND_MS)


# --- freezing, repeating, constancy -------------------------------------------------------------------------------------------------


def said(amps: float, clock: datetime) -> Reading:
    """A list of a Kaifa meter, through the wire."""
    (item,) = Decoder().feed(frame("kaifa-tn", 2, [round(amps * 1000)] * 3, clock))
    if isinstance(item, Rejected):
        raise TypeError(item)
    return item


def freezing(part: Part) -> Tally:
    """The same bytes for 1,000 lists, after an evening of any load."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        run, clock = Run(a_house(), at=rng.randrange(1_000)), datetime(2026, 1, 12, 18)
        evening = [said(rng.uniform(0, 20), clock + timedelta(seconds=10 * number)) for number in range(rng.randint(1, 8))]
        for reading in evening:
            run.hear(run.now + LIST_MS, reading)
        last = evening[-1]
        since, wrong = run.now, ""
        for _ in range(1_000):
            before = limits(run.state)
            run.hear(run.now + LIST_MS, last)
            if run.now > since + FROZEN_MS and any(limit > before[name] for name, limit in limits(run.state).items()):
                wrong = wrong or f"raised {run.now - since} ms after the clock stood"
        if wrong := wrong or _found_out(run, since):
            tally = tally.plus(Tally(0, 1, example=f"{wrong}: {last}"))
        tally = tally.plus(Tally(1))
    return tally


def _found_out(run: Run, since: Instant) -> str:
    """A frozen meter is stale when its clock has stood for ``lost_after_ms``, and lost ``lost_after_ms`` after the last list that counted."""
    first = {
        meter: next(
            (at for at, effect in run.effects if at > since and isinstance(effect, ShowHeadroom) and effect.state is meter), None
        )
        for meter in (MeterState.STALE, MeterState.LOST)
    }
    for meter, most_ms in ((MeterState.STALE, POLICY.lost_after_ms), (MeterState.LOST, FROZEN_MS + POLICY.lost_after_ms)):
        at = first[meter]
        if at is None or at > since + most_ms + SECOND_MS:
            return f"{meter.value} {'never' if at is None else f'after {at - since} ms'}"
    return "" if run.state.meter is MeterState.LOST else "believed again"


def repeating(part: Part) -> Tally:
    """Evenings whose lists come again, late, and in any order."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        site, evening = rng.choice(SITES), scrambled(rng, a_run(rng))
        try:
            check(site, evening)
        except AssertionError:
            tally = tally.plus(Tally(0, 1, example=f"a raise that a list forbids on {evening}"))
        tally = tally.plus(Tally(1))
    return tally


def scrambled(rng: random.Random, evening: list[Heard]) -> list[Heard]:
    """The same lists: some twice or thrice within seconds, some after the one that followed them."""
    found = list[Heard]()
    for at, amps in evening:
        found += [(at + late, amps) for late in (0, *(rng.randint(1, 15_000) for _ in range(rng.choice((0, 0, 1, 2)))))]
    return sorted((at + rng.choice((0, 0, 0, 12_000)), amps) for at, amps in found)


def constancy(part: Part) -> Tally:
    """A house that draws always the same raises its cars to what there is room for, with a clock that moves, and without any clock."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        amps, clock = rng.randint(0, 18), datetime(2026, 1, 12, 18)
        for moving in (True, False):
            run = Run(house(charger("a"), policy=POLICY))
            for number in range(60):
                reading = said(amps, clock + timedelta(seconds=10 * number)) if moving else list2(amps, amps, amps)
                run.say(run.now, "a", 0)
                run.hear(run.now + LIST_MS, reading)
            good = _charges(run, amps) and run.state.meter is MeterState.FRESH
            tally = tally.plus(
                Tally(1, not good, example="" if good else f"{limits(run.state)} at {amps} A, moving clock: {moving}")
            )
    return tally


def setting(part: Part) -> Tally:
    """A meter's clock that is set to anything, every half minute at most, is heard all the time, and charges as one that is left alone."""
    rng, tally = random.Random(part.seed), Tally()
    for _ in range(part.cases):
        amps, off = rng.randint(0, 18), timedelta()
        run = Run(house(charger("a"), policy=POLICY))
        unheard = 0
        for number in range(60):
            if number % 3 == 0 and 9 < number < 50 and rng.random() < 0.5:
                off = timedelta(seconds=rng.choice((rng.randint(-600, 600), rng.randint(-FAR_S, FAR_S))))
            run.say(run.now, "a", 0)
            run.hear(run.now + LIST_MS, said(amps, datetime(2026, 1, 12, 18) + off + timedelta(seconds=10 * number)))
            unheard += number > 9 and run.state.meter is not MeterState.FRESH
        wrong = f"{unheard} times not heard" if unheard else "" if _charges(run, amps) else f"{limits(run.state)} at {amps} A"
        tally = tally.plus(Tally(1, bool(wrong), example=f"{wrong} in {part.seed}" if wrong else ""))
    return tally


def _charges(run: Run, amps: int) -> bool:
    """Whether the car has what there is room for beside a house that draws always the same."""
    room, limit = min(16_000, 25_000 - 1000 * amps), limits(run.state)["a"]
    return room - POLICY.raise_deadband_ma < limit <= room if room >= 6_000 else limit == 0


def main() -> int:
    """Run the campaign."""
    given = arguments(
        "A meter that is silent, frozen or repeats itself raises nothing.", "frozen meters", FAST, FULL
    ).parse_args()
    count = wanted(given)
    seen = {
        law.__name__: tried(law, parts(f"{given.seed}/{law.__name__}", cases, size))
        for law, cases, size in (
            (silence, -(-count // 25), 1),
            (freezing, count, 5),
            (repeating, 10 * count, 25),
            (constancy, count, 5),
            (setting, count, 5),
        )
    }
    silent, frozen, repeated, constant, set_anew = seen.values()
    return published(
        given,
        [
            Promise(
                "R-11",
                "a silent meter raises nothing, and then the limits fall back",
                f"at each ms around both borders: stale after {POLICY.stale_after_ms // 1000} s, fallback after "
                f"{POLICY.lost_after_ms // 1000} s, told within 1 s; 0 raises until a window of new lists is full",
                f"{silent.cases:,} moments, {silent.broken} wrong",
                holds=not silent.broken,
            ),
            Promise(
                "R-12",
                "a meter that is frozen or repeats itself is not fresh; a constant house is",
                f"stale when its clock has stood for {POLICY.lost_after_ms // 1000} s; 0 raises that a list of the window forbids; "
                "a constant house charges, also under a meter's clock that is set to anything (± 20 years) every half minute",
                f"{frozen.cases:,} frozen meters of 1,000 equal lists, {frozen.broken} found out late; {repeated.cases:,} evenings of "
                f"repeated and reordered lists, {repeated.broken} such raises; {constant.cases:,} constant houses, {constant.broken} "
                f"without their current; {set_anew.cases:,} whose meter's clock is set again and again, {set_anew.broken} not heard or without it",
                holds=not (frozen.broken or repeated.broken or constant.broken or set_anew.broken),
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
