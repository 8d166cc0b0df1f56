"""Campaign: the broker dies, hangs, refuses, or stays away for an hour; the gateway comes back by itself and sends what is true now.

    python -m tests.campaign.broker_kill [--seed N] [--fast | --count N]

Houses side by side, each with the real gateway process, lists every 0.2 s and a broker that is killed at random moments and started
again after a random while; then one house whose broker hangs, one whose port is taken by programs that talk nonsense or nothing, and
one whose broker is away for long while the house is restless. ``--fast`` is 40 kills in all and 20 s away, otherwise 1,000 and an hour.
What a gateway grows by is counted beside one whose broker stays: all of them remember the last hour for their page, which is empty at first.
"""

import json
import random
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from han_gateway.core.units import PerLine
from tests.campaign import _rig as rig
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published, wanted

FAST, FULL = 40, 1_000
FAST_AWAY_S, FULL_AWAY_S = 20.0, 3_600.0
HOUSES = 8
BACK_S = 5.0
HANGS_S = 15.0
PATIENCE_S = 20.0
MOST_KIB = 1_024
SETTLE_S = 0.5
"""After the gateway is back, whatever it had kept for a topic has arrived within this."""
NONSENSE = (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 64, b"\xff" * 64, b"")


class Returned(NamedTuple):
    """After one outage: seconds until the gateway was back (None: never), and what was not as it should be."""

    took_s: float | None
    wrong: tuple[str, ...]


class Grown(NamedTuple):
    """Memory of a gateway in KiB at two moments of one clock, in seconds."""

    began_s: float = 0.0
    before_kib: int = 0
    ended_s: float = 0.0
    after_kib: int = 0


class Broken(NamedTuple):
    """What became of one house."""

    returns: list[Returned]
    tracebacks: int
    noticed_s: float | None = None
    grown: Grown = Grown()


class Talk:
    """A meter that never stops, and an ear that keeps what the gateway says."""

    def __init__(self, house: rig.House) -> None:
        self.house = house
        self.restless = False
        self.online = threading.Event()
        self.said: list[tuple[str, bytes, bool]] = []
        self._ended = threading.Event()
        self._ear = Guest(house.broker.port, ("han/#",), self._hear)
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        self.said.append((topic, payload, retained))
        if topic.endswith("/status") and payload == b"online":
            self.online.set()

    def _speak(self) -> None:
        current = 2_000
        while not self._ended.wait(self.house.pace.list_period_s):
            current = 38_000 - current if self.restless and random.random() < 0.2 else current
            self.house.say(PerLine(current, current, current))

    def wait(self, patience_s: float = PATIENCE_S) -> float | None:
        """How long it takes from now until the gateway is online, or None."""
        began = time.monotonic()
        return time.monotonic() - began if self.online.wait(patience_s) else None

    def forget(self) -> None:
        """What was said before counts no more."""
        self.online.clear()
        self.said.clear()

    def wrong(self) -> tuple[str, ...]:
        """What was said since that is not the latest value of each topic, once: limits and states more often than they change."""
        time.sleep(SETTLE_S)
        seqs: dict[str, list[int]] = {}
        status: list[bytes] = []
        for topic, payload, retained in list(self.said):
            if topic.endswith("/limit"):
                limit = json.loads(payload)
                seqs.setdefault(topic, []).append(limit["seq"])
            elif topic.endswith("/status"):
                status.append(payload)
            if retained and topic.endswith("/limit"):
                return ("a limit is retained",)
        old = [f"{topic}: {each}" for topic, each in seqs.items() if each != sorted(set(each))]
        return (*old, *([] if status == [b"online"] else [f"status: {status}"]))

    def close(self) -> None:
        """Be silent."""
        self._ended.set()
        self._thread.join()
        self._ear.close()


class Memory:
    """Watches what the gateway of a house has."""

    def __init__(self, house: rig.House) -> None:
        self._house = house
        self._began = time.monotonic(), house.gateway.status("VmRSS")

    def grown(self) -> Grown:
        """From then until now."""
        return Grown(*self._began, time.monotonic(), self._house.gateway.status("VmRSS"))


class Calm(NamedTuple):
    """A house with a broker that stays: when it had how much memory."""

    had: list[tuple[float, int]]

    def beside(self, grown: Grown) -> int:
        """How much more KiB somebody grew by in the same time."""
        return grown.after_kib - grown.before_kib - max(0, self._at(grown.ended_s) - self._at(grown.began_s))

    def _at(self, moment: float) -> int:
        return next((kib for at, kib in reversed(self.had) if at <= moment), self.had[0][1])


def stays(ended: threading.Event) -> Calm:
    """Live in such a house until the others have ended."""
    had = []
    with rig.House(rig.HURRIED) as house:
        talk = Talk(house)
        talk.restless = True
        talk.wait()
        while not ended.wait(1):
            had.append((time.monotonic(), house.gateway.status("VmRSS")))
        talk.close()
    return Calm(had)


def kills(seed: str, count: int) -> Broken:
    """A broker that is killed so many times."""
    rng = random.Random(seed)
    with rig.House(rig.HURRIED) as house:
        talk = Talk(house)
        talk.wait()
        time.sleep(1)
        memory = Memory(house)
        returns = []
        for _ in range(count):
            time.sleep(rng.uniform(0, 1.5))
            house.broker.stop()
            talk.forget()
            time.sleep(rng.choice((0.0, rng.uniform(0, 0.2), rng.uniform(0, 3))))
            house.broker.start()
            took = talk.wait()
            returns.append(Returned(took, talk.wrong()))
        grown = memory.grown()
        talk.close()
        return Broken(returns, house.gateway.log().count("Traceback"), grown=grown)


