"""What a meter can mean."""

from typing import Any

import pytest

from dlms.obis import REGISTERS
from han_gateway.meters.plausible import LIMITS, LOWEST, Mend, demand_agreement, drop_placeholders, undo_drift
from han_gateway.meters.profiles import EMBRIQ, ISKRA, KAIFA
from han_gateway.meters.reading import Reading

POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
CURRENTS = ("current_l1_ma", "current_l2_ma", "current_l3_ma")
VOLTAGES = ("voltage_l1_mv", "voltage_l2_mv", "voltage_l3_mv")
NAMES = (*POWERS, *CURRENTS, *VOLTAGES)


def mended(mend: Mend | None, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the values after the correction, which works in place."""
    assert mend
    inner = list(values)
    mend(inner)
    return tuple(inner)


def test_every_number_of_a_reading_has_a_range() -> None:
    """Nothing that a reading holds is believed without limit, 0 always is, and only currents may be negative."""
    numbers = {name for name in Reading._fields if name.rpartition("_")[2] in ("w", "var", "wh", "varh", "ma", "mv")}
    numbers.remove("current_step_ma")  # how it was written, not what was measured

    assert numbers <= LIMITS.keys() == LOWEST.keys()
    assert all(LOWEST[name] <= 0 < LIMITS[name] for name in numbers)
    assert {name for name in numbers if LOWEST[name] < 0} == set(CURRENTS)
    assert {register.name for register in REGISTERS.values()} > LIMITS.keys()


def test_the_largest_values() -> None:
    """Of no meter more than 10 kA, 1 kV, 10 MW, 10 Mvar, 10^15 Wh or 10^15 varh is believed."""
    largest = {"ma": 10_000_000, "mv": 1_000_000, "w": 10_000_000, "var": 10_000_000, "wh": 10**15, "varh": 10**15}

    assert {name.rpartition("_")[2] for name in LIMITS} == largest.keys()
    assert {name: largest[name.rpartition("_")[2]] for name in LIMITS} == LIMITS


class TestDrift:
    """Scales that firmware changed."""

    @pytest.mark.parametrize(
        ("voltages", "expected"),
        [
            ((236_000, 237_000, 238_000), (236_000, 237_000, 238_000)),
            ((22_199_000, 22_301_000, 22_250_000), (221_990, 223_010, 222_500)),
            ((22_199_000, 0, 22_250_000), (221_990, 0, 222_500)),
            ((1_000_000, 1_000_000, 1_000_000), (1_000_000, 1_000_000, 1_000_000)),
            ((0, 0, 1_001_000), (0, 0, 100_100)),
            ((2_340_000, 2_350_000, 2_330_000), (234_000, 235_000, 233_000)),
        ],
    )
    def test_voltage(self, voltages: tuple[int, ...], expected: tuple[int, ...]) -> None:
        """A count of 0.1 V or 0.01 V is known by its size, and nothing else is touched."""
        before = (100, 0, 0, 50, 1000, 2000, 3000)

        assert mended(undo_drift(NAMES), (*before, *voltages)) == (*before, *expected)

    def test_current(self) -> None:
        """Currents in mA taken for 0.01 A are put right where they are impossible and the powers contradict them."""
        lines = (233_000,) * 3
        impossible = (909_990, 939_550, 926_450)
        ten_times_smaller = (90_999, 93_955, 92_645)

        assert mended(undo_drift(NAMES), (0, 2585, 63_364, 0, *impossible, *lines)) == (
            0,
            2585,
            63_364,
            0,
            *ten_times_smaller,
            *lines,
        )

    def test_one_impossible_current(self) -> None:
        """One line that is impossible proves the scale of all three: the others are too large by ten as well."""
        values = (20_000, 0, 0, 0, 800_000, 30_000, 30_000, 233_000, 233_000, 233_000)

        assert mended(undo_drift(NAMES), values) == (20_000, 0, 0, 0, 80_000, 3_000, 3_000, 233_000, 233_000, 233_000)

    @pytest.mark.parametrize("powers", [(100_000, 60_000, 0, 0), (0, 0, 60_000, 100_000)])
    def test_what_is_given_is_taken_off(self, powers: tuple[int, ...]) -> None:
        """The currents are compared with what is taken less what is given, of active and of reactive power."""
        lines = (233_000,) * 3

        assert mended(undo_drift(NAMES), (*powers, 1_000_000, 0, 0, *lines)) == (*powers, 100_000, 0, 0, *lines)

    @pytest.mark.parametrize(
        ("powers", "currents"),
        [
            ((200_000, 0, 600_000, 0), (909_990, 939_550, 926_450)),
            ((0, 0, 0, 0), (909_990, 939_550, 926_450)),
            ((100, 0, 0, 0), (199_000, 200_000, 200_000)),
            ((50_000, 0, 0, 0), (250_000, 5_000, 5_000)),
            ((46_600, 0, 0, 0), (1_000_000, 0, 0)),
        ],
        ids=["the powers agree", "no power to compare", "possible currents", "not ten times", "five times"],
    )
    def test_current_in_doubt(self, powers: tuple[int, ...], currents: tuple[int, ...]) -> None:
        """In doubt a current stays the larger one."""
        values = (*powers, *currents, 233_000, 233_000, 233_000)

        assert mended(undo_drift(NAMES), values) == values

    @pytest.mark.parametrize("missing", range(len(NAMES)))
    def test_lists_that_lack_a_value(self, missing: int) -> None:
        """Without one of the values there is no comparison that raises or invents."""
        values = (100, 0, 0, 50, 900_000, 900_000, 900_000, 230_000, 230_000, 230_000)
        mend = undo_drift(NAMES[:missing] + NAMES[missing + 1 :])
        left = values[:missing] + values[missing + 1 :]

        assert mended(mend, left) in (left, tuple(value // 10 if value == 900_000 else value for value in left))
        if missing < len(POWERS):
            assert mended(mend, left) == left

    def test_the_clock_among_the_values(self) -> None:
        """The octets of a clock stay what they are."""
        clock = bytes(12)
        mend = undo_drift((*NAMES, "clock"))

        assert mended(mend, (0, 0, 0, 0, 0, 0, 0, 22_199_000, 0, 0, clock))[-1] is clock


class TestPlaceholders:
    """Zeros that stand for "not measured"."""

    @pytest.mark.parametrize(
        ("voltages", "second"),
        [
            ((239_200, 0, 239_700), None),
            ((239_200, 238_000, 239_700), 238_000),
            ((232_200, 0, 0), 0),
            ((0, 0, 232_200), 0),
            ((0, 0, 0), 0),
        ],
        ids=["three wires", "all there", "one phase on a bench", "the other", "dead"],
    )
    def test_voltage(self, voltages: tuple[int, ...], second: int | None) -> None:
        """U2 = 0 between two real voltages was not measured; any other zero is a zero."""
        mend = drop_placeholders(NAMES, KAIFA)

        before = (0, 0, 0, 0, 5000, 0, 5000)
        assert mended(mend, (*before, *voltages)) == (*before, voltages[0], second, voltages[2])

    @pytest.mark.parametrize(("current", "expected"), [(0, None), (10, 10), (-10, -10)])
    def test_current_of_the_e350(self, current: int, expected: int | None) -> None:
        """An E350 on three wires does not measure I2 either, unless it says something; Kaifa does."""
        values = (0, 0, 0, 0, 31_800, current, 34_320, 235_000, 0, 232_000)
        for profile, second in ((EMBRIQ, expected), (KAIFA, current)):
            mend = drop_placeholders(NAMES, profile)
            assert mended(mend, values) == (0, 0, 0, 0, 31_800, second, 34_320, 235_000, None, 232_000)

    def test_current_with_four_wires(self) -> None:
        """An E350 on four wires with nothing on L2 measured 0 A."""
        mend = drop_placeholders(NAMES, EMBRIQ)
        values = (0, 0, 0, 0, 31_800, 0, 34_320, 235_000, 236_000, 232_000)

        assert mended(mend, values) == values

    def test_four_wires_alone(self) -> None:
        """A family that is never found on three wires has no placeholders: its zero is a dead phase."""
        assert drop_placeholders(NAMES, ISKRA) is None

    @pytest.mark.parametrize("voltages", [(), VOLTAGES[:1], VOLTAGES[:2]])
    def test_lists_without_three_voltages(self, voltages: tuple[str, ...]) -> None:
        """Where there are no three voltages, nothing is to be dropped."""
        assert drop_placeholders((*POWERS, *CURRENTS, *voltages), KAIFA) is None


class TestAgreement:
    """Lists whose places and scales nothing on the wire confirms."""

    LINES = tuple(f"power_{way}_l{line}_w" for way in ("import", "export") for line in (1, 2, 3))
    NAMES = ("power_import_w", "power_export_w", *CURRENTS, *VOLTAGES, *LINES)
    GOOD = (1393, 0, 1030, 1250, 5970, 237_900, 237_900, 229_600, 16, 51, 1325, 0, 0, 0)

    def changed(self, **values: int) -> tuple[int, ...]:
        """Give the good list with other values."""
        return tuple(values.get(name, value) for name, value in zip(self.NAMES, self.GOOD, strict=True))

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"power_import_w": 1376, "power_export_w": 43, "power_import_l1_w": 0, "power_export_l1_w": 43},
            {
                "current_l3_ma": -5970,
                "power_import_w": 0,
                "power_export_w": 1258,
                "power_import_l3_w": 0,
                "power_export_l3_w": 1325,
            },
            {"current_l3_ma": 2000},  # measured a moment before a kettle was switched on
            {"power_import_w": 1440},
        ],
    )
    def test_a_list_that_agrees_with_itself(self, values: dict[str, int]) -> None:
        """Sums that agree to the rounding, and currents that carry the power or soon will, are left as they are."""
        assert mended(demand_agreement(self.NAMES), self.changed(**values)) == self.changed(**values)

    @pytest.mark.parametrize(
        "values",
        [
            {"power_import_w": 1500},
            {"power_import_w": 1393, "power_export_w": 1393},
            {"power_export_l3_w": 1325},
            {"power_import_w": 13_930, "power_import_l1_w": 160, "power_import_l2_w": 510, "power_import_l3_w": 13_250},
            {"current_l3_ma": 103},
            {"voltage_l3_mv": 22_960},
            {"current_l1_ma": 5970, "current_l3_ma": 103},
        ],
    )
    def test_a_list_that_contradicts_itself(self, values: dict[str, int]) -> None:
        """Powers that do not add up, or that no such current carries, on one line or on all, leave nothing to believe."""
        assert mended(demand_agreement(self.NAMES), self.changed(**values)) == ()

    @pytest.mark.parametrize("missing", range(len(NAMES)))
    def test_lists_that_lack_a_value(self, missing: int) -> None:
        """What is not sent is not compared, and nothing raises."""
        names = self.NAMES[:missing] + self.NAMES[missing + 1 :]
        values = self.GOOD[:missing] + self.GOOD[missing + 1 :]

        assert mended(demand_agreement(names), values) == values
        assert mended(demand_agreement(CURRENTS), (1, 2, 3)) == (1, 2, 3)
        assert mended(demand_agreement(()), (1, 2, 3)) == (1, 2, 3)

    @pytest.mark.parametrize("way", ["import", "export"])
    @pytest.mark.parametrize(("watts", "agrees"), [(1190, True), (1191, False)])
    def test_how_much_more_than_its_current_a_power_may_be(self, way: str, watts: int, agrees: bool) -> None:
        """Either way a power may be three times what voltage and current make, and 500 W: it is newer than the current."""
        sent = {"power_import_w": 0, "power_export_w": 0, "current_l1_ma": 1000, "voltage_l1_mv": 230_000}
        sent[f"power_{way}_w"] = watts

        values = tuple(sent.values())
        assert mended(demand_agreement(tuple(sent)), values) == (values if agrees else ())

    @pytest.mark.parametrize(("line", "agrees"), [(1920, True), (1919, False), (2080, True), (2081, False)])
    def test_how_far_the_sum_of_the_lines_may_be_off(self, line: int, agrees: bool) -> None:
        """The powers of the lines may be off by 20 W and 3 percent of the whole, for each of them is rounded."""
        names = ("power_import_w", "power_export_w", "power_import_l1_w", "power_export_l1_w")

        assert mended(demand_agreement(names), (2000, 0, line, 0)) == ((2000, 0, line, 0) if agrees else ())

    @pytest.mark.parametrize("missing", [*CURRENTS, *VOLTAGES])
    def test_a_line_is_compared_with_its_own_current_only(self, missing: str) -> None:
        """Where a current or a voltage is not sent, none of another line takes its place."""
        heavy_l1 = {"power_import_w": 9_067, "power_import_l1_w": 9_000, "power_import_l3_w": 16, "current_l1_ma": 40_000}
        sent = dict(zip(self.NAMES, self.changed(**heavy_l1, current_l3_ma=1030), strict=True))
        del sent[missing]

        assert mended(demand_agreement(tuple(sent)), tuple(sent.values())) == tuple(sent.values())

    def test_a_meter_with_one_phase(self) -> None:
        """The power of the only line is that of the whole."""
        names = ("power_import_w", "power_export_w", "power_import_l1_w", "power_export_l1_w")

        assert mended(demand_agreement(names), (1500, 0, 1490, 0)) == (1500, 0, 1490, 0)
        assert mended(demand_agreement(names), (1500, 0, 1000, 0)) == ()

    def test_a_list_that_is_out_of_range_already(self) -> None:
        """Where nothing is left of a list, there is nothing to compare."""
        assert mended(demand_agreement(self.NAMES), ()) == ()
