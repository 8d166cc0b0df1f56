"""What manufacturers made of the standard."""

import random
import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import apdu
from dlms.obis import REGISTERS
from fixtures.every_list import LIST_IDS
from han_gateway.meters import body as bodies
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.family import About, Profile, Shape, Signature, types
from han_gateway.meters.forms import EMBRIQ_LIST1, FORMS, Form
from han_gateway.meters.profiles import KAIFA, PROFILES, identify
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_meter import TELEGRAM_METERS
from tests.invented import information, invent_with
from tests.meters.test_layout import said, slow_reading

NAMES = {register.name for register in REGISTERS.values()}
READ = re.compile(r"(list_id|meter_(id|type)|clock|.*_(w|var|wh|varh|ma|mv))$")


def signature_of(form: Form) -> Signature:
    """Give the signature of a list as it is written."""
    parsed = apdu.parse(information(write(form, invent_with(form, random.Random(1)))))
    assert isinstance(parsed, apdu.Apdu)
    shape = bodies.shape_of(parsed.body)
    assert shape
    return bodies.signature(shape, parsed.body, bodies.rows(shape, parsed.body))


SIGNATURES = {form.name: signature_of(form) for form in FORMS}


def fitting(signature: Signature) -> list[Profile]:
    """Give all profiles that a signature fits, asked one by one."""
    return [profile for profile in PROFILES if profile.fits(signature)]


@given(
    st.sampled_from(Shape),
    st.none()
    | st.sampled_from(sorted({*LIST_IDS.values()}))
    | st.text(max_size=20)
    | st.sampled_from(["AIDON_H0001", "KFM_001D"]),
    st.integers(0, 600),
    st.sampled_from(sorted({signature.types for signature in SIGNATURES.values()})),
    st.none() | st.sampled_from(["1812345", "178210", "9900000000000017"]),
)
def test_no_body_fits_two_meters(shape: Shape, list_id: str | None, size: int, spelled: str, meter_id: str | None) -> None:
    """A signature fits one family at most, and that is the one identified."""
    signature = Signature(shape, list_id, size, spelled, meter_id)
    families = fitting(signature)

    assert len(families) <= 1
    assert identify(signature) is (families[0] if families else None)


def test_signatures_do_not_overlap() -> None:
    """No two families of a shape share a beginning of their list ids, or a size of nameless lists, unless types or numbers tell them apart."""
    for one in PROFILES:
        for other in PROFILES:
            if one is not other and one.shape is other.shape and not (one.types or other.types):
                assert not one.list_id.startswith(other.list_id)
                assert not set(one.nameless) & set(other.nameless)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_form_is_identified(form: Form) -> None:
    """Each list that can be written is its own family's and no other's; only the E350's nameless list 1 looks like Aidon's."""
    assert [profile.name for profile in fitting(SIGNATURES[form.name])] == [
        "aidon" if form is EMBRIQ_LIST1 else form.profile.name
    ]


def test_lists_without_a_name_are_known_by_their_types() -> None:
    """A positional list that names nothing is recognised by the types of all its values, and so is each of a maker with several."""
    for profile in PROFILES:
        if profile.shape is Shape.POSITIONAL:
            assert profile.types
            assert profile.doubtful is (profile.name != "kaifa")  # whose values other decoders and the powers confirm


def test_columns_are_registers() -> None:
    """Every column of a positional list that is meant to be read is a register that is known, and none comes twice."""
    for profile in PROFILES:
        for columns, pattern in profile.lists:
            assert len(columns) == len(set(columns))
            assert {name for name in columns if READ.match(name) and "_t" not in name} <= NAMES
            assert profile.columns(pattern) is None or set(pattern) <= {*"ovciuUIQebg"}
        assert profile.placeholders <= NAMES
        assert bool(profile.lists) is (profile.shape is Shape.POSITIONAL)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_scales_and_places_are_those_of_the_documents(form: Form) -> None:
    """What the wire leaves out is filled in as a plain reader does it that knows the makers' documents and no profile."""
    message = information(write(form, invent_with(form, random.Random(1))))
    plain = {name: value for name, value in slow_reading(message).items() if value is not None}

    assert said(Decoder().message(message)) == plain


def test_columns_that_are_not_read_say_so() -> None:
    """A column that is no register is a known thing that nobody asks for, or is called unknown, by its place."""
    unread = {
        "time",
        "date",
        "tariff",
        "disconnector",
        *(f"{way}_t{tariff}_wh" for way in ("import", "export") for tariff in (1, 2)),
    }
    for profile in PROFILES:
        for columns, _ in profile.lists:
            assert {*columns} - NAMES - unread <= {f"unknown_{place}" for place in range(len(columns))}
            assert all(columns[int(name.removeprefix("unknown_"))] == name for name in columns if name.startswith("unknown_"))


