"""What a charger says that it obeys, beside what it was told: the table, the borders, the messages, and what is kept free for it."""

from dataclasses import replace
from itertools import product

import pytest

from han_gateway.core.accord import Accord, Echo
from han_gateway.core.echo import ACCORD, AGAIN_MS, Verdict
from han_gateway.core.echo import told as remembered
from han_gateway.core.effects import ShowCharger
from han_gateway.core.events import ChargerSaid, ChargerStatus, Overheard
from han_gateway.core.gateway import start
from han_gateway.core.people.display import show
from han_gateway.core.site import CapRule, Charger, Circuit
from han_gateway.core.state import Conduct
from han_gateway.core.units import PerLine
from tests.core.houses import L1, Run, charger, house, list2, notes, set_limits

DISPUTED = "charger garage does not follow: it says that it obeys 16 A and was told 6 A; let nobody else set its limit"
SHARED = "charger garage has a second master that sets {} A, we 6 A; switch off its own load balancing or the other automation"
AGREES = "charger garage obeys no limit but ours again"


class Talk(Run):
    """A house with a 1-phase charger in the garage that names limits, and perhaps another one in the yard."""

    def __init__(self, *others: Charger, **figures: object) -> None:
        super().__init__(house(charger("garage", [L1], **figures), *others))
        self.until(30_000)

    @property
    def echo(self) -> Echo:
        """What is known of the charger's word."""
        return self.state.chargers[0].echo

    def names(self, at: int, limit_a: float | None, status: ChargerStatus | None = None, amps: float | None = None) -> list[str]:
        """Time passes, then the charger names a limit; what people are told of all that."""
        effects = self.until(at - 1)
        drawn = PerLine(None if amps is None else round(amps * 1000), None, None)
        limit_ma = None if limit_a is None else round(limit_a * 1000)
        said = ChargerSaid(at=at, charger="garage", current_ma=drawn, status=status, limit_ma=limit_ma)
        return notes(effects + self.play(said))

    def overhears(self, at: int, limit_a: float | None) -> list[str]:
        """Somebody else tells the charger a limit."""
        effects = self.until(at - 1)
        limit_ma = None if limit_a is None else round(limit_a * 1000)
        return notes(effects + self.play(Overheard(at=at, charger="garage", limit_ma=limit_ma)))


def test_the_table_is_complete() -> None:
    """There is an answer for every pair."""
    assert set(ACCORD) == set(product(Accord, Verdict))


@pytest.mark.parametrize(
    ("limit_a", "claimed"),
    [(None, 0), (0, 0), (5, 0), (6, 0), (6.4, 0), (7, 0), (7.001, 7_001), (16, 16_000)],
)
def test_an_echo_may_be_lower_or_rounded(limit_a: float | None, claimed: int) -> None:
    """A charger that names less, or up to an ampere more, does as it was told; beyond that what it names is kept free."""
    talk = Talk()
    talk.names(30_500, limit_a)

    assert talk.echo.claimed_ma == claimed
    assert talk.echo.accord is (Accord.DOUBTED if claimed else Accord.AGREES)


@pytest.mark.parametrize(("limit_a", "fine"), [(6, True), (7, True), (8, False)])
def test_a_paused_charger_may_name_its_minimum(limit_a: float, fine: bool) -> None:
    """Many chargers cannot name less than their minimum: that is their way to pause, and it reserves nothing."""
    talk = Talk(fallback_ma=0)
    talk.names(31_000, limit_a)

    assert (talk.echo.accord is Accord.AGREES) is fine
    assert (talk.echo.claimed_ma == 0) is fine


def test_without_a_car_a_charger_may_name_what_it_likes() -> None:
    """Some chargers forget their limit with every car: nothing is kept free for nobody, and nobody is woken."""
    talk = Talk()
    talk.names(31_000, 16, ChargerStatus.CONNECTED)
    assert talk.echo.claimed_ma == 16_000
    for at in range(60_000, 600_000, 10_000):
        assert talk.names(at, 16, ChargerStatus.IDLE) == []

    assert talk.echo.claimed_ma == 0


