"""Layouts against an independent, slow and plain reader."""

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlms import apdu, axdr, hdlc
from dlms.axdr import Data, Tag
from dlms.rejects import Reason, Rejected
from han_gateway.meters import forms
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import FORMS, Form
from han_gateway.meters.layout import Layout, learn
from han_gateway.meters.numbers import Scaling
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.invented import any_form, framed, information, invent_with, readings

# What a plain reader needs to know, written down once more from the interface descriptions and not taken from the code.
NAMES = {
    (0, 2, 129): "list_id",
    (96, 1, 0): "meter_id",
    (0, 0, 5): "meter_id",
    (96, 1, 7): "meter_type",
    (96, 1, 1): "meter_type",
    (1, 0, 0): "clock",
    (42, 0, 0): "list_id",
    (1, 7, 0): "power_import_w",
    (2, 7, 0): "power_export_w",
    (3, 7, 0): "reactive_import_var",
    (4, 7, 0): "reactive_export_var",
    (31, 7, 0): "current_l1_ma",
    (51, 7, 0): "current_l2_ma",
    (71, 7, 0): "current_l3_ma",
    (32, 7, 0): "voltage_l1_mv",
    (52, 7, 0): "voltage_l2_mv",
    (72, 7, 0): "voltage_l3_mv",
    (1, 8, 0): "energy_import_wh",
    (2, 8, 0): "energy_export_wh",
    (3, 8, 0): "reactive_energy_import_varh",
    (4, 8, 0): "reactive_energy_export_varh",
    (21, 7, 0): "power_import_l1_w",
    (41, 7, 0): "power_import_l2_w",
    (61, 7, 0): "power_import_l3_w",
    (22, 7, 0): "power_export_l1_w",
    (42, 7, 0): "power_export_l2_w",
    (62, 7, 0): "power_export_l3_w",
}
_IN_ORDER = [
    name for name in dict.fromkeys(NAMES.values()) if name != "clock" and "import_l" not in name and "export_l" not in name
]
KAIFA_3P = [*_IN_ORDER[:13], "clock", *_IN_ORDER[13:]]
KAIFA_1P = [name for name in KAIFA_3P if "_l2_" not in name and "_l3_" not in name]
KAIFA = {1: ["power_import_w"], 9: KAIFA_1P[:9], 13: KAIFA_3P[:13], 14: KAIFA_1P, 18: KAIFA_3P}
_LINES = [f"power_{way}_l{line}_w" for way in ("import", "export") for line in (1, 2, 3)]
_P, _I, _U, _E = _IN_ORDER[3:7], _IN_ORDER[7:10], _IN_ORDER[10:13], _IN_ORDER[13:]
_TARIFFS = [_E[0], "", "", _E[1], "", ""]
_BOTH = ["list_id", "meter_id"]
POSITIONAL = {
    "uuuuuuUUUUuuuo": [*_U, *_I, *_P[:2], *_E[:2], "", "", "", "meter_id"],
    "ooUUUUuuuuuuUUUUUU": [*_BOTH, *_P, *_U, *_I, *_LINES],
    "ooeoUUUUUUUU": [*_BOTH, "", "", *_TARIFFS, *_E[2:]],
    "ooUUUUuuUU": [*_BOTH, *_P, _U[0], _I[0], _LINES[0], _LINES[3]],
    "ooUUUUuUU": [*_BOTH, *_P, _U[0], "", ""],
    "oUUUUUUUU": ["list_id", "", "", *_TARIFFS],
    "oouuuuuuUUUU": [*_BOTH, *_U, *_I, *_P],
    "oouuUUUU": [*_BOTH, _U[0], _I[0], *_P],
    "ooo" + "U" * 12 + "u" + "U" * 6 + "u" * 6 + "UgggB": [
        "meter_id",
        "",
        "",
        *_TARIFFS,
        *[""] * 4,
        *_P[:2],
        "",
        *_LINES,
        *_U,
        *_I,
        *[""] * 5,
    ],
    "oooo" + "U" * 6 + "oo": ["", "meter_id", "", "", *_E, *_P[:2], "", ""],
}
LETTERS = {"OCTET_STRING": "o", "UINT16": "u", "UINT32": "U", "ENUM": "e", "BOOLEAN": "B"}
SCALE = {
    "kaifa": {"ma": 1, "mv": 100, "wh": 1, "varh": 1},
    "kamstrup": {"ma": 10, "mv": 1000, "wh": 10, "varh": 10},
    "wire": {"ma": 1000, "mv": 1000},
    "e450": {"ma": 10, "mv": 1000},
    "iskra": {"ma": 10, "mv": 100},
}


