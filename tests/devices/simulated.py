"""Chargers in software, one class a make: what their documentation says, its ugliness included. They know nothing of our records.

``hear`` takes a message, ``passes`` lets time go on; both answer with what the charger publishes, ``obeys`` is the limit in mA that its car
may draw now. Times are seconds of one clock that begins at 0.
"""
# ruff: noqa: ARG002, D102  what the methods mean stands at Simulated, and not every make needs every argument

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

FOR_EVER = float("inf")


class Said(NamedTuple):
    """What a charger publishes."""

    topic: str
    payload: str
    retain: bool = True


class Simulated:
    """A charger with a car that takes all it may, up to 16 A on three phases."""

    make = ""
    identity = ""
    least_a, most_a = 6, 32

    def __init__(self) -> None:
        self.limit_a: float = 16
        self.paused = False
        self.published: dict[str, str] = {}

    def subscribed(self) -> tuple[str, ...]:
        """What it listens to."""
        raise NotImplementedError

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        """A message comes."""
        raise NotImplementedError

    def passes(self, now: float) -> Iterator[Said]:
        """A second goes by."""
        yield from ()

    def obeys(self, now: float) -> int:
        """What its car may draw, in mA."""
        return 0 if self.paused else round(self.limit_a * 1000)

    def draws_a(self, now: float) -> float:
        """What its car draws."""
        return min(16.0, self.obeys(now) / 1000)

    def changed(self, topic: str, payload: str) -> Iterator[Said]:
        """Publish only what is new, as many do."""
        if self.published.get(topic) != payload:
            self.published[topic] = payload
            yield Said(topic, payload)


class GoE(Simulated):
    """API v2 (mqtt-en.md): one retained topic a key, JSON, only when it changes; writes are answered on ``/result``, if allowed at all."""

    make, identity = "go-e", "go-eCharger/123456"
    most_a = 16

    def __init__(self, *, writes: bool = True) -> None:
        super().__init__()
        self.keys: dict[str, Any] = {"amp": 16, "frc": 0, "psm": 2}
        self._writes = writes

    def subscribed(self) -> tuple[str, ...]:
        return tuple(f"{self.identity}/{key}/set" for key in self.keys)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if not self._writes:
            return
        key = topic.split("/")[-2]
        result = f"{self.identity}/{key}/result"
        try:
            value = json.loads(payload)
        except ValueError:
            yield Said(result, f"invalid json: {payload.decode()}", retain=False)
            return
        if isinstance(value, bool) or not isinstance(value, int):
            yield Said(result, "value must be integer", retain=False)
            return
        self.keys[key] = max(self.least_a, min(value, self.most_a)) if key == "amp" else value
        yield Said(result, "success", retain=False)
        yield from self._keys()

    def passes(self, now: float) -> Iterator[Said]:
        yield from self._keys()
        drawn = self.draws_a(now)
        yield from self.changed(f"{self.identity}/nrg", json.dumps([230, 230, 230, 1, drawn, drawn, drawn, *[0] * 9]))
        yield from self.changed(f"{self.identity}/acu", json.dumps((drawn and self.keys["amp"]) or None))
        yield from self.changed(f"{self.identity}/car", "2" if drawn else "4" if now > 5_000 else "3")
        yield Said(f"{self.identity}/rbt", str(round(now * 1000)))

    def _keys(self) -> Iterator[Said]:
        for key, value in self.keys.items():
            yield from self.changed(f"{self.identity}/{key}", json.dumps(value))

    def obeys(self, now: float) -> int:
        return 0 if self.keys["frc"] == 1 else 1000 * self.keys["amp"]