def test_a_charger_has_twice_its_response_time_to_name_a_new_limit() -> None:
    """Right after a cut the old limit may be named; 12 s later it may not."""
    for waited, accord in ((11_999, Accord.AGREES), (12_000, Accord.DOUBTED)):
        talk = Talk(fallback_ma=16_000)
        talk.names(31_000, 16)
        talk.hear(40_000, list2(35, 0, 0))
        assert talk.limit() == 6_000
        talk.names(40_000 + waited, 16)
        assert talk.echo.accord is accord


@pytest.mark.parametrize(("learned_ms", "waited"), [(None, 12_000), (15_000, 15_000), (45_000, 30_000)])
def test_slowness_that_was_learned_excuses_within_reason(learned_ms: int | None, waited: int) -> None:
    """What a charger was seen to need it may take to name a limit, but no more than half a minute: one that is deaf for a while looks slow."""
    for more, accord in ((-1, Accord.AGREES), (0, Accord.DOUBTED)):
        talk = Talk(fallback_ma=16_000)
        talk.names(31_000, 16)
        talk.hear(40_000, list2(35, 0, 0))
        (view,) = talk.state.chargers
        talk.state = talk.state._replace(chargers=(view._replace(belief=view.belief._replace(response_ms=learned_ms)),))
        talk.names(40_000 + waited + more, 16)
        assert talk.echo.accord is accord


def test_told_again_at_once_and_then_less_and_less_often() -> None:
    """A charger that names more is told again with the next tick, after 2, 4 and 8 s more, and from then on as often as all."""
    talk = Talk()
    for at in range(31_500, 100_000, 5_000):
        talk.names(at, 16)
    sent = [at for at, _ in talk.limits() if at > 31_500]

    assert sent[:6] == [32_000, 34_000, 38_000, 46_000, 56_000, 66_000]
    assert {limit for _, limit in talk.limits()} == {6_000}
    assert [told.seq for _, told in talk.told()] == list(range(1, len(talk.told()) + 1))


@pytest.mark.parametrize(("rest_ms", "hurried"), [(59_999, False), (60_000, True)])
def test_after_a_minute_without_a_wrong_echo_it_is_worth_hurrying_again(rest_ms: int, hurried: bool) -> None:
    """Only then is a charger that names more told again at once, and after 2 and 4 s more."""
    talk = Talk()
    for at in range(31_500, 52_000, 5_000):
        talk.names(at, 16)
    talk.names(52_000, 6)
    talk.names(51_500 + rest_ms, 16)
    talk.until(125_000)
    sent = [at for at, _ in talk.limits() if at > 51_500 + rest_ms]

    assert (sent[:3] == [112_000, 114_000, 118_000]) == hurried


def test_an_echo_below_makes_no_storm() -> None:
    """A charger with a smaller maximum of its own is told as often as all others, for ever, and nobody is bothered."""
    talk, other = Talk(), Talk()
    told = [note for at in range(31_000, 300_000, 5_000) for note in talk.names(at, 5)]
    other.until(295_999)

    assert told == []
    assert talk.limits() == other.limits()


def test_people_are_told_when_telling_again_did_not_help() -> None:
    """The first doubt is ours alone; when it had its time again and still names more it is said once, and once when it is over."""
    talk = Talk()
    assert talk.names(31_000, 16) == []
    assert talk.names(42_999, 16) == []
    assert talk.names(43_000, 16) == [DISPUTED]
    assert [note for at in range(45_000, 900_000, 5_000) for note in talk.names(at, 16)] == []
    assert talk.names(901_000, 6) == [AGREES]
    assert talk.echo.claimed_ma == 0


@pytest.mark.parametrize("period_ms", [20_000, 30_000, 50_000, 120_000])
def test_a_charger_that_flaps_bothers_nobody_for_long(period_ms: int) -> None:
    """Wrong for half of the time, right for the other half, for an hour: three lines for people at most, and one more message a flap."""
    talk = Talk()
    reports = range(60_000, 3_660_000, 10_000)
    told = [note for at in reports for note in talk.names(at, 16 if at % period_ms < period_ms / 2 else 6)]
    sent = [at for at, _ in talk.limits() if at >= 60_000]

    assert SHARED.format(16) in told
    assert len(told) <= 3
    assert len(sent) <= 360 + len(AGAIN_MS) * 3_600_000 // max(60_000, period_ms)


