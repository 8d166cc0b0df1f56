"""The promises of the meters that can be played: every one is read by the decoder, travels as the real one, and counts what it encrypts."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from dlms import ciphering, mbus
from dlms.apdu import LLC
from dlms.hdlc import FLAG, is_segmented
from dlms.rejects import Reason, Rejected
from dlms.sniffer import Sniffer
from han_gateway.adapters.recording import Arrived, read_recording
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.models import METERS, MODELS, Model, SoftwareMeter
from han_gateway.meters.reading import Reading, clock_octets
from han_gateway.meters.sealing import TEST_KEYS
from han_gateway.meters.software_meter import write
from han_gateway.meters.telegram_meter import TELEGRAM_METERS
from tests.invented import invent_with

ENCRYPTED = [name for name, model in MODELS.items() if model.keys]
LISTS = [(name, number) for name, model in MODELS.items() for number in model.lists]
FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
EVENINGS = sorted(path.stem for path in FIXTURES.glob("evening-*.han"))
NAMED_SHORTER = {"evening-p1-se": "p1-se-kamstrup", "evening-p1-dk": "p1-dk-nes"}
HOUR_MS = 3_600_000


class Heard(NamedTuple):
    """A list of an evening: when it came, its bytes, and what a decoder makes of them."""

    at: int
    data: bytes
    reading: Reading


def told(model: Model, number: int = 2) -> Reading:
    """What a house might draw, as this meter would know it."""
    return Reading(
        manufacturer=model.manufacturer,
        list=number,
        list_id=model.list_id,
        meter_id="0000000000000017",
        meter_type=model.meter_type,
        clock=clock_octets(datetime(2026, 1, 15, 18, 0, 10)),
        power_import_w=6_962,
        power_import_l1_w=2_079,
        power_import_l2_w=2_563,
        power_import_l3_w=2_320,
        power_export_w=0,
        reactive_import_var=0,
        reactive_export_var=0,
        current_l1_ma=9_000,
        current_l2_ma=11_000,
        current_l3_ma=10_000,
        voltage_l1_mv=231_000,
        voltage_l2_mv=233_000,
        voltage_l3_mv=232_000,
        energy_import_wh=12_345_670,
        energy_export_wh=0,
    )


def items(decoder: Decoder, *parts: bytes) -> list[Reading | Rejected]:
    """Decode a line to its end."""
    return [item for data in parts for item in decoder.feed(data)] + decoder.close()


def kept(evening: str) -> tuple[Model, list[Heard]]:
    """Give the meter of an evening in ``fixtures/``, and what it said then."""
    model = MODELS[NAMED_SHORTER.get(evening, evening.removeprefix("evening-"))]
    decoder = Decoder(keys=model.keys)
    with (FIXTURES / f"{evening}.han").open("rb") as file:
        return model, list(heard(decoder, (item for item in read_recording(file) if isinstance(item, Arrived))))


def heard(decoder: Decoder, arrivals: Iterator[Arrived]) -> Iterator[Heard]:
    """Decode an evening, in which each arrival is one list."""
    for arrived in arrivals:
        (reading,) = decoder.feed(arrived.data)
        assert isinstance(reading, Reading)
        assert arrived.at is not None
        yield Heard(arrived.at, arrived.data, reading)


def every(sends: str, what: str) -> set[int]:
    """The periods in ms in which the table of supported meters says that something is sent: of "all every 10 s", 10,000."""
    parts = [part for part in re.split("[,;]", sends) if what in part]
    return {int(1_000 * float(number or 1)) for part in parts for number in re.findall(r"every (?:([\d.]+) s\b|second)", part)}


def pieces(name: str) -> list[bytes]:
    """The frames in which a meter sends its list."""
    return [item for item in Sniffer().feed(MODELS[name].say(2, told(MODELS[name]))) if isinstance(item, bytes)]


def test_one_table() -> None:
    """Every meter is found by its own name, and none is in both tables."""
    assert {**METERS, **TELEGRAM_METERS} == MODELS
    assert len(METERS) + len(TELEGRAM_METERS) == len(MODELS)
    assert all(name == model.name for name, model in MODELS.items())


@pytest.mark.parametrize(("name", "number"), LISTS)
def test_every_list_is_read(name: str, number: int) -> None:
    """Whatever carries it, encrypted or not, a list says to the decoder what was true when it was sent, list after list."""
    model = MODELS[name]
    true = told(model, number)
    decoder = Decoder(keys=model.keys)
    readings = items(decoder, *(model.say(number, true, sent) for sent in range(3)))

    assert len(readings) == 3
    for reading in readings:
        assert isinstance(reading, Reading)
        assert reading.power_import_w == true.power_import_w
        assert number == 1 or reading.current_l1_ma in ((9_000,) if model.phases == 3 else (9_000, None))
        assert all(read in (None, 0) or read == so for read, so in zip(reading.current_ma, true.current_ma, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_what_a_player_needs_to_know(name: str) -> None:
    """List 1 has a period where there is one, list 3 an instant; what a meter does not send is refused by the meter's name."""
    model = MODELS[name]

    assert (1 in model.lists) is (model.list1_period_ms is not None)
    assert (3 in model.lists) is (model.hourly_at_ms is not None)
    assert model.grid in ("TN", "IT")
    assert model.phases == (1 if name.endswith("-1p") else 3)
    assert (model.baud, model.parity) in ((2400, "E"), (2400, "N"), (115_200, "N"))
    for number in {1, 2, 3} - set(model.lists):
        with pytest.raises(ValueError, match=f"a {name} sends no list {number}"):
            model.say(number, told(model))