def slow_reading(message: bytes) -> dict[str, Any]:
    """Read a message value by value, with no thought of speed."""
    parsed = apdu.parse(message)
    assert isinstance(parsed, apdu.Apdu)
    found: dict[str, Any] = {}
    if parsed.date_time_at is not None:
        found["clock"] = message[parsed.date_time_at :][:12]
    for name, value, factor in (each for each in walk(parsed.body) if each[0] != "nothing"):
        if name == "clock":
            found.setdefault(name, value)
        elif isinstance(value, bytes):
            found[name] = value.rstrip(b"\0").decode() or None
        elif value is not None:
            found[name] = round(value * factor)
    if found.get("voltage_l2_mv") == 0 and found["voltage_l1_mv"] and found["voltage_l3_mv"]:
        del found["voltage_l2_mv"]
        if "EMBRIQ" in found["list_id"] and found["current_l2_ma"] == 0:
            del found["current_l2_ma"]
    return found


def walk(body: Data) -> list[tuple[str, Any, float]]:
    """Give name, value and factor of all values of a body."""
    values = list(body.items)
    spelled = "".join(LETTERS.get(value.tag.name, "g") for value in values)
    if body.tag is axdr.Tag.ARRAY:
        return [from_register(item) for item in values]
    if values[0].tag is axdr.Tag.ARRAY:
        codes = [description.items[1] for description in values[0].items]
        return [from_table(name_of(code), value, "e450") for code, value in zip(codes, values, strict=True)]
    if spelled in POSITIONAL:
        maker = "e450" if spelled.startswith("u") else "iskra"
        return [from_table(name or "nothing", value, maker) for name, value in zip(POSITIONAL[spelled], values, strict=True)]
    if values[0].tag is axdr.Tag.UINT32 or values[0].value == b"KFM_001":
        return [from_table(name, value, "kaifa") for name, value in zip(KAIFA[len(values)], values, strict=True)]
    return list(pairs(values))


def pairs(values: list[Data]) -> Iterator[tuple[str, Any, float]]:
    """Give name, value and factor of values with codes, one after the other, with what stands in front and at the end."""
    maker = "kaifa"
    if values[0].tag is axdr.Tag.VISIBLE_STRING:
        maker = "kamstrup"
        yield "list_id", values.pop(0).value, 1
    if len(values[0].value or ()) == 12:  # type: ignore[arg-type]
        yield "clock", values.pop(0).value, 1
        yield "meter_id", values.pop().value, 1
    while values:
        item = values.pop(0)
        if item.items:
            yield from_register(item)
        elif item.tag is not axdr.Tag.NULL:
            value = values.pop(0)
            if values and values[0].items and values[0].items[0].tag is axdr.Tag.INT8:
                yield from_register(Data(axdr.Tag.STRUCTURE, (item, value, values.pop(0))))
            else:
                yield from_table(name_of(item), value, maker)


def from_register(item: Data) -> tuple[str, Any, float]:
    """Read a structure of code, value, scaler and unit."""
    name = name_of(item.items[0])
    return name, item.items[1].value, wire_factor(item) * SCALE["wire"].get(unit_of(name), 1)


