"""How the numbers of a list are scaled, and which are believed."""

from dataclasses import replace
from typing import Any

import pytest

from dlms.axdr import Data, Tag
from dlms.obis import REGISTERS, Register, Unit
from dlms.rejects import Reason, Rejected
from han_gateway.meters import forms
from han_gateway.meters.body import Row
from han_gateway.meters.decoder import Decoder
from han_gateway.meters.forms import Form
from han_gateway.meters.numbers import Scaling, pick
from han_gateway.meters.profiles import AIDON, KAMSTRUP
from han_gateway.meters.reading import Reading
from han_gateway.meters.software_meter import write
from tests.invented import information, reading, renamed

TYPICAL = {
    "power_import_w": 2000,
    "power_export_w": 0,
    "reactive_import_var": 0,
    "reactive_export_var": 300,
    "current_l1_ma": 5000,
    "current_l2_ma": 3000,
    "current_l3_ma": 1000,
    "voltage_l1_mv": 231_000,
    "voltage_l2_mv": 232_000,
    "voltage_l3_mv": 233_000,
    "energy_import_wh": 12_340_000,
    "energy_export_wh": 10,
    "reactive_energy_import_varh": 500,
    "reactive_energy_export_varh": 600,
}


def values(form: Form, **changes: int) -> Reading:
    """Give a reading of a form with typical values and some changed ones."""
    names = {column.name for column in form.columns}
    return reading(form, {name: value for name, value in (TYPICAL | changes).items() if name in names})


def decode(form: Form, sent: Reading, **options: Any) -> Reading | Rejected:
    """Write and decode a list, twice: what is learned from a frame must not depend on its values."""
    decoder = Decoder(**options)
    other = write(form, values(form)._replace(power_import_w=1))
    first, _, again = decoder.feed(write(form, sent)) + decoder.feed(other) + decoder.feed(write(form, sent))
    assert again == first
    assert first == Decoder(**options).feed(other + write(form, sent))[1]
    return first


def reason(item: Reading | Rejected) -> Reason | None:
    """Tell why something was rejected."""
    return item.reason if isinstance(item, Rejected) else None


