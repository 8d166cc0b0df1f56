"""P1 telegrams: found, read and built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import p1
from dlms.p1 import Line, Telegram, Value, examine, parse
from dlms.rejects import Reason, Rejected

TELEGRAM = Telegram(
    r"XYZ5\2INVENTED-42",
    (
        Line("0-0:1.0.0", (Value("260115180000W"),)),
        Line("1-0:1.8.0", (Value("00012345.678", "kWh"),)),
        Line("1-0:31.7.0", (Value("002.5", "A"),)),
        Line("0-1:24.2.1", (Value("260115170000W"), Value("01234.567", "m3"))),
        Line("0-0:96.13.0", (Value(""),)),
    ),
)
WIRE = p1.build(TELEGRAM)
BARE = WIRE.removesuffix(b"\r\n")
UNCHECKED = TELEGRAM._replace(checked=False)
UNCHECKED_WIRE = p1.build(UNCHECKED)

names = st.from_regex(r"[A-Za-z]{3}[0-9][A-Z0-9 \\._-]{0,20}", fullmatch=True)
words = st.text(st.characters(codec="ascii", exclude_characters="()*!/\r\n"), max_size=12)
codes = st.from_regex(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(\*[0-9]{1,3})?|[CF]\.[0-9]{1,2}", fullmatch=True)
lines = st.builds(Line, codes, st.lists(st.builds(Value, words, words), min_size=1, max_size=4).map(tuple))
telegrams = st.builds(Telegram, names, st.lists(lines, max_size=12).map(tuple), st.booleans())


def sealed_wire(block: bytes, check: bytes = b"0000") -> bytes:
    """Write a telegram with a block where the lines should be."""
    return b"/XYZ5\r\n\r\n" + block + b"!" + check + b"\r\n"


def test_a_telegram_is_its_bytes_up_to_the_check_sequence() -> None:
    """What is found begins with the slash and ends with the fourth digit of the check sequence."""
    assert examine(b"\0\0" + WIRE + WIRE, 2) == BARE


def test_a_telegram_written_out() -> None:
    """A telegram that is spelled out here, check sequence and all, is found and read."""
    known = b"/XYZ5\r\n\r\n1-0:1.7.0(0001.500*kW)\r\n!907A"
    assert examine(known + b"\r\n", 0) == known
    assert parse(known) == Telegram("XYZ5", (Line("1-0:1.7.0", (Value("0001.500", "kW"),)),))


@given(telegrams)
def test_parse_is_the_inverse_of_build(telegram: Telegram) -> None:
    """Every telegram that is written is found again, and says the same."""
    wire = p1.build(telegram)
    found = examine(wire, 0)

    assert isinstance(found, bytes)
    assert wire.startswith(found)
    assert parse(found) == telegram


@pytest.mark.parametrize("wire", [WIRE, UNCHECKED_WIRE])
def test_every_cut_is_waited_for(wire: bytes) -> None:
    """While bytes are missing, nothing is said; how the stream was cut makes no difference."""
    found = examine(wire, 0)
    assert isinstance(found, bytes)
    needed = len(found) + 2 * (wire is UNCHECKED_WIRE)  # only a whole line end tells that no check sequence follows
    assert [examine(wire[:size], 0) for size in range(1, needed)] == [None] * (needed - 1)
    assert examine(wire[:needed], 0) == found


@pytest.mark.parametrize("end", [b"!\r", b"!/"])
def test_two_wrong_bits_make_no_early_end(end: bytes) -> None:
    """A "1-" at the begin of a line is two bits away from an end without check sequence: what came before it is not believed alone."""
    damaged = WIRE.replace(b"\n1-0:31", b"\n" + end + b"0:31")

    assert sum((one ^ other).bit_count() for one, other in zip(WIRE, damaged, strict=True)) == 2
    assert examine(damaged, 0) == Rejected(Reason.FRAME_CHECK, len(BARE))


def test_every_flipped_bit_is_noticed() -> None:
    """No telegram with a check sequence survives a flipped bit."""
    for bit in range(8 * len(BARE)):
        damaged = bytearray(WIRE)
        damaged[bit // 8] ^= 1 << bit % 8
        found = examine(bytes(damaged), 0)
        assert not isinstance(found, bytes) or (found[:-4], found[-4:].upper()) == (BARE[:-4], BARE[-4:])  # "d" is "D"


def test_a_bad_check_sequence_costs_the_telegram() -> None:
    """A wrong check sequence is a reject of the telegram's size."""
    damaged = WIRE.replace(b"002.5*A", b"002.1*A")
    assert examine(damaged, 0) == Rejected(Reason.FRAME_CHECK, len(BARE))