def from_table(name: str, value: Data, maker: str) -> tuple[str, Any, float]:
    """Read a value whose scale is not on the wire."""
    return name, value.value, SCALE[maker].get(unit_of(name), 1)


def name_of(code: Data) -> str:
    """Name a code; what no reading has is called so."""
    assert isinstance(code.value, bytes)
    return NAMES.get((code.value[2], code.value[3], code.value[4]), "nothing")


def unit_of(name: str) -> str:
    """Give the unit in a name."""
    return name.rpartition("_")[2]


def wire_factor(register: Data) -> float:
    """Give the factor that the wire states."""
    if len(register.items) < 3:
        return 1
    scaler = register.items[2].items[0].value
    assert isinstance(scaler, int)
    return float(10**scaler)


def said(reading: Reading | Rejected) -> dict[str, Any]:
    """Give what a reading says, without what the profile knows of the maker."""
    assert isinstance(reading, Reading)
    known = {"manufacturer", "list", "clock_rule"}
    return {name: value for name, value in reading._asdict().items() if value is not None and name not in known}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=30)
@given(data=st.data())
def test_a_layout_reads_what_the_slow_reader_reads(form: Form, data: st.DataObject) -> None:
    """Learned from one frame, a layout reads any other as the slow reader does, and as a fresh decoder."""
    learned_from, other = data.draw(readings(form)), data.draw(readings(form))
    frame = write(form, other)
    slow = {name: value for name, value in slow_reading(information(frame)).items() if value is not None}
    decoder = Decoder()
    decoder.feed(write(form, learned_from))

    (fast,) = decoder.feed(frame)

    assert said(fast) == slow
    assert [fast] == Decoder().feed(frame)


@pytest.mark.parametrize(
    "form", [forms.KAIFA_3P_LIST3, forms.KAIFA_SE_PAIRS, forms.AIDON_TN_LIST2, forms.EMBRIQ_LIST2], ids=lambda form: form.name
)
@pytest.mark.parametrize("second_current", [0, 5000])
def test_three_wires(form: Form, second_current: int) -> None:
    """Zeros that stand for nothing are dropped as the slow reader drops them, however the layout was learned."""
    reading = invent_with(form, random.Random(5))._replace(voltage_l2_mv=0, current_l2_ma=second_current)
    decoder = Decoder()
    decoder.feed(write(form, invent_with(form, random.Random(6))))

    (found,) = decoder.feed(write(form, reading))

    assert said(found) == slow_reading(information(write(form, reading)))
    assert "voltage_l2_mv" not in said(found)


def some_bits(form: Form) -> list[bytes]:
    """Give messages that differ from one of this form in a single bit; all of them where the message is short."""
    message = information(write(form, invent_with(form, random.Random(9))))
    number, bits = int.from_bytes(message, "big"), range(8 * len(message))
    chosen = random.Random(10).sample(bits, min(len(bits), 150))
    return [(number ^ 1 << bit).to_bytes(len(message), "big") for bit in chosen]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_no_deviating_frame_is_read_through_an_old_layout(form: Form) -> None:
    """Whichever bit of a message differs, with good checks, the result is that of a decoder that never saw the list."""
    good = write(form, invent_with(form, random.Random(9)))
    experienced = Decoder()
    for message in some_bits(form):
        frame = framed(form, message)
        experienced.feed(good)
        found = experienced.feed(frame)
        fresh = Decoder().feed(frame)
        if is_nameless_here(found[0], fresh[0]):
            continue  # a damaged list id: the line still knows whose it is, a fresh decoder cannot
        assert found == fresh


def is_nameless_here(found: Reading | Rejected, fresh: Reading | Rejected) -> bool:
    """Tell whether a list lost its id and only the line knows its family."""
    unknown = isinstance(fresh, Rejected) and fresh.reason is Reason.UNKNOWN_LIST
    return (
        (unknown or (isinstance(fresh, Reading) and fresh.list_id is None))
        and isinstance(found, Reading)
        and found.list_id is None
    )