def test_types_are_spelled() -> None:
    """The types of a list's values, one letter for each."""
    parsed = apdu.parse(information(write(EMBRIQ_LIST1, invent_with(EMBRIQ_LIST1, random.Random(1)))))
    assert isinstance(parsed, apdu.Apdu)

    assert types(parsed.body.items) == "g"
    assert types(parsed.body.items[0].items) == "oUg"
    assert SIGNATURES["iskra-celje-3p"].types == "oouuuuuuUUUU"


@pytest.mark.parametrize(
    ("family", "list_id"),
    [
        ("kaifa", "KFM_001"),
        ("kaifa-se", "KFM_001"),
        ("kaifa-at", "KFM1200900000017"),
        ("aidon", "AIDON_V0001"),
        ("aidon-se", "AIDON_H0001"),
        ("embriq", "EMBRIQ_V1_1"),
        ("kamstrup", "Kamstrup_V0001"),
        ("iskra", "ISK1030900000017"),
        ("iskra-celje", "ISK1030900000017"),
    ],
)
def test_lists_are_known_by_the_names_that_meters_give_them(family: str, list_id: str) -> None:
    """A list that calls itself as the makers' documents and the meters in the field do is its family's."""
    known = [identify(SIGNATURES[form.name]._replace(list_id=list_id)) for form in FORMS if form.profile.name == family]

    assert {profile.name if profile else None for profile in known} == {family}


def noe(groups: int) -> str:
    """Spell the list that Netz Niederoesterreich prescribes: the clock, groups of code, value and scale, the number of the meter."""
    return "o" + "oUg" * groups + "o"


@pytest.mark.parametrize(
    ("shape", "size", "spelled", "meter_id", "family"),
    [
        (Shape.REGISTERS, 1, "g", None, "aidon"),
        (Shape.REGISTERS, 2, "gg", None, "aidon-se"),
        (Shape.REGISTERS, 63, "g" * 63, None, "aidon-se"),
        (Shape.OBJECTS, 3, "goU", None, "e450"),
        (Shape.OBJECTS, 63, "go" + "U" * 61, None, "e450"),
        (Shape.PAIRS, 3, noe(1), "1812345", "kaifa-noe"),
        (Shape.PAIRS, 31, noe(29), "1812345", "kaifa-noe"),
        (Shape.PAIRS, 3, noe(1), "178210", "sagemcom"),
        (Shape.PAIRS, 31, noe(29), "178210", "sagemcom"),
    ],
)
def test_a_list_without_a_name_may_be_short_or_long(
    shape: Shape, size: int, spelled: str, meter_id: str | None, family: str
) -> None:
    """A nameless list is still its family's when the grid company leaves all but one value out, or has twice as many as were seen."""
    found = identify(Signature(shape, None, size, spelled, meter_id))

    assert found
    assert found.name == family


@pytest.mark.parametrize(
    ("shape", "size", "spelled"),
    [
        (Shape.REGISTERS, 0, ""),
        (Shape.REGISTERS, 64, "g" * 64),
        (Shape.OBJECTS, 2, "go"),
        (Shape.OBJECTS, 64, "go" + "U" * 62),
        (Shape.PAIRS, 2, "oo"),
        (Shape.PAIRS, 32, noe(30)),
    ],
)
@pytest.mark.parametrize("meter_id", [None, "1812345", "178210"])
def test_a_list_without_a_name_and_of_a_strange_size_is_nobodys(
    shape: Shape, size: int, spelled: str, meter_id: str | None
) -> None:
    """Nobody guesses at what has no value at all, or more than twice as many as any list that was seen."""
    assert identify(Signature(shape, None, size, spelled, meter_id)) is None


@pytest.mark.parametrize("letter", sorted({*"ovcuiIQebgn"}))
def test_a_bare_value_of_another_type_is_nobodys(letter: str) -> None:
    """One number alone is the power of a Kaifa only as that meter sends it, in 32 bits without a sign: nothing else tells it."""
    assert identify(Signature(Shape.POSITIONAL, None, 1, letter)) is None
    assert identify(Signature(Shape.POSITIONAL, None, 1, "U")) is KAIFA


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_families_are_called_as_their_lists_are(form: Form) -> None:
    """The name of a family, which people are told when a list of it has an unknown size, is how the names of its lists begin."""
    assert f"{form.name}-".startswith(f"{form.profile.name}-")


def test_manufacturers_are_lower_case() -> None:
    """Makers are written in lower case, as the contract has them."""
    assert {profile.manufacturer for profile in PROFILES} == {
        *("kaifa", "aidon", "kamstrup", "landis-gyr", "sagemcom", "iskraemeco")
    }


def test_people_are_told_of_each_family() -> None:
    """No field of the table of supported meters is empty."""
    for about in (*(each.about for each in PROFILES), *(each.about for each in TELEGRAM_METERS.values())):
        assert all(isinstance(cell, bool) or cell for cell in about)
    assert "about" in {field.name for field in fields(Profile)}
    assert About._fields[-1] == "seen"