def hangs(_seed: str, _count: int) -> Broken:
    """A broker that hangs with its connections open, and goes on."""
    with rig.House(rig.HURRIED) as house:
        talk = Talk(house)
        talk.wait()
        house.broker.freeze()
        noticed, began = None, time.monotonic()
        while noticed is None and time.monotonic() - began < 2 * HANGS_S:
            time.sleep(0.05)
            if " lost" in house.gateway.log():
                noticed = time.monotonic() - began
        talk.forget()
        house.broker.thaw()
        took = talk.wait()
        talk.close()
        return Broken([Returned(took, ())], house.gateway.log().count("Traceback"), noticed)


def nonsense(_seed: str, _count: int) -> Broken:
    """Where the broker was, something else listens: it talks nonsense, says nothing, or hangs up; then the broker is back."""
    with rig.House(rig.HURRIED) as house:
        talk = Talk(house)
        talk.wait()
        memory = Memory(house)
        returns = []
        for word in NONSENSE:
            house.broker.stop()
            talk.forget()
            with socket.create_server(("127.0.0.1", house.broker.port), reuse_port=False) as server:
                answer(server, word, 3.0)
            house.broker.start()
            returns.append(Returned(talk.wait(2 * PATIENCE_S), talk.wrong()))
        grown = memory.grown()
        talk.close()
        return Broken(returns, house.gateway.log().count("Traceback"), grown=grown)


def answer(server: socket.socket, word: bytes, seconds: float) -> None:
    """Say this to everybody who comes within this time."""
    until, guests = time.monotonic() + seconds, []
    server.settimeout(0.1)
    while time.monotonic() < until:
        try:
            guests.append(server.accept()[0])
            guests[-1].sendall(word)
        except OSError:
            continue
    for guest in guests:
        guest.close()


def away(seed: str, seconds: float) -> Broken:
    """A broker that is away for long while limits change all the time."""
    random.seed(seed)
    with rig.House(rig.HURRIED) as house:
        talk = Talk(house)
        talk.restless = True
        talk.wait()
        house.broker.stop()
        time.sleep(5)
        memory = Memory(house)
        time.sleep(seconds)
        grown = memory.grown()
        talk.forget()
        house.broker.start()
        took = talk.wait()
        result = Broken([Returned(took, talk.wrong())], house.gateway.log().count("Traceback"), grown=grown)
        talk.close()
        return result


def main() -> int:
    """Run the campaign."""
    given = arguments("Broker death is boring.", "kills in all", FAST, FULL).parse_args()
    each = -(-wanted(given) // HOUSES)
    seconds = FAST_AWAY_S if given.fast else FULL_AWAY_S
    ended = threading.Event()
    with ThreadPoolExecutor(HOUSES + 4) as pool:
        staying = pool.submit(stays, ended)
        killed = [pool.submit(kills, f"{given.seed}/{number}", each) for number in range(HOUSES)]
        others = [pool.submit(hangs, "", 0), pool.submit(nonsense, "", 0), pool.submit(away, str(given.seed), seconds)]
        try:
            houses = [job.result() for job in killed]
            hung, odd, long = (job.result() for job in others)
        finally:
            ended.set()
        calm = staying.result()
    return published(given, list(promises(houses, hung, odd, long, calm, seconds)))


def promises(houses: list[Broken], hung: Broken, odd: Broken, long: Broken, calm: Calm, seconds: float) -> tuple[Promise, ...]:
    """R-16."""
    everything = [*houses, hung, odd, long]
    returns = [each for house in everything for each in house.returns]
    took = [each.took_s for house in [*houses, hung, long] for each in house.returns if each.took_s is not None]
    wrong = [what for each in returns for what in each.wrong]
    never = sum(each.took_s is None for each in returns)
    grown = max(calm.beside(house.grown) for house in everything)
    tracebacks = sum(house.tracebacks for house in everything)
    for what in wrong[:10]:
        print(what)
    noticed = "never" if hung.noticed_s is None else f"{hung.noticed_s:.1f} s"
    after = ", ".join("never" if each.took_s is None else f"{each.took_s:.1f} s" for each in odd.returns)
    figure = (
        f"{sum(len(house.returns) for house in houses):,} kills, {never} without return; back after {max(took):.1f} s at most, "
        f"{len(wrong)} values old or twice; a broker that hangs seen after {noticed}; after programs that talk nonsense back after {after}; "
        f"memory + {grown} KiB at most beside a gateway whose broker stays, also in {seconds:,.0f} s without one; {tracebacks} tracebacks"
    )
    holds = not (never or wrong or tracebacks) and max(took) <= BACK_S and grown <= MOST_KIB
    return (
        Promise(
            "R-16",
            "a broker that dies, hangs or is replaced is found again, and gets the latest value of each topic and nothing older",
            f"back <= {BACK_S:g} s after it is; no value old or twice; a hanging one seen <= {HANGS_S:g} s; memory + <= 1 MiB beside one whose broker stays",
            figure,
            holds=holds and hung.noticed_s is not None and hung.noticed_s <= HANGS_S,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
