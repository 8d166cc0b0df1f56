"""What a charger that reports nothing draws: every change of its limit is a question, and the meter answers it.

A change that shows on the meter by about as much is a charger that follows. After two of them, so that one wrong reading proves nothing,
what has been seen counts as drawn: all of a limit that was cut to and taken, only the part of a raise that showed (the car may take no
more, or still be on its way up: the question stays open for that long). A raise that does not show proves nothing, nor does a fall far
greater than the cut. A cut that does not show, or a fall of all its lines that nobody asked for (the car is full, or gone), ends the
belief. In doubt it draws nothing, which is the safe side for raises; whose limit would stand still for that reason is asked on purpose
now and then. One whose start does not show, or two cuts in a row, seems to have no car, until anything shows. When an answer comes late,
the charger is slower than we thought, and gets that much time, until a cut shows sooner or it reports that it followed sooner.

A car may use fewer lines than its charger has. So a change that shows on some of them while the others stand still is a first hint where nothing
is believed yet, and one that shows on the same lines again is an answer. Then it counts on those alone, as long as the meter would show another
car, a wider one, and others could make room for it. This file must not know what is made of the belief.
"""

from typing import NamedTuple

from han_gateway.core.load import Load
from han_gateway.core.seen.answers import SURE, Belief, Probe
from han_gateway.core.seen.evidence import WORTH_ASKING_MA, Changes, alone, changed, shown_on, shows
from han_gateway.core.seen.lateness import followed_at, quicker, told_ms
from han_gateway.core.site import Charger, Circuit
from han_gateway.core.state import ChargerView
from han_gateway.core.times import SETTLED_MS, SHOWN_MS
from han_gateway.core.units import LINES, Instant, Line, MilliAmps, PerLine

ENOUGH = 2
"""So many changes in a row must have shown, or not shown."""


def believed_ma(view: ChargerView) -> MilliAmps:
    """What the charger draws at least on each of its lines, as far as the meter has told; 0 where it has not."""
    return view.belief.drawn_ma if view.belief.answers >= ENOUGH else 0


def ask(
    view: ChargerView, limit_ma: MilliAmps, load: Load | None, at: Instant, others: tuple[ChargerView, ...] = ()
) -> Probe | None:
    """Note a change of the limit, on top of one that was not answered yet."""
    if view.belief.probe is not None and not view.belief.probe.partly:
        return view.belief.probe._replace(at=at, to_ma=limit_ma)
    return None if load is None else Probe(at, view.grant.limit_ma, limit_ma, load.current_ma, *_beside(view, others))


def seems_empty(view: ChargerView) -> bool:
    """Tell whether a charger that never reports was offered current often enough, and the meter did not show it."""
    return view.report is None and view.belief.unshown >= ENOUGH


NOBODY_KNOWS: PerLine[MilliAmps | None] = PerLine(None, None, None)


class Around(NamedTuple):
    """What is known around a charger, but for what the list itself tells.

    The other chargers, what nobody is known to draw on each line (``remainder``), how much a line of the main fuse may carry, what hangs on
    it with no other fuse between, and on how many lines a car draws at least: two where there is no neutral. ``given_ma`` is what chargers
    were told to give up since the last list of what they drew.
    """

    others: tuple[ChargerView, ...] = ()
    left_ma: PerLine[MilliAmps | None] = NOBODY_KNOWS
    most_ma: MilliAmps = 0
    parts: tuple[Charger | Circuit, ...] = ()
    fewest: int = 1
    given_ma: PerLine[MilliAmps] = PerLine(0, 0, 0)


ALONE = Around()


def learn(view: ChargerView, before: Load | None, load: Load, at: Instant, around: Around = ALONE) -> ChargerView:
    """Take a list as an answer. What the others did meanwhile is taken out of it, or spoils it where nobody knows what they did."""
    belief = _heard(view, before, load, at, around)
    if belief is view.belief and (few := _carrying(view, at, around.left_ma)):
        belief = belief.seen_on(few)
    if belief.narrow and not _told_by_meter(view, belief.narrow, around):
        belief = belief.doubted()
    if belief is view.belief:
        return view
    answered = belief.answers > view.belief.answers  # the sun may have hidden its car, and a change shows all the same
    return view._replace(belief=belief, bare_since=None if answered else view.bare_since)