@pytest.mark.parametrize("evening", EVENINGS)
def test_a_meter_says_what_it_said_in_its_evening(evening: str) -> None:
    """Of each evening that is kept the meter still has the name and the type, and says each list anew, octet for octet."""
    model, lists = kept(evening)

    assert {each.reading.list_id or "" for each in lists if each.reading.list > 1} == {model.list_id}
    assert {each.reading.meter_type or "" for each in lists if each.reading.list > 1} == {model.meter_type}
    for sent, (_, data, reading) in enumerate(lists[:20]):
        assert data in [model.say(number, reading, sent) for number in model.lists]


@pytest.mark.parametrize("evening", EVENINGS)
def test_a_meter_keeps_the_rhythm_of_its_evening(evening: str) -> None:
    """Lists with currents, those of power alone, and the hourly one are due as they came in the evening that is kept."""
    model, lists = kept(evening)
    long, short = ([each.at for each in lists if (each.reading.list == 1) is alone] for alone in (False, True))
    hourly = [each.at % HOUR_MS for each in lists if each.reading.list == 3]

    assert usual(long) == model.list2_period_ms
    assert usual(short) == model.list1_period_ms
    if model.hourly_at_ms is not None:
        assert all(model.hourly_at_ms <= at < model.hourly_at_ms + 2_000 for at in hourly)


def usual(instants: list[int]) -> int | None:
    """The most frequent time from one to the next."""
    gaps = Counter(after - before for before, after in pairwise(instants))
    return gaps.most_common(1)[0][0] if gaps else None


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_what_the_table_says(name: str) -> None:
    """Name, speed, parity and rhythm of a model are those that people read in the table of supported meters, where it has them.

    Only the Polish one differs, whose lists come from a P1 port.
    """
    model = MODELS[name]
    about = METERS[name].list2.profile.about if name in METERS else TELEGRAM_METERS[name].about
    speeds, parity = re.findall(r"\d{4,6}", about.framing), re.findall("8([NE])1", about.framing)
    rhythm = every(about.sends, "currents") | every(about.sends, "all")
    powers = every(about.sends, "power")

    assert name.split("-", maxsplit=1)[0] in f"{about.models} {about.framing}".lower()
    assert ("-it" in name) is (model.grid == "IT")
    if name == "kaifa-pl-encrypted":
        assert (model.baud, model.parity) == (115_200, "N")
    elif parity:
        assert str(model.baud) in speeds
        assert [model.parity] == parity
    assert not rhythm or model.list2_period_ms in rhythm
    assert ([] if model.list1_period_ms is None else [model.list1_period_ms]) == [*powers]


