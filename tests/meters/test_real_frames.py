"""Captured frames of real meters: what independent decoders agree they say is what is read, and the software meter writes them."""

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dlms import apdu, mbus
from dlms.assembly import Assembler, Message
from dlms.axdr import Data
from dlms.cosem import ClockStyle, clock_style
from dlms.obis import CLOCK, Unit
from dlms.rejects import Reason, Rejected
from dlms.sniffer import Sniffer
from han_gateway.meters import body as bodies
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.family import Shape
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.frames import RealFrame, real_frames, twelve_hours
from tests.invented import information

pytestmark = pytest.mark.recordings

VOLTAGES = {f"voltage_l{line}_mv" for line in (1, 2, 3)}
DLMS = ("hdlc", "hdlc-segmented", "llc", "dlms-apdu")
BARE = ("llc", "dlms-apdu")
COUNTING = ("kaifa-at", "sagemcom", "e450", "e450-burgenland", "iskra", "iskra-celje", "iskra-hr")
"""These families number their messages, which a reading does not hold."""

# Values on which independent decoders agree, by a part of the frame's source: power in, current L1 to L3, voltage L1 to L3, energy in.
TABLE: dict[tuple[str, str], tuple[Any, ...]] = {
    ("kaifa", "2022-01-02T14:37:20"): (4097, (12056, 5754, 13412), (239200, None, 239700), None),
    ("kaifa", "2024-10-01T19:00:10"): (5056, (19677, 1294, 912), (235600, 240900, 239300), 42_879_838),
    ("kaifa", "2022-05-05T21:00:10"): (1655, (6952, None, None), (242400, None, None), 25_591_693),
    ("kaifa", "2021-03-23T18:50:00"): (3, (32, 0, 0), (232200, 0, 0), 1142),
    ("kaifa", "2020-02-03T16:00:10"): (119, (678, 808, 1019), (228700, None, 229800), 10_494_991),
    ("aidon", "2019-02-07T09:00:00"): (1185, (4600, None, 1300), (232200, 232700, 233000), 12_672_340),
    ("aidon", "2025-12-14T16:00:00"): (4027, (500, 300, 16800), (233000, 233400, 231100), 109_552_250),
    ("aidon", "2021-12-10T16:57:00"): (2021, (900, 3700, 4600), (227500, 226400, 227100), 63_068_772),
    ("kamstrup", "2017-10-20T03:43:30"): (1468, (5640, 2020, 5110), (232000, 228000, 233000), None),
    ("kamstrup", "2021-11-25T23:00:55"): (1247, (1890, 3270, 1280), (236000, 236000, 236000), 85_823_280),
    ("kamstrup", "2022-02-05T13:00:10"): (616, (2900, None, None), (226000, None, None), None),
    ("kamstrup", "2022-02-05T13:00:25"): (619, (2930, None, None), (225000, None, None), 12_327_870),
    ("kamstrup", "2022-11-26T15:00:05"): (2690, (2840, 8960, 10210), (238000, 239000, 240000), 155_232_510),
    ("kamstrup", "2022-02-01T09:17:20"): (0, (90_999, 93_955, 92_645), (233000, 233000, 233000), 127_676_000),
}


def decoded(frame: RealFrame) -> list[Reading | Rejected]:
    """Decode a frame by a decoder that knows nothing."""
    decoder = Decoder()
    return [decoder.message(frame.raw)] if frame.kind in BARE else decoder.feed(frame.raw) + decoder.close()


def readings_of(frame: RealFrame) -> list[Reading]:
    """Give the readings of a frame."""
    return [item for item in decoded(frame) if isinstance(item, Reading)]


def message_of(frame: RealFrame) -> bytes:
    """Give LLC and APDU of a frame."""
    if frame.kind in BARE:
        return frame.raw
    (raw,) = (item for item in Sniffer().feed(frame.raw) if isinstance(item, bytes))
    return information(b"\x7e" + raw + b"\x7e")


def said(reading: Reading) -> dict[str, Any]:
    """Give a reading with the names of the truth."""
    time = reading.meter_time
    return {**reading._asdict(), "meter_time": None if time is None else time.isoformat()}