def _told_by_meter(view: ChargerView, narrow: frozenset[Line], around: Around) -> bool:
    """Tell whether the meter would show a car that takes up another line, and whether others could make room for it until it has."""
    elsewhere = [around.left_ma[line.index] for line in view.charger.lines - narrow]
    return view.charger in around.parts and all(left is not None and left <= around.most_ma for left in elsewhere)


def _carrying(view: ChargerView, at: Instant, left_ma: PerLine[MilliAmps | None]) -> frozenset[Line] | None:
    """The lines that carry at least half of what it is believed to draw, once an answer has shown on few; None while they prove nothing."""
    belief = view.belief
    if belief.lines is None or belief.sure >= SURE or belief.probe is not None or at - view.commands[-1].at < SETTLED_MS:
        return None
    bare = {line for line, left in zip(LINES, left_ma, strict=True) if left is not None and 2 * left < -believed_ma(view) < 0}
    return view.lines - bare if bare & view.lines else None


def _heard(view: ChargerView, before: Load | None, load: Load, at: Instant, around: Around) -> Belief:
    """What is believed after this list."""
    probe = view.belief.probe
    if probe is None:
        fell = view.belief.drawn_ma and before is not None and _fell(view, before, load, around)
        return view.belief.forgotten().doubted() if fell else view.belief
    beside, unknown = _beside(view, around.others)
    if any(now != then and line in view.lines for line, now, then in zip(LINES, unknown, probe.unknown_ma, strict=True)):
        return _unanswered(view, probe)
    moved = PerLine(*(now - then for now, then in zip(beside, probe.beside_ma, strict=True)))
    changes = {line: changed(probe.current_ma, load, line, moved[line.index]) for line in view.charger.lines}
    return _answer(view, probe, changes, load, at, around.fewest)


def _beside(view: ChargerView, others: tuple[ChargerView, ...]) -> tuple[PerLine[MilliAmps], PerLine[MilliAmps]]:
    """What the other chargers are thought to draw on each line, and what those are offered of which nobody knows."""
    known, unknown = [0, 0, 0], [0, 0, 0]
    for other in others:
        if other.charger is not view.charger and other.grant.limit_ma:
            drawing = _draws(other)
            for line in other.lines if drawing is not False else ():
                (unknown if drawing is None else known)[line.index] += other.grant.limit_ma
    return PerLine(*known), PerLine(*unknown)


def _draws(view: ChargerView) -> bool | None:
    """Tell whether a charger draws what it is offered; None where nobody knows."""
    if view.report is not None:
        return any(current for current in view.report.current_ma)
    return True if believed_ma(view) else None


def _answer(view: ChargerView, probe: Probe, changes: Changes, load: Load, at: Instant, fewest: int) -> Belief:
    """What the list says to an open question: yes, nothing yet, or no."""
    belief, waited = view.belief, at - probe.at
    had_time = waited >= view.response_ms
    for change in _expected(view, probe):
        few = alone(changes, change, fewest) if had_time else None
        for lines in (view.lines, belief.lines if had_time else None):
            shown = None if lines is None else shown_on(changes, lines)
            if shown is not None and shows(shown, change):
                wide = all(shows(each, change) for each in changes.values())
                return _yes(view, probe, load, min(shown, change, key=abs), waited, view.charger.lines if wide else few)
        if few and probe.from_ma and (belief.answers < ENOUGH or (change > 0 and not belief.narrow)):
            return _hinted(belief, probe, load).seen_on(few)
    return belief if waited < _time_for(view, probe) else _no(view, probe, shown_on(changes, view.lines), waited)


def _hinted(belief: Belief, probe: Probe, load: Load) -> Belief:
    """A change has shown on a few lines alone: a first hint. Where more is believed it tells no more than which lines may be the right ones."""
    hinted = belief._replace(probe=None, proof=load.current_ma)
    return hinted if belief.answers >= ENOUGH else hinted._replace(answers=1, drawn_ma=probe.to_ma)


def _expected(view: ChargerView, probe: Probe) -> list[MilliAmps]:
    """By how much the current should change: from what it is believed to draw, or, where that was less than its limit, from there."""
    changes = dict.fromkeys((probe.to_ma - _drew_ma(view, probe), probe.to_ma - probe.from_ma))
    return [change for change in changes if not _small(change, probe)]