class TestRange:
    """No value that no meter can measure becomes a reading, whether its list is known or new."""

    @pytest.mark.parametrize(
        "form", [forms.KAIFA_3P_LIST3, forms.KAMSTRUP_3P_LIST3, forms.AIDON_TN_LIST3], ids=lambda form: form.name
    )
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("power_import_w", 0xFFFFFFFF),
            ("power_export_w", 30_000_000),
            ("reactive_import_var", 0x80000000),
        ],
    )
    def test_incredible(self, form: Form, name: str, value: int) -> None:
        """A power of more than the limit's next power of two is Rejected(OUT_OF_RANGE)."""
        assert reason(decode(form, values(form, **{name: value}))) is Reason.OUT_OF_RANGE

    @pytest.mark.parametrize("name", ["current_l1_ma", "voltage_l1_mv"])
    def test_incredible_where_all_bits_fit(self, name: str) -> None:
        """Amperes and volts of Kaifa are 32 bits wide and no meter needs them."""
        form = forms.KAIFA_3P_LIST2
        assert reason(decode(form, values(form, **{name: 100_000_000}))) is Reason.OUT_OF_RANGE

    @pytest.mark.parametrize("value", [0, 1, 9_999_999])
    def test_credible(self, value: int) -> None:
        """Powers up to 10 MW are believed."""
        form = forms.KAIFA_3P_LIST2
        found = decode(form, values(form, power_import_w=value))

        assert isinstance(found, Reading)
        assert found.power_import_w == value

    @pytest.mark.parametrize("tag", [Tag.INT16, Tag.INT32, Tag.INT64])
    @pytest.mark.parametrize("name", ["power_import_w", "current_l1_ma", "voltage_l3_mv"])
    def test_only_currents_are_negative(self, name: str, tag: Tag) -> None:
        """A meter that sends a signed type is believed a negative current, and nothing else below zero."""
        form = renamed(forms.AIDON_TN_LIST2, name, tag=tag)
        value = {"current_l1_ma": -1500, "power_import_w": -1000, "voltage_l3_mv": -1000}[name]

        assert reason(decode(form, values(form, **{name: value}))) is (None if name == "current_l1_ma" else Reason.OUT_OF_RANGE)
        assert reason(decode(form, values(form))) is None

    def test_a_list_of_power_alone(self) -> None:
        """A meter that sends nothing but its power in a signed type is not believed one below zero."""
        form = renamed(forms.AIDON_LIST1, "power_import_w", tag=Tag.INT16)

        assert reason(decode(form, values(form, power_import_w=-1))) is Reason.OUT_OF_RANGE
        assert reason(decode(form, values(form, power_import_w=0))) is None

    @pytest.mark.parametrize("current", [-10_000_100, 10_000_100])
    def test_the_only_current_of_a_list(self, current: int) -> None:
        """A current of more than 10 kA, either way, is no current, also where no other value of the list could be one."""
        form = renamed(forms.AIDON_1P_LIST2, "current_l1_ma", tag=Tag.INT32)

        largest = 10_000_000 if current > 0 else -10_000_000

        assert reason(decode(form, values(form, current_l1_ma=current))) is Reason.OUT_OF_RANGE
        assert reason(decode(form, values(form, current_l1_ma=largest))) is None

    @pytest.mark.parametrize("tag", [Tag.UINT8, Tag.INT8, Tag.UINT16, Tag.INT16, Tag.UINT32, Tag.INT32, Tag.UINT64, Tag.INT64])
    def test_numbers_of_any_size(self, tag: Tag) -> None:
        """A number is read in whatever size a meter sends it, and so are those behind it."""
        form = renamed(forms.AIDON_TN_LIST2, "power_import_w", tag=tag)
        sent = values(form, power_import_w=123)

        assert decode(form, sent) == sent

    def test_a_small_number_behind_transformers(self) -> None:
        """A current that fits in its type and is one of more than 10 kA behind the transformers is no current."""
        form = forms.AIDON_1P_LIST2

        assert reason(decode(form, values(form, current_l1_ma=2_600_000), ct_ratio=4)) is Reason.OUT_OF_RANGE
        assert reason(decode(form, values(form, current_l1_ma=2_500_000), ct_ratio=4)) is None

    def test_a_scaler_that_makes_a_small_number_large(self) -> None:
        """A current of 16 bits is incredible when its scaler says so."""
        form = renamed(forms.AIDON_TN_LIST2, "current_l1_ma", scaler=2)

        assert reason(decode(form, values(form, current_l1_ma=-400_000_000))) is Reason.OUT_OF_RANGE
        assert reason(decode(form, values(form, current_l1_ma=500_000))) is None

    @pytest.mark.parametrize("scaler", [-100, -10, 7, 127])
    def test_scalers_that_no_meter_sends(self, scaler: int) -> None:
        """A scaler far from any real one is Rejected(OUT_OF_RANGE) and named."""
        form = renamed(forms.AIDON_TN_LIST2, "power_import_w", scaler=scaler)
        frame = write(form, values(form, power_import_w=0))

        assert Decoder().feed(frame) == [Rejected(Reason.OUT_OF_RANGE, len(frame) - 2, f"power_import_w with scaler {scaler}")]