def test_the_truth(recordings: Path) -> None:
    """Every undamaged plain frame of any maker says what independent decoders agree on; placeholders are None.

    Of one thing these decoders did not agree: whether an E450 that sends no scale means 234 or 23.4 V; so there is no truth to compare.
    """
    compared = 0
    for frame in real_frames(recordings):
        if frame.truth is None or frame.encrypted or frame.fcs_ok is False or frame.kind not in DLMS:
            continue
        (reading, *_) = readings_of(frame)
        found = said(reading)
        disputed = VOLTAGES if frame.vendor == "landis-gyr" and frame.truth["voltage_l1_mv"] is None else set()
        differing = {name for name, value in frame.truth.items() if found[name] != value and name not in disputed}
        three_wires = reading.voltage_l2_mv is None and reading.voltage_l1_mv and reading.voltage_l3_mv
        for name in differing & {"voltage_l2_mv", "current_l2_ma"} if three_wires else ():
            assert not frame.truth[name]
            assert found[name] is None
            differing -= {name}
        assert not differing, (frame.name, differing)
        compared += 1
    assert compared >= 91


def test_the_table(recordings: Path) -> None:
    """The verified values of the reference are read, each from at least one frame."""
    seen = set()
    for frame in real_frames(recordings):
        if frame.fcs_ok is False or frame.kind not in DLMS:
            continue
        for reading in readings_of(frame):
            key = (reading.manufacturer, str(said(reading)["meter_time"]))
            if reading.list == 1 or key not in TABLE:
                continue
            power, currents, voltages, energy = TABLE[key]
            found = (reading.power_import_w, reading.current_ma, reading.voltage_mv, reading.energy_import_wh)
            if found == (power, currents, voltages, energy):
                seen.add(key)
    assert seen >= TABLE.keys() - missing_from(recordings)


def missing_from(recordings: Path) -> set[tuple[str, str]]:
    """Give the rows of the table whose frame is not among the recordings: no truth has their time."""
    times = {str(frame.truth["meter_time"]) for frame in real_frames(recordings) if frame.truth}
    return {key for key in TABLE if key[1] not in times}


def test_damaged_frames_yield_nothing(recordings: Path) -> None:
    """No frame whose check sequence is wrong yields a reading."""
    damaged = [frame for frame in real_frames(recordings) if frame.fcs_ok is False and frame.kind in ("hdlc", "hdlc-segmented")]

    assert damaged
    assert [frame.name for frame in damaged if readings_of(frame)] == []


def test_encrypted_frames(recordings: Path) -> None:
    """Ciphered frames are Rejected(ENCRYPTED) with the system title of their sender."""
    encrypted = [
        frame for frame in real_frames(recordings) if frame.encrypted and frame.kind in DLMS and frame.fcs_ok is not False
    ]
    reasons: Counter[Reason] = Counter()
    for frame in encrypted:
        for item in decoded(frame):
            assert isinstance(item, Rejected)
            reasons[item.reason] += 1
            assert (item.reason is Reason.ENCRYPTED) is item.detail.startswith("system title ")
    assert reasons[Reason.ENCRYPTED] >= len(encrypted) - reasons[Reason.SEGMENTED] - reasons[Reason.NOT_PUSH] > 0


def good_telegrams(recordings: Path) -> list[tuple[RealFrame, mbus.Telegram]]:
    """Give the M-Bus telegrams whose checksum is good and that carry DLMS."""
    frames = [frame for frame in real_frames(recordings) if frame.kind == "mbus" and frame.fcs_ok]
    parsed = [(frame, mbus.parse(frame.raw)) for frame in frames]
    return [(frame, telegram) for frame, telegram in parsed if telegram.is_dlms]


def test_telegrams_are_found(recordings: Path) -> None:
    """Every M-Bus telegram with a good checksum is found as it is, the form 68 01 01 68 that means 257 among them; no other is."""
    telegrams = [frame for frame in real_frames(recordings) if frame.kind == "mbus"]

    assert {frame.raw[:4].hex() for frame in telegrams if frame.fcs_ok} >= {"68010168", "68fafa68"}
    for frame in telegrams:
        sniffer = Sniffer()
        found = [item for item in sniffer.feed(frame.raw) + sniffer.close() if isinstance(item, bytes)]
        assert found == ([frame.raw] if frame.fcs_ok else [])


