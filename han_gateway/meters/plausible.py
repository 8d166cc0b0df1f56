"""What a meter can mean: ranges, scales that firmware changed silently, and zeros that stand for "not measured".

These are facts about the physical world and about meters in the field, applied to the scaled values of every frame. Each rule
lowers trust, never raises it: in doubt a current stays the larger one. This file must not know bytes.
"""

from collections.abc import Callable, Sequence
from math import hypot
from typing import Any

from dlms.obis import LINES, REGISTERS
from han_gateway.meters.family import Profile

Values = list[Any]
"""The scaled values of one list: numbers, the octets of its clock, None for what it does not carry."""
Mend = Callable[[Values], None]
"""Corrects the values of one list in place."""

_LIMIT_OF_UNIT = {
    "ma": 10_000_000,  # 10 kA
    "mv": 1_000_000,  # 1 kV: CT meters are low-voltage meters
    "w": 10_000_000,
    "var": 10_000_000,
    "wh": 10**15,  # a uint64 register of a CT meter in Wh
    "varh": 10**15,
}
LIMITS: dict[str, int] = {
    register.name: _LIMIT_OF_UNIT[suffix]
    for register in REGISTERS.values()
    if (suffix := register.name.rpartition("_")[2]) in _LIMIT_OF_UNIT
}
"""The largest value per quantity that is believed."""
LOWEST: dict[str, int] = {name: -limit if name.startswith("current_") else 0 for name, limit in LIMITS.items()}
"""The lowest one: only currents have a sign; power and energy have a register for each direction."""

LARGEST_DIRECT_CURRENT_MA = 200_000
"""Direct-connected meters end at 100 A; twice that is a scale, not a current."""

_HIGHEST_MV = LIMITS["voltage_l1_mv"]  # what a count of 0.1 V or 0.01 V exceeds when it is taken for 1 V
_MISSCALED = 5  # a scale is wrong by 10 or not at all; line currents of a three-wire net explain at most 1.73

_CURRENTS = tuple(f"current_l{line}_ma" for line in LINES)
_VOLTAGES = tuple(f"voltage_l{line}_mv" for line in LINES)
_POWERS = ("power_import_w", "power_export_w", "reactive_import_var", "reactive_export_var")
_ACTIVE, _LINE_IMPORTS, _LINE_EXPORTS = (
    _POWERS[:2],
    *(tuple(f"power_{way}_l{line}_w" for line in LINES) for way in ("import", "export")),
)

_SLACK_W, _SLACK_PERCENT = 20, 3  # between a power and the sum of its lines, each rounded
_TRANSIENT_W, _TRANSIENT_FACTOR = 500, 3  # P is not of the very moment of I; but a scale is wrong by ten


def undo_drift(names: Sequence[str]) -> Mend:
    """Undo scale changes of firmware: voltage in 0.1 V (E450) or 0.01 V (Kamstrup) for 1 V, CT current in mA for 0.01 A (Kamstrup).

    The voltage is recognised by its size. The current is taken as mA only where it would be an impossible current otherwise, and
    the powers of the same list say that it is too large by a factor of ten (a Danish CT meter, amsreader-firmware issue 216).
    """
    voltages, currents, powers = (_places(names, group) for group in (_VOLTAGES, _CURRENTS, _POWERS))

    def mend(values: Values) -> None:
        while any(values[place] > _HIGHEST_MV for place in voltages):
            _divide(values, voltages, 10)
        impossible = any(values[place] > LARGEST_DIRECT_CURRENT_MA for place in currents)
        if impossible and _ten_times(values, voltages, currents, powers):
            _divide(values, currents, 10)

    return mend


def drop_placeholders(names: Sequence[str], profile: Profile) -> Mend | None:
    """Drop the zeros of a three-wire net that stand for "not measured": U2 = 0 between two real voltages gives them away."""
    voltages = _places(names, _VOLTAGES)
    if len(voltages) < len(LINES) or not profile.placeholders:
        return None
    u1, u2, u3 = voltages
    doubtful = _places(names, tuple(profile.placeholders))

    def mend(values: Values) -> None:
        if values[u2] or not (values[u1] and values[u3]):
            return
        for place in doubtful:
            values[place] = values[place] or None

    return mend


def demand_agreement(names: Sequence[str]) -> Mend:
    """Believe no list that contradicts itself: the powers of the lines must add up to the whole, and the currents must carry it.

    For lists whose places or scales nothing on the wire confirms. Voltage times current is at least the power, on each line and in all;
    but where P is newer than I, a load that came on between them makes a good list say otherwise (seen: 2.1 times, 1.3 kW, once in 4,594
    lists). So it is not asked of other lists, also where only a weak check vouches: it would find one in fourteen of their small currents.
    """
    active, imports, exports = (_places(names, group) for group in (_ACTIVE, _LINE_IMPORTS, _LINE_EXPORTS))
    voltages, currents = (_places(names, group) for group in (_VOLTAGES, _CURRENTS))
    summed = len(active) == len(_ACTIVE) and len(imports) == len(exports) > 0
    carried = bool(active) and len(voltages) == len(currents) > 0
    by_line = carried and len(imports) == len(voltages)

    def mend(values: Values) -> None:
        if not values:
            return
        net = _net(values, active)
        lines = [_net(values, pair) for pair in zip(imports, exports, strict=True)] if summed else [values[at] for at in imports]
        volt_amps = [values[u] * abs(values[i]) / 1_000_000 for u, i in zip(voltages, currents, strict=False)]
        agrees = not summed or abs(net - sum(lines)) <= _SLACK_W + abs(net) * _SLACK_PERCENT // 100
        agrees &= not carried or _carries(sum(volt_amps), net)
        agrees &= not by_line or all(map(_carries, volt_amps, lines))
        if not agrees:
            values.clear()

    return mend


def _carries(volt_amps: float, watts: int) -> bool:
    return abs(watts) <= _TRANSIENT_FACTOR * volt_amps + _TRANSIENT_W


def _net(values: Values, places: Sequence[int]) -> int:
    """Give import less export, as far as they are sent."""
    return int(sum(sign * values[place] for sign, place in zip((1, -1), places, strict=False)))


def _divide(values: Values, places: list[int], divisor: int) -> None:
    for place in places:
        values[place] //= divisor


def _ten_times(values: Values, voltages: list[int], currents: list[int], powers: list[int]) -> bool:
    """Tell whether voltage times current exceeds the apparent power by more than any net can explain."""
    by_line = sum(values[u] * abs(values[i]) for u, i in zip(voltages, currents, strict=False)) / 1_000_000
    if len(powers) < len(_POWERS):
        return False
    active_in, active_out, reactive_in, reactive_out = (values[place] for place in powers)
    return bool(by_line > _MISSCALED * hypot(active_in - active_out, reactive_in - reactive_out) > 0)


def _places(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    return [names.index(name) for name in wanted if name in names]
