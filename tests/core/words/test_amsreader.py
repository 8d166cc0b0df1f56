"""What those are told who know an amsreader."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from han_gateway.core.site import Circuit, Grid, Site
from han_gateway.core.words.amsreader import Known, data_json, messages, status
from han_gateway.meters.reading import ClockRule, Reading, clock_octets

NOW = datetime(2026, 1, 15, 17, 0, 10, tzinfo=UTC)
TN = Site(name="home", grid=Grid.TN, root=Circuit(name="main", fuse_ma=25_000))
IT = Site(name="home", grid=Grid.IT, root=Circuit(name="main", fuse_ma=25_000))

SHORT = Reading(manufacturer="aidon", list=1, power_import_w=1247)
FULL = Reading(
    manufacturer="kamstrup",
    list=3,
    list_id="Kamstrup_V0001",
    meter_id="9900000000000017",
    meter_type="TYPE1234",
    clock=clock_octets(datetime(2026, 1, 15, 18, 0, 5)),
    clock_rule=ClockRule.STANDARD,
    power_import_w=1247,
    power_export_w=0,
    reactive_import_var=0,
    reactive_export_var=417,
    current_l1_ma=1_890,
    current_l2_ma=3_270,
    current_l3_ma=1_280,
    voltage_l1_mv=236_000,
    voltage_l2_mv=236_000,
    voltage_l3_mv=236_500,
    energy_import_wh=85_823_280,
    energy_export_wh=4_540_830,
    reactive_energy_import_varh=153_270,
    reactive_energy_export_varh=14_774_380,
)


def said(reading: Reading) -> dict[str, Any]:
    """What is published of a list, by topic."""
    return {message.topic: json.loads(message.payload) for message in messages("ams", reading, NOW)}


def page(reading: Reading, site: Site = TN, at: int = 0) -> dict[str, Any]:
    """What /data.json shows when this list came at 0."""
    body = data_json(site, Known().after(reading, 0), at, NOW)
    assert body is not None
    shown: dict[str, Any] = json.loads(body)
    return shown


ENERGIES = Reading(manufacturer="iskraemeco", list=3, energy_import_wh=52_837, energy_export_wh=177_927)


def test_registers_alone_are_no_power() -> None:
    """A list with nothing but registers says nothing of power, and the last that did stays the last."""
    assert said(ENERGIES).keys() == {"ams/energy"}

    known = Known().after(FULL, 0).after(ENERGIES, 1000)
    assert (known.last, known.currents, known.energies) == (FULL, FULL, ENERGIES)


def test_a_short_list_is_power_alone() -> None:
    """The list of every 2 s has two fields, as an amsreader publishes it, and nothing that it does not carry."""
    assert said(SHORT) == {"ams/power": {"P": 1247, "t": "2026-01-15T17:00:10Z"}}


def test_a_full_list_has_the_fields_of_an_amsreader() -> None:
    """Power in W, currents in A, voltages in V, registers in kWh, the time of the meter in UTC: under the names that dashboards know."""
    assert said(FULL) == {
        "ams/power": {
            "lv": "Kamstrup_V0001",
            "id": "9900000000000017",
            "type": "TYPE1234",
            "P": 1247,
            "Q": 0,
            "PO": 0,
            "QO": 417,
            "I1": 1.89,
            "I2": 3.27,
            "I3": 1.28,
            "U1": 236.0,
            "U2": 236.0,
            "U3": 236.5,
            "t": "2026-01-15T17:00:05Z",
        },
        "ams/energy": {
            "tPI": 85_823.28,
            "tPO": 4_540.83,
            "tQI": 153.27,
            "tQO": 14_774.38,
            "rtc": "2026-01-15T17:00:05Z",
            "t": "2026-01-15T17:00:05Z",
        },
    }


def test_what_is_not_measured_is_null() -> None:
    """A current that the meter does not send is null and never 0."""
    assert said(FULL._replace(list=2, current_l2_ma=None))["ams/power"]["I2"] is None


def test_the_power_of_each_line_where_the_meter_tells_it() -> None:
    """P1 to PO3 are there for meters that measure them, and only for these."""
    lines = FULL._replace(power_import_l1_w=200, power_import_l2_w=800, power_import_l3_w=247, power_export_l1_w=0)
    power = said(lines)["ams/power"]
    assert [power[name] for name in ("P1", "P2", "P3", "PO1", "PO2")] == [200, 800, 247, 0, None]
    assert "P1" not in said(FULL)["ams/power"]


def test_nothing_old_is_kept_by_the_broker() -> None:
    """Measurements are not retained and expire; only the status is retained."""
    assert not any(message.retain for message in messages("ams", FULL, NOW))
    assert all(message.expiry_s for message in messages("ams", FULL, NOW))
    assert [status("ams", online=online)[:2] for online in (True, False)] == [
        ("ams/status", b"online"),
        ("ams/status", b"offline"),
    ]
    assert status("ams", online=True).retain


def test_the_page_has_what_evcc_reads() -> None:
    """Every field of evcc's template amsleser is a number (w, e, ic, ec; i, u and p of each line), and those beside them are right, too."""
    assert page(FULL) == {
        "mf": 25,
        "i": 1247,
        "e": 0,
        "w": 1247,
        "ri": 0,
        "re": 417,
        "ic": 85_823.28,
        "ec": 4_540.83,
        "ric": 153.27,
        "rec": 14_774.38,
        "l1": {"u": 236.0, "i": 1.89, "p": 365, "e": False},
        "l2": {"u": 236.0, "i": 3.27, "p": 633, "e": False},
        "l3": {"u": 236.5, "i": 1.28, "p": 249, "e": False},
        "c": int(NOW.timestamp()),
    }