def test_two_strange_echoes_are_a_second_master() -> None:
    """A limit that nobody here ever told, twice while ours stands and was followed, is somebody else's: said once, with the remedy."""
    talk = Talk()
    talk.names(40_000, 6)
    assert talk.names(45_000, 9) == []
    talk.names(50_000, 6)
    assert talk.names(55_000, 9) == [SHARED.format(9)]
    assert [note for at in range(60_000, 300_000, 5_000) for note in talk.names(at, 9 if at % 10_000 else 6)] == []
    assert talk.echo.accord is Accord.SHARED


@pytest.mark.parametrize(
    ("followed_a", "then_a", "shared"),
    [
        pytest.param(16, 9, True, id="ours, then another"),
        pytest.param(15, 9, True, id="ours by an ampere"),
        pytest.param(14.9, 9, False, id="it was hot already"),
        pytest.param(16, 15, False, id="still ours by an ampere"),
        pytest.param(15, 14, True, id="from ours to what is not ours any more"),
        pytest.param(15, 14.1, False, id="no turn, but a drift"),
    ],
)
def test_what_is_a_strange_echo(followed_a: float, then_a: float, shared: bool) -> None:
    """One that leaves the limit that it followed, by an ampere or more, for one that is more than an ampere off all that we told."""
    talk = Talk(fallback_ma=16_000)
    for at, limit_a in ((40_000, followed_a), (45_000, then_a), (50_000, followed_a), (55_000, then_a)):
        talk.names(at, limit_a)

    assert (talk.echo.accord is Accord.SHARED) == shared


@pytest.mark.parametrize(("apart_ms", "shared"), [(599_999, True), (600_000, False)])
def test_two_strange_echoes_must_be_within_ten_minutes(apart_ms: int, shared: bool) -> None:
    """What was long ago is no sign any more."""
    talk = Talk(fallback_ma=16_000)
    for at, limit_a in ((40_000, 16), (45_000, 9), (40_000 + apart_ms, 16), (45_000 + apart_ms, 9)):
        talk.names(at, limit_a)

    assert (talk.echo.accord is Accord.SHARED) == shared


@pytest.mark.parametrize(("again_at", "told"), [(642_999, False), (643_000, True)])
def test_the_same_is_not_said_twice_within_ten_minutes(again_at: int, told: bool) -> None:
    """A charger that does not follow, follows, and does not again: people are warned anew after ten minutes."""
    talk = Talk()
    talk.names(31_000, 16)
    assert talk.names(43_000, 16) == [DISPUTED]
    assert talk.names(50_000, 6) == [AGREES]
    talk.names(again_at - 12_000, 16)

    assert (DISPUTED in talk.names(again_at, 16)) == told


def test_a_doubt_ends_with_the_next_word() -> None:
    """A charger that follows after all, or has another master, is in no doubt any more; one that falls silent in a dispute has not yielded."""
    follows, shared, silent = Talk(), Talk(), Talk()
    for talk in (follows, shared, silent):
        talk.names(31_000, 16)
        assert talk.echo.accord is Accord.DOUBTED
    follows.names(32_000, 6)
    shared.overhears(32_000, 16)
    silent.names(43_000, 16)
    silent.until(43_000 + 180_000)

    assert [talk.echo.accord for talk in (follows, shared, silent)] == [Accord.AGREES, Accord.SHARED, Accord.DISPUTED]
    assert silent.echo.alone_ma == 6_000, "time has passed over its last limit"


def test_a_second_master_is_never_shouted_down() -> None:
    """Somebody who sets another limit every 5 s makes us say four messages more in all, not one each time."""
    talk, alone = Talk(), Talk()
    for at in range(41_000, 640_000, 5_000):
        talk.names(at, 6 + at % 7)
    alone.until(640_000)

    assert talk.echo.accord is Accord.SHARED
    assert len(talk.limits()) <= len(alone.limits()) + len(AGAIN_MS)


