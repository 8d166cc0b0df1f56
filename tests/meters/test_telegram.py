"""From the lines of a P1 telegram to a reading."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import p1
from dlms.cosem import ClockStyle, build_date_time, clock_style
from dlms.p1 import Telegram, examine, parse
from dlms.rejects import Reason, Rejected
from han_gateway.meters.clock import utc
from han_gateway.meters.reading import ClockRule, Reading
from han_gateway.meters.telegram import read
from han_gateway.meters.telegram_forms import NETHERLANDS, SLOVENIA, SWEDEN_KAMSTRUP, TELEGRAM_FORMS, Field, TelegramForm, write

WINTER = datetime(2026, 1, 15, 18, 0, 20)
READING = Reading(
    manufacturer="kamstrup",
    list=3,
    list_id="KAM5",
    clock_rule=ClockRule.STANDARD,
    clock=build_date_time(WINTER, ClockStyle()),
    power_import_w=4310,
    power_export_w=0,
    reactive_import_var=0,
    reactive_export_var=321,
    current_l1_ma=9_700,
    current_l2_ma=400,
    current_l3_ma=9_200,
    voltage_l1_mv=230_700,
    voltage_l2_mv=231_100,
    voltage_l3_mv=229_900,
    energy_import_wh=2_721_127,
    energy_export_wh=12,
    reactive_energy_import_varh=1_384_336,
    reactive_energy_export_varh=90,
    power_import_l1_w=2201,
    power_import_l2_w=20,
    power_import_l3_w=2089,
    power_export_l1_w=0,
    power_export_l2_w=0,
    power_export_l3_w=0,
)
EXTRA = {"reactive_import_l1_var": 12, "reactive_export_l2_var": 7}


def said(wire: bytes) -> Reading | Rejected:
    """Read a telegram from its bytes."""
    found = examine(wire, 0)
    assert isinstance(found, bytes), found
    telegram = parse(found)
    return read(telegram) if isinstance(telegram, Telegram) else telegram


def lines(*text: str, checked: bool = True, name: str = "XYZ5", ct_ratio: int = 1) -> Reading | Rejected:
    """Read a telegram that consists of these lines."""
    raw = "\r\n".join(["/" + name, "", *text, "!"])
    telegram = parse(raw.encode() + (b"0000" if checked else b""))
    assert isinstance(telegram, Telegram)
    return read(telegram, ct_ratio=ct_ratio)


def reason(found: Reading | Rejected) -> Reason:
    """Give the reason of a reject."""
    assert isinstance(found, Rejected), found
    return found.reason


def rounded(reading: Reading, form: TelegramForm) -> Reading:
    """Give what of a reading a form carries, as finely as it does."""
    fields = {row.name: row for row in form.rows if isinstance(row, Field)}
    texts = {row[0] for row in form.rows if not isinstance(row, Field | p1.Line)}
    kept = {name: getattr(reading, name) for name in fields if name in Reading._fields}
    coarse = [name for name, field in fields.items() if field.unit == "A" and not field.decimals]
    for name in coarse:
        kept[name] = (kept[name] + 500) // 1000 * 1000
    return Reading(
        manufacturer=form.manufacturer,
        list=3,
        list_id=form.identification,
        meter_id=reading.meter_id if "meter_id" in texts else None,
        clock=reading.clock if "clock" in texts else None,
        clock_rule=reading.clock_rule if "clock" in texts and form.season else None,
        current_step_ma=1000 if coarse else None,
        **kept,
    )


@pytest.mark.parametrize(
    ("text", "ratio", "step"),
    [("009", 1, 1000), ("009.7", 1, None), ("009.70", 1, None), ("009.7", 60, 6000), ("009.70", 60, None)],
)
def test_how_coarse_the_currents_are(text: str, ratio: int, step: int | None) -> None:
    """A telegram with currents in steps of 1 A or more says so, behind transformers too; finer ones need no word."""
    raw = f"/XYZ5\r\n\r\n1-0:31.7.0({text}*A)\r\n1-0:1.7.0(01.234*kW)\r\n!0000".encode()
    telegram = parse(raw)
    assert isinstance(telegram, Telegram)
    found = read(telegram, ct_ratio=ratio)

    assert isinstance(found, Reading)
    assert found.current_step_ma == step


def test_the_coarsest_current_counts() -> None:
    """Where the currents are written differently the coarsest is told; where there are none there is nothing to tell."""
    mixed, without = lines(POWER, "1-0:31.7.0(9.7*A)", "1-0:51.7.0(009*A)"), lines(POWER, ct_ratio=1000)
    assert isinstance(mixed, Reading)
    assert isinstance(without, Reading)
    assert (mixed.current_step_ma, without.current_step_ma) == (1000, None)


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_every_form_is_read_as_it_was_written(form: TelegramForm) -> None:
    """What the software meter writes is read again, at the resolution of its lines and with its maker."""
    reading = READING._replace(meter_id="4530303030303030")
    assert said(write(form, reading, extra=EXTRA)) == rounded(reading, form)


POWER = "1-0:1.7.0(00.500*kW)"


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("1-0:1.7.0(000000274*W)", "power_import_w", 274),
        ("1-0:1.7.0(0001.500*kW)", "power_import_w", 1500),
        ("1-0:1.7.0(001.19*KW)", "power_import_w", 1190),
        ("1-0:1.7.0*255(002124.85*W)", "power_import_w", 2125),
        ("1-0:1.7.0(002124.49*W)", "power_import_w", 2124),
        ("1-0:3.7.0(0000.292*kVAr)", "reactive_import_var", 292),
        ("1-0:3.7.0(0000.292*kVA)", "reactive_import_var", 292),
        ("1-0:4.7.0(216*var)", "reactive_export_var", 216),
        ("1-0:3.8.0(00000059.039*kvarh)", "reactive_energy_import_varh", 59_039),
        ("1-0:3.8.0(00000059.039*kVAr)", "reactive_energy_import_varh", 59_039),
        ("1-0:3.7.0(292*VA)", "reactive_import_var", 292),
        ("1-0:4.8.0(0059.039*kVAh)", "reactive_energy_export_varh", 59_039),
        ("1-0:4.8.0(0059.039*kVA)", "reactive_energy_export_varh", 59_039),
        ("1-0:1.8.0(009699947*Wh)", "energy_import_wh", 9_699_947),
        ("1-0:1.8.0*255(00052185.7825309*kWh)", "energy_import_wh", 52_185_783),
        ("1.8.0(001846.0*kWh)", "energy_import_wh", 1_846_000),
        ("1-0:31.7.0(012*A)", "current_l1_ma", 12_000),
        ("1-0:31.7.0(0.48*A)", "current_l1_ma", 480),
        ("1-0:31.7.0(-1.5*a)", "current_l1_ma", -1_500),
        ("1-0:72.7.0(00234.6*V)", "voltage_l3_mv", 234_600),
        ("1-0:41.7.0(00.032*kW)", "power_import_l2_w", 32),
        ("0-0:96.1.1(4B38)", "meter_id", "4B38"),
        ("0-0:96.1.0(12345)", "meter_id", "12345"),
        ("0-0:96.1.0( )", "meter_id", None),
    ],
)
def test_spellings(line: str, name: str, expected: int | str | None) -> None:
    """Numbers come out exact in mA, mV, W, var, Wh and varh, however a meter spells them; halves are rounded up."""
    found = lines(line, *([POWER] if "1.7.0" not in line[:9] else []))
    assert isinstance(found, Reading)
    assert getattr(found, name) == expected


@pytest.mark.parametrize(
    "line",
    [
        "1-0:31.7.0(012*V)",
        "1-0:31.7.0(012)",
        "1-0:31.7.0(012*MA)",
        "1-0:32.7.0(230*A)",
        "1-0:1.8.0(1*kW)",
        "1-0:1.7.0(1*kWh)",
        "1-0:3.7.0(1*kvarh)",
        "1-0:1.7.0(1*kkW)",
    ],
)
def test_units_must_fit(line: str) -> None:
    """A value whose unit contradicts its code, or is missing, is refused."""
    assert reason(lines(line)) is Reason.UNIT


@pytest.mark.parametrize("text", ["1,5", "1.", ".5", "1e3", "--1", "0x1", "1234567890123", "\xb2", " 1"])
def test_what_is_no_number(text: str) -> None:
    """Nothing but a plain decimal is a number."""
    telegram = Telegram("XYZ5", (p1.Line("1-0:31.7.0", (p1.Value(text, "A"),)),))
    assert reason(read(telegram)) is Reason.MALFORMED


def test_two_values_where_one_belongs() -> None:
    """A number with a second value is refused."""
    assert reason(lines("1-0:31.7.0(1*A)(2*A)")) is Reason.MALFORMED


@pytest.mark.parametrize("checked", [True, False])
def test_no_code_twice(checked: bool) -> None:
    """A code that comes twice is refused, even with the same value."""
    assert reason(lines(POWER, POWER, checked=checked)) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("name", "code", "largest", "beyond"),
    [
        ("current_l1_ma", "31.7.0", "5000*A", "5000.001*A"),
        ("voltage_l1_mv", "32.7.0", "1000*V", "1000.001*V"),
        ("power_import_w", "1.7.0", "5000*kW", "5000.001*kW"),
        ("reactive_export_var", "4.7.0", "5000*kvar", "5000.001*kvar"),
        ("energy_export_wh", "2.8.0", "500000000000*kWh", "500000000000.001*kWh"),
        ("reactive_energy_import_varh", "3.8.0", "500000000000*kvarh", "500000000000.001*kvarh"),
    ],
)
def test_ranges(name: str, code: str, largest: str, beyond: str) -> None:
    """Behind transformers of 2:1 as without: 10 kA, 1 kV, 10 MW, 10 Mvar, 1 PWh and 1 Pvarh are believed, and nothing above."""
    found, refused = (lines(f"1-0:{code}({text})", ct_ratio=2) for text in (largest, beyond))

    assert isinstance(found, Reading)
    assert refused == Rejected(Reason.OUT_OF_RANGE, detail=name)


@pytest.mark.parametrize("code", ["1.7.0(-1*kW)", "21.7.0(-1*kW)", "4.7.0(-1*kvar)", "1.8.0(-1*kWh)", "32.7.0(-1*V)"])
def test_only_currents_have_a_sign(code: str) -> None:
    """A power, an energy or a voltage below zero is refused."""
    assert reason(lines(f"1-0:{code}")) is Reason.OUT_OF_RANGE


def test_a_telegram_with_currents_is_a_list_2() -> None:
    """With currents and without energies a telegram is list 2."""
    found = lines(POWER, "1-0:31.7.0(5*A)")
    assert isinstance(found, Reading)
    assert found.list == 2


def test_a_strange_unit_is_told() -> None:
    """What stands where a unit should be is told, as far as a line of a log can hold it."""
    assert lines("1-0:31.7.0(1*0123456789)") == Rejected(Reason.UNIT, detail="current_l1_ma with unit '01234567'")


def test_other_channels_are_other_meters() -> None:
    """A gas or water meter gives neither an id nor a number, nor does a value of an earlier month."""
    found = lines(POWER, "0-1:96.1.0(GAS)", "0-1:24.2.1(260115170000W)(1*m3)", "1-1:31.7.0(99*A)", "1-0:1.8.0*01(5*kWh)")
    assert found == Reading(manufacturer="xyz", list=1, list_id="XYZ5", power_import_w=500)


def test_tariffs_make_a_total() -> None:
    """The tariffs are added up where there is no total; a total that is sent is not touched."""
    numbers = (
        "1.8.1(000004.426",
        "1.8.2(000002.399",
        "1.8.3(000000.030",
        "1.8.4(000000.400",
        "2.8.1(000000.001",
        "2.8.4(000000.020",
    )
    tariffs = tuple(f"1-0:{number}*kWh)" for number in numbers)
    summed, told = lines(*tariffs), lines(*tariffs, "1-0:1.8.0(000007.000*kWh)")
    assert isinstance(summed, Reading)
    assert isinstance(told, Reading)
    assert (summed.energy_import_wh, summed.energy_export_wh, summed.list) == (7_255, 21, 3)
    assert told.energy_import_wh == 7_000


def test_an_empty_value() -> None:
    """An empty value is a phase that does not exist; without a check sequence it is damage."""
    found = lines(POWER, "1-0:51.7.0()")
    assert isinstance(found, Reading)
    assert found.current_l2_ma is None
    assert isinstance(lines(POWER, "1-0:51.7.0()", checked=False), Rejected)


def test_nothing_to_read() -> None:
    """A telegram without a quantity is no list."""
    assert lines("0-0:96.1.1(4B38)") == Rejected(Reason.UNKNOWN_LIST, detail="a telegram without a quantity")


def test_three_wires() -> None:
    """The zeros of a phase that is not measured on three wires are none; a current there is one."""
    volts = ("1-0:32.7.0(231.0*V)", "1-0:52.7.0(000.0*V)", "1-0:72.7.0(232.0*V)")
    found = lines(*volts, "1-0:31.7.0(5*A)", "1-0:51.7.0(0*A)", "1-0:71.7.0(4*A)")
    real = lines(*volts, "1-0:31.7.0(5*A)", "1-0:51.7.0(3*A)", "1-0:71.7.0(4*A)")
    assert isinstance(found, Reading)
    assert isinstance(real, Reading)
    assert (found.current_ma, found.voltage_mv) == ((5_000, None, 4_000), (231_000, None, 232_000))
    assert real.current_ma == (5_000, 3_000, 4_000)


def test_transformers() -> None:
    """A ratio multiplies what passes the transformers, and not the voltage."""
    telegram = parse(write(SWEDEN_KAMSTRUP, READING))
    assert isinstance(telegram, Telegram)
    found = read(telegram, ct_ratio=60)
    assert isinstance(found, Reading)
    assert (found.current_l1_ma, found.power_import_w, found.energy_import_wh) == (60 * 9_700, 60 * 4310, 60 * 2_721_127)
    assert found.voltage_l1_mv == 230_700


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("260115180020W", "Europe/Stockholm", datetime(2026, 1, 15, 17, 0, 20, tzinfo=UTC)),
        ("260715180020S", "Europe/Stockholm", datetime(2026, 7, 15, 16, 0, 20, tzinfo=UTC)),
        ("260715180020W", "Europe/Stockholm", datetime(2026, 7, 15, 17, 0, 20, tzinfo=UTC)),  # it stays on winter time
        ("260715180020S", "Europe/Helsinki", datetime(2026, 7, 15, 15, 0, 20, tzinfo=UTC)),
        ("261025023000S", "Europe/Oslo", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the hour that comes twice
        ("261025023000W", "Europe/Oslo", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("20260115 18:00:20", "Europe/Copenhagen", datetime(2026, 1, 15, 17, 0, 20, tzinfo=UTC)),
        ("2026-01-15 18:00:20", "Europe/Copenhagen", datetime(2026, 1, 15, 17, 0, 20, tzinfo=UTC)),
        ("20260715 18:00:20", "Europe/Copenhagen", None),  # summer, and it does not say what it shows
        ("260115180020", "Europe/Oslo", datetime(2026, 1, 15, 17, 0, 20, tzinfo=UTC)),
        ("261315180020W", "Europe/Oslo", None),
        ("260115180020X", "Europe/Oslo", None),
        ("", "Europe/Oslo", None),
    ],
)
def test_clocks(text: str, zone: str, expected: datetime | None) -> None:
    """W and S say whether the clock shows winter or summer time, so UTC is certain; without them it is only where both agree."""
    found = lines(POWER, f"0-0:1.0.0({text})")
    assert isinstance(found, Reading)
    assert utc(found, zone=zone) == expected


@pytest.mark.parametrize(("season", "status"), [("S", 0x80), ("W", 0), ("", 0)])
def test_summer_shows_in_the_octets(season: str, status: int) -> None:
    """The status of the clock says that summer time is on, and nothing else."""
    found = lines(POWER, f"0-0:1.0.0(260715180020{season})")
    assert isinstance(found, Reading)
    assert found.clock is not None
    assert clock_style(found.clock).status == status


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("ADN9 6534", "aidon"),
        ("EGM5GAMA350", "elgama"),
        ("ELL5\\253000000_A", "sagemcom"),
        ("ENE5\\T210-D", "sagemcom"),
        ("EST5\\253710000_A", "sagemcom"),
        ("FLU5\\253770234_A", "sagemcom"),
        ("Est5\\253710000_A", "sagemcom"),
        ("ESY5Q3DA", "easymeter"),
        ("HAG5EHZ", "hager"),
        ("ISk5\\2MT382", "iskraemeco"),
        ("KAM5", "kamstrup"),
        ("KMP5 KA6U", "kamstrup"),
        ("KFM5KAIFA-METER", "kaifa"),
        ("LGF5E360", "landis-gyr"),
        ("LGZ4ZMF100AC", "landis-gyr"),
        ("NES5:83335", "nes"),
        ("SAG5SAG-METER", "sagemcom"),
        ("XMX5LGBBFG1009", "landis-gyr"),
        ("QQQ5X", "qqq"),
    ],
)
def test_makers(name: str, maker: str) -> None:
    """Three letters name the maker; letters that nobody knows name themselves."""
    found = lines(POWER, name=name)
    assert isinstance(found, Reading)
    assert (found.manufacturer, found.list_id) == (maker, name)


def test_names_are_cleaned() -> None:
    """What cannot be printed is not in the name of a meter."""
    found = lines(POWER, name="ISk5\x02M\x7fI ~5")
    assert isinstance(found, Reading)
    assert found.list_id == "ISk5MI ~5"


# --- Without a check sequence -----------------------------------------------------------------------------------------------------

LINE_POWERS = ("1-0:1.7.0(02.856*kW)", "1-0:21.7.0(00.500*kW)", "1-0:41.7.0(02.212*kW)", "1-0:61.7.0(00.143*kW)")
CURRENTS = ("1-0:31.7.0(002*A)", "1-0:51.7.0(009*A)", "1-0:71.7.0(000*A)")
VOLTS = ("1-0:32.7.0(234.6*V)", "1-0:52.7.0(234.5*V)", "1-0:72.7.0(233.5*V)")


@pytest.mark.parametrize("volts", [VOLTS, ()])
def test_currents_that_powers_confirm(volts: tuple[str, ...]) -> None:
    """Without a check sequence a current is believed where the powers of the lines confirm it."""
    found = lines(*LINE_POWERS, *CURRENTS, *volts, checked=False)
    assert isinstance(found, Reading)
    assert found.current_ma == (2_000, 9_000, 0)


@pytest.mark.parametrize("missing", range(4))
def test_currents_that_nothing_confirms(missing: int) -> None:
    """Without a check sequence and without one of the powers the currents are left out, and the rest stays."""
    powers = [*LINE_POWERS]
    del powers[missing]
    found = lines(*powers, *CURRENTS, *VOLTS, checked=False)
    assert isinstance(found, Reading)
    assert found.current_ma == (None, None, None)
    assert found.voltage_l1_mv == 234_600


@pytest.mark.parametrize(
    ("sent", "damaged"),
    [
        ("(009*A)", "(001*A)"),  # a current that lost a bit
        ("(002*A)", "(000*A)"),
        ("(02.856*kW)", "(02.846*kW)"),
        ("(02.212*kW)", "(00.212*kW)"),
        ("1-0:21.7.0(00.500", "1-0:22.7.0(00.500"),  # a line whose code became another's
    ],
)
def test_what_does_not_agree_is_refused(sent: str, damaged: str) -> None:
    """Without a check sequence a telegram that contradicts itself gives no reading, or none with currents."""
    text = [line.replace(sent, damaged) for line in (*LINE_POWERS, *CURRENTS, *VOLTS)]
    found = lines(*text, checked=False)
    assert isinstance(found, Rejected) or found.current_ma == (None, None, None)


@pytest.mark.parametrize(("total", "agrees"), [("2.859", True), ("2.860", False), ("2.851", True), ("2.850", False)])
def test_how_far_the_sum_of_the_lines_may_be_off(total: str, agrees: bool) -> None:
    """Without a check sequence the powers of the lines may be off by what was cut off of each and of the whole, and no more."""
    found = lines(f"1-0:1.7.0({total}*kW)", *LINE_POWERS[1:], *CURRENTS, *VOLTS, checked=False)
    refused = Rejected(Reason.FRAME_CHECK, detail="no check sequence, and currents and powers do not agree")
    assert isinstance(found, Reading) if agrees else found == refused


@pytest.mark.parametrize(
    ("volts", "power", "agrees"),
    [(["1-0:32.7.0(230.0*V)"], 461, True), (["1-0:32.7.0(230.0*V)"], 462, False), ([], 507, True), ([], 508, False)],
)
def test_how_much_more_than_its_current_a_power_may_be(volts: list[str], power: int, agrees: bool) -> None:
    """A current of 1 A may have been 2 A before it was cut off, and a power was 1 W less: what is between them is believed."""
    found = lines(f"1-0:1.7.0({power}*W)", f"1-0:21.7.0({power}*W)", "1-0:31.7.0(001*A)", *volts, checked=False)
    assert isinstance(found, Reading) is agrees


def test_what_is_given_confirms_currents_too() -> None:
    """A line that gives power is compared as one that takes it, and counts against the others in the sum."""
    taken = ("1-0:1.7.0(0.000*kW)", "1-0:21.7.0(1.000*kW)", "1-0:41.7.0(0.000*kW)", "1-0:61.7.0(0.000*kW)")
    given = ("1-0:2.7.0(0.100*kW)", "1-0:22.7.0(0.000*kW)", "1-0:42.7.0(0.600*kW)", "1-0:62.7.0(0.500*kW)")
    found = lines(*taken, *given, "1-0:31.7.0(004*A)", "1-0:51.7.0(002*A)", "1-0:71.7.0(002*A)", *VOLTS, checked=False)
    small = lines(*taken, *given, "1-0:31.7.0(004*A)", "1-0:51.7.0(001*A)", "1-0:71.7.0(002*A)", *VOLTS, checked=False)
    assert isinstance(found, Reading)
    assert found.current_ma == (4_000, 2_000, 2_000)
    assert reason(small) is Reason.FRAME_CHECK


def test_powers_alone_need_no_confirmation() -> None:
    """A telegram without currents and without a check sequence gives its power."""
    found = lines(POWER, checked=False)
    assert isinstance(found, Reading)
    assert found.power_import_w == 500


# --- Damage -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [SWEDEN_KAMSTRUP, NETHERLANDS], ids=lambda form: form.name)
def test_no_flipped_bit_gives_a_wrong_reading(form: TelegramForm) -> None:
    """With a check sequence no flipped bit and no lost byte gives another reading than the one that was sent."""
    wire = write(form, READING)
    sent = said(wire)
    for at in range(len(wire) - 2):
        mutants = [wire[:at] + bytes([wire[at] ^ 1 << bit]) + wire[at + 1 :] for bit in range(8)] + [wire[:at] + wire[at + 1 :]]
        for mutant in mutants:
            found = examine(mutant, 0)
            telegram = parse(found) if isinstance(found, bytes) else found
            assert not isinstance(telegram, Telegram) or read(telegram) == sent


def test_flipped_bits_without_check_sequence() -> None:
    """Without one no flipped bit takes a current for more than one step (and an eighth) smaller than what the powers say."""
    wire = write(SLOVENIA, READING)
    sent = said(wire)
    assert isinstance(sent, Reading)
    for bit in range(8 * len(wire)):
        mutant = bytearray(wire)
        mutant[bit // 8] ^= 1 << bit % 8
        found = examine(bytes(mutant), 0)
        telegram = parse(found) if isinstance(found, bytes) else found
        reading = read(telegram) if isinstance(telegram, Telegram) else None
        if isinstance(reading, Reading):
            for was, now in zip(sent.current_ma, reading.current_ma, strict=True):
                assert was is None or now is None or now * 9 >= (was - 1_000) * 8


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(max_size=6)), max_size=6), st.booleans())
def test_total(parts: list[tuple[str, str, str]], checked: bool) -> None:
    """No telegram makes it raise."""
    telegram = Telegram("", tuple(p1.Line(code, (p1.Value(text, unit),)) for code, text, unit in parts), checked)
    assert isinstance(read(telegram), Reading | Rejected)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1-0:31.7.0", "1-0:1.7.0", "0-0:1.0.0", "1-0:1.8.1", "0-0:96.1.1", "1-0:52.7.0"]),
            st.from_regex(r"-?[0-9.: WS]{0,15}", fullmatch=True),
            st.sampled_from(["A", "kW", "kWh", "V", "", "k", "\u0130"]),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_total_on_known_codes(parts: list[tuple[str, str, str]], checked: bool) -> None:
    """No value of a code that we know makes it raise, either."""
    test_total.hypothesis.inner_test(parts, checked)  # type: ignore[attr-defined]