def test_a_bad_check_sequence_may_be_overlooked() -> None:
    """Dumps that were edited by hand are read when they are asked to be."""
    damaged = WIRE.replace(b"002.5*A", b"002.1*A")
    assert examine(damaged, 0, check=False) == damaged.removesuffix(b"\r\n")


def test_dropped_carriage_returns() -> None:
    """One lost CR is damage; a file without any was stored that way, and fits its check sequence."""
    assert examine(WIRE.replace(b"\r", b"", 1), 0) == Rejected(Reason.FRAME_CHECK, len(BARE) - 1)
    found = examine(WIRE.replace(b"\r", b""), 0)
    assert isinstance(found, bytes)
    assert parse(found) == TELEGRAM


def test_without_check_sequence() -> None:
    """A telegram that ends with a bare exclamation mark is one, and says that nothing vouches for it."""
    found = examine(UNCHECKED_WIRE, 0)
    assert found == UNCHECKED_WIRE.removesuffix(b"\r\n")
    assert parse(found) == UNCHECKED


def test_the_end_may_stand_on_the_last_line() -> None:
    """An exclamation mark behind the last value ends the telegram as well."""
    assert examine(UNCHECKED_WIRE.replace(b"\r\n!", b"!"), 0) == UNCHECKED_WIRE.replace(b"\r\n!\r\n", b"!")


def test_no_line_end_between_telegrams() -> None:
    """The next head ends a telegram without check sequence as a line end does."""
    bare = UNCHECKED_WIRE.removesuffix(b"\r\n")
    assert examine(bare + bare, 0) == bare


def test_a_parenthesis_that_lost_a_bit_ends_nothing() -> None:
    """One flipped bit makes an exclamation mark of a parenthesis: the telegram does not end there."""
    wire = WIRE.replace(b"kWh)", b"kWh!")
    assert examine(wire, 0) == Rejected(Reason.FRAME_CHECK, len(BARE))


def test_another_head_cuts_a_telegram_off() -> None:
    """A slash at the beginning of a line, before the end, says that the first telegram was cut off."""
    half = WIRE[:60] + b"\n"
    assert examine(half + WIRE, 0) == Rejected(Reason.TRUNCATED, len(half))
    assert examine(b"\0\0" + half + WIRE, 2) == Rejected(Reason.TRUNCATED, len(half))
    assert examine(half + WIRE, len(half)) == BARE


def test_another_head_behind_a_head() -> None:
    """A head is cut off by the next one also where nothing stands between them."""
    assert examine(b"/XYZ5\r\n" + WIRE, 0) == Rejected(Reason.TRUNCATED, 7)


@pytest.mark.parametrize("wire", [b"", b"XYZ5", b"/XYZ5\r\n", b"!/XYZ5\r\n", WIRE[:40], b"/XYZ5\r\n" + b"a" * 4089 + b"!"])
def test_what_is_no_telegram(wire: bytes) -> None:
    """Bytes without a head, without an end behind it, or too many of them, are refused as no telegram."""
    assert parse(wire) == Rejected(Reason.MALFORMED, len(wire), "no telegram")


def test_the_smallest_and_the_largest_telegram() -> None:
    """A head and an end are a telegram that says nothing; the largest has 4,096 bytes."""
    assert parse(b"/XYZ5\r\n!") == Telegram("XYZ5", (), checked=False)
    assert parse(b"/XYZ5\r\n" + b"a" * 4084 + b"!0000") == Telegram("XYZ5", ())


def test_a_name_is_read_to_its_last_letter() -> None:
    """Only the line end is taken off the name."""
    assert parse(b"/XYZ5 MAX\r\n!") == Telegram("XYZ5 MAX", (), checked=False)


@pytest.mark.parametrize("start", [b"/12", b"/XYZ ", b"//XYZ5", b"/XYZ5" + 65 * b"a", b"/XYZ5!", b"/\x7e\xa0"])
def test_what_is_no_head(start: bytes) -> None:
    """A slash that is no head of a telegram is noise at once, not something to wait for."""
    assert examine(start, 0) is Reason.NOISE