@given(st.lists(st.tuples(any_form(), st.integers(0, 3)), max_size=10))
def test_lists_do_not_disturb_each_other(chosen: list[tuple[Form, int]]) -> None:
    """Any interleaving of lists gives what each gives alone; whose the nameless ones are, the line decides."""
    decoder = Decoder()
    for form, seed in chosen:
        frame = write(form, invent_with(form, random.Random(seed)))
        (together,), (alone,) = decoder.feed(frame), Decoder().feed(frame)
        assert said(together) == said(alone)


def test_the_clock_of_the_head_comes_first() -> None:
    """A list with a clock in its head and one in its body has that of the head, as all lists of its family have."""
    form = forms.KAMSTRUP_3P_LIST3
    reading = invent_with(form, random.Random(2))
    message = information(write(form, reading))
    assert reading.clock
    assert message.count(reading.clock) == 2

    changed = message[: message.rindex(reading.clock)] + bytes(12) + message[message.rindex(reading.clock) + 12 :]

    for _ in range(2):
        assert Decoder().message(changed) == reading


def test_a_clock_that_was_lost() -> None:
    """A clock that is not specified is no time, and the rest of the list is read."""
    form = forms.KAIFA_3P_LIST2
    reading = invent_with(form, random.Random(2))
    assert reading.clock
    lost = Decoder().message(information(write(form, reading)).replace(reading.clock, b"\xff" * 12))

    assert isinstance(lost, Reading)
    assert lost.meter_time is None
    assert lost._replace(clock=reading.clock) == reading
    assert isinstance(reading.meter_time, datetime)


def test_an_id_that_comes_and_goes() -> None:
    """The E350 alternates between a type and NULs: each frame says what it says."""
    form = forms.EMBRIQ_LIST2
    reading = invent_with(form, random.Random(2))
    frames = [write(form, reading), write(form, reading._replace(meter_type=None))] * 3

    assert Decoder().feed(b"".join(frames)) == [reading, reading._replace(meter_type=None)] * 3


# --- One layout alone ----------------------------------------------------------------------------------------------------------------

INVOKE_ID = slice(len(apdu.LLC) + 1, len(apdu.LLC) + 5)


def message_of(form: Form, seed: int) -> bytes:
    """Invent a message of a form."""
    return information(write(form, invent_with(form, random.Random(seed))))


def learned(raw: bytes, at: int = 0, check_size: int = 0) -> Layout | Rejected:
    """Learn from a message that stands at a place, with a check sequence behind it or without."""
    parsed = apdu.parse(raw[: len(raw) - check_size], at)
    assert isinstance(parsed, apdu.Apdu)
    return learn(raw, parsed, check_size, Scaling(), None)


def layout(raw: bytes, at: int = 0, check_size: int = 0) -> Layout:
    """Learn from a message that gives a layout."""
    found = learned(raw, at, check_size)
    assert isinstance(found, Layout)
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_list_of_a_kind_is_read_in_one_go(form: Form) -> None:
    """What one list taught reads the next, whatever its numbers, clock, invoke id and check sequence: none is parsed a second time."""
    first, second = message_of(form, 1), message_of(form, 2)
    renumbered = second[: INVOKE_ID.start] + b"\x5a\xa5\x5a\xa5" + second[INVOKE_ID.stop :]
    frames = [framed(form, message)[1:-1] for message in (first, renumbered)]
    expected = Decoder().message(second)

    assert layout(first).read(renumbered) == expected
    assert layout(frames[0], hdlc.information_at(frames[0]), 2).read(frames[1]) == expected