def test_telegrams_are_joined(recordings: Path) -> None:
    """Two telegrams of one message are Rejected(ENCRYPTED) with the system title of their sender and all of their size."""
    telegrams = good_telegrams(recordings)
    joined = 0
    for (first, one), (last, two) in pairwise(telegrams):
        if (one.number, two.number, two.is_last) == (0, 1, True):
            (rejected,) = Decoder().feed(first.raw + last.raw)
            assert isinstance(rejected, Rejected)
            assert rejected.reason is Reason.ENCRYPTED
            assert rejected.size == len(one.data) + len(two.data)
            assert rejected.detail == f"system title {one.data[2:10].hex().upper()}"
            joined += 1
    assert joined >= 4


def test_telegrams_alone(recordings: Path) -> None:
    """A first telegram alone tells who encrypts, as soon as it is clear that no second comes; a second alone tells that it is one."""
    for frame, telegram in good_telegrams(recordings):
        (rejected,) = decoded(frame)
        assert isinstance(rejected, Rejected)
        if telegram.number:
            assert rejected.reason is Reason.SEGMENTED
        else:
            assert (rejected.reason, rejected.detail) == (Reason.ENCRYPTED, f"system title {telegram.data[2:10].hex().upper()}")


def test_blocks_are_joined(recordings: Path) -> None:
    """The frames of a general-block-transfer become one data-notification with all of its values."""
    assembler = Assembler()
    pieces = [
        frame for frame in real_frames(recordings) if frame.kind == "hdlc" and b"\xe0" in (frame.raw[9:10], frame.raw[12:13])
    ]
    raws = [item for frame in pieces for item in Sniffer().feed(frame.raw) if isinstance(item, bytes)]
    found = [item.octets for raw in raws for item in assembler.take(raw) if isinstance(item, Message)]
    joined = [parsed for message in found if isinstance(parsed := apdu.parse(message), apdu.Apdu) and len(message) > 300]

    assert [len(parsed.body.items) for parsed in joined] == [14]


def test_other_protocols_yield_nothing(recordings: Path) -> None:
    """SML, and M-Bus telegrams that are damaged or encrypted, yield no reading."""
    others = [frame for frame in real_frames(recordings) if frame.kind in ("sml", "mbus")]

    assert others
    assert [frame.name for frame in others if readings_of(frame)] == []


def test_only_our_makers(recordings: Path) -> None:
    """No reading is given a maker other than its own; only the nameless list 1 of an E350 is taken for Aidon's at first."""
    for frame in real_frames(recordings):
        for reading in readings_of(frame) if frame.kind in DLMS else ():
            assert reading.manufacturer == frame.vendor or (frame.vendor, reading.list) == ("landis-gyr", 1)


@pytest.mark.slow
def test_twelve_hours(recordings: Path) -> None:
    """12.8 hours of one meter are 22,973 readings and no reject, however they are cut."""
    stream = twelve_hours(recordings)
    for size in (len(stream), 1009):
        decoder = Decoder(lock=True)
        items = [item for start in range(0, len(stream), size) for item in decoder.feed(stream[start : start + size])]
        items += decoder.close()
        counts = Counter(item.list if isinstance(item, Reading) else item.reason for item in items)

        assert sum(counts.values()) == 22_973
        assert counts[3] == 13
        assert set(counts) == {1, 2, 3}
        assert {item.voltage_l2_mv for item in items if isinstance(item, Reading)} == {None}


def test_the_software_meter_writes_real_frames(recordings: Path) -> None:
    """Given its values, every real frame of any maker is written byte for byte.

    Two things no software meter does: an example of 15 values that stands in a document only, and the weekday of yesterday, which a
    Kaifa meter sends in the first seconds of a day.
    """
    written = 0
    for frame in real_frames(recordings):
        if frame.encrypted or frame.fcs_ok is False or frame.kind not in DLMS:
            continue
        for reading in readings_of(frame)[:1]:
            if not (in_a_document_only(frame) or has_the_weekday_of_yesterday(reading)):
                assert any(wrote(frame, form, reading) for form in FORMS), frame.name
                written += 1
    assert written >= 89


