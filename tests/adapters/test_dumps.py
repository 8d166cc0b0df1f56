"""Every form in which people keep the bytes of their meters is recognised by content, and none ends in a traceback."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dlms import mbus
from dlms.hdlc import build, information_at
from dlms.sniffer import Sniffer
from han_gateway.adapters import dumps
from han_gateway.adapters.dumps import Chunk, Kind
from han_gateway.adapters.recording import Arrived, Recorder, instant

LLC = bytes.fromhex("E6 E7 00")
CLOCK = bytes.fromhex("09 0C 07 EA 01 0F 04 12 00 02 FF 80 00 00")


def apdu(power: int) -> bytes:
    """A Kaifa list 1 of an invented evening."""
    return bytes.fromhex("0F 40 00 00 00") + CLOCK + bytes.fromhex("02 01 06") + power.to_bytes(4, "big")


def long_apdu(power: int) -> bytes:
    """A message of several lines, with an invented meter id."""
    return apdu(power) + bytes.fromhex("09 10") + b"9900112233445566" + bytes.fromhex("0F FF 16 21") * 12


def frame(information: bytes) -> bytes:
    """Put HDLC round it, flags and all."""
    return build(b"\x01", b"\x02\x01", 0x10, information)


ONE, TWO = frame(LLC + apdu(1111)), frame(LLC + apdu(2222))
LONG = frame(LLC + long_apdu(3333))
PURE = b"".join((ONE, TWO, LONG, ONE))
TELEGRAMS = mbus.split(b"\xdb\x08" + long_apdu(1) + LLC + apdu(2), 60)


def read(content: bytes | str) -> list[Chunk]:
    """Read a dump that is all there."""
    return list(dumps.read(io.BytesIO(content.encode() if isinstance(content, str) else content)))


def stream(chunks: list[Chunk]) -> bytes:
    """Give the stream that a sniffer would see."""
    return b"".join(chunk.data for chunk in chunks if chunk.kind is Kind.STREAM)


def messages(chunks: list[Chunk]) -> list[bytes]:
    """Give the messages that came without HDLC."""
    return [chunk.data for chunk in chunks if chunk.kind is Kind.MESSAGE]


def frames(chunks: list[Chunk]) -> list[bytes]:
    """Give the information fields of the good frames."""
    sniffer = Sniffer()
    found = [each for chunk in chunks if chunk.kind is Kind.STREAM for each in sniffer.feed(chunk.data)]
    return [each[information_at(each) : -2] for each in found if isinstance(each, bytes)]


def spaced(data: bytes) -> str:
    """Write hex as most people do."""
    return data.hex(" ").upper()


def rows(data: bytes, prefix: str = "", width: int = 16) -> str:
    """Write hex in rows."""
    return "".join(f"{prefix}{spaced(data[at : at + width])}\n" for at in range(0, len(data), width))


def test_received_logs_keep_their_times() -> None:
    """A terminal's "Received N bytes" log gives the bytes with local times, also when it begins in the middle of a frame."""
    chunks = read(
        "40 BB 7E\n\n"
        "[2026-01-15 18.00.02.500 - Received 20 (0x14) bytes]\n" + rows(ONE[:20]) + "\n\n"
        "[2026-01-15 18.00.02.600 - Received 21 (0x15) bytes]\n" + rows(ONE[20:]) + "\n\n"
    )
    assert stream(chunks) == b"\x40\xbb\x7e" + ONE
    assert frames(chunks) == [LLC + apdu(1111)]
    assert [chunks[0].at, chunks[1].at, chunks[-1].at] == [
        None,
        datetime(2026, 1, 15, 18, 0, 2, 500_000),
        datetime(2026, 1, 15, 18, 0, 2, 600_000),
    ]


