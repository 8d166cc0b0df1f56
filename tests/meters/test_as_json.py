"""A reading as the JSON object of the contract."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dlms.cosem import ClockStyle, build_date_time
from fixtures.every_list import METER_ID
from han_gateway.meters import forms
from han_gateway.meters.as_json import as_json
from han_gateway.meters.clock import utc
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import Form
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.invented import any_form, readings

CONTRACT = {
    "time": "2021-11-25T22:00:55Z",
    "meter_time": "2021-11-25T23:00:55",
    "manufacturer": "kamstrup",
    "meter_id": METER_ID,
    "meter_type": "6841131BN243101040",
    "list_id": "Kamstrup_V0001",
    "list": 3,
    "power_import_w": 1247,
    "power_export_w": 0,
    "reactive_import_var": 0,
    "reactive_export_var": 417,
    "current_a": {"L1": 1.89, "L2": 3.27, "L3": 1.28},
    "voltage_v": {"L1": 236, "L2": 236, "L3": 236},
    "energy_import_wh": 85823280,
    "energy_export_wh": 4540830,
    "reactive_energy_import_varh": 153270,
    "reactive_energy_export_varh": 14774380,
}
"""The example of the contract, with an invented meter id."""

NOTHING = {"L1": None, "L2": None, "L3": None}

EXAMPLE = Reading(
    manufacturer="kamstrup",
    list=3,
    list_id="Kamstrup_V0001",
    meter_id=METER_ID,
    meter_type="6841131BN243101040",
    clock=build_date_time(datetime(2021, 11, 25, 23, 0, 55), ClockStyle()),
    power_import_w=1247,
    reactive_export_var=417,
    current_l1_ma=1890,
    current_l2_ma=3270,
    current_l3_ma=1280,
    voltage_l1_mv=236_000,
    voltage_l2_mv=236_000,
    voltage_l3_mv=236_000,
    energy_import_wh=85_823_280,
    energy_export_wh=4_540_830,
    reactive_energy_import_varh=153_270,
    reactive_energy_export_varh=14_774_380,
)


def test_the_example_of_the_contract() -> None:
    """An hourly Kamstrup frame with the values of the contract's example becomes that object, key for key, in its order."""
    (reading,) = Decoder().feed(write(forms.KAMSTRUP_3P_LIST3, EXAMPLE))
    assert isinstance(reading, Reading)

    found = as_json(reading, utc(reading))

    assert list(found.items())[: len(CONTRACT)] == list(CONTRACT.items())
    assert {key: found[key] for key in found if key not in CONTRACT} == {
        "line_power_import_w": NOTHING,
        "line_power_export_w": NOTHING,
    }


def test_what_a_list_does_not_carry_is_null() -> None:
    """Every key is always there."""
    found = as_json(Reading(manufacturer="aidon", list=1, power_import_w=733), None)

    assert found.keys() > CONTRACT.keys()
    assert {key for key, value in found.items() if value not in (None, NOTHING)} == {"manufacturer", "list", "power_import_w"}


def test_no_value_stands_under_the_name_of_another() -> None:
    """Every number that the object names as a reading does is the one of that name."""
    names = [name for name in Reading._fields if name in CONTRACT and name.rpartition("_")[2] in ("w", "var", "wh", "varh")]
    numbers = {name: number for number, name in enumerate(names, start=1)}
    found = as_json(Reading("aidon", 3, **numbers), None)  # type: ignore[arg-type]

    assert len(names) == 8
    assert {name: found[name] for name in names} == numbers


def test_time_is_utc() -> None:
    """A time in any zone is written in UTC."""
    time = datetime(2026, 7, 1, 2, 0, 0, tzinfo=timezone(timedelta(hours=2)))

    assert as_json(EXAMPLE, time)["time"] == as_json(EXAMPLE, time.astimezone(UTC))["time"] == "2026-07-01T00:00:00Z"


def test_power_per_line() -> None:
    """Lists that tell the power of each line have it in the object."""
    found = as_json(EXAMPLE._replace(power_import_l2_w=780, power_export_l3_w=5), None)

    assert found["line_power_import_w"] == NOTHING | {"L2": 780}
    assert found["line_power_export_w"] == NOTHING | {"L3": 5}


@given(st.data(), any_form())
def test_it_is_exact(data: st.DataObject, form: Form) -> None:
    """Decimals lose nothing, through the text as well, and whole numbers stay whole."""
    reading = data.draw(readings(form))
    found = json.loads(json.dumps(as_json(reading, None)))

    for key, milli in (("current_a", reading.current_ma), ("voltage_v", reading.voltage_mv)):
        values = list(found[key].values())
        assert [None if value is None else round(value * 1000) for value in values] == list(milli)
        assert all(not (isinstance(value, float) and value.is_integer()) for value in values)
