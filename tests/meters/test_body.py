"""The three shapes of a body."""

import pytest

from dlms import obis
from dlms.axdr import Data, Tag
from dlms.rejects import Reason, Rejected
from han_gateway.meters.body import Row, list_id, named, rows, shape_of, text
from han_gateway.meters.profiles import AIDON, KAIFA, KAMSTRUP, Shape

POWER, CURRENT = obis.REGISTERS[1, 1, 7, 0], obis.REGISTERS[1, 31, 7, 0]
LIST_ID = obis.REGISTERS[1, 0, 2, 129]
POWER_CODE, UNKNOWN_CODE, LIST_ID_CODE = bytes((1, 1, 1, 7, 0, 255)), bytes((1, 0, 99, 7, 0, 255)), bytes((1, 1, 0, 2, 129, 255))
NULL = Data(Tag.NULL, None)


def number(value: int) -> Data:
    """Give a number."""
    return Data(Tag.UINT32, value)


def octets(value: bytes) -> Data:
    """Give an octet-string."""
    return Data(Tag.OCTET_STRING, value)


def visible(value: bytes) -> Data:
    """Give a visible-string."""
    return Data(Tag.VISIBLE_STRING, value)


def structure(*items: Data) -> Data:
    """Give a structure."""
    return Data(Tag.STRUCTURE, items)


def array(*items: Data) -> Data:
    """Give an array."""
    return Data(Tag.ARRAY, items)


def scaled(scaler: int, unit: int) -> Data:
    """Give scaler and unit."""
    return structure(Data(Tag.INT8, scaler), Data(Tag.ENUM, unit))


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (structure(number(1)), Shape.POSITIONAL),
        (structure(octets(b"KFM_001"), number(1)), Shape.POSITIONAL),
        (structure(octets(POWER_CODE), number(1)), Shape.PAIRS),
        (structure(visible(b"Kamstrup_V0001"), octets(POWER_CODE), number(1)), Shape.PAIRS),
        (array(structure(octets(POWER_CODE), number(1))), Shape.REGISTERS),
        (array(structure(octets(POWER_CODE), number(1), scaled(0, 27))), Shape.REGISTERS),
        (structure(number(1), number(2)), None),
        (structure(Data(Tag.UINT16, 1)), None),
        (structure(structure(octets(POWER_CODE), number(1))), None),
        (structure(), None),
        (array(), None),
        (array(number(1)), None),
        (array(structure(octets(POWER_CODE))), None),
        (array(structure(octets(b"short"), number(1))), None),
        (array(structure(visible(POWER_CODE), number(1))), None),
        (array(structure(octets(POWER_CODE), number(1)), number(2)), None),
        (number(1), None),
        (octets(b"KFM_001"), None),
        (NULL, None),
    ],
)
def test_shapes(body: Data, shape: Shape | None) -> None:
    """The outermost values tell the shape; what is none of the three has none."""
    assert shape_of(body) is shape


class TestPairs:
    """Code, value, code, value."""

    def test_the_list_id_in_front_has_no_code(self) -> None:
        """A first value that is no code is the list id."""
        walked = rows(Shape.PAIRS, structure(visible(b"Kamstrup_V0001"), octets(POWER_CODE), number(5)))

        assert walked == [Row(LIST_ID, visible(b"Kamstrup_V0001")), Row(POWER, number(5))]
        assert list_id(Shape.PAIRS, walked) == "Kamstrup_V0001"

    def test_the_list_id_may_have_a_code(self) -> None:
        """A list id with a code is one like any value, wherever it stands."""
        walked = rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5), octets(LIST_ID_CODE), octets(b"KFM_001")))

        assert list_id(Shape.PAIRS, walked) == "KFM_001"

    def test_a_list_without_id(self) -> None:
        """A list that does not name itself has no list id."""
        assert list_id(Shape.PAIRS, rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5)))) is None

    def test_null_data_between_pairs(self) -> None:
        """Null-data where a phase is missing stands alone and shifts nothing."""
        walked = rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5), NULL, NULL, octets(UNKNOWN_CODE), number(6)))

        assert walked == [Row(POWER, number(5)), Row(None, NULL), Row(None, NULL), Row(None, number(6))]

    def test_a_code_without_value(self) -> None:
        """A code at the very end has no value and is nothing."""
        assert rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5), octets(POWER_CODE))) == [Row(POWER, number(5))]


class TestRegisters:
    """Structures of code, value, scaler and unit."""

    def test_scaler_and_unit(self) -> None:
        """What the wire states is taken; what it does not state is None."""
        walked = rows(
            Shape.REGISTERS,
            array(
                structure(octets(POWER_CODE), number(5), scaled(-1, 27)),
                structure(octets(POWER_CODE), number(6)),
                structure(octets(UNKNOWN_CODE), number(7), NULL),
                structure(octets(POWER_CODE), number(8), structure(octets(b"x"), NULL)),
                structure(octets(POWER_CODE), number(9), structure(Data(Tag.INT8, 1))),
            ),
        )

        assert walked == [
            Row(POWER, number(5), -1, 27),
            Row(POWER, number(6)),
            Row(None, number(7)),
            Row(POWER, number(8)),
            Row(POWER, number(9)),
        ]


class TestPositional:
    """Values whose place says what they are."""

    def test_rows_have_no_register(self) -> None:
        """Nobody but a profile knows what stands where; the list id is the first text."""
        walked = rows(Shape.POSITIONAL, structure(octets(b"KFM_001"), number(5)))

        assert walked == [Row(None, octets(b"KFM_001")), Row(None, number(5))]
        assert list_id(Shape.POSITIONAL, walked) == "KFM_001"
        assert list_id(Shape.POSITIONAL, rows(Shape.POSITIONAL, structure(number(5)))) is None

    def test_a_profile_names_them(self) -> None:
        """Columns of the profile become registers, by the count of values."""
        assert named([Row(None, number(5))], KAIFA) == [Row(POWER, number(5))]

    def test_a_count_that_no_profile_knows(self) -> None:
        """A list of another count is Rejected(UNKNOWN_LIST)."""
        refused = named([Row(None, number(5))] * 2, KAIFA)

        assert isinstance(refused, Rejected)
        assert refused.reason is Reason.UNKNOWN_LIST
        assert refused.detail == "kaifa list of 2 values"


def test_units_are_checked() -> None:
    """A unit that contradicts its code is Rejected(UNIT); an unknown code may have any."""
    good = [Row(CURRENT, number(5), -1, 33), Row(None, number(6), 0, 99), Row(POWER, number(7))]
    assert named(good, AIDON) == good

    refused = named([*good, Row(CURRENT, number(5), -1, 35)], AIDON)
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.UNIT
    assert refused.detail == "current_l1_ma with unit 35"


def test_pairs_state_no_units() -> None:
    """Pairs keep the registers of their codes."""
    assert named([Row(POWER, number(5))], KAMSTRUP) == [Row(POWER, number(5))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (visible(b"AIDON_V0001"), "AIDON_V0001"),
        (octets(b"12345678\0\0\0\0"), "12345678"),
        (octets(b" MA304 H3E\r\n"), "MA304 H3E"),
        (octets(b"a\xffb\x7fc\x1b[31m"), "abc[31m"),
        (octets(bytes(4)), None),
        (octets(b""), None),
        (octets(b"   "), None),
        (number(5), None),
        (NULL, None),
        (structure(), None),
    ],
)
def test_texts_are_cleaned(data: Data, expected: str | None) -> None:
    """Only printable ASCII leaves this place: no padding, no control characters, no bytes that are no text."""
    assert text(data) == expected
