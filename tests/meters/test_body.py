"""The shapes of a body."""

import pytest

from dlms import obis
from dlms.axdr import Data, Tag
from dlms.rejects import Reason, Rejected
from han_gateway.meters.body import Row, named, rows, shape_of, signature, text
from han_gateway.meters.family import Shape
from han_gateway.meters.profiles import AIDON, ISKRA_CELJE, KAIFA, KAMSTRUP

POWER, CURRENT = obis.REGISTERS[1, 1, 7, 0], obis.REGISTERS[1, 31, 7, 0]
LIST_ID, METER_ID, CLOCK = obis.REGISTERS[1, 0, 2, 129], obis.REGISTERS[0, 96, 1, 0], obis.REGISTERS[0, 1, 0, 0]
CURRENT_CODE = bytes((1, 0, 31, 7, 0, 255))
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


def pushed(code: bytes, attribute: int = 2) -> Data:
    """Describe an object that is pushed."""
    return structure(Data(Tag.UINT16, 3), octets(code), Data(Tag.INT8, attribute), Data(Tag.UINT16, 0))


def named_by(body: Data) -> str | None:
    """Give the list id by which a body is recognised."""
    shape = shape_of(body)
    assert shape
    return signature(shape, body, rows(shape, body)).list_id


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
        (structure(octets(POWER_CODE), number(1), scaled(0, 27)), Shape.PAIRS),
        (structure(octets(bytes(12)), *(octets(POWER_CODE), number(1), scaled(0, 27)) * 2, octets(b"1234")), Shape.PAIRS),
        (structure(structure(octets(POWER_CODE), number(1))), Shape.PAIRS),
        (structure(array(pushed(POWER_CODE), pushed(POWER_CODE)), number(1)), Shape.OBJECTS),
        (structure(array(*(structure(*pushed(POWER_CODE).items[:3]),) * 2), number(1)), Shape.OBJECTS),
        (structure(array(pushed(POWER_CODE)), number(1)), Shape.POSITIONAL),
        (structure(array(number(1), number(2)), number(1)), Shape.POSITIONAL),
        (structure(array(pushed(POWER_CODE), number(2)), number(1)), Shape.POSITIONAL),
        (structure(octets(POWER_CODE), octets(b"12"), number(1), number(2), number(3)), Shape.POSITIONAL),
        (structure(number(1), number(2)), Shape.POSITIONAL),
        (structure(Data(Tag.UINT16, 1)), Shape.POSITIONAL),
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
    """The outermost values tell the shape; what is no list has none."""
    assert shape_of(body) is shape