def _small(change: MilliAmps, probe: Probe) -> bool:
    """Tell whether a change drowns in the house, or is none in the direction of the limit."""
    return abs(change) < WORTH_ASKING_MA or (change > 0) != (probe.to_ma > probe.from_ma)


def _no(view: ChargerView, probe: Probe, shown: MilliAmps | None, waited: int) -> Belief:
    """A change has not shown in time. Only a cut proves something by that."""
    belief = view.belief
    change, raised = probe.to_ma - _drew_ma(view, probe), probe.to_ma > probe.from_ma
    small = _small(change, probe)
    if small or raised or (shown is not None and 2 * shown <= change):
        known = _unanswered(view, probe)
        never_began = raised and not small and not probe.from_ma and not probe.partly and shown is not None and 2 * shown < change
        return _nobody(known, ENOUGH) if never_began else known
    followed = followed_at(view, probe)
    if followed is not None:
        return belief._replace(probe=None, response_ms=quicker(view, followed - probe.at))
    if waited < SHOWN_MS:  # a cut that does not show: in doubt at once, but it may still come
        return belief.forgotten()._replace(probe=probe._replace(late=True), unshown=belief.unshown)
    return _nobody(belief.forgotten(), belief.unshown + 1)


def _nobody(belief: Belief, unshown: int) -> Belief:
    """What was asked has not shown so often; once that is enough, the next car may be another one."""
    return (belief.doubted() if unshown >= ENOUGH else belief)._replace(unshown=unshown)


def _unanswered(view: ChargerView, probe: Probe) -> Belief:
    """The question is given up; no more is believed than is allowed now."""
    return view.belief._replace(probe=None, drawn_ma=min(view.belief.drawn_ma, probe.to_ma))


def _time_for(view: ChargerView, probe: Probe) -> int:
    """How long the meter may take to show a change. Cars come up more slowly than they go down."""
    if not probe.from_ma:
        return max(view.response_ms, SETTLED_MS)
    return max(view.response_ms, SHOWN_MS) if probe.to_ma > probe.from_ma else view.response_ms


def _yes(view: ChargerView, probe: Probe, load: Load, shown: MilliAmps, waited: int, lines: frozenset[Line] | None) -> Belief:
    """The change has shown. The list that proved the last one must not be half of the next proof. A car that comes up may not be there yet."""
    belief = view.belief
    new = probe.current_ma is not belief.proof and not probe.partly
    drawn = probe.to_ma if shown < 0 else _drew_ma(view, probe) + shown
    rises = shown > 0 and drawn < probe.to_ma - WORTH_ASKING_MA and waited < _time_for(view, probe)
    begun = not probe.from_ma and lines is not None and (belief.narrow or view.lines) <= lines
    return belief._replace(
        answers=belief.answers + new,
        drawn_ma=drawn,
        probe=probe._replace(partly=True) if rises else None,
        proof=load.current_ma if new else belief.proof,
        response_ms=max(waited, view.response_ms) if probe.late else quicker(view, waited) if shown < 0 else belief.response_ms,
        told_ms=told_ms(view, probe, drawn, waited),
        began_at=probe.at + waited if begun else belief.began_at,
        unshown=0,
    ).seen_on(lines, new)


def _drew_ma(view: ChargerView, probe: Probe) -> MilliAmps:
    """What it drew before the change: its limit, or less if it is believed to take less."""
    return min(probe.from_ma, believed_ma(view) or probe.from_ma)


def _fell(view: ChargerView, before: Load, load: Load, around: Around) -> bool:
    """Tell whether all lines on which a charger was seen to draw lost most of that at once, and now carry less, as far as is known.

    What chargers were told to give up meanwhile is no such fall.
    """
    lines = view.belief.lines or view.lines
    falls = [changed(load.current_ma, before, line, around.given_ma[line.index]) for line in lines]
    if not all(fall is None or 10 * fall >= 7 * view.belief.drawn_ma for fall in falls):
        return False
    left = [around.left_ma[line.index] for line in lines]
    return any(each is None or each < -WORTH_ASKING_MA for each in left)