class OpenEvse(Simulated):
    """docs/mqtt.md: a claim is one retained object; currents every 30 s in mA, as text; the shaper stops it 120 s after the last power."""

    make, identity = "openevse", "openevse-55ad"

    def __init__(self) -> None:
        super().__init__()
        self.claim: dict[str, Any] | None = None

    def subscribed(self) -> tuple[str, ...]:
        return (f"{self.identity}/claim/set",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if payload == b"release":
            self.claim = None
        else:  # fields that are not named stay as they are
            self.claim = (self.claim or {}) | json.loads(payload)
        yield Said(f"{self.identity}/claim", json.dumps(self.claim or {"state": "null"}))

    def passes(self, now: float) -> Iterator[Said]:
        if now % 30 == 0:
            yield Said(f"{self.identity}/amp", str(round(self.draws_a(now) * 1000)), retain=False)
            yield Said(f"{self.identity}/state", "3" if self.obeys(now) else "255")
            yield Said(f"{self.identity}/session_energy", "1234.5")

    def obeys(self, now: float) -> int:
        claim = self.claim or {}
        if claim.get("state") == "disabled":
            return 0
        return 1000 * int(min(claim.get("charge_current", 16), claim.get("max_current", 32)))


class OpenEvseShaper(OpenEvse):
    """With its current shaper on: a payload that is no whole number of watts is 0 for it."""

    make = "openevse-shaper"

    def __init__(self) -> None:
        super().__init__()
        self.powers: list[int] = []
        self._fed_at = -1000.0

    def subscribed(self) -> tuple[str, ...]:
        return (*super().subscribed(), "han/home/chargers/garage/house_w")

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if topic.endswith("house_w"):
            self.powers.append(atoi(payload))
            self._fed_at = now
        else:
            yield from super().hear(topic, payload, now)

    def obeys(self, now: float) -> int:
        return 0 if now - self._fed_at > 120 else super().obeys(now)


class SmartEvseOverride(Simulated):
    """esp32.cpp: ``atoi``; silently ignored in other modes than Normal and Smart and outside MIN to MAX; 0 clears; in dA.

    Every 10 s it says what has changed (since 2026), and all of it once a minute. A restart forgets the override, and nothing else.
    """

    make, identity = "smartevse-override", "SmartEVSE-12345"
    most_a = 25

    def __init__(self) -> None:
        super().__init__()
        self.mode = "Off"
        self.override_da = 0
        self.error = "None"

    def subscribed(self) -> tuple[str, ...]:
        return tuple(f"{self.identity}/Set/{what}" for what in ("Mode", "CurrentOverride", "MainsMeter"))

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if topic.endswith("/Mode") and payload in (b"Off", b"Normal", b"Solar", b"Smart", b"Pause"):
            self.mode = payload.decode()
        elif topic.endswith("/CurrentOverride") and self.mode in ("Normal", "Smart"):
            wanted = atoi(payload)
            if wanted == 0 or 10 * self.least_a <= wanted <= 10 * self.most_a:
                self.override_da = wanted
        yield from ()

    def restart(self) -> None:
        """Switched off and on."""
        self.override_da = 0
        self.published.clear()

    def passes(self, now: float) -> Iterator[Said]:
        if now % 60 == 0:
            self.published.clear()
        if now % 10 == 0:
            drawn = str(round(10 * self.draws_a(now)))
            for place in (1, 2, 3):
                yield from self.changed(f"{self.identity}/EVCurrentL{place}", drawn)
            yield from self.changed(f"{self.identity}/Mode", self.mode)
            yield from self.changed(f"{self.identity}/ChargeCurrentOverride", str(self.override_da))
            yield from self.changed(f"{self.identity}/State", "Charging" if self.obeys(now) else "Charging Stopped")
            yield from self.changed(f"{self.identity}/Error", self.error)
            yield from self.changed(f"{self.identity}/EVPlugState", "Connected")
            yield from self.changed(f"{self.identity}/ESPUptime", str(round(now)))

    def obeys(self, now: float) -> int:
        if self.mode not in ("Normal", "Smart") or self.error != "None":
            return 0
        return 100 * (self.override_da or 10 * self.most_a)


class SmartEvse(SmartEvseOverride):
    """With MAINS MET = API: stops 11 s after the last currents of the mains (COMM_TIMEOUT)."""

    make = "smartevse"

    def __init__(self) -> None:
        super().__init__()
        self._fed_at = 0.0
        self.mains: list[tuple[int, ...]] = []

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if topic.endswith("/MainsMeter"):
            parts = re.fullmatch(r"(-?\d+):(-?\d+):(-?\d+).*", payload.decode())
            currents = tuple(int(part) for part in parts.groups()) if parts else ()
            if currents and all(-2000 < current < 2000 for current in currents):
                self._fed_at = now
                self.mains.append(currents)
        else:
            yield from super().hear(topic, payload, now)

    def passes(self, now: float) -> Iterator[Said]:
        self.error = "Communication Error" if now - self._fed_at > 11 else "None"
        yield from super().passes(now)


class Warp(Simulated):
    """A bare number or an object with exactly one key, in mA, 0 or 6000 to 32000; what it does not like it ignores; speaks of changes only."""

    make, identity = "warp", "warp3/AbCd"

    def __init__(self, *, external: bool = True) -> None:
        super().__init__()
        self.current_ma = 32_000
        self._external = external

    def subscribed(self) -> tuple[str, ...]:
        return (f"{self.identity}/evse/external_current_update",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        value = json.loads(payload)
        if isinstance(value, dict):
            value = value["current"] if value.keys() == {"current"} else None
        if isinstance(value, int) and (value == 0 or 6_000 <= value <= 32_000):
            self.current_ma = value
        yield from self.passes(now)

    def passes(self, now: float) -> Iterator[Said]:
        drawn = self.draws_a(now)
        yield from self.changed(f"{self.identity}/evse/external_current", json.dumps({"current": self.current_ma}))
        state = {"iec61851_state": 2 if drawn else 1, "charger_state": 3 if drawn else 1, "error_state": 0}
        yield from self.changed(f"{self.identity}/evse/state", json.dumps(state))
        yield from self.changed(f"{self.identity}/meter/all_values", json.dumps([230.1, 230.2, None, drawn, drawn, drawn]))
        yield Said(f"{self.identity}/evse/low_level_state", json.dumps({"uptime": round(now * 1000), "led_state": 1}))

    def obeys(self, now: float) -> int:
        return self.current_ma if self._external else 32_000


class Wallbox(Simulated):
    """The bridge: Go's ``Atoi`` (nonsense is 0), text, retained, and only what has changed when it looks, every 10 s."""

    make, identity = "wallbox", "wallbox_123456"

    def __init__(self) -> None:
        super().__init__()
        self.current_a, self.enable = 16, 1

    def subscribed(self) -> tuple[str, ...]:
        return f"{self.identity}/max_charging_current/set", f"{self.identity}/charging_enable/set"

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        value = int(payload) if payload.isdigit() else 0
        if topic.endswith("charging_enable/set"):
            self.enable = value
        else:
            self.current_a = value
        yield from ()

    def passes(self, now: float) -> Iterator[Said]:
        if now % 10 == 0:
            drawn = self.draws_a(now)
            values: dict[str, object] = {
                "max_charging_current": self.current_a,
                "charging_enable": self.enable,
                "cable_connected": 1,
            }
            values |= {f"charging_current_l{place}": drawn for place in (1, 2, 3)}
            for name, value in (values | {"status": "Charging" if drawn else "Paused"}).items():
                yield from self.changed(f"{self.identity}/{name}/state", str(value))

    def obeys(self, now: float) -> int:
        return 1000 * self.current_a if self.enable else 0


class OpenWb(Simulated):
    """The load manager's IO device: needs all three keys; without a young message, limits of its own."""

    make, identity = "openwb", "1"

    def __init__(self) -> None:
        super().__init__()
        self._limit: dict[str, Any] | None = None

    def subscribed(self) -> tuple[str, ...]:
        return (f"openWB/set/mqtt/loadmanager/{self.identity}/set/loadmanager",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        limit = json.loads(payload)
        if all(key in limit for key in ("timestamp", "max_power", "max_current")):
            self._limit = limit
        yield from ()

    def obeys(self, now: float) -> int:
        if self._limit is None or now - self._limit["timestamp"] > 60:
            return 6_000  # max_power_on_failure, as docs/chargers.md says to set it
        return int(min(1000 * min(self._limit["max_current"]), 1000 * self._limit["max_power"] / (3 * 230)))


class OpenWbSecondary(Simulated):
    """internal_chargepoint: a heartbeat older than 80 s is 0 A."""

    make, identity = "openwb-secondary", "0"

    def __init__(self) -> None:
        super().__init__()
        self._beat = 0.0

    def subscribed(self) -> tuple[str, ...]:
        return "openWB/set/internal_chargepoint/0/data/set_current", "openWB/set/internal_chargepoint/global_data"

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        value = json.loads(payload)
        if topic.endswith("global_data"):
            self._beat = value["heartbeat"]
        elif value == 0 or 6 <= value <= 32:
            self.limit_a = float(value)
        yield from ()

    def passes(self, now: float) -> Iterator[Said]:
        base, drawn = "openWB/internal_chargepoint/0/get", self.draws_a(now)
        yield Said(f"{base}/evse_current", json.dumps(self.obeys(now) / 1000))
        yield Said(f"{base}/currents", json.dumps([drawn] * 3))
        yield Said(f"{base}/plug_state", "true")
        yield Said(f"{base}/charge_state", json.dumps(drawn > 0))

    def obeys(self, now: float) -> int:
        return round(self.limit_a * 1000) if now - self._beat <= 80 else 0


class Evcc(Simulated):
    """A circuit's getMaxCurrent: a float, and after the timeout of 30 s the circuit's own safe maxCurrent. 0 is no limit at all.

    What is left to a loadpoint below its min. current of 6 A switches its charger off.
    """

    make = "evcc"
    safe_a = 6

    def __init__(self) -> None:
        super().__init__()
        self._heard: tuple[float, float] | None = None

    def subscribed(self) -> tuple[str, ...]:
        return ("han/home/chargers/garage/amps",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        self._heard = float(payload), now
        yield from ()

    def obeys(self, now: float) -> int:
        if self._heard is None or now - self._heard[1] > 30:
            return 1000 * self.safe_a
        limit_a = self._heard[0] or self.most_a
        return round(1000 * limit_a) if limit_a >= self.least_a else 0


class EvccLoadpoint(Simulated):
    """server/mqtt.go: a float below its min. current is refused without a word over MQTT, an unknown mode too; echoes at once, obeys at its interval.

    core/loadpoint.go: everything is said every interval, in A with at most three decimals; whole amperes for the charger, rounded down;
    mode and currents outlive a restart, which first clears all that is retained. ``/set`` topics are cleared behind who wrote them.
    """

    make, identity = "evcc-loadpoint", "evcc/loadpoints/1"
    interval_s = 10

    def __init__(self, *, mode: str = "pv", least: float = 6) -> None:
        super().__init__()
        self.mode, self.max_a, self.least = mode, 16.0, least
        self.connected = True
        self._obeyed_a = 0

    def subscribed(self) -> tuple[str, ...]:
        return f"{self.identity}/mode/set", f"{self.identity}/maxCurrent/set"

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if not payload:
            return
        if topic.endswith("mode/set") and payload in (b"off", b"now", b"minpv", b"pv"):
            yield from self.choose(payload.decode())
        elif topic.endswith("maxCurrent/set") and float(payload) >= self.least:
            self.max_a = float(payload)
            yield self._says("maxCurrent", f"{self.max_a:.3f}".rstrip("0").rstrip("."))
        yield Said(topic, "")

    def choose(self, mode: str) -> Iterator[Said]:
        """Its owner, or we: a mode acts at once."""
        self.mode = mode
        self._obeyed_a = 0 if mode == "off" else int(self.max_a)
        yield self._says("mode", mode)

    def restart(self) -> Iterator[Said]:
        """Everything retained is cleared, and said anew with the next interval."""
        yield from (self._says(key, "") for key in ("mode", "maxCurrent", "connected", "charging"))

    def passes(self, now: float) -> Iterator[Said]:
        if now % self.interval_s == 0:
            self._obeyed_a = 0 if self.mode == "off" else int(self.max_a)
            drawn = self.draws_a(now) if self.connected else 0.0
            yield self._says("mode", self.mode)
            yield self._says("maxCurrent", f"{self.max_a:.3f}".rstrip("0").rstrip("."))
            yield self._says("connected", str(self.connected).lower())
            yield self._says("charging", str(drawn > 0).lower())
            for place in (1, 2, 3):
                yield self._says(f"chargeCurrents/l{place}", str(drawn))

    def obeys(self, now: float) -> int:
        return 1000 * self._obeyed_a

    def _says(self, key: str, payload: str) -> Said:
        return Said(f"{self.identity}/{key}", payload)


class Everest(Simulated):
    """The API module: a number; everything about it every second, the limit that the energy manager made of it among that."""

    make, identity = "everest", "evse_manager"
    most_a = 16

    def subscribed(self) -> tuple[str, ...]:
        return ("everest_api/evse_manager/cmd/set_limit_amps",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        self.limit_a = min(float(payload), self.most_a)
        yield from ()

    def passes(self, now: float) -> Iterator[Said]:
        base, drawn = "everest_api/evse_manager/var", self.draws_a(now)
        yield Said(
            f"{base}/limits", json.dumps({"max_current": self.limit_a, "nr_of_phases_available": 3, "uuid": "x"}), retain=False
        )
        measured = {"current_A": {"L1": drawn, "L2": drawn, "L3": drawn, "N": 0.2}, "phase_seq_error": False}
        yield Said(f"{base}/powermeter", json.dumps(measured), retain=False)
        state = "Charging" if drawn else "ChargingPausedEVSE"
        yield Said(f"{base}/session_info", json.dumps({"state": state, "charged_energy_wh": 12}), retain=False)


class Amina(Simulated):
    """Zigbee2MQTT: one object with all it knows, null until it was measured; 1 to 5 A are not possible and become 6.

    ``charge_limit_with_on_off`` is only heard, never said: what it did shows in ``charge_limit`` and ``state``.
    """

    make, identity = "amina", "amina"

    def __init__(self) -> None:
        super().__init__()
        self._measured = False

    def subscribed(self) -> tuple[str, ...]:
        return ("zigbee2mqtt/amina/set",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        wanted = json.loads(payload)["charge_limit_with_on_off"]
        self.paused = wanted == 0
        self.limit_a = max(self.least_a, min(wanted, 32)) if wanted else self.limit_a
        yield self._state(now)

    def passes(self, now: float) -> Iterator[Said]:
        if now % 20 == 0:
            yield self._state(now)
            self._measured = True

    def _state(self, now: float) -> Said:
        drawn = self.draws_a(now) if self._measured else None
        state: dict[str, object] = {"charge_limit": self.limit_a, "state": "OFF" if self.paused else "ON", "ev_connected": True}
        state |= {"charging": bool(drawn), "alarms": [], "last_session_energy": 1.25}
        state |= {"current": drawn, "current_phase_b": drawn, "current_phase_c": drawn}
        return Said("zigbee2mqtt/amina", json.dumps(state), retain=False)


class Easee(Simulated):
    """easee2mqtt 1.2: through a cloud that needs 5 s and says so 10 s later; Python's ``int``, and ``True`` with a capital."""

    make, identity = "easee", "easee2mqtt/EH123456"
    cloud_s = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._coming: list[tuple[float, str, bytes]] = []

    def subscribed(self) -> tuple[str, ...]:
        return f"{self.identity}/cmnd/current", f"{self.identity}/cmnd/charging"

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        self._coming.append((now + self.cloud_s, topic, payload))
        yield from ()

    def passes(self, now: float) -> Iterator[Said]:
        while self._coming and self._coming[0][0] <= now:
            _, topic, payload = self._coming.pop(0)
            if topic.endswith("current"):
                self.limit_a = int(payload)
            else:
                self.paused = payload.lower() != b"true"
        if now % 10 == 0:
            yield from self.changed(f"{self.identity}/charging_current", str(int(self.limit_a)))
            yield from self.changed(f"{self.identity}/charging_enabled", str(not self.paused))


class EaseeSet(Simulated):
    """easee2mqtt as it was first, and is again: says a command back at once, asks the cloud every 5 minutes; 33 A and more are too many."""

    make, identity = "easee-set", "easee2MQTT/EH123456"
    cloud_s = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._coming: list[tuple[float, float]] = []

    def subscribed(self) -> tuple[str, ...]:
        return (f"{self.identity}/charging_current/set",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        if float(payload) < 33.0:
            self._coming.append((now + self.cloud_s, float(payload)))
            yield Said(f"{self.identity}/charging_current", payload.decode(), retain=False)

    def passes(self, now: float) -> Iterator[Said]:
        while self._coming and self._coming[0][0] <= now:
            self.limit_a = self._coming.pop(0)[1]
        if now % 300 == 0:
            yield Said(f"{self.identity}/charging_current", str(self.limit_a), retain=False)
            yield Said(f"{self.identity}/charging_enabled", "True", retain=False)


class Zaptec(Simulated):
    """The automation of docs/chargers.md in Home Assistant: sets the number when it is another, and reports as the contract has it."""

    make = "zaptec"

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[float, float]] = []

    def subscribed(self) -> tuple[str, ...]:
        return ("han/home/chargers/garage/amps",)

    def hear(self, topic: str, payload: bytes, now: float) -> Iterator[Said]:
        wanted = int(payload)
        if wanted != self.limit_a:
            self.changes.append((now, wanted))
            self.limit_a = wanted
        yield Said("han/home/chargers/garage/report", json.dumps({"limit_a": wanted}), retain=False)


def atoi(payload: bytes) -> int:
    """C's: the number at the beginning, 0 if there is none."""
    found = re.match(rb"\s*[+-]?\d+", payload)
    return int(found[0]) if found else 0


CHARGERS: tuple[type[Simulated], ...] = (
    GoE, OpenEvse, OpenEvseShaper, SmartEvse, SmartEvseOverride, Warp, Wallbox, OpenWb, OpenWbSecondary, Evcc, EvccLoadpoint, Everest, Amina, Easee, EaseeSet, Zaptec,
)  # fmt: skip