class TestScale:
    """What the wire says wins, then the owner, then the profile."""

    @pytest.mark.parametrize(
        ("scaler", "power"), [(-6, 2000), (-2, 2000), (-1, 2000), (0, 2000), (1, 2000), (3, 2000), (6, 5_000_000)]
    )
    def test_scalers_of_the_wire(self, scaler: int, power: int) -> None:
        """A power is the same in any scale it can be written in, up to a millionth and a million of its unit."""
        form = renamed(forms.AIDON_TN_LIST2, "power_import_w", scaler=scaler)
        found = decode(form, values(form, power_import_w=power))

        assert isinstance(found, Reading)
        assert found.power_import_w == power

    @pytest.mark.parametrize(("tenths", "expected"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
    def test_half_up(self, tenths: int, expected: int) -> None:
        """What the wire has finer than this house keeps it is rounded half up."""
        form = renamed(forms.AIDON_LIST1, "power_import_w", scaler=-1)
        message = information(write(form, reading(form, {"power_import_w": 0})))
        content = b"\x06\0\0\0\0"
        assert message.count(content) == 1

        found = Decoder().message(message.replace(content, b"\x06" + tenths.to_bytes(4, "big")))

        assert isinstance(found, Reading)
        assert found.power_import_w == expected

    def test_negative_half_up(self) -> None:
        """A negative current finer than a milliampere is rounded the same way."""
        form = renamed(forms.AIDON_TN_LIST2, "current_l1_ma", scaler=-4, tag=Tag.INT32)
        found = decode(form, values(form, current_l1_ma=-3))

        assert isinstance(found, Reading)
        assert found.current_l1_ma == -3

    @pytest.mark.parametrize("ratio", [2, 50])
    def test_the_ratio_of_current_transformers(self, ratio: int) -> None:
        """The ratio multiplies all that passes the transformers: currents, powers and energies, and no voltage."""
        for form in (forms.AIDON_TN_LIST3, forms.KAIFA_3P_LIST3):
            found = decode(form, values(form), ct_ratio=ratio)

            assert isinstance(found, Reading)
            passed = {name: value * (1 if name.startswith("voltage") else ratio) for name, value in TYPICAL.items()}
            assert found == values(form, **passed)

    @pytest.mark.parametrize("scale", [1, 10, 100])
    def test_the_scale_of_energies(self, scale: int) -> None:
        """A configured scale holds for energies whose scale is not on the wire, and for no others."""
        kamstrup, aidon = forms.KAMSTRUP_3P_LIST3, forms.AIDON_TN_LIST3
        found = decode(kamstrup, values(kamstrup), energy_count_wh=scale)

        assert isinstance(found, Reading)
        assert found.energy_import_wh == TYPICAL["energy_import_wh"] // 10 * scale
        assert found.reactive_energy_export_varh == TYPICAL["reactive_energy_export_varh"] // 10 * scale
        assert found.current_ma == values(kamstrup).current_ma
        assert decode(aidon, values(aidon), energy_count_wh=scale) == values(aidon)

    def test_the_scale_of_currents(self) -> None:
        """A configured scale holds for currents whose scale is not on the wire, and for no others."""
        kamstrup, aidon = forms.KAMSTRUP_3P_LIST3, forms.AIDON_TN_LIST3
        found = decode(kamstrup, values(kamstrup), current_count_ma=1)

        assert found == values(kamstrup)._replace(current_l1_ma=500, current_l2_ma=300, current_l3_ma=100)
        assert decode(aidon, values(aidon), current_count_ma=1) == values(aidon)

    def test_voltage_in_hundredths(self) -> None:
        """A Kamstrup whose firmware counts 0.01 V is read right, also when it began to do so in mid-stream."""
        form = forms.KAMSTRUP_3P_LIST2
        drifted = replace(form, exponents={**form.exponents, Unit.VOLT: -2})
        sent = values(form, voltage_l1_mv=221_990, voltage_l2_mv=223_010, voltage_l3_mv=222_500)
        decoder = Decoder()

        assert decoder.feed(write(form, values(form)) + write(drifted, sent)) == [values(form), sent]

    @pytest.mark.parametrize("form", [forms.E450_LINES, forms.E450_BURGENLAND], ids=lambda form: form.name)
    def test_voltage_in_tenths(self, form: Form) -> None:
        """An E450 that counts 0.1 V is read right beside one that counts whole volts; nothing on the wire tells them apart but the size."""
        finer = replace(form, exponents={**form.exponents, Unit.VOLT: -1})
        whole = agreed(form)
        sent = whole._replace(voltage_l1_mv=231_400, voltage_l2_mv=232_500, voltage_l3_mv=233_900)

        assert Decoder().feed(write(form, whole)) == [whole]
        assert Decoder().feed(write(finer, sent)) == [sent]


class TestAgreement:
    """Lists of values without a name are believed only while they agree with themselves, whether they are known or new."""

    @pytest.mark.parametrize(
        "form",
        [forms.ISKRA_3P, forms.ISKRA_CELJE_3P, forms.ISKRA_1P, forms.ISKRA_HR_3P, forms.E450_LINES, forms.E450_BURGENLAND],
        ids=lambda form: form.name,
    )
    @pytest.mark.parametrize("change", [{"power_import_w": 20_000}, {"current_l1_ma": 0, "current_l2_ma": 0, "current_l3_ma": 0}])
    def test_a_power_that_the_currents_cannot_carry(self, form: Form, change: dict[str, int]) -> None:
        """Ten times the power, or none of the currents, is a list of another kind: Rejected(OUT_OF_RANGE)."""
        assert reason(decode(form, agreed(form))) is None
        assert reason(decode(form, agreed(form)._replace(**change))) is Reason.OUT_OF_RANGE  # type: ignore[arg-type]

    @pytest.mark.parametrize("form", [forms.ISKRA_3P, forms.ISKRA_HR_3P], ids=lambda form: form.name)
    def test_powers_that_do_not_add_up(self, form: Form) -> None:
        """The powers of the lines are those of the whole, or the list is none that is known."""
        assert reason(decode(form, agreed(form)._replace(power_import_l1_w=900))) is Reason.OUT_OF_RANGE

    @pytest.mark.parametrize("form", [forms.SAGEMCOM_3P, forms.KAIFA_AT_3P, forms.AIDON_TN_LIST2], ids=lambda form: form.name)
    def test_lists_that_state_scale_and_unit(self, form: Form) -> None:
        """What says itself what it is needs no such proof."""
        assert reason(decode(form, values(form, power_import_w=20_000))) is None


def agreed(form: Form) -> Reading:
    """Give typical values of a form whose line powers add up to the whole."""
    names = {column.name for column in form.columns}
    lines = dict(zip((f"power_import_l{line}_w" for line in (1, 2, 3)), (1100, 680, 220), strict=True))
    exports = dict.fromkeys((f"power_export_l{line}_w" for line in (1, 2, 3)), 0)
    if "current_l2_ma" not in names:
        lines = {"power_import_l1_w": 2000}
    numbers = {name: value for name, value in (TYPICAL | lines | exports).items() if name in names}
    return reading(form, numbers)


class TestPick:
    """Which rows become numbers."""

    def test_a_text_for_a_number(self) -> None:
        """A register that should be a number and is none is Rejected(MALFORMED)."""
        row = Row(_register("power_import_w"), Data(Tag.OCTET_STRING, b"12"))

        assert pick([row], AIDON, Scaling()) == Rejected(Reason.MALFORMED, detail="power_import_w is no number")

    def test_a_group_for_a_number(self) -> None:
        """Nor is a structure a number."""
        row = Row(_register("power_import_w"), Data(Tag.STRUCTURE, (Data(Tag.UINT32, 1),)))

        assert reason_of(pick([row], AIDON, Scaling())) is Reason.MALFORMED

    @pytest.mark.parametrize(("name", "tag"), [("voltage_l1_mv", Tag.UINT16), ("current_l1_ma", Tag.INT16)])
    def test_only_its_own_bits_change(self, name: str, tag: Tag) -> None:
        """However large a number may be, no bit beside it is expected to change."""
        found = pick([Row(_register(name), Data(tag, 230, 10))], KAMSTRUP, Scaling())

        assert isinstance(found, list)
        assert [(number.bits, number.width) for number in found] == [(16, 2)]

    def test_no_transformers_unless_told(self) -> None:
        """Where nobody configured a ratio, a count is what the profile says: 0.01 A for a Kamstrup."""
        found = pick([Row(_register("current_l1_ma"), Data(Tag.INT16, 230, 10))], KAMSTRUP, Scaling())

        assert isinstance(found, list)
        assert [(number.factor, number.divisor) for number in found] == [(10, 1)]

    def test_a_register_twice(self) -> None:
        """A list that says two things about one quantity is Rejected(MALFORMED)."""
        row = Row(_register("power_import_w"), Data(Tag.UINT32, 1, 10))

        assert pick([row, row], AIDON, Scaling()) == Rejected(Reason.MALFORMED, detail="power_import_w twice")

    def test_nothing_to_say(self) -> None:
        """A list of texts, null-data and quantities nobody asked for is Rejected(UNKNOWN_LIST)."""
        rows = [
            Row(_register("power_import_w"), Data(Tag.NULL, None)),
            Row(_register("meter_id"), Data(Tag.OCTET_STRING, b"12")),
            Row(_register("power_factor"), Data(Tag.UINT16, 99)),
            Row(_register("reactive_import_l1_var"), Data(Tag.UINT32, 99)),
            Row(None, Data(Tag.UINT32, 99)),
        ]

        assert reason_of(pick(rows, AIDON, Scaling())) is Reason.UNKNOWN_LIST


def reason_of(item: object) -> Reason | None:
    """Tell why something was rejected."""
    return item.reason if isinstance(item, Rejected) else None


def _register(name: str) -> Register:
    return next(register for register in REGISTERS.values() if register.name == name)
