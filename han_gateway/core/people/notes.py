"""The sentences of the decision log: what changed and why, in words an electrician reads. It must not know what led to them."""

from dlms.rejects import Reason as Reject
from han_gateway.core.accord import Accord
from han_gateway.core.effects import Doubt, Grant, Level, MeterState, Note, ShowOutcome, Stage
from han_gateway.core.people.rise import Rise
from han_gateway.core.site import Cap, Grid
from han_gateway.core.state import Conduct
from han_gateway.core.units import LINES, Line, MilliAmps, tenths

_CONDUCT = {
    Conduct.OBEYING: Note(level=Level.NOTICE, text="keeps within its limit again"),
    Conduct.IGNORING: Note(level=Level.WARNING, text="draws more than its limit"),
    Conduct.GONE: Note(level=Level.WARNING, text="has stopped reporting"),
}

_DOUBT = {
    Doubt.CLOCK_STANDS: "its clock stands still, it repeats itself",
    Doubt.LATE: "its lists are old ones",
    Doubt.REPEATED: "it repeats one list",
}
_UNREAD = {
    Reject.ENCRYPTED: "the meter encrypts its lists ({detail}): the grid company has the key, and key_file under [meter] names its file",
    Reject.WRONG_KEY: "the meter's lists cannot be opened: {detail}",
    Reject.REPLAYED: "the meter's lists are old ones ({detail}): does somebody repeat them?",
    Reject.UNAUTHENTICATED: "the meter's lists are not believed: {detail}; without authentication_key_file they are",
}
_UNKNOWN_CIPHER = "the meter encrypts its lists in a way that is not read here ({detail}): ask the grid company to switch it off"
_REMEDY = "take the adapter out of the HAN port for a moment"


_ACCORD = {
    Accord.DISPUTED: "does not follow: it says that it obeys {said} A and was told {told} A; let nobody else set its limit",
    Accord.SHARED: "has a second master that sets {said} A, we {told} A; switch off its own load balancing or the other automation",
}


def beginning(grant: Grant) -> Note:
    """The first limit of a charger: ``garage starts at 6 A: meter not heard yet``."""
    return Note(level=Level.INFO, text=f"{grant.charger} starts at {_amps(grant.limit_ma)} A: {grant.reason}")


def change(old: Grant, new: Grant, rise: Rise | None = None) -> Note:
    """Another limit: ``cut garage 16 -> 9 A: main fuse, L2``, and what the house did: ``; the house rose by 9.4 A there, oven?``."""
    if new.limit_ma > old.limit_ma:
        verb, level = ("raised" if old.limit_ma else "resumed"), Level.INFO
    else:
        verb, level = ("cut" if new.limit_ma else "paused"), Level.NOTICE
    text = f"{verb} {new.charger} {_amps(old.limit_ma)} -> {_amps(new.limit_ma)} A: {new.reason}"
    return Note(level=level, text=text if rise is None else f"{text}; {_rose(rise)}")


def meter_silent(state: MeterState, silence_ms: int, *, power_heard: bool, doubt: Doubt | None = None) -> Note:
    """The meter has become stale or lost: ``meter stale: no lists for 25 s``; a meter whose lists are doubted is not silent."""
    missing = "lists with currents" if power_heard else "lists"
    if power_heard and doubt is not None:
        return Note(level=Level.WARNING, text=f"meter {state.value}: {_DOUBT[doubt]}; nothing new for {silence_ms // 1000} s")
    return Note(level=Level.WARNING, text=f"meter {state.value}: no {missing} for {silence_ms // 1000} s")


def meter_heard(before: MeterState) -> Note:
    """The meter is fresh, and was something else before."""
    text = "meter heard" if before is MeterState.WAITING else f"meter fresh again, was {before.value}"
    return Note(level=Level.NOTICE, text=text)


def conduct(charger: str, now: Conduct) -> Note:
    """A charger is judged anew."""
    words = _CONDUCT[now]
    return Note(level=words.level, text=f"charger {charger} {words.text}")


def unread(reason: Reject, detail: str) -> Note:
    """Lists that are encrypted are not read: ``the meter's lists cannot be opened: the frame is whole but ...``."""
    text = _UNKNOWN_CIPHER if detail.endswith("not supported") else _UNREAD[reason]
    return Note(level=Level.WARNING, text=text.format(detail=detail))


