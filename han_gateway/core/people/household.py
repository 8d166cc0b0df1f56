"""What the house itself draws: a list less what its chargers are known to draw at that moment. For the log of decisions, never to decide.

``headroom`` takes chargers out of the load so that a wrong figure is on the safe side; here a figure that may be wrong is none. What a charger
draws is known when it has said so since its limit last changed and had time to act, or when the meter has shown that it follows.
This file must not know what is said of it.
"""

from han_gateway.core.allocation import Room
from han_gateway.core.draw import reported
from han_gateway.core.events import ChargerStatus
from han_gateway.core.headroom import granted_ma
from han_gateway.core.load import UNKNOWN, Load
from han_gateway.core.people.rise import NOISE_MA, Sight, Spare, remembered
from han_gateway.core.power import NOMINAL_MV, mean_mv, net_w, power_ma
from han_gateway.core.seen.belief import ENOUGH
from han_gateway.core.site import Site
from han_gateway.core.state import ChargerView, State
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine
from han_gateway.meters.reading import Reading

Drawn = PerLine[MilliAmps]


def look(
    site: Site, state: State, reading: Reading, at: Instant, load: Load = UNKNOWN, room: Room | None = None
) -> tuple[Sight, ...]:
    """What the last lists show of the house, and this one; nothing where it cannot be told from the chargers.

    ``load`` and ``room`` are what a list with currents has told.
    """
    known = _known(state.chargers, at, site.policy.report_fresh_ms)
    if known is None or reading.power_export_w:
        return ()  # a line that sells is loaded by the sun
    sums = PerLine(*(sum(drawn[line.index] for drawn in known) for line in LINES))
    house = [_beside(load, line, sums[line.index]) for line in LINES]
    if not site.grid.three_wire and any(current is not None and current < -NOISE_MA for current in house):
        return ()  # somebody draws less than was said
    volts_mv = mean_mv(reading) or (state.sights[-1].volts_mv if state.sights else NOMINAL_MV)
    bought = net_w(reading)
    cars_w = sum(power_ma(site.grid, drawn) for drawn in known) * volts_mv // 1_000_000
    spares = (_spare(view, drawn) for view, drawn in zip(state.chargers, known, strict=True))
    sight = Sight(
        at=at,
        house_ma=PerLine(*house),
        house_w=None if bought is None else bought - cars_w,
        drawn_ma=sums,
        volts_mv=volts_mv,
        spare=tuple(spare for spare in spares if spare is not None),
        short=frozenset() if room is None else _short(state, room),
    )
    return remembered(state.sights, sight)


def _known(chargers: tuple[ChargerView, ...], at: Instant, fresh_ms: int) -> list[Drawn] | None:
    """What each charger draws; None where one of them is not known."""
    known = []
    for view in chargers:
        drawn = _draws(view, at, fresh_ms)
        if drawn is None:
            return None
        known.append(drawn)
    return known


def _draws(view: ChargerView, at: Instant, fresh_ms: int) -> Drawn | None:
    """What the charger is known to draw; None where it may be something else."""
    charger, last = view.charger, view.commands[-1]
    said = [reported(view, line, at, fresh_ms) if line in charger.lines else 0 for line in LINES]
    heard = [current for current in said if current is not None]
    if view.report is None or len(heard) < len(LINES):
        belief = view.belief
        shown = belief.answers >= ENOUGH and belief.probe is None
        return PerLine(*(belief.drawn_ma if line in view.lines else 0 for line in LINES)) if shown else None
    after_ms = view.report.at - last.at
    follows = after_ms > 0 and all(abs(heard[line.index] - last.limit_ma) <= NOISE_MA for line in view.lines)
    return PerLine(*heard) if follows or after_ms >= view.response_ms else None


def _beside(load: Load, line: Line, drawn_ma: MilliAmps) -> MilliAmps | None:
    """What is left of a measured current; a current that was worked out is none."""
    current = load.current_ma[line.index]
    return None if current is None or line in load.estimated or line in load.absent else current - drawn_ma


def _spare(view: ChargerView, drawn: Drawn) -> Spare | None:
    """What it may take up at any moment; nothing where there is no car."""
    if view.report is not None and view.report.status is ChargerStatus.IDLE:
        return None
    spare = view.commands[-1].limit_ma - min(drawn[line.index] for line in view.lines)
    return Spare(view.lines, spare) if spare > NOISE_MA else None


def _short(state: State, room: Room) -> frozenset[Line]:
    """The lines on which the limits, as they were before this list, are more than there is room for."""
    granted = granted_ma(state.chargers)
    return frozenset(line for line in LINES if granted[line.index] > room.main[line.index])