@pytest.mark.parametrize(
    "form", [forms.KAMSTRUP_1P_LIST3, forms.AIDON_TN_LIST2, forms.KAIFA_3P_LIST3, forms.ISKRA_HR_3P], ids=lambda form: form.name
)
def test_a_bit_that_never_changes(form: Form) -> None:
    """Whichever bit of a bare message differs, the layout reads what a fresh decoder reads, or says that the list is another one."""
    message = message_of(form, 1)
    known, number = layout(message), int.from_bytes(message, "big")
    for bit in range(8 * len(message)):
        changed = (number ^ 1 << bit).to_bytes(len(message), "big")
        found = known.read(changed)
        assert found is None or same(found, Decoder().message(changed))


def same(found: Reading | Rejected, fresh: Reading | Rejected) -> bool:
    """Tell whether two say the same; of rejects the reason."""
    if isinstance(found, Rejected) or isinstance(fresh, Rejected):
        return isinstance(found, Rejected) and isinstance(fresh, Rejected) and found.reason is fresh.reason
    return found == fresh


@pytest.mark.parametrize(
    ("form", "number"),
    [(forms.KAIFA_LIST1, 1), (forms.KAIFA_1P_LIST2, 2), (forms.KAIFA_3P_LIST3, 3), (forms.ISKRA_HR_3P, 3)],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_list_is_called_by_what_it_carries(form: Form, number: int) -> None:
    """A list of power alone is list 1, with currents it is list 2, with energies list 3."""
    message = message_of(form, 1)
    found = layout(message).read(message)

    assert isinstance(found, Reading)
    assert found.list == number


def test_a_list_that_names_itself_is_identified() -> None:
    """Only a list that carries the name of its family is identified; it may own a line."""
    assert layout(message_of(forms.KAIFA_3P_LIST2, 1)).identified
    assert not layout(message_of(forms.AIDON_LIST1, 1)).identified


@pytest.mark.parametrize(
    "clock", [Data(Tag.OCTET_STRING, bytes(4)), Data(Tag.OCTET_STRING, bytes(13)), Data(Tag.UINT32, 1), Data(Tag.NULL, None)]
)
def test_a_clock_that_is_none(clock: Data) -> None:
    """What stands where a clock should be and is not twelve octets is no clock, and the rest of the list is read."""
    code, power = (Data(Tag.OCTET_STRING, bytes(octets)) for octets in ((0, 0, 1, 0, 0, 255), (1, 0, 1, 7, 0, 255)))
    rows = (Data(Tag.STRUCTURE, (power, Data(Tag.UINT32, 549))), Data(Tag.STRUCTURE, (code, clock)))
    found = Decoder().message(apdu.build(bytes(4), apdu.NO_TIME, None, Data(Tag.ARRAY, rows)))

    assert isinstance(found, Reading)
    assert (found.power_import_w, found.clock) == (549, None)


def test_what_is_no_list_is_described() -> None:
    """A body that no family sends is refused with its shape and the count of its values."""
    code, text, number = (
        Data(Tag.OCTET_STRING, bytes((1, 0, 0, 2, 129, 255))),
        Data(Tag.VISIBLE_STRING, b"?"),
        Data(Tag.UINT16, 3),
    )
    told = Data(Tag.STRUCTURE, (number, code, Data(Tag.INT8, 2), number))
    for body, words in (
        (Data(Tag.STRUCTURE, ()), "shapeless body of 0 values"),
        (Data(Tag.STRUCTURE, (Data(Tag.BOOLEAN, 1),) * 2), "positional body of 2 values"),
        (Data(Tag.STRUCTURE, (text, code, number)), "pairs body of 3 values"),
        (Data(Tag.ARRAY, (Data(Tag.STRUCTURE, (code, text)),)), "registers body of 1 values"),
        (Data(Tag.STRUCTURE, (Data(Tag.ARRAY, (told, told)), number)), "objects body of 2 values"),
    ):
        message = apdu.build(bytes(4), apdu.NO_TIME, None, body)
        assert learned(message) == Rejected(Reason.UNKNOWN_LIST, len(message), words)