def test_after_ten_minutes_alone_all_is_well_again() -> None:
    """A second master that is not seen for ten minutes is gone."""
    talk = Talk()
    assert talk.overhears(40_000, 16) == [SHARED.format(16)]
    assert notes(talk.until(639_999)) == []
    assert notes(talk.until(640_000)) == [AGREES]
    assert talk.echo.accord is Accord.AGREES


@pytest.mark.parametrize("limits", [(16, 13), (16, 13, 11, 9), (10, 6, 10, 6), (8, 0, 8, 0)])
def test_a_charger_that_is_hot_or_slow_has_no_second_master(limits: tuple[float, ...]) -> None:
    """One that takes less and less by itself, or comes to a limit of ours late, its minimum or nothing, is no sign of anybody else."""
    talk = Talk(fallback_ma=16_000)
    talk.lists(4, 9, 0, 0)
    for place, limit in enumerate(limits):
        talk.names(90_000 + 20_000 * place, limit)

    assert talk.limit() == 16_000
    assert talk.echo.accord is Accord.AGREES


def test_a_charger_that_comes_late_to_our_limits_has_no_second_master() -> None:
    """One that names the limits of the last minute, one after the other and much too late, has been told them by us."""
    talk = Talk(fallback_ma=16_000)
    for at, house_a in ((40_000, 13), (50_000, 16), (60_000, 19)):
        talk.names(at - 1_000, 16)
        talk.hear(at, list2(house_a + talk.limit() / 1000, 0, 0))
    assert [view.limit_ma for view in talk.state.chargers[0].commands][-1] == 6_000
    late = [note for at, limit_a in ((75_000, 16), (80_000, 12), (85_000, 9), (90_000, 6)) for note in talk.names(at, limit_a)]

    assert [note for note in late if note.startswith("charger")] == [DISPUTED, AGREES]
    assert talk.echo.others_at == ()


def test_a_foreign_limit_on_our_topic_is_named_at_once() -> None:
    """What somebody else publishes to our charger is said, kept free for it, and ours is said again; unreadable words count as its maximum."""
    for limit_a, claimed in ((16, 16_000), (None, 16_000), (32, 32_000)):
        talk = Talk()
        assert talk.overhears(40_500, limit_a) == [SHARED.format("?" if limit_a is None else limit_a)]
        assert talk.echo.claimed_ma == claimed
        assert [told.grant.limit_ma for told in set_limits(talk.until(41_000))] == [6_000]


@pytest.mark.parametrize("limit_a", [3, 6])
def test_a_foreign_limit_that_is_not_above_ours_is_said_and_claims_nothing(limit_a: float) -> None:
    """The smaller limit is safe; that somebody gives it is worth knowing."""
    talk = Talk()

    assert talk.overhears(40_500, limit_a) == [SHARED.format(limit_a)]
    assert talk.echo.claimed_ma == 0
    assert set_limits(talk.until(49_000)) == []


@pytest.mark.parametrize(("waited", "claimed"), [(21_999, 16_000), (22_000, 0)])
def test_a_foreign_limit_counts_until_ours_had_its_time(waited: int, claimed: int) -> None:
    """Ours is repeated within 10 s and has twice the response time to act: so long the other one may be obeyed."""
    talk = Talk()
    talk.overhears(40_000, 16)
    talk.tick(40_000 + waited)

    assert talk.echo.claimed_ma == claimed


def test_what_a_charger_claims_is_kept_free_for_it() -> None:
    """A charger that says that it obeys 16 A and draws 6 A may draw 16 A at any second: the other one makes room for that at once."""
    talk = Talk(charger("yard", [L1], fallback_ma=16_000))
    talk.names(41_000, 6, amps=6)
    talk.hear(50_000, list2(23, 0, 0))
    assert (talk.limit(), talk.limit("yard")) == (6_000, 16_000)
    talk.names(59_000, 16, amps=6)
    talk.hear(60_000, list2(23, 0, 0))

    assert talk.limit("yard") == 8_000