@pytest.mark.parametrize("name", ["aidon-tn", "aidon-it", "aidon-1p"])
def test_an_aidon_is_of_a_type_that_the_table_names(name: str) -> None:
    """The number that an Aidon says as its type is one that people find in the table of supported meters."""
    meter = METERS[name]

    assert meter.meter_type in re.findall(r"\w+", meter.list2.profile.about.models)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_of_itself_what_is_read(name: str) -> None:
    """Maker, name and type of a model are those that a decoder finds in what it says; who does not count says the first of its lists."""
    model = MODELS[name]
    (found,) = items(Decoder(keys=model.keys), model.say(2, told(model)))

    assert isinstance(found, Reading)
    assert (found.manufacturer, found.list_id or "", found.meter_type or "") == (
        model.manufacturer,
        model.list_id,
        model.meter_type,
    )
    assert model.say(2, told(model)) == model.say(2, told(model), 0)


@pytest.mark.parametrize("meter", [meter for meter in METERS.values() if not meter.sealing], ids=lambda meter: meter.name)
def test_lists_of_one_maker(meter: SoftwareMeter) -> None:
    """Each model sends lists of one maker, and the right number in each place."""
    for number, form in enumerate((meter.list1, meter.list2, meter.list3), start=1):
        if form is None:
            continue
        reading = invent_with(form, random.Random(1))
        if any(column.name == "list_id" for column in form.columns):
            reading = reading._replace(list_id=meter.list_id, meter_type=meter.meter_type or None)
        (found,) = Decoder().feed(write(form, reading))
        assert isinstance(found, Reading)
        assert found.list in ({1: (1,), 2: (2, 3), 3: (3,)}[number])
        assert found.manufacturer in (form.profile.manufacturer, "aidon")


def test_as_in_the_field() -> None:
    """Kaifa and Sagemcom in Austria speak M-Bus, the latter with the length that lost its ninth bit; Swiss lists come in blocks, Croatian in segments."""
    kaifa, sagemcom, blocks, segments = (pieces(name) for name in ("kaifa-at", "sagemcom-at-encrypted", "e450-ch", "iskra-hr"))

    assert [(frame[:1], len(frame) <= 256) for frame in kaifa] == [(mbus.START, True)] * 2
    assert sagemcom[0][:4].hex() == "68010168"
    assert len(sagemcom[0]) == 257 + 6
    assert len(blocks) > 2
    assert [frame.count(LLC + b"\xe0") for frame in blocks] == [1] + [0] * (len(blocks) - 1)
    assert [is_segmented(frame) for frame in segments] == [True] * (len(segments) - 1) + [False]
    assert MODELS["kamstrup-dk"].say(2, told(MODELS["kamstrup-dk"]))[:1] == FLAG


@pytest.mark.parametrize("name", ENCRYPTED)
def test_encrypted_lists_need_the_key(name: str) -> None:
    """Without a key a list says who sent it and nothing else; with a wrong one it does not open; with the right one it does once."""
    model = MODELS[name]
    parts = [model.say(2, told(model), sent) for sent in (5, 6, 6)]
    titles = {item.detail for item in items(Decoder(), *parts) if isinstance(item, Rejected) and item.reason is Reason.ENCRYPTED}
    wrong = items(Decoder(keys=ciphering.Keys(bytes(16))), *parts)
    opened = items(Decoder(keys=model.keys), *parts)

    (title,) = titles
    assert title.startswith("no system title" if name == "kaifa-pl-encrypted" else "system title ")
    assert Counter(item.reason for item in wrong if isinstance(item, Rejected)) == {Reason.WRONG_KEY: 3}
    assert [isinstance(item, Reading) for item in opened] == [True, True, False]
    assert isinstance(opened[-1], Rejected)
    assert opened[-1].reason is Reason.REPLAYED
    assert model.keys in (TEST_KEYS, ciphering.Keys(TEST_KEYS.encryption))


def test_nobody_can_take_the_test_keys_for_real_ones() -> None:
    """They are one digit, repeated."""
    assert (TEST_KEYS.encryption, TEST_KEYS.authentication) == (b"\x11" * 16, b"\x22" * 16)
