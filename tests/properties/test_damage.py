"""The laws of the mutation campaign, in small: what the campaign proves with millions of frames holds for some thousands."""

import random

import pytest

from dlms import mbus
from dlms.sniffer import Sniffer
from tests.campaign import _damage as damage
from tests.campaign._damage import Case
from tests.campaign._judging import Tally, acquainted, judge
from tests.campaign.mutations import Law, laws, report


@pytest.mark.parametrize("law", laws(slow=False), ids=lambda law: law.name)
def test_law(law: Law) -> None:
    """Nothing raises, nothing wrong is accepted beyond what the checksum must miss, and no good neighbour is lost."""
    tally = law.run("test", 600)

    assert tally.cases >= 600
    assert (tally.raised, tally.lost) == (0, 0), tally.example
    assert tally.wrong <= law.allowed(tally.cases), tally.example


def test_the_gates() -> None:
    """Where the checksum finds all, nothing is allowed; where it misses some, chance is, and little more."""
    by_name = {law.name: law for law in laws(slow=False)}

    assert by_name["3 bits"].allowed(10**8) == by_name["burst <= 16"].allowed(10**8) == by_name["nonsense"].allowed(10**8) == 0
    assert by_name["even weight"].allowed(2**15) == 6
    assert by_name["noise"].allowed(2**16 * 100) == 148
    assert sum(law.share for law in by_name.values()) == pytest.approx(1)


def test_the_judge_sees_what_is_wrong() -> None:
    """A frame that was not sent and one that is missing are both counted."""
    one, two, three = (frame for _, frame in damage.samples("judge")[:3])
    case = Case((one + two, three), (one[1:-1], three[1:-1]), frozenset({two[1:-1]}))
    for sniffer in (None, acquainted()):
        assert judge(case, sniffer) == (0, 0, 0)
        assert judge(case._replace(allowed=frozenset()), sniffer) == (1, 0, 0)
        assert judge(case._replace(pieces=(one, three)), sniffer) == (0, 0, 0)
        assert judge(case._replace(pieces=(two,)), sniffer) == (0, 2, 0)


def test_what_a_wrong_frame_took() -> None:
    """A good frame that loses its first octets to one that passed its check by chance is that one's price, and no loss to the damage."""
    good = mbus.split(bytes(17))  # its length, 16, is what ends a telegram
    wrong = next(each for data in range(256) if (each := mbus.split(bytes([data]))).endswith(good[:2]))
    case = Case((wrong + good[2:],), (good,), frozenset())

    assert judge(case) == (1, 0, 1)
    assert judge(case._replace(pieces=(wrong,), untouched=(mbus.split(bytes(18)),))) == (1, 1, 0)


def test_mutations_are_mutations() -> None:
    """Each kind changes what it says it changes."""
    rng = random.Random(2)
    frame = damage.samples("kinds")[5][1]
    number = int.from_bytes(frame, "big")

    def flipped(mutated: bytes) -> int:
        return (int.from_bytes(mutated, "big") ^ number).bit_count()

    for _ in range(200):
        assert flipped(damage.some_bits(3)(frame, rng)) == 3
        assert flipped(damage.odd_bits(frame, rng)) % 2 == 1
        even = flipped(damage.even_bits(frame, rng))
        assert even % 2 == 0
        assert even >= 4
        changed = int.from_bytes(damage.burst_of(16)(frame, rng), "little") ^ int.from_bytes(frame, "little")
        assert 1 <= (changed // (changed & -changed)).bit_length() <= 16
        noisy = damage.noise(frame, rng)
        assert noisy[:10] + noisy[-1:] == frame[:10] + frame[-1:]


def test_a_violation_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """A class that breaks its law is marked, with an example to replay."""
    law = Law("some", lambda _seed, _count: Tally(), 0.0)

    assert report(law, Tally(10, 0, 0, 0, 0.0, 1.0))
    assert not report(law, Tally(10, 1, 0, 0, 0.0, 1.0, "7eaa7e"))
    assert not report(law, Tally(10, 0, 1, 0, 0.0, 1.0))
    assert not report(law, Tally(10, 0, 0, 1, 0.0, 1.0))
    assert capsys.readouterr().out.count("VIOLATED") == 3


def test_a_campaign_is_its_seed() -> None:
    """The same seed gives the same cases, and another seed gives others."""
    for cases in (damage.streams(mixed=False), damage.random_cases(damage.even_bits)):
        assert list(cases("a", 50)) == list(cases("a", 50))
        assert list(cases("a", 50)) != list(cases("b", 50))


def test_every_damaged_frame_has_good_neighbours() -> None:
    """Before and after each damaged frame stands one that nobody touched, but at the ends of a stream; and all are counted."""
    for cases in (damage.streams(mixed=True), damage.random_cases(damage.noise)):
        found = list(cases("a", 53))

        assert sum(case.damaged for case in found) == 53
        assert all(len(case.untouched) >= case.damaged for case in found)


def test_time_is_linear() -> None:
    """Headers with good checks nested in each other cost a bounded effort: every frame after them is found, and soon."""
    one = damage.samples("nested")[0][1]
    nested = one[:9] * 3000
    sniffer = Sniffer()
    found = [item for start in range(0, len(nested), 500) for item in sniffer.feed(nested[start : start + 500])]

    assert [item for item in found if isinstance(item, bytes)] == []
    assert sniffer.feed(one)[-1] == one[1:-1]