def test_what_a_charger_claims_is_given_to_nobody() -> None:
    """Nor is anybody raised into it, however long the house is quiet."""
    talk = Talk(charger("yard", [L1]))
    for _ in range(15):
        talk.names((talk.now // 10_000 + 1) * 10_000 - 1_000, 16, amps=6)
        talk.say(talk.now, "yard", talk.limit("yard") / 1000)
        talk.hear(talk.now + 1_000, list2(6 + talk.limit("yard") / 1000, 0, 0))

    assert talk.limit("yard") == 25_000 - 16_000


def test_a_claim_counts_below_the_power_cap_too() -> None:
    """What it may take is power as well: beside it the other one is held below what the cap leaves."""
    site = house(charger("garage", [L1]), charger("yard", [L1], fallback_ma=16_000))
    talk = Talk()
    talk.site = replace(site, power_cap=CapRule(default=6_000, least=1_000, most=6_000))
    talk.state = start(talk.site, 0)
    talk.until(50_000)
    talk.say(58_000, "yard", 16)
    talk.names(59_000, 16, amps=6)
    talk.hear(60_000, list2(22, 0, 0, power_import_w=22 * 230))

    assert talk.limit("yard") * 230 + 16_000 * 230 <= 6_000_000


def test_what_it_draws_already_is_not_kept_free_twice() -> None:
    """What a disobedient charger draws is on the meter: only what it may take on top of that is kept free."""
    talk = Talk(charger("yard", [L1], fallback_ma=8_000))
    talk.names(59_000, 16, amps=16)
    talk.hear(60_000, list2(16 + 8 + 1, 0, 0))

    assert talk.limit("yard") == 8_000


def test_nobody_is_cut_for_what_only_it_claims() -> None:
    """A charger alone whose claim is larger than the fuse keeps its limit: less would make its claim no smaller."""
    talk = Talk(fallback_ma=10_000)
    talk.overhears(59_000, 32)
    talk.hear(60_000, list2(10, 0, 0))

    assert talk.limit() == 10_000


def test_others_make_room_in_full_for_one_that_draws_more_than_its_limit() -> None:
    """Beside a charger that ignores 10 A and draws 16, one list takes the whole excess from the other: half of it would free only half."""
    talk = Talk(charger("yard", [L1], fallback_ma=16_000), fallback_ma=10_000)
    talk.names(59_000, None, amps=16)
    assert talk.state.chargers[0].conduct is Conduct.IGNORING
    talk.hear(60_000, list2(16 + 16, 0, 0))

    assert talk.limit("yard") + 16_000 <= 25_000


def test_beside_a_disobedient_one_a_sub_fuse_without_a_meter_holds() -> None:
    """What a charger says that it draws beyond its limit is taken off the fuse that no meter watches."""
    parts = (charger("garage", [L1], fallback_ma=10_000), charger("yard", [L1], fallback_ma=10_000))
    run = Run(house(Circuit(name="shed", fuse_ma=20_000, parts=parts), fuse=63))
    run.until(58_000)
    run.say(59_000, "garage", 14)
    run.hear(60_000, list2(24, 0, 0))

    assert run.limit("yard") == 6_000


def test_a_charger_that_went_silent_may_take_its_failsafe() -> None:
    """A paused charger that stopped reporting is given its failsafe current in the reckoning, at the very border, until it reports."""
    talk = Talk(fallback_ma=0, failsafe_ma=8_000)
    talk.names(40_000, 0)
    talk.tick(99_999)
    assert talk.echo.claimed_ma == 0
    talk.tick(100_000)
    assert talk.state.chargers[0].conduct is Conduct.GONE
    assert talk.echo.claimed_ma == 8_000
    talk.names(200_000, None)
    assert talk.echo.claimed_ma == 0


def test_until_its_limit_has_expired_a_silent_charger_may_obey_an_old_one() -> None:
    """It may have heard a limit until just before it was missed, and that holds for another minute; then the failsafe does."""
    talk = Talk(fallback_ma=16_000)
    talk.names(39_000, 16)
    talk.hear(40_000, list2(35, 0, 0))
    assert talk.limit() == 6_000
    talk.tick(99_000)
    assert talk.echo.alone_ma == 16_000
    talk.tick(158_999)
    assert talk.echo.alone_ma == 16_000
    talk.tick(159_000)
    assert talk.echo.alone_ma == 6_000


def test_a_report_right_after_a_cut_does_not_prove_that_it_was_heard() -> None:
    """Whoever falls silent a second after a cut may obey what it was told before."""
    talk = Talk(fallback_ma=16_000)
    talk.names(39_000, 16)
    talk.hear(40_000, list2(35, 0, 0))
    assert (talk.limit(), talk.echo.claimed_ma) == (6_000, 0)
    talk.names(41_000, None)
    talk.until(101_000)

    assert talk.echo.alone_ma == 16_000


def test_a_paused_charger_without_a_failsafe_takes_nothing_when_it_is_silent() -> None:
    """It keeps its last limit, and that was none."""
    talk = Talk(fallback_ma=0, has_failsafe=False)
    talk.names(60_000, None)
    talk.until(200_000)

    assert talk.state.chargers[0].conduct is Conduct.GONE
    assert talk.echo.claimed_ma == 0


def test_without_a_failsafe_a_silent_charger_may_obey_an_old_limit_for_ever() -> None:
    """One that keeps its last limit keeps it: the largest since its last report, whatever it was told later."""
    talk = Talk(fallback_ma=16_000, has_failsafe=False)
    talk.names(39_000, 16)
    talk.hear(40_000, list2(35, 0, 0))
    talk.until(10_000_000)

    assert talk.limit() == 6_000
    assert talk.echo.claimed_ma == 16_000


def test_a_limit_that_a_silent_charger_may_have_heard_counts_too() -> None:
    """One without a failsafe that is silent, raised and cut again may have heard the raise and not the cut."""
    talk = Talk(has_failsafe=False)
    talk.names(39_000, 6)
    talk.until(100_000)
    assert talk.echo.claimed_ma == 6_000
    talk.lists(12, 6, 0, 0)
    raised = talk.limit()
    assert raised > 6_000
    talk.lists(1, 35, 0, 0)

    assert talk.limit() < raised
    assert talk.echo.claimed_ma == raised


def test_pages_show_what_is_the_matter() -> None:
    """The state of the charger says disputed or shared; a doubt of ours is not for people."""
    talk = Talk()
    talk.names(31_000, 16)
    shown = [talk.state.pictures[0].shown.accord]
    talk.names(43_000, 16)
    shown.append(talk.state.pictures[0].shown.accord)
    talk.overhears(44_000, 16)
    shown.append(talk.state.pictures[0].shown.accord)

    assert shown == ["agrees", "disputed", "shared"]
    _, effects = show(talk.site, talk.state, talk.state, (), 50_000, everything=True)
    assert [effect.accord for effect in effects if isinstance(effect, ShowCharger)] == ["shared"]


def test_a_stranger_is_not_overheard() -> None:
    """A charger that is not in the configuration has no limit of ours."""
    run = Run(house(charger("garage", [L1])))
    before = run.state
    assert run.play(Overheard(at=0, charger="boat", limit_ma=6_000)) == ()
    assert run.state is before


@pytest.mark.parametrize("accord", Accord)
def test_time_that_says_nothing_changes_no_mind(accord: Accord) -> None:
    """A dispute, a doubt or a second master does not end because nothing was heard: only a word, or a long calm, ends it."""
    assert ACCORD[accord, Verdict.NOTHING] is accord


def test_a_charger_may_name_one_of_its_last_four_limits() -> None:
    """So many are remembered as ours, for one that answers late; what is older counts as somebody else's."""
    echo = Echo()
    for limit_ma in (6_000, 7_000, 8_000, 9_000, 10_000):
        echo = remembered(echo, limit_ma)

    assert echo.told_ma == (7_000, 8_000, 9_000, 10_000)