def same_list(same_ms: int) -> Note:
    """A meter without a clock sends one list again and again."""
    text = f"the meter has sent the very same list for {_minutes(same_ms)} min: it may repeat itself; {_REMEDY}"
    return Note(level=Level.WARNING, text=text)


def no_hourly(silence_ms: int) -> Note:
    """The hourly list stays away, while others come."""
    text = f"no hourly list from the meter for {_minutes(silence_ms)} min, while others come: it may repeat itself; {_REMEDY}"
    return Note(level=Level.WARNING, text=text)


def other_net(grid: Grid, by: str) -> Note:
    """The meter shows another net than the configured one."""
    if grid.three_wire:
        text = f'the meter shows a neutral ({by}), and grid = "{grid.value}": write "TN", or chargers get less than there is'
    else:
        text = (
            f'the meter shows three wires without a neutral ({by}), and grid = "{grid.value}": a charger on one phase loads two lines there, '
            "and one of them is not protected; correct grid and phases, or see why L2 is dead"
        )
    return Note(level=Level.WARNING, text=text)


def differs(charger: str, accord: Accord, said_ma: MilliAmps | None, told_ma: MilliAmps) -> Note:
    """A charger names a limit that is not ours, or somebody else sets one."""
    words = _ACCORD[accord].format(said="?" if said_ma is None else _amps(said_ma), told=_amps(told_ma))
    return Note(level=Level.WARNING, text=f"charger {charger} {words}")


def agrees(charger: str) -> Note:
    """The end of it."""
    return Note(level=Level.NOTICE, text=f"charger {charger} obeys no limit but ours again")


def circuit_lost(circuit: str, silence_ms: int) -> Note:
    """The meter of a sub-fuse is lost: ``meter of the garage fuse lost: silent for 60 s``."""
    return Note(level=Level.WARNING, text=f"meter of the {circuit} fuse lost: silent for {silence_ms // 1000} s")


def circuit_heard(circuit: str) -> Note:
    """The meter of a sub-fuse speaks, and did not before."""
    return Note(level=Level.NOTICE, text=f"meter of the {circuit} fuse heard")


def cap_set(cap: Cap, value: int) -> Note:
    """A cap was set at run time: ``power cap set to 8000 W``."""
    what = f"power cap set to {value} W" if cap is Cap.POWER else f"phase cap set to {_amps(value)} A"
    return Note(level=Level.NOTICE, text=what)


def outcome(shown: ShowOutcome) -> Note:
    """What became of a command: ``garage: restart done: back after 42 s``; bad news is louder."""
    bad = shown.stage in (Stage.FAILED, Stage.REFUSED)
    text = f"{shown.charger}: {shown.ask.value} {shown.stage.value}: {shown.reason}"
    return Note(level=Level.WARNING if bad else Level.NOTICE, text=text)


def changes(charger: str, lines: frozenset[Line]) -> Note:
    """Another set of lines: ``garage changes to 1 phase, L2``, ``garage changes to 3 phases``."""
    phases = "3 phases" if len(lines) == len(LINES) else f"1 phase, {_names(lines)}"
    return Note(level=Level.NOTICE, text=f"{charger} changes to {phases}")


def keeps_phases(charger: str) -> Note:
    """A charger that was told to use fewer lines uses others: ``garage does not change its phases``."""
    return Note(level=Level.WARNING, text=f"{charger} does not change its phases")


def uses(charger: str, lines: frozenset[Line]) -> Note:
    """A car needs fewer lines than it is offered: ``the car at garage uses L1 only``."""
    return Note(level=Level.INFO, text=f"the car at {charger} uses {_names(lines)} only")


def _rose(rise: Rise) -> str:
    """What the house did, and a guess, which is always a question."""
    much = f"{tenths(rise.watts or 0):.1f} kW" if rise.current_ma is None else f"{tenths(rise.current_ma):.1f} A there"
    return f"the house rose by {much}" + (f", {' or '.join(rise.names)}?" if rise.names else "")


def _names(lines: frozenset[Line]) -> str:
    return "-".join(line.value for line in LINES if line in lines)


def _minutes(time_ms: int) -> int:
    return time_ms // 60_000


def _amps(current_ma: MilliAmps) -> str:
    return f"{current_ma / 1000:g}"
