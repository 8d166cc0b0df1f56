"""What must outlive a restart: how slow each charger is, what it has had lately, was asked for and is in the middle of, patience, the sun.

Only this is recalled, as it takes hours to learn or was said once, and cannot be measured. What is recalled makes nobody bolder: the first
limit is the fallback, or nothing where it was paused, the first cut comes as early and as deep and the first raise no sooner than without a
memory, but for what a charger's own report shows of its lines (``resume``); only whose turn it is may be another. Values
that make no sense in this house are passed over one by one. This file must not know where a memory is kept.
"""

import json
from typing import Any, NamedTuple

from han_gateway.core.effects import Cause, Grant, Reason
from han_gateway.core.events import Ask
from han_gateway.core.fairness import LEAD_MA, MEMORY_MS
from han_gateway.core.people.wish import Wish
from han_gateway.core.seen.remainder import SUN_MS, sunny
from han_gateway.core.site import Policy, Site
from han_gateway.core.state import ChargerView, Command, State
from han_gateway.core.times import SHOWN_MS
from han_gateway.core.units import Instant, MilliAmps
from han_gateway.core.words.resume import NOTHING, Midst, differs, midst, resumed, whole
from han_gateway.core.words.resume import understood as midst_in
from han_gateway.core.words.resume import worded as midst_words

LARGEST = 1 << 16
"""Bytes of a memory in words. A house of a hundred chargers needs 10,000."""
MOST_BRACKETS = 256
"""Objects in it: one for each charger, and two more."""

BEHIND_MS = 3_600_000
"""A Pi has no clock of its own: after a power cut it may believe that it is up to an hour earlier than it was (fake-hwclock(8))."""
PATIENT_MS = 3_600_000
"""The oven of an hour ago is no lesson any more."""
WORTH_MS = 10_000
"""By how much a learned window, or the end of a wish, must have changed to be worth keeping."""
SUN_WORTH_MS = 3_600_000
"""An hour more or less of a day is not worth a write."""
_WISHES = {ask.value: ask for ask in (Ask.PAUSE, Ask.BOOST)}


class Past(NamedTuple):
    """What is remembered of a charger: the time that it was seen to need (None: no more than configured), and the mean current (uA).

    ``wish`` is what its owner has asked that still holds, a pause or a boost; ``left_ms`` for how long yet, None for no end. ``midst`` is what it
    is in the middle of (``resume``).
    """

    name: str
    response_ms: int | None = None
    had_ua: int = 0
    wish: Ask | None = None
    left_ms: int | None = None
    midst: Midst = NOTHING


class Memory(NamedTuple):
    """What was known at the wall time ``at`` (ms since 1970).

    ``patience_ms`` is the learned raise window, 0 for none; ``sold_at`` when the house last sold power, None for not within a day.
    """

    at: Instant
    patience_ms: int = 0
    chargers: tuple[Past, ...] = ()
    sold_at: Instant | None = None


def remembered(state: State, at: Instant, now: Instant | None = None) -> Memory:
    """What there is to remember of a state; ``at`` is the wall time, ``now`` the instant where that is another."""
    now = at if now is None else now
    pasts = tuple(_past(view, now) for view in state.chargers)
    sold_at = at - (now - state.exported_at) if state.exported_at is not None and sunny(state, now) else None
    return Memory(at=at, patience_ms=state.patience_ms, chargers=pasts, sold_at=sold_at)


def recall(site: Site, state: State, memory: Memory, at: Instant) -> State:
    """Remember, in a state that has just begun at ``at``. Chargers are known by their names."""
    age_ms = _age_ms(memory.at, at)
    pasts = {past.name: past for past in memory.chargers}
    views = tuple(_recalled(view, pasts.get(view.charger.name), age_ms, at) for view in state.chargers)
    views = tuple(_wishing(view, pasts.get(view.charger.name), max(0, at - memory.at), at) for view in views)
    patience_ms = _patience_ms(site.policy, memory, age_ms)
    sold_at = memory.sold_at if memory.sold_at is not None and at - memory.sold_at < SUN_MS else None
    exported_at = None if sold_at is None else min(sold_at, at)
    return state._replace(
        chargers=views, patience_ms=patience_ms, cut_at=at if patience_ms else state.cut_at, exported_at=exported_at
    )


def worth_keeping(kept: Memory | None, memory: Memory, by_ma: MilliAmps = LEAD_MA) -> bool:
    """Tell whether what would be recalled of ``kept`` now differs by more than a little, in what somebody has had by more than ``by_ma``.

    Less than ``LEAD_MA`` decides nothing about whose turn it is.
    """
    kept = kept or Memory(memory.at)
    age_ms = _age_ms(kept.at, memory.at)
    pasts = {past.name: past for past in kept.chargers}
    sun = abs((memory.sold_at or 0) - (kept.sold_at or 0)) >= SUN_WORTH_MS
    patience = abs(memory.patience_ms - kept.patience_ms) >= WORTH_MS
    return (
        sun or patience or any(_differs(pasts.get(past.name, Past(past.name)), past, age_ms, by_ma) for past in memory.chargers)
    )


