"""How a list is recognised as one of a family's."""

import pytest

from dlms.axdr import Data, Tag
from han_gateway.meters.family import About, Shape, Signature, types
from han_gateway.meters.profiles import (
    AIDON,
    BURGENLAND,
    ISKRA,
    ISKRA_CELJE,
    ISKRA_HR,
    KAIFA,
    KAIFA_AT,
    KAIFA_NOE,
    KAMSTRUP,
    SAGEMCOM,
    Profile,
)

ISKRA_3P = "ooUUUUuuuuuuUUUUUU"
NOE = "o" + "oUg" * 4 + "oug" * 7 + "o"


def positional(spelled: str, list_id: str | None = None) -> Signature:
    """Give the signature of a positional list."""
    return Signature(Shape.POSITIONAL, list_id, len(spelled), spelled)


def noe(meter_id: str | None, spelled: str = NOE) -> Signature:
    """Give the signature of the list that a grid company prescribes to two makers."""
    return Signature(Shape.PAIRS, None, spelled.count("g") + 2, spelled, meter_id)


@pytest.mark.parametrize("tag", Tag)
def test_every_type_has_a_letter(tag: Tag) -> None:
    """Whatever type a value has, it can be spelled, in one letter."""
    assert len(types((Data(tag, None), Data(tag, None)))) == 2


@pytest.mark.parametrize(
    ("letter", "tags"),
    [
        ("o", [Tag.OCTET_STRING]),
        ("v", [Tag.VISIBLE_STRING]),
        ("c", [Tag.UINT8, Tag.INT8]),
        ("u", [Tag.UINT16]),
        ("i", [Tag.INT16]),
        ("U", [Tag.UINT32]),
        ("I", [Tag.INT32]),
        ("Q", [Tag.UINT64, Tag.INT64]),
        ("g", [Tag.STRUCTURE, Tag.ARRAY]),
        ("e", [Tag.ENUM]),
        ("b", [Tag.BOOLEAN]),
        ("n", [Tag.NULL]),
    ],
)
def test_the_letters_of_patterns(letter: str, tags: list[Tag]) -> None:
    """A pattern of types tells texts, groups and numbers of each size apart; with a sign, too, from 16 to 32 bits."""
    assert types(tuple(Data(tag, None) for tag in tags)) == letter * len(tags)


@pytest.mark.parametrize(
    ("profile", "signature"),
    [
        (KAIFA, positional("oooUUUUUUUUUU", "KFM_001")),
        (KAIFA, positional("U")),
        (AIDON, Signature(Shape.REGISTERS, "AIDON_V0001", 13)),
        (AIDON, Signature(Shape.REGISTERS, None, 1)),
        (ISKRA, positional(ISKRA_3P, "ISK1030000000000")),
        (ISKRA_HR, positional("ooo" + "U" * 12 + "u" + "U" * 6 + "u" * 6 + "Ugggb", "92000001")),
        (BURGENLAND, positional("uuuuuuUUUUuuuo")),
        (SAGEMCOM, noe("178200000001")),
        (SAGEMCOM, noe(None)),
        (SAGEMCOM, noe("178200000001", "ooUgougo")),
        (SAGEMCOM, noe("178200000001", NOE.replace("ougo", "oigo"))),
        (KAIFA_NOE, noe("181220000001")),
        (KAIFA_AT, Signature(Shape.PAIRS, "KFM1200000000000", 15, "oo" + "g" * 14)),
    ],
)
def test_a_list_of_the_family(profile: Profile, signature: Signature) -> None:
    """A list is recognised by its shape and its name; without a name by its size, its types, and at last its meter's number."""
    assert profile.fits(signature)


@pytest.mark.parametrize(
    ("profile", "signature"),
    [
        (KAIFA, positional("oooUUUUUUUUUU", "KFN_001")),
        (KAIFA, positional("UU")),
        (AIDON, Signature(Shape.REGISTERS, None, 2)),
        (AIDON, Signature(Shape.PAIRS, "AIDON_V0001", 13)),
        (ISKRA, positional(ISKRA_3P, "KFM1030000000000")),
        (ISKRA, positional(ISKRA_3P)),
        (ISKRA, positional("oouuuuuuUUUU", "ISK1030000000000")),
        (ISKRA_CELJE, positional(ISKRA_3P, "ISK1030000000000")),
        (BURGENLAND, positional("uuuuuuUUUUuuUo")),
        (BURGENLAND, positional("uuuuuuUUUUuuuoo")),
        (KAIFA_NOE, noe("178200000001")),
        (KAIFA_NOE, noe(None)),
        (SAGEMCOM, noe("181220000001")),
        (SAGEMCOM, noe("178200000001", "vooUgougo")),
        (KAMSTRUP, noe("178200000001")),
        (SAGEMCOM, noe("178200000001")._replace(list_id="KFM1200000000000")),
    ],
)
def test_a_list_of_another_family(profile: Profile, signature: Signature) -> None:
    """Another name, size, type or number is another list."""
    assert not profile.fits(signature)


def test_a_family_that_says_nothing_of_itself() -> None:
    """It is recognised by nothing, keeps its scales, confirms its places, has been seen, and on three wires measures no second voltage."""
    about = About("models", "countries", "framing", "sends", "currents")
    bare = Profile(name="bare", manufacturer="nobody", shape=Shape.REGISTERS, clock=None, about=about)

    assert not any(bare.fits(Signature(Shape.REGISTERS, name, size)) for name in (None, "", "X", "XX1") for size in range(3))
    assert (bare.drifts, bare.doubtful, about.seen) == (False, False, True)
    assert bare.placeholders == {"voltage_l2_mv"}
    assert Signature(Shape.REGISTERS, None, 0).types == types(())


def test_what_a_meter_may_send_without_a_name() -> None:
    """On the line of a meter a nameless list of its shape is its own, but a positional one only if that family has such a list."""
    assert AIDON.may_send(Signature(Shape.REGISTERS, None, 1))
    assert not AIDON.may_send(Signature(Shape.REGISTERS, "EMBRIQ_V1_1", 13))
    assert not AIDON.may_send(Signature(Shape.PAIRS, None, 1))
    assert KAIFA.may_send(positional("U"))
    assert not ISKRA.may_send(positional("U"))
    assert not KAIFA.may_send(positional("uuuuuuUUUUuuuo"))
