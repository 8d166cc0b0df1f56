"""The encoding of DLMS Data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.axdr import INTEGERS, Data, Tag, build, parse
from dlms.rejects import Reason, Rejected


def numbers() -> st.SearchStrategy[Data]:
    """Any number of any type."""

    def of(tag: Tag) -> st.SearchStrategy[Data]:
        width, signed = INTEGERS[tag]
        bits = 8 * width - signed
        return st.integers(-(2**bits) if signed else 0, 2**bits - 1).map(lambda value: Data(tag, value))

    return st.sampled_from(sorted(INTEGERS)).flatmap(of)


def strings() -> st.SearchStrategy[Data]:
    """Any string, long ones too."""
    tags = st.sampled_from([Tag.OCTET_STRING, Tag.VISIBLE_STRING])
    return st.builds(Data, tags, st.binary(max_size=20) | st.integers(0, 700).map(bytes), st.just(-1))


def leaves() -> st.SearchStrategy[Data]:
    """Any value that holds no other."""
    return numbers() | strings() | st.just(Data(Tag.NULL, None))


def groups(items: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """Any array or structure of these."""
    return st.builds(Data, st.sampled_from([Tag.ARRAY, Tag.STRUCTURE]), st.lists(items, max_size=8).map(tuple), st.just(-1))


values = leaves() | groups(leaves() | groups(leaves() | groups(leaves())))


def bare(data: Data) -> Data:
    """Forget where values stood."""
    value = data.value
    return Data(data.tag, tuple(bare(item) for item in value) if isinstance(value, tuple) else value)


def nested(depth: int) -> bytes:
    """Write null-data inside so many structures."""
    return b"\x02\x01" * depth + b"\x00"


def rejected(data: bytes) -> str:
    """Parse what must be refused, and give the words."""
    result = parse(data)
    assert isinstance(result, Rejected)
    assert result.reason is Reason.MALFORMED
    assert result.size == len(data)
    return result.detail


@given(values)
def test_parse_is_the_inverse_of_build(data: Data) -> None:
    """Whatever is written is read back."""
    parsed = parse(build(data))

    assert isinstance(parsed, Data)
    assert bare(parsed) == data


@given(leaves())
def test_a_value_remembers_where_its_content_stands(data: Data) -> None:
    """The content of each value lies at its offset."""
    encoded = build(data)

    for start in (0, 3):
        parsed = parse(b"\xff" * start + encoded, start)
        assert isinstance(parsed, Data)
        content = (b"\xff" * start + encoded)[parsed.at :]
        if isinstance(data.value, int):
            assert int.from_bytes(content, "big", signed=INTEGERS[data.tag][1]) == data.value
        else:
            assert content == (data.value or b"")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_reason(data: bytes) -> None:
    """No bytes make the reader raise."""
    result = parse(data)

    assert isinstance(result, Data) or result.reason is Reason.MALFORMED


@given(values, st.data())
def test_what_is_cut_off_is_refused(data: Data, drawn: st.DataObject) -> None:
    """No beginning of an encoding is an encoding."""
    encoded = build(data)
    cut = drawn.draw(st.integers(0, len(encoded) - 1))

    assert isinstance(parse(encoded[:cut]), Rejected)


@given(values, st.binary(min_size=1, max_size=5))
def test_bytes_left_over_are_refused(data: Data, more: bytes) -> None:
    """A value ends with the buffer."""
    assert isinstance(parse(build(data) + more), Rejected)


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("06000002dd", 733),
        ("10fff6", -10),
        ("0ffe", -2),
        ("1208e3", 2275),
        ("161b", 27),
        ("0301", 1),
        ("03ff", 255),
        ("11ff", 255),
        ("12ffff", 65_535),
        ("05ffffffff", -1),
        ("14ffffffffffffffff", -1),
        ("1500", None),
    ],
)
def test_numbers_are_big_endian_and_signed_by_type(encoded: str, value: int | None) -> None:
    """Each type tag has its width and sign; a tag nobody uses here is refused."""
    parsed = parse(bytes.fromhex(encoded))

    assert (parsed.value if isinstance(parsed, Data) else None) == value


def test_unsigned_64_bits() -> None:
    """A counter of 64 bits is read whole."""
    assert parse(b"\x15" + b"\xff" * 8) == Data(Tag.UINT64, 2**64 - 1, 1)


@pytest.mark.parametrize(
    ("encoded", "words"),
    [
        ("", "ends at byte 0"),
        ("17", "unknown tag 0x17 at byte 0"),
        ("0600", "ends at byte 2 inside a value that should have 4 bytes"),
        ("0905aabb", "should have 5 bytes"),
        ("09", "ends at byte 1 inside a value"),
        ("0980", "a length of 0 bytes"),
        ("0983000001aa", "a length of 3 bytes"),
        ("098200", "should have 2 bytes"),
        ("0200ff", "1 bytes after the end"),
        ("020206", "ends at byte 3"),
        ("0201020117", "unknown tag 0x17 at byte 4"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_words(encoded: str, words: str) -> None:
    """A refusal says what is wrong and where."""
    assert words in rejected(bytes.fromhex(encoded))


@pytest.mark.parametrize("length", ["05", "8105", "820005"])
def test_lengths_are_read_in_any_spelling(length: str) -> None:
    """A length that is longer than it need be is a length all the same (Kamstrup writes such)."""
    parsed = parse(bytes.fromhex(f"09{length}") + b"hello")

    assert isinstance(parsed, Data)
    assert parsed.value == b"hello"


@pytest.mark.parametrize(
    ("size", "length"), [(0, "00"), (127, "7f"), (128, "8180"), (255, "81ff"), (256, "820100"), (65_535, "82ffff")]
)
def test_lengths_are_written_as_short_as_they_can_be(size: int, length: str) -> None:
    """One byte below 128, then one or two more, and they are read again."""
    written = build(Data(Tag.OCTET_STRING, bytes(size)))
    parsed = parse(written)

    assert written[1 : -size or None].hex() == length
    assert isinstance(parsed, Data)
    assert parsed.value == bytes(size)


def test_depth_has_a_cap() -> None:
    """Values may nest eight deep, and not one level deeper."""
    assert isinstance(parse(nested(8)), Data)
    assert rejected(nested(9)) == "nested deeper than 8"
    assert "deeper" in rejected(nested(1000))


def test_count_has_a_cap() -> None:
    """A list may hold 511 values beside itself, and not one more, wherever they stand."""
    for value in (Data(Tag.NULL, None), Data(Tag.INT8, 0), Data(Tag.OCTET_STRING, b"7"), Data(Tag.ARRAY, ())):
        assert isinstance(parse(build(Data(Tag.ARRAY, (value,) * 511))), Data)
        assert rejected(build(Data(Tag.ARRAY, (value,) * 512))) == "more than 512 values"
    halves = (Data(Tag.ARRAY, (Data(Tag.INT8, 0),) * 256),) * 2
    assert "more than" in rejected(build(Data(Tag.STRUCTURE, halves)))


def test_a_huge_count_costs_nothing() -> None:
    """A count that the bytes cannot hold is refused where they end."""
    assert "ends at byte 4" in rejected(bytes.fromhex("0182ffff"))


def test_items() -> None:
    """Only arrays and structures have elements."""
    item = Data(Tag.INT8, 1)

    assert Data(Tag.ARRAY, (item,)).items == (item,)
    assert item.items == ()
    assert Data(Tag.NULL, None).items == ()