def test_bodies_that_a_bridge_decrypted_in_place(recordings: Path) -> None:
    """Some bridges log what they decrypted where it stood: those bodies are read, and written byte for byte, too."""
    found = 0
    for frame in real_frames(recordings):
        if frame.encrypted or frame.vendor not in ("sagemcom", "kaifa") or b"\xdb\x08" not in frame.raw:
            continue
        end = len(frame.raw) - (2 if frame.kind == "mbus" else 0)
        message = frame.raw[frame.raw.find(b"\x0f", frame.raw.index(b"\xdb\x08") + 16) : end]
        reading = Decoder().message(message)
        if isinstance(reading, Reading):
            bare = frame._replace(kind="dlms-apdu", raw=message)
            assert reading.manufacturer == frame.vendor
            assert all(220_000 < volts < 240_000 for volts in reading.voltage_mv if volts is not None)
            assert any(wrote(bare, form, reading) for form in FORMS), frame.name
            found += 1
    assert found >= 5


def in_a_document_only(frame: RealFrame) -> bool:
    """Tell whether a frame is the documented 1-phase Kamstrup list of 15 values, which no meter has been seen to send."""
    parsed = apdu.parse(apdu.headed(message_of(frame)))
    return isinstance(parsed, apdu.Apdu) and frame.vendor == "kamstrup" and len(parsed.body.items) == 15


def has_the_weekday_of_yesterday(reading: Reading) -> bool:
    """Tell whether a clock just past midnight has not yet counted the day of the week."""
    time, octets = reading.meter_time, reading.clock
    return time is not None and octets is not None and time.hour == time.minute == 0 and octets[4] % 7 != time.isoweekday() % 7


def wrote(frame: RealFrame, form: Form, reading: Reading) -> bool:
    """Tell whether a form gives the very bytes of a frame; the forms' voltage also in 0.01 V, as later firmware counts it."""
    message = apdu.headed(message_of(frame))
    parsed = apdu.parse(message)
    assert isinstance(parsed, apdu.Apdu)
    if form.profile.name in COUNTING:
        form = replace(form, frame=replace(form.frame, invoke_id=message[parsed.invoke_id_at :][:4]))
    for candidate in (form, replace(form, exponents={**form.exponents, Unit.VOLT: -2})):
        try:
            bytes_written = write(candidate, reading, extra=beside(parsed.body, form), clock=style_of(message, parsed))
        except (OverflowError, TypeError, ValueError):
            continue
        if frame.kind not in BARE:
            if bytes_written in frame.raw:
                return True
        elif information(bytes_written).endswith(message_of(frame)):
            return True
    return False


def style_of(message: bytes, parsed: apdu.Apdu) -> ClockStyle | None:
    """Give the style of the clock of a message."""
    walked = bodies.rows(bodies.shape_of(parsed.body) or Shape.POSITIONAL, parsed.body)
    clocks = [
        row.data.value for row in walked if row.register and row.register.name == CLOCK and isinstance(row.data.value, bytes)
    ]
    if parsed.date_time_at is not None:
        clocks.append(message[parsed.date_time_at :][:12])
    return clock_style(clocks[0]) if clocks else None


def beside(body: Data, form: Form) -> dict[str, int | bytes]:
    """Give what a list holds beside its reading: registers a reading has no place for, and what nobody understands."""
    shape = bodies.shape_of(body)
    assert shape
    walked = bodies.rows(shape, body)[2 if shape is Shape.OBJECTS else 0 :]
    if shape in (Shape.POSITIONAL, Shape.OBJECTS):
        names = [column.name or "" for column in form.columns]
        values = ((row.data.items or (row.data,))[0].value for row in walked)
        return {
            name: value for name, value in zip(names, values, strict=False) if isinstance(value, int | bytes) and is_beside(name)
        }
    extra: dict[str, int | bytes] = {}
    for row in walked:
        if row.register and isinstance(row.data.value, int) and row.register.name not in Reading._fields:
            in_tens = row.scaler is None and row.register.unit in (Unit.WATT_HOUR, Unit.VAR_HOUR)
            extra[row.register.name] = row.data.value * (10 if in_tens else 1)
    return extra


def is_beside(name: str) -> bool:
    """Tell whether a reading has no place for a value of this name."""
    return name not in (*Reading._fields, "date", "time")


def test_the_recordings_are_what_they_were(recordings: Path) -> None:
    """The files have the number of frames that the other tests were written for, or more."""
    with (recordings / "frames.jsonl").open(encoding="utf-8") as file:
        assert sum(bool(json.loads(line)) for line in file) >= 229