def test_a_telegram_without_end_is_given_up() -> None:
    """No more than 4,096 bytes are waited for."""
    endless = WIRE[:20] + b"a" * 5000
    for before in (b"", b"\0\0"):
        at = len(before)
        assert examine(before + endless[:4095], at) is None
        for size in (4096, 5000):
            assert examine(before + endless[:size], at) == Rejected(Reason.FRAME_CHECK, 4096, "a telegram without end")


def test_lines_that_are_none() -> None:
    """With a check sequence a line of another form is left out; without one it condemns the telegram."""
    strange = b"/XYZ5\r\n\r\n1-0:1.7.0(1*kW)\r\nhello\r\n!"
    assert parse(strange + b"0000") == Telegram("XYZ5", (Line("1-0:1.7.0", (Value("1", "kW"),)),))
    assert parse(strange) == Rejected(Reason.MALFORMED, len(strange), "a line that is none, and no check sequence")


def test_a_value_on_a_line_of_its_own() -> None:
    """It belongs to the code above it (DSMR 3); above all codes it is nothing."""
    wire = b"/XYZ5\r\n\r\n(1)\r\n0-1:24.3.0(0902)(m3)\r\n(00001.001)\r\n!0000"
    assert parse(wire) == Telegram("XYZ5", (Line("0-1:24.3.0", (Value("0902"), Value("m3"), Value("00001.001"))),))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1-0:31.7.0", "01001f0700ff"),
        ("0-2:24.2.1", "0002180201ff"),
        ("1-0:1.8.0*255", "0100010800ff"),
        ("1.8.1", "0100010801ff"),
        ("1-0:256.7.0", None),
        ("F.F", None),
        ("", None),
    ],
)
def test_codes(code: str, expected: str | None) -> None:
    """A printed code is its six octets; without a medium it is electricity. What is none has none."""
    found = p1.octets(code)
    assert (None if found is None else found.hex()) == expected


@pytest.mark.parametrize("head", [b"\xdb\x08XYZ12345", b"\x00"])
@pytest.mark.parametrize("size", [40, 200, 300])
def test_an_encrypted_block(head: bytes, size: int) -> None:
    """A block that ends where its length says is whole, whatever bytes are in it; it is a ciphered message, not lines."""
    length = {40: b"\x28", 200: b"\x81\xc8", 300: b"\x82\x01\x2c"}[size]
    block = head + length + b"\x30\0\0\0\x01" + (b"\n/XYZ5!1234" * 40)[: size - 5]
    wire = sealed_wire(block)
    found = examine(wire, 0)

    assert found == wire.removesuffix(b"\r\n")
    assert p1.sealed(found) == block
    title = "system title 58595A3132333435" if head[0] else "no system title"
    assert parse(found) == Rejected(Reason.ENCRYPTED, len(found), title)
    assert [examine(wire[:cut], 0) for cut in range(1, len(found))] == [None] * (len(found) - 1)


def test_a_damaged_encrypted_block() -> None:
    """A block that does not end where its length says is damaged; a plain telegram has none."""
    wire = sealed_wire(b"\xdb\x08XYZ12345\x28\x30\0\0\0\x01" + bytes(34))
    found = examine(wire + WIRE, 0)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.FRAME_CHECK
    assert p1.sealed(WIRE) is None
    assert p1.sealed(b"") is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_total(before: bytes, after: bytes) -> None:
    """No bytes make it raise, and nothing wrong is found in them."""
    for data in (before, b"/XYZ5\r\n\r\n" + before, WIRE[: len(before)] + after, b"/XYZ5\r\n\r\n\xdb\x08" + before):
        found = examine(data, 0)
        assert found is None or isinstance(found, (bytes, Rejected, Reason))
        parse(data)
        p1.sealed(data)


@given(st.integers(0, len(WIRE)), st.binary(max_size=8), st.integers(0, 12))
def test_mutations_are_refused(at: int, added: bytes, dropped: int) -> None:
    """A telegram with a check sequence that has bytes exchanged, added or dropped is not found, unless it says the same."""
    mutated = WIRE[:at] + added + WIRE[at + dropped :]
    found = examine(mutated, 0)
    if isinstance(found, bytes):
        said = parse(found)
        assert said == TELEGRAM or (isinstance(said, Telegram) and not said.checked) or isinstance(said, Rejected)
