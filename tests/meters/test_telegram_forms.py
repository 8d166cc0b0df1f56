"""The P1 telegrams of the meter in software."""

from dataclasses import replace

import pytest

from dlms import p1
from dlms.p1 import Telegram, Value, examine, parse
from fixtures.every_list import frames
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.reading import ClockRule, Reading
from han_gateway.meters.telegram_forms import NETHERLANDS, SWEDEN_KAMSTRUP, TELEGRAM_FORMS, Field, TelegramForm, write
from han_gateway.meters.telegram_meter import TELEGRAM_METERS, TelegramMeter
from tests.meters.test_forms import stored
from tests.meters.test_telegram import READING


def lines(form: TelegramForm, reading: Reading) -> dict[str, tuple[Value, ...]]:
    """Give the values of a telegram by their codes."""
    found = examine(write(form, reading), 0)
    assert isinstance(found, bytes)
    telegram = parse(found)
    assert isinstance(telegram, Telegram)
    return {line.code: line.values for line in telegram.lines}


def test_a_swedish_telegram_letter_by_letter() -> None:
    """Digits, points, units, order and line ends are those of a real telegram."""
    wire = write(SWEDEN_KAMSTRUP, READING).decode()
    assert wire.startswith(
        "/KAM5\r\n\r\n0-0:1.0.0(260115180020W)\r\n1-0:1.8.0(00002721.127*kWh)\r\n1-0:2.8.0(00000000.012*kWh)\r\n"
    )
    assert "\r\n1-0:4.7.0(0000.321*kVAr)\r\n1-0:21.7.0(0002.201*kW)\r\n1-0:41.7.0(0000.020*kW)\r\n" in wire
    assert "\r\n1-0:72.7.0(229.9*V)\r\n1-0:31.7.0(009.7*A)\r\n1-0:51.7.0(000.4*A)\r\n1-0:71.7.0(009.2*A)\r\n!" in wire
    assert len(wire.splitlines()) == 30


def test_a_dutch_telegram_has_whole_amperes_and_two_tariffs() -> None:
    """Currents are rounded to amperes, half up, and the two tariffs make the total."""
    said = lines(NETHERLANDS, READING._replace(current_l2_ma=500))
    assert [said[f"1-0:{code}.7.0"][0] for code in (31, 51, 71)] == [Value("010", "A"), Value("001", "A"), Value("009", "A")]
    day, night = (round(float(said[f"1-0:1.8.{tariff}"][0].text) * 1000) for tariff in (1, 2))
    assert (day, night) == (1_814_085, 907_042)  # two thirds and the rest of 2721.127 kWh


def test_finer_than_a_reading_is_filled_with_zeros() -> None:
    """A meter that prints more digits than a reading keeps prints zeros there, one that prints fewer rounds half up."""
    fine = Field(name="energy_import_wh", code="1-0:1.8.0", whole=8, decimals=7, unit="kWh")
    coarse = Field(name="power_import_w", code="1-0:1.7.0", whole=3, decimals=1, unit="kW")
    said = lines(replace(SWEDEN_KAMSTRUP, rows=(fine, coarse)), READING._replace(power_import_w=4350))
    assert said == {"1-0:1.8.0": (Value("00002721.1270000", "kWh"),), "1-0:1.7.0": (Value("004.4", "kW"),)}


def test_summer_is_written() -> None:
    """A clock on summer time says so; one without a time is empty."""
    assert lines(SWEDEN_KAMSTRUP, READING._replace(clock_rule=ClockRule.SUMMER))["0-0:1.0.0"] == (Value("260115180020S"),)
    assert lines(SWEDEN_KAMSTRUP, READING._replace(clock=None))["0-0:1.0.0"] == (Value(""),)


def test_there_is_no_sign() -> None:
    """A negative value is nothing that these meters can write."""
    with pytest.raises(OverflowError):
        write(SWEDEN_KAMSTRUP, READING._replace(current_l1_ma=-100))


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_forms_are_telegrams(form: TelegramForm) -> None:
    """Each form has a name of its own, and all its codes are OBIS codes."""
    assert [each.name for each in TELEGRAM_FORMS].count(form.name) == 1
    assert all(p1.octets(code) for code in lines(form, READING))
    assert form in {meter.form for meter in TELEGRAM_METERS.values()}


@pytest.mark.parametrize("form", TELEGRAM_FORMS, ids=lambda form: form.name)
def test_a_telegram_is_written_as_its_file_has_it(form: TelegramForm) -> None:
    """What a meter in software says over its P1 port is, letter for letter, the file of it: head, codes, digits, units, order, checks."""
    assert frames()[form.name] == stored(form.name)


def test_meters_are_found_by_name() -> None:
    """The shop's index is the meters' own names, and each says what it is."""
    assert all(name == meter.name == meter.form.name for name, meter in TELEGRAM_METERS.items())
    assert all(meter.list_id == meter.form.identification for meter in TELEGRAM_METERS.values())


@pytest.mark.parametrize("meter", TELEGRAM_METERS.values(), ids=lambda meter: meter.name)
def test_a_meter_says_of_itself_what_is_read(meter: TelegramMeter) -> None:
    """Maker, name and type of a meter are those that a decoder finds in what it says; a type is in no telegram."""
    (found,) = Decoder().feed(meter.say(2, READING))
    assert isinstance(found, Reading)
    assert (found.manufacturer, found.list_id, found.meter_type or "") == (meter.manufacturer, meter.list_id, meter.meter_type)