def worded(memory: Memory) -> bytes:
    """A memory as JSON on one line; always the same bytes for the same memory."""
    chargers = {past.name: _worded(past) for past in memory.chargers}
    value = {"at": memory.at, "chargers": chargers, "patience_ms": memory.patience_ms}
    if memory.sold_at is not None:
        value["sold_at"] = memory.sold_at
    return json.dumps(value, separators=(",", ":")).encode()


def understood(payload: bytes) -> Memory | None:
    """The inverse of ``worded``; None for what is no memory. Single values that make no sense are left out."""
    if len(payload) > LARGEST or payload.count(b"{") + payload.count(b"[") > MOST_BRACKETS:
        return None
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    at = whole(value, "at")
    chargers = value.get("chargers") if isinstance(value, dict) else None
    if at is None or not isinstance(chargers, dict):
        return None
    pasts = tuple(_past_in(name, each) for name, each in chargers.items())
    return Memory(at=at, patience_ms=whole(value, "patience_ms") or 0, chargers=pasts, sold_at=whole(value, "sold_at"))


def _past(view: ChargerView, now: Instant) -> Past:
    past, wish = Past(view.charger.name, view.belief.response_ms, view.had_ua, midst=midst(view, now)), view.asks.wish
    if wish is None:
        return past
    return past._replace(wish=wish.ask, left_ms=None if wish.until is None else max(0, wish.until - now))


def _worded(past: Past) -> dict[str, Any]:
    words: dict[str, Any] = {"had_ua": past.had_ua, "response_ms": past.response_ms, **midst_words(past.midst)}
    return words if past.wish is None else words | {"left_ms": past.left_ms, "wish": past.wish.value}


def _past_in(name: str, value: Any) -> Past:
    past = Past(name, whole(value, "response_ms"), whole(value, "had_ua") or 0, midst=midst_in(value))
    wish = _WISHES.get(str(value.get("wish"))) if isinstance(value, dict) else None
    return past if wish is None else past._replace(wish=wish, left_ms=whole(value, "left_ms"))


def _age_ms(then: Instant, now: Instant) -> int:
    """How much of ``MEMORY_MS`` has passed; all of it where the clock says nonsense."""
    age_ms = now - then
    return 0 if -BEHIND_MS <= age_ms < 0 else min(age_ms, MEMORY_MS) if age_ms >= 0 else MEMORY_MS


def _faded(had_ua: int, age_ms: int) -> int:
    """A mean after a time in which nothing is known to have been had, as ``fairness.account`` has it."""
    return had_ua - had_ua * age_ms // MEMORY_MS


def _patience_ms(policy: Policy, memory: Memory, age_ms: int) -> int:
    """The window as it was learned, if it is longer than the usual one, possible here, and not long ago."""
    fits = policy.raise_window_ms < memory.patience_ms <= policy.longest_window_ms
    return memory.patience_ms if fits and age_ms <= PATIENT_MS else 0


def _wishing(view: ChargerView, past: Past | None, age_ms: int, at: Instant) -> ChargerView:
    """The view of a charger that has just begun, with what its owner has asked. A pause is there before the first limit."""
    if past is None or past.wish is None or (past.left_ms is not None and past.left_ms <= age_ms):
        return view
    until = None if past.left_ms is None else at + past.left_ms - age_ms
    if past.wish is Ask.BOOST and until is None:
        return view  # a boost has an end
    view = view._replace(asks=view.asks._replace(wish=Wish(past.wish, until)))
    if not view.paused:
        return view
    nothing = Grant(charger=view.charger.name, limit_ma=0, reason=Reason(cause=Cause.PAUSED))
    commands = tuple(command._replace(limit_ma=0) if command.at == at else command for command in view.commands)
    return view._replace(grant=nothing, commands=commands)


def _differs(kept: Past, past: Past, age_ms: int, by_ma: MilliAmps) -> bool:
    if differs(kept.midst, past.midst, age_ms, by_ma):
        return True
    if kept.wish is not past.wish or (kept.left_ms is None) is not (past.left_ms is None):
        return True
    if past.left_ms is not None and abs((kept.left_ms or 0) - age_ms - past.left_ms) > WORTH_MS:
        return True
    return kept.response_ms != past.response_ms or abs(_faded(kept.had_ua, age_ms) - past.had_ua) > 1000 * by_ma


def _recalled(view: ChargerView, past: Past | None, age_ms: int, at: Instant) -> ChargerView:
    """The view of a charger that has just begun, with what makes sense for it."""
    if past is None:
        return view
    view = resumed(view, past.midst, age_ms, at)
    if past.had_ua <= 1000 * view.charger.maximum_ma:
        view = view._replace(had_ua=_faded(past.had_ua, age_ms))
    if past.response_ms is None or not view.charger.response_ms < past.response_ms <= SHOWN_MS:
        return view
    belief = view.belief._replace(response_ms=past.response_ms)
    return view._replace(belief=belief, commands=_slow(view, past.response_ms, at))


def _slow(view: ChargerView, response_ms: int, at: Instant) -> tuple[Command, ...]:
    """The commands before the start, so that what it may have been told then counts no longer than it would without a memory.

    It excuses current that is then not cut. The slowness counts for raises at once, and for cuts from the first new limit on.
    """
    before, fallback = view.commands
    over = at + view.charger.response_ms - response_ms
    return (before._replace(at=at - response_ms), fallback._replace(at=over), fallback)