@pytest.mark.parametrize(
    "write",
    [
        spaced,
        bytes.hex,
        lambda data: data.hex(":"),
        lambda data: data.hex("-").upper(),
        repr,
        lambda data: f"read: {data[1:-1]!r}",
        lambda data: f"read: {data[:9]!r} and {data[9:]!r}",
        lambda data: "".join(f"\\x{byte:02X}" for byte in data),
        lambda data: f"\x1b[0;32m{spaced(data)}\x1b[0m",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\u200b"])
def test_a_frame_per_line(write: Callable[[bytes], str], end: str, mark: str) -> None:
    """Hex is read spaced or not, with colons or colours, after a byte order mark, whatever ends the lines."""
    assert stream(read(mark + "".join(write(each) + end for each in (ONE, LONG, TWO)))) == ONE + LONG + TWO


@pytest.mark.parametrize("each", [1, 7, 20])
def test_what_python_printed_of_its_reads(each: int) -> None:
    """One read a line, of one byte or of many: also those that are all letters, and a P1 telegram."""
    for data in (PURE, P1):
        printed = "".join(f"{data[at : at + each]!r}\n" for at in range(0, len(data), each))
        assert stream(read(printed)) == data
        dated = "".join(f"2026-01-15 18:00:02.500 {data[at : at + each]!r}\n" for at in range(0, len(data), each))
        assert stream(read(dated)) == data


@given(st.lists(st.integers(min_value=1, max_value=len(PURE) - 1), max_size=12))
@example([1, 9])
@example([1, 3, 9])
@example([42, 50])
@example([1, 4, 80, 86, 160, 201, 226])
def test_frames_split_over_lines_are_one_stream(cuts: list[int]) -> None:
    """Wherever a line breaks inside a frame, the same bytes come out."""
    edges = [0, *sorted(cuts), len(PURE)]
    lines = [spaced(PURE[start:end]) for start, end in pairwise(edges)]
    assert frames(read("\n".join(line for line in lines if line) + "\n")) == frames([Chunk(None, PURE, Kind.STREAM)])


@pytest.mark.parametrize("width", [8, 16, 32, 1000])
def test_flags_are_put_round_frames_that_lack_them(width: int) -> None:
    """A frame logged without its flags is read, on one line or on several."""
    chunks = read(rows(ONE[1:-1], width=width) + rows(LONG[1:-1], width=width) + rows(TWO, width=width))
    assert frames(chunks) == [LLC + apdu(1111), LLC + long_apdu(3333), LLC + apdu(2222)]


def test_a_frame_field_by_field() -> None:
    """An LLC or an APDU that begins a line in the middle of a frame belongs to the frame."""
    chunks = read("\n".join(map(spaced, (LONG[:9], LONG[9:12], LONG[12:31], LONG[31:50], LONG[50:], LLC + apdu(1)))))
    assert stream(chunks) == LONG
    assert messages(chunks) == [LLC + apdu(1)]


@given(st.lists(st.integers(min_value=5, max_value=len(TELEGRAMS) - 1), max_size=12))
@example([5, 9])
@example(list(range(16, len(TELEGRAMS), 16)))
def test_telegrams_split_over_lines_are_one_stream(cuts: list[int]) -> None:
    """Wherever a line breaks in M-Bus telegrams, behind the first header, the same bytes come out; what opens a message there is none."""
    edges = [0, *sorted(cuts), len(TELEGRAMS)]
    lines = [spaced(TELEGRAMS[start:end]) for start, end in pairwise(edges)]
    assert stream(read("\n".join(line for line in lines if line) + "\n")) == TELEGRAMS


def test_a_damaged_telegram_hides_no_message() -> None:
    """What opens a message behind a telegram that is whole, or damaged, is a message."""
    for telegram in (TELEGRAMS, TELEGRAMS[:-1] + b"\x17"):
        assert messages(read(spaced(telegram) + "\n" + spaced(LLC + apdu(1)))) == [LLC + apdu(1)]


def test_messages_without_hdlc() -> None:
    """Lines that begin with an LLC or an APDU outside a frame are messages, one each."""
    chunks = read("\n".join(map(spaced, (LLC + apdu(1), apdu(2), LLC + long_apdu(3)))))
    assert messages(chunks) == [LLC + apdu(1), apdu(2), LLC + long_apdu(3)]


def test_a_whole_message_ends() -> None:
    """What follows a whole message is not taken for a part of it, whatever it looks like."""
    chunks = read("\n".join(map(spaced, (apdu(1), b"\x02\x12\x0a\x10nothing known", apdu(2)))))
    assert messages(chunks) == [apdu(1), apdu(2)]


def test_a_message_in_rows() -> None:
    """A message written in rows, or field by field, is one message; an empty line ends it."""
    by_field = "E6 E7 00 // LLC\n" + spaced(apdu(7)[:19]) + " // APDU, clock\n02 01 - structure\n06 00 00 00 07 // W\n"
    chunks = read(rows(LLC + long_apdu(5)) + "\n" + by_field + "\n" + rows(apdu(6)))
    assert messages(chunks) == [LLC + long_apdu(5), LLC + apdu(7), apdu(6)]


LAYERS = [("HDLC frame:", frame(LLC + long_apdu(9))), ("LLC frame:", LLC + long_apdu(9)), ("DLMS frame:", long_apdu(9))]
LAYERS += [("Using application data:", long_apdu(9)[19:])]


def telnet_log(layers: list[tuple[str, bytes]], prefix: str, times: int = 3) -> str:
    """Write a telegram layer by layer, as amsreader does on its telnet console, with a key hit and an empty line here and there."""
    telegram = "".join(f"{prefix}{title}\r\n{rows(data, prefix)}{prefix}\r\n" for title, data in layers)
    return (
        "* Host name: ams-0000 Mac address:00:11:22:33:44:55\r\n***************\r\n"
        + (telegram + "(D) NOT Ready to update (internal clock 12:32:06 UTC, list type 2, est: 1)\r\nq") * times
    )


@pytest.mark.parametrize("prefix", ["(V) ", "(V t:123456ms) ", "\x1b[0;37m(V) ", ""])
def test_a_telegram_shown_layer_by_layer_counts_once(prefix: str) -> None:
    """Of a telnet log only the outermost layer of each telegram is taken."""
    chunks = read(telnet_log(LAYERS, prefix))
    assert stream(chunks) == LAYERS[0][1] * 3
    assert messages(chunks) == []


@pytest.mark.parametrize("outermost", [1, 2])
def test_a_log_of_inner_layers_alone_loses_nothing(outermost: int) -> None:
    """Without HDLC blocks the next layer is taken, again once."""
    chunks = read(telnet_log(LAYERS[outermost:], "(V) "))
    assert messages(chunks) == [LAYERS[outermost][1]] * 3
    assert stream(chunks) == b""


def test_a_body_alone_becomes_a_message() -> None:
    """A log of application data only gives APDUs without a clock."""
    body = LAYERS[3][1]
    assert messages(read(telnet_log(LAYERS[3:], "(V) "))) == [b"\x0f\0\0\0\0\0" + body] * 3


def test_a_time_above_the_bytes() -> None:
    """A line with only a time belongs to the bytes below it, until the next; after an empty line it is used up."""
    chunks = read(
        f"2026-01-15 18:00:11.873\n{ONE.hex()}\n\n2026-01-15T18:00:12Z\n\n{TWO.hex()}\n\n"
        f"Received 15.01.26 18:00:13:\n{rows(ONE, '(V) ')}\n{TWO.hex()}\n"
    )
    assert stream(chunks) == ONE + TWO + ONE + TWO
    assert chunks[0].at == datetime(2026, 1, 15, 18, 0, 11, 873_000)
    assert chunks[1].at == datetime(2026, 1, 15, 18, 0, 12, tzinfo=UTC)
    assert chunks[2].at == datetime(2026, 1, 15, 18, 0, 13)
    assert chunks[-1].at is None


def test_hex_annotated_by_hand() -> None:
    """Remarks behind the bytes and between the lines are passed over, and the fields make one frame."""
    text = (
        " T FF FF DA SA SA  C HC HC LD LS LQ\n"
        f"{spaced(ONE[:17])} - header\n{spaced(ONE[17:31])} // clock\nObject with one value\n|     Obis code\n"
        f"02 01 # structure\n{ONE[33:38].hex(':')}: power of the house\n{spaced(ONE[38:])} // CRC and end tag\n"
    )
    assert stream(read(text)) == ONE


def test_masked_bytes_are_zeros() -> None:
    """A masked id keeps its place, so that only the check sequence of its frame is wrong."""
    at = LONG.index(b"9900")
    text = f"{spaced(LONG[:at])}\n{' '.join(['XX'] * 16)} - Meter ID\n{spaced(LONG[at + 16 :])}\n"
    assert stream(read(text)) == LONG[:at] + bytes(16) + LONG[at + 16 :]
    assert stream(read(LONG[:at].hex() + "xx" * 16 + LONG[at + 16 :].hex())) == LONG[:at] + bytes(16) + LONG[at + 16 :]


def test_home_assistant_logs() -> None:
    """A debug log gives its decimal lists and its payloads, hex of hex undone, with the times of its lines."""
    body = apdu(2222)[19:]
    chunks = read(
        "2026-01-15 18:00:01.568 DEBUG (Thread-5 (connect)) [custom_components.meter] data read from port="
        f"{list(ONE)}\n"
        "2026-01-15 18:00:02.672 DEBUG (MainThread) [custom_components.meter] Got payload without HDLC framing from topic a/b: "
        f"{body.hex().encode().hex()}\n"
        "2026-01-15 18:00:03.000 INFO (MainThread) [homeassistant.setup] Setup took [1, 2, 300, 4, 5]\n"
    )
    assert chunks == [
        Chunk(datetime(2026, 1, 15, 18, 0, 1, 568_000), ONE, Kind.STREAM),
        Chunk(datetime(2026, 1, 15, 18, 0, 2, 672_000), b"\x0f\0\0\0\0\0" + body, Kind.MESSAGE),
    ]


@pytest.mark.parametrize("skip", [0, 7, 30])
def test_raw_binary(skip: int) -> None:
    """Bytes as they came from the port are given as they are, also when the file begins mid-frame."""
    data = PURE[skip:] * 700
    assert stream(read(data)) == data
    assert {chunk.at for chunk in read(data)} == {None}


def test_a_binary_file_of_noise_is_still_bytes() -> None:
    """What a port with the wrong parity delivers is handed on, for the decoder to count."""
    noise = bytes(range(128, 256)) * 8
    assert stream(read(noise)) == noise


def test_mqtt_captures() -> None:
    """Topic and hex, with a unix time before; JSON around hex; a bridge's own bytes before the frame; its status is passed over."""
    chunks = read(
        f"1768496400.250000 pulse/data 08011205{ONE.hex()}\n"
        f"1768496401.5 pulse/status {json.dumps({'rssi': -60}).encode().hex()}\n"
        f'ams/data {{"data":"{TWO.hex()}"}}\n'
        f'ams/meter {{"id":"0011","data":{{"P":1247,"meterId":"9900112233445566"}}}}\n'
        f"2026-01-15T18:00:02+0100 ams {(LLC + apdu(0x7EA0)).hex()}\n"
        f"2026-01-15T14:30:03-02:30 ams {(apdu(4)).hex()}\n"
        "ams/meter/id 9900112233445566\n"
    )
    assert [chunk.data for chunk in chunks] == [ONE, TWO, LLC + apdu(0x7EA0), apdu(4)]
    assert [chunk.kind for chunk in chunks] == [Kind.STREAM, Kind.STREAM, Kind.MESSAGE, Kind.MESSAGE]
    assert chunks[0].at == datetime(2026, 1, 15, 17, 0, 0, 250_000, tzinfo=UTC)
    assert chunks[1].at is None
    assert chunks[2].at == datetime(2026, 1, 15, 17, 0, 2, tzinfo=UTC)
    assert chunks[3].at == datetime(2026, 1, 15, 17, 0, 3, tzinfo=UTC)


def test_hex_viewers() -> None:
    """The address and the characters that xxd, hexdump and od write beside the bytes are cut off."""
    parts = [LONG[at : at + 16] for at in range(0, len(LONG), 16)]
    xxd = "".join(f"{16 * i:08x}: {part.hex(' ', -2)}  {'~' * len(part)}\n" for i, part in enumerate(parts))
    hexdump = "".join(
        f"{16 * i:08x}  {part[:8].hex(' ')}  {part[8:].hex(' ')}  |{'.' * len(part)}|\n" for i, part in enumerate(parts)
    )
    assert stream(read(xxd)) == LONG
    od = "".join(f"{at:07o} {PURE[at : at + 16].hex(' ')}\n" for at in range(0, len(PURE), 16)) + f"{len(PURE):07o}\n"
    assert stream(read(hexdump)) == LONG
    assert stream(read(od)) == PURE


@pytest.mark.parametrize("key", ["data", "hex", "payload", "frame", "raw"])
def test_json_around_hex(key: str) -> None:
    """One object a line, by whatever name its writer calls the bytes; other words in it are not bytes."""
    lines = "".join(json.dumps({"id": "00112233445566778899AABB", key: data.hex()}) + "\n" for data in (ONE, TWO))
    assert [chunk.data for chunk in read(lines)] == [ONE, TWO]


@pytest.mark.parametrize("sign", [";", " ; ", "|", " | ", ",", "\t"])
def test_a_column_behind_the_time(sign: str) -> None:
    """In a table the sign between two columns is no comment, whatever spreadsheet wrote it."""
    chunks = read(f"time{sign}data\n2026-01-15 17:00:00Z{sign}{ONE.hex()}\n2026-01-15 17:00:10Z{sign}{TWO.hex()}\n")
    assert [chunk.data for chunk in chunks] == [ONE, TWO]
    assert [chunk.at and chunk.at.second for chunk in chunks] == [0, 10]


def test_our_own_recordings() -> None:
    """A recording gives the meter's bytes in UTC and leaves the chargers out, also when its heading was cut off."""
    file = io.BytesIO()
    start = instant(datetime(2026, 1, 15, 17, tzinfo=UTC))
    recorder = Recorder(file, start)
    recorder.arrived(start + 123, ONE[:20])
    recorder.said(start + 200, "charger", "garage", b"\x7e\xa0\xff" * 5)
    recorder.arrived(start + 456, ONE[20:])
    expected = [
        Chunk(datetime(2026, 1, 15, 17, 0, 0, 123_000, UTC), ONE[:20], Kind.STREAM),
        Chunk(datetime(2026, 1, 15, 17, 0, 0, 456_000, UTC), ONE[20:], Kind.STREAM),
    ]
    assert read(file.getvalue()) == expected
    assert read(file.getvalue().partition(b"\n")[2]) == expected


def test_utf_16() -> None:
    """What a Windows shell redirected into a file is read as well."""
    assert stream(read(f"{spaced(ONE)}\r\n{spaced(TWO)}\r\n".encode("utf-16"))) == ONE + TWO


P1 = (
    b"/XYZ5\\INVENTED\r\n\r\n0-0:1.0.0(260115180000W)\r\n1-0:1.7.0(00.500*kW)\r\n0-1:24.3.0(0902)(m3)\r\n(00001.001)\r\n!0F0F\r\n"
)


@pytest.mark.parametrize(
    "text",
    [
        P1,
        P1.replace(b"\r", b""),
        b"\xef\xbb\xbf" + P1 + b"words\n",
        b"".join(b"[18:40:01][D][data:264]: " + line.rstrip() + b"\n" for line in P1.splitlines()),
        b"".join(b"\x1b[0;36m[18:40:01][D][data:264]: " + line + b"\x1b[0m\n" for line in P1.splitlines()),
        b"".join(b"(I) " + line + b"\n" for line in P1.splitlines()),
        b"".join(b"2026-01-15 18:00:01.25 " + line + b"\n" for line in P1.splitlines()),
        P1.hex(" ").encode(),
        P1.decode().encode("utf-16"),
    ],
    ids=("as sent", "line feeds only", "with a byte order mark", "log", "coloured log", "telnet log", "times", "hex", "UTF-16"),
)
def test_p1_text(text: bytes) -> None:
    """A P1 telegram in text comes out byte for byte as the meter sent it, however its lines were stored."""
    assert stream(read(text)) == P1


def test_times_of_p1_lines() -> None:
    """The times that a log writes before the lines are those of the bytes."""
    text = b"".join(b"2026-01-15T18:00:01Z " + line + b"\n" for line in P1.splitlines())
    assert {chunk.at for chunk in read(text)} == {datetime(2026, 1, 15, 18, 0, 1, tzinfo=UTC)}


def test_what_follows_a_telegram_is_read_as_before() -> None:
    """A telegram ends with its end or with a line that is none of its lines; hex after it is hex."""
    assert stream(read(P1 + b"\r\n" + spaced(ONE).encode())) == P1 + ONE
    assert (
        stream(read(P1.splitlines(keepends=True)[0] + b"words\n" + spaced(ONE).encode())) == P1.splitlines(keepends=True)[0] + ONE
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Dear meter,\nhow are you? I have added 42 of 100.\n",
        "2026-01-15 18:00:11.873\n",
        "[1, 2, 3]\n",
        "2026-13-15 18:00:11 month\n",
        "adapter 00-11-22-33-44-55 of 3f2504e0-4f89-11d3-9a0c-0305e82c3301\n",
        "b'\\xzz'\n",
        "C:\\xxx\\home\n",
    ],
)
def test_words_give_nothing(text: str) -> None:
    """A file without bytes of a meter gives no chunks."""
    assert read(text) == []


@pytest.mark.parametrize("pattern", [spaced(PURE) + " ", PURE.hex()])
def test_a_line_without_end_is_read_in_pieces(pattern: str) -> None:
    """A file that is one enormous line gives its bytes in pieces, none of them huge."""
    times = 3 * dumps.LONGEST_LINE // len(pattern)
    chunks = read(pattern * times)
    assert stream(chunks) == PURE * times
    assert max(len(chunk.data) for chunk in chunks) <= dumps.LONGEST_LINE


def test_the_last_piece_of_a_line_without_end() -> None:
    """A file that ends just where a piece is cut gives its last byte, too."""
    assert stream(read("  7E" * (dumps.LONGEST_LINE // 4))) == b"\x7e" * (dumps.LONGEST_LINE // 4)


def test_a_frame_ends_what_is_passed_over() -> None:
    """Behind the inner layers of a telnet log a frame without a title is taken again."""
    assert stream(read(telnet_log(LAYERS[:2], "(V) ", times=1) + "\n" + rows(TWO))) == LAYERS[0][1] + TWO
    assert stream(read(f"HDLC frame:\n{rows(ONE)}LLC frame:\n{rows(ONE[9:-3])}{rows(TWO)}")) == ONE + TWO


def test_hex_of_hex_on_a_line_of_its_own() -> None:
    """Digits that spell a frame are undone; digits in the middle of a frame, as of a meter id, are left alone."""
    assert stream(read(ONE.hex().encode().hex() + "\n")) == ONE
    at = LONG.index(b"9900")
    assert stream(read("\n".join((spaced(LONG[:at]), spaced(LONG[at : at + 16]), spaced(LONG[at + 16 :]))))) == LONG


@pytest.mark.parametrize("cut", ["7E", "7E 11 22", "40 BB 7E", spaced(ONE[:30]), spaced(ONE), spaced(ONE[:20] + TWO)])
def test_a_message_after_a_broken_stream(cut: str) -> None:
    """A message is recognised behind whatever came before it, unless it can be the rest of that."""
    assert messages(read(f"{cut}\n{spaced(LLC + long_apdu(1))}\n")) == [LLC + long_apdu(1)]


PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            *(
                spaced(ONE).encode(),
                ONE.hex().encode(),
                ONE,
                spaced(ONE[1:20]).encode(),
                spaced(LLC).encode(),
                spaced(apdu(1)).encode(),
            ),
            *(
                b"\n",
                b"\r\n",
                b"(V) ",
                b"HDLC frame:\n",
                b"LLC frame:\n",
                b"payload:\n",
                b"XX",
                b" // ",
                b"0F",
                b"AF FF 00",
                b"\0",
                b"\xff\xfe",
            ),
            *(
                b"2026-01-15 18:00:11.873 ",
                b"2026-13-15 18:00:11 ",
                b"32.01.26 00:00:00",
                b"1768496400.5 a/b ",
                b"9999-12-31T23:59:59-23:59 ",
            ),
            *(b'{"data":"', b'"}', b"[126, 160, 1", b"]", b"/XYZ5", b"!", b"# han-gateway recording 1, started ", b" charger a "),
        ]
    ),
)


@given(st.lists(PIECES, max_size=30).map(b"".join))
@example(b"# han-gateway recording 1, started \n9999-12-31T23:59:59-23:59 A0\n")
def test_nothing_raises(content: bytes) -> None:
    """Whatever the file holds, reading it and putting it on a timeline ends well."""
    list(dumps.timeline(dumps.read(io.BytesIO(content)), ZoneInfo("Europe/Oslo")))


def test_the_source_stays_open() -> None:
    """Reading does not close a file that belongs to the caller."""
    source = io.BytesIO(spaced(ONE).encode())
    list(dumps.read(source))
    assert not source.closed


def test_a_timeline_keeps_what_is_unknown_unknown() -> None:
    """Aware times become instants, naive ones are read in the zone given, and none stays none."""
    oslo = ZoneInfo("Europe/Oslo")
    aware = datetime(2026, 1, 15, 17, tzinfo=UTC)
    chunks = [
        Chunk(aware, b"a", Kind.STREAM),
        Chunk(None, b"b", Kind.MESSAGE),
        Chunk(datetime(2026, 1, 15, 18, 0, 1), b"c", Kind.STREAM),
    ]
    assert list(dumps.timeline(chunks, oslo)) == [
        Arrived(instant(aware), b"a", Kind.STREAM),
        Arrived(None, b"b", Kind.MESSAGE),
        Arrived(instant(aware) + 1000, b"c", Kind.STREAM),
    ]


def test_a_timeline_never_goes_back() -> None:
    """The hour that an October night has twice lasts two hours; a clock that was set back stands still instead."""
    night = [datetime(2026, 10, 25, 2, 59, 50), datetime(2026, 10, 25, 2, 0, 0), datetime(2026, 10, 25, 1, 0, 0)]
    at = [each.at for each in dumps.timeline([Chunk(each, b"", Kind.STREAM) for each in night], ZoneInfo("Europe/Oslo"))]
    assert at[0] is not None
    assert at == [at[0], at[0] + 10_000, at[0] + 10_000]


@pytest.mark.recordings
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("AmsToMqttBridge/Samples/Kaifa/raw-20170915.txt", 22_973, 0),
        ("AmsToMqttBridge/Samples/Kaifa/HAN 20170912-2.txt", 611, 0),
        ("AmsToMqttBridge/Samples/Kaifa/HAN 20170912-3.txt", 8, 0),
        ("AmsToMqttBridge/Samples/Kamstrup/HAN 20171019 xibriz4.txt", 689, 0),
        ("amsreader-firmware/frames/L&G-E350_Norway.raw", 20, 0),
        ("amsreader-firmware/frames/Aidon_problem_same_list3.txt", 4, 0),
        ("amsreader-firmware/frames/Aidon-TN-3p.raw", 3, 3),  # three frames were cut short by hand
        ("amsreader-firmware/frames/Kaifa-TN-3p.raw", 10, 2),  # two are masked
    ],
)
def test_real_dumps(recordings: Path, name: str, good: int, bad: int) -> None:
    """Each real dump gives all its frames, once, and no noise."""
    sniffer = Sniffer()
    found: list[object] = []
    with (recordings / name).open("rb") as source:
        for chunk in dumps.read(source):
            assert chunk.kind is Kind.STREAM
            found += sniffer.feed(chunk.data)
    found += sniffer.close()
    assert [sum(isinstance(each, bytes) is whole for each in found) for whole in (True, False)] == [good, bad]
