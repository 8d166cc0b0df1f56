"""P1 telegrams of real meters: what independent decoders agree they say is what is read, and they are written letter by letter."""

from dataclasses import replace
from pathlib import Path

import pytest

from dlms import obis, p1
from dlms.p1 import Telegram
from dlms.rejects import Reason, Rejected
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import Reading
from han_gateway.meters.telegram_forms import DENMARK_NES, SWEDEN_E360, SWEDEN_KAMSTRUP, SWEDEN_SAGEMCOM, write
from tests.frames import RealFrame, real_frames

pytestmark = pytest.mark.recordings

WITHOUT_UNITS = "x-p1-69aa14e1"
"""An invented telegram whose values have no unit: what such a number means nobody can know."""


def telegrams(recordings: Path) -> list[RealFrame]:
    """Give the telegrams among the recordings."""
    return [frame for frame in real_frames(recordings) if frame.kind == "p1"]


def decoded(frame: RealFrame) -> list[Reading | Rejected]:
    """Decode a telegram by a decoder that knows nothing."""
    decoder = Decoder()
    return decoder.feed(frame.raw) + decoder.close()


def parsed(frame: RealFrame) -> Telegram:
    """Read the lines of a telegram."""
    found = p1.examine(frame.raw, 0)
    assert isinstance(found, bytes)
    telegram = p1.parse(found)
    assert isinstance(telegram, Telegram)
    return telegram


def test_the_truth(recordings: Path) -> None:
    """Every undamaged telegram says what independent decoders agree on; where they know only the tariffs, it says their sum."""
    compared = 0
    for frame in telegrams(recordings):
        if frame.truth is None or frame.encrypted or frame.name == WITHOUT_UNITS:
            continue
        (reading,) = (item for item in decoded(frame) if isinstance(item, Reading))
        time = reading.meter_time
        found = {**reading._asdict(), "meter_time": None if time is None else time.isoformat()}
        agreed = frame.truth | {"list_id": "".join(letter for letter in frame.truth["list_id"] if letter.isprintable())}
        if agreed["meter_time"] is None:  # its spelling was unknown to the others
            del agreed["meter_time"]
        assert {name: found[name] for name in agreed} == agreed, frame.name
        compared += 1
    assert compared >= 17


def test_what_gives_no_reading(recordings: Path) -> None:
    """What is damaged, encrypted, cut off or without units gives a reason and no reading."""
    refused = [frame for frame in telegrams(recordings) if frame.truth is None and (frame.fcs_ok is False or frame.encrypted)]
    refused += [frame for frame in telegrams(recordings) if frame.name == WITHOUT_UNITS]
    assert len(refused) >= 2
    for frame in refused:
        items = decoded(frame)
        assert items
        assert all(isinstance(item, Rejected) for item in items), frame.name


def test_encrypted_telegrams(recordings: Path) -> None:
    """An encrypted telegram is recognised as such."""
    for frame in telegrams(recordings):
        if frame.encrypted:
            assert Reason.ENCRYPTED in {item.reason for item in decoded(frame) if isinstance(item, Rejected)}


def test_no_telegram_raises_cut_or_joined(recordings: Path) -> None:
    """Every telegram with a check sequence is found behind every other one, whole or cut off in the middle."""
    for first in telegrams(recordings):
        for second in telegrams(recordings):
            if second.fcs_ok:
                items = Decoder().feed(first.raw[: len(first.raw) // 2] + b"\r\n" + second.raw)
                assert isinstance(items[-1], Reading), (first.name, second.name)


def test_telegrams_are_built(recordings: Path) -> None:
    """What was read of a telegram with a check sequence is written again letter by letter, check sequence and all."""
    built = 0
    for frame in telegrams(recordings):
        if frame.fcs_ok:
            assert p1.build(parsed(frame)) == frame.raw
            built += 1
    assert built >= 13


def test_the_software_meter_writes_real_telegrams(recordings: Path) -> None:
    """Given its values, a real Swedish or Danish telegram is written letter by letter."""
    forms = {"KAM": SWEDEN_KAMSTRUP, "ELL": SWEDEN_SAGEMCOM, "LGF": SWEDEN_E360, "NES": DENMARK_NES}
    written = 0
    for frame in telegrams(recordings):
        form = forms.get(frame.raw[1:4].decode())
        if form and frame.fcs_ok:
            (reading,) = (item for item in decoded(frame) if isinstance(item, Reading))
            named = replace(form, identification=reading.list_id or "")
            assert write(named, reading, extra=beside(parsed(frame))) == frame.raw, frame.name
            written += 1
    assert written >= 7


def beside(telegram: Telegram) -> dict[str, int]:
    """Give the registers of a telegram that a reading has no place for, in W and var."""
    extra = {}
    for line in telegram.lines:
        code = p1.octets(line.code)
        register = obis.REGISTERS.get(obis.key(code)) if code else None
        if register and register.name not in Reading._fields and line.values[0].unit.lower().startswith("kva"):
            extra[register.name] = round(float(line.values[0].text) * 1000)
    return extra