def test_a_list_that_lost_its_currents_shows_none() -> None:
    """A list that should carry currents and has none says nothing of the lines."""
    shown = page(FULL._replace(list=2, current_l1_ma=None, current_l2_ma=None, current_l3_ma=None))
    assert shown["l1"] == {"u": None, "i": None, "p": None}
    assert shown["w"] == 1247


def test_power_that_is_sold_is_negative() -> None:
    """The field w is what is bought less what is sold, and the powers of the lines go with it."""
    shown = page(FULL._replace(power_import_w=0, power_export_w=3_000))
    assert (shown["w"], shown["e"]) == (-3_000, 3_000)
    assert sum(shown[line]["p"] for line in ("l1", "l2", "l3")) == -3_000


def test_a_line_that_the_meter_does_not_measure_is_the_estimate_and_marked() -> None:
    """On an IT net without I2 the line shows what the chargers are governed by, marked with e; without a rule for it, null."""
    reading = FULL._replace(current_l2_ma=None)
    shown = page(reading, IT)
    assert shown["l2"]["e"] is True
    assert shown["l2"]["i"] > 0
    assert (shown["l1"]["e"], shown["l1"]["i"]) == (False, 1.89)
    assert page(reading, TN)["l2"] == {"u": 236.0, "i": None, "p": None, "e": False}


def test_a_line_that_does_not_exist_carries_nothing() -> None:
    """Behind a 1-phase meter L2 and L3 are 0 A, and L1 has all the power."""
    one = FULL._replace(current_l2_ma=None, current_l3_ma=None, voltage_l2_mv=None, voltage_l3_mv=None)
    shown = page(one)
    assert [shown[line]["i"] for line in ("l1", "l2", "l3")] == [1.89, 0, 0]
    assert [shown[line]["p"] for line in ("l1", "l2", "l3")] == [1247, 0, 0]


def test_old_values_are_not_shown() -> None:
    """After stale_after_s without a list there is no page; without currents for so long the lines are null while the power goes on."""
    stale = TN.policy.stale_after_ms
    assert data_json(TN, Known(), 0, NOW) is None
    assert page(FULL, at=stale)["l1"]["i"] == 1.89
    assert data_json(TN, Known().after(FULL, 0), stale + 1, NOW) is None
    known = Known().after(FULL, 0).after(SHORT, stale + 1)
    body = data_json(TN, known, stale + 1, NOW)
    assert body is not None
    shown = json.loads(body)
    assert (shown["i"], shown["l1"], shown["ic"]) == (1247, {"u": None, "i": None, "p": None}, 85_823.28)


def test_registers_are_null_until_the_first_hour() -> None:
    """Before the meter has sent a register nobody is told 0 kWh."""
    assert page(SHORT)["ic"] is None


@given(
    st.integers(0, 50_000),
    st.integers(0, 50_000),
    st.tuples(*[st.integers(0, 200_000)] * 3),
)
def test_the_powers_of_the_lines_sum_up(bought: int, sold: int, currents: tuple[int, int, int]) -> None:
    """Whatever the currents are, the powers of the three lines are together what the meter says of the house."""
    l1, l2, l3 = currents
    shown = page(FULL._replace(power_import_w=bought, power_export_w=sold, current_l1_ma=l1, current_l2_ma=l2, current_l3_ma=l3))
    assert sum(shown[line]["p"] for line in ("l1", "l2", "l3")) == bought - sold


@pytest.mark.parametrize("reading", [FULL, SHORT])
def test_a_meter_that_tells_the_power_of_each_line_is_believed(reading: Reading) -> None:
    """Where the list has the power of each line, that is shown: bought less sold."""
    lines = reading._replace(power_import_l1_w=500, power_import_l2_w=0, power_import_l3_w=747, power_export_l2_w=100)
    shown = page(lines)
    expected = [500, -100, 747] if reading is FULL else [None, None, None]
    assert [shown[line]["p"] for line in ("l1", "l2", "l3")] == expected


def test_registers_stay_for_a_little_more_than_an_hour() -> None:
    """They come once an hour: kept for less than that they would be missing, for much more they would be old."""
    (energy,) = messages("ams", ENERGIES, NOW)
    assert energy.expiry_s == 4_000


def test_the_four_powers_are_not_mixed_up() -> None:
    """P and Q are what is bought, PO and QO what is sold; Q is the reactive one."""
    power = said(FULL._replace(power_import_w=1, reactive_import_var=2, power_export_w=3, reactive_export_var=4))["ams/power"]
    assert [power[name] for name in ("P", "Q", "PO", "QO")] == [1, 2, 3, 4]