class TestPairs:
    """Code, value, code, value."""

    @pytest.mark.parametrize("list_id", [visible(b"Kamstrup_V0001"), visible(b"Kamstrup_V01"), octets(b"Kamstrup_V0001")])
    def test_the_list_id_in_front_has_no_code(self, list_id: Data) -> None:
        """A first value that is neither a code nor a clock is the list id, also a text as long as a clock."""
        body = structure(list_id, octets(POWER_CODE), number(5))

        assert rows(Shape.PAIRS, body) == [Row(LIST_ID, list_id), Row(POWER, number(5))]
        assert named_by(body) == text(list_id)

    def test_the_list_id_may_have_a_code(self) -> None:
        """A list id with a code is one like any value, wherever it stands."""
        assert named_by(structure(octets(POWER_CODE), number(5), octets(LIST_ID_CODE), octets(b"KFM_001"))) == "KFM_001"

    def test_a_list_without_id(self) -> None:
        """A list that does not name itself has no list id."""
        assert named_by(structure(octets(POWER_CODE), number(5))) is None

    def test_null_data_between_pairs(self) -> None:
        """Null-data where a phase is missing stands alone and shifts nothing."""
        walked = rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5), NULL, NULL, octets(UNKNOWN_CODE), number(6)))

        assert walked == [Row(POWER, number(5)), Row(None, NULL), Row(None, NULL), Row(None, number(6))]

    def test_a_code_without_value(self) -> None:
        """A code at the very end has no value and is nothing."""
        assert rows(Shape.PAIRS, structure(octets(POWER_CODE), number(5), octets(POWER_CODE))) == [Row(POWER, number(5))]

    def test_scaler_and_unit_behind_a_value(self) -> None:
        """Where scaler and unit follow a value they are taken, and they end nothing."""
        body = structure(octets(CURRENT_CODE), number(5), scaled(-2, 33), octets(POWER_CODE), number(6), scaled(0, 27))

        assert rows(Shape.PAIRS, body) == [Row(CURRENT, number(5), -2, 33), Row(POWER, number(6), 0, 27)]

    def test_values_in_structures_of_their_own(self) -> None:
        """A code with its value may stand in a structure, beside others that do not."""
        body = structure(octets(POWER_CODE), number(5), structure(octets(CURRENT_CODE), number(6), scaled(-2, 33)))

        assert rows(Shape.PAIRS, body) == [Row(POWER, number(5)), Row(CURRENT, number(6), -2, 33)]

    def test_a_clock_in_front_and_a_number_at_the_end(self) -> None:
        """Without codes: twelve octets in front are the clock, a text at the end is the number of the meter; between them nothing is."""
        clock, stray, meter = octets(bytes(12)), octets(b"xy"), octets(b"178200000001")
        walked = rows(Shape.PAIRS, structure(clock, octets(POWER_CODE), number(5), stray, meter))

        assert walked == [Row(CLOCK, clock), Row(POWER, number(5)), Row(None, stray), Row(METER_ID, meter)]


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
                structure(octets(POWER_CODE), number(10), scaled(-1, 27), number(11)),
            ),
        )

        assert walked == [
            Row(POWER, number(5), -1, 27),
            Row(POWER, number(6)),
            Row(None, number(7)),
            Row(POWER, number(8)),
            Row(POWER, number(9)),
            Row(POWER, number(10), -1, 27),
        ]


class TestPositional:
    """Values whose place says what they are."""

    def test_rows_have_no_register(self) -> None:
        """Nobody but a profile knows what stands where; the list id is the first text."""
        body = structure(octets(b"KFM_001"), number(5))

        assert rows(Shape.POSITIONAL, body) == [Row(None, octets(b"KFM_001")), Row(None, number(5))]
        assert named_by(body) == "KFM_001"
        assert named_by(structure(number(5))) is None

    def test_a_profile_names_them(self) -> None:
        """Columns of the profile become registers, by the count of values."""
        assert named([Row(None, number(5))], KAIFA) == [Row(POWER, number(5))]

    def test_a_count_that_no_profile_knows(self) -> None:
        """A list of another count is Rejected(UNKNOWN_LIST)."""
        refused = named([Row(None, number(5))] * 2, KAIFA)

        assert isinstance(refused, Rejected)
        assert refused.reason is Reason.UNKNOWN_LIST
        assert refused.detail == "kaifa list of 2 values"

    def test_types_that_no_profile_knows(self) -> None:
        """As many values of other types are another list: not one of them is taken for what it is not."""
        values = [Row(None, octets(b"x"))] * 2 + [Row(None, Data(Tag.UINT16, 1))] * 6 + [Row(None, number(1))] * 4
        assert isinstance(named(values, ISKRA_CELJE), list)

        refused = named([*values[:7], Row(None, number(1)), *values[8:]], ISKRA_CELJE)
        assert isinstance(refused, Rejected)
        assert refused.reason is Reason.UNKNOWN_LIST


class TestObjects:
    """What is pushed is told first, the values follow."""

    def test_values_are_paired_by_their_place(self) -> None:
        """The list of what is pushed is its own first value; of the others only values of known objects have a register."""
        described = array(pushed(b"\0\x08\x19\x09\0\xff"), pushed(POWER_CODE), pushed(CURRENT_CODE, 3), pushed(UNKNOWN_CODE))
        body = structure(described, number(5), number(6), number(7))

        assert rows(Shape.OBJECTS, body) == [
            Row(None, described),
            Row(POWER, number(5)),
            Row(None, number(6)),
            Row(None, number(7)),
        ]
        assert named_by(body) is None


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
