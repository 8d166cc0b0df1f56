"""Campaign: a flood of MQTT messages. Thousands a second on every topic that the gateway hears, while a meter demands cuts.

    python -m tests.campaign.flood [--seed N] [--fast]

Two processes flood the broker as fast as they can up to 10,000 messages/s together, with payloads that are nothing, and one in ten a
setting in good form. How long a list that demands a cut takes to become a lower limit is measured before and in the flood. An overloaded
machine may not send that many: what was really sent is told. ``--fast`` floods for 10 s, otherwise 60 s.
"""

import argparse
import random
import sys
import time
from multiprocessing import Event, Process, Value
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.request import urlopen

from han_gateway.adapters.broker import MAX_UNHEARD
from tests.campaign import _rig as rig
from tests.campaign._cuts import cuts, rise
from tests.campaign._guest import Guest
from tests.campaign._promise import Promise, arguments, published
from tests.campaign._vandal import payloads

FLOODERS, PER_SECOND = 2, 10_000
FAST_S, FULL_S = 10.0, 60.0
P99_S = 0.2
MOST_KIB = 4 * 1_024
AT_ONCE = 50
GOOD = ("han/home/caps/power/set", b"20000")
"""In good form, believed and answered, and it changes nothing."""


class Seen(NamedTuple):
    """Seconds of each cut before and in the flood; messages sent, refused and ignored; growth of memory."""

    before: list[float]
    during: list[float]
    sent: int
    refused: float
    ignored: float
    grown_kib: int
    tracebacks: int


def pour(port: int, seed: str, ended: Any, sent: Any) -> None:
    """Flood (in a process of its own) until ``ended``; QoS 0, so that the broker may keep up or drop."""
    rng = random.Random(seed)
    words, guest = payloads(rng), Guest(port, (), lambda *_: None)
    time.sleep(0.3)
    pause_s = AT_ONCE * FLOODERS / PER_SECOND
    due = time.monotonic()
    while not ended.is_set():
        for _ in range(AT_ONCE):
            topic, word = GOOD if rng.random() < 0.1 else next(words)
            guest.say(topic, word[:300])
        sent.value += AT_ONCE
        due = max(due + pause_s, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))
    guest.close()


def figure(house: rig.House, name: str) -> float:
    """A metric of the gateway, all labels together."""
    with urlopen(f"http://127.0.0.1:{house.metrics_port}/metrics", timeout=15) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def run(given: argparse.Namespace, seconds: float) -> Seen:
    """Cuts before the flood and in it."""
    with rig.House(rig.HURRIED, names=("garage",)) as house:
        rise(house)
        before = cuts(house, 5)
        memory = house.gateway.status("VmRSS")
        ended, counts = Event(), [Value("q", 0) for _ in range(FLOODERS)]
        flooders = [
            Process(target=pour, args=(house.broker.port, f"{given.seed}/{number}", ended, count), daemon=True)
            for number, count in enumerate(counts)
        ]
        for flooder in flooders:
            flooder.start()
        during = cuts(house, seconds)
        ended.set()
        for flooder in flooders:
            flooder.join()
        grown = house.gateway.status("VmRSS") - memory
        refused, ignored = figure(house, "han_mqtt_messages_refused_total"), figure(house, "han_mqtt_messages_ignored_total")
        sent = sum(count.value for count in counts)
        return Seen(before, during, sent, refused, ignored, grown, house.gateway.log().count("Traceback"))


def main() -> int:
    """Run the campaign."""
    given = arguments("A flood does not hold up a limit.").parse_args()
    seconds = FAST_S if given.fast else FULL_S
    seen = run(given, seconds)
    p99 = quantiles([*seen.during, max(seen.during)], n=100, method="inclusive")[98]
    words = (
        f"{seen.sent / seconds:,.0f} messages/s for {seconds:g} s: {len(seen.during)} cuts, median {1000 * median(seen.during):.0f} ms, p99 "
        f"{1000 * p99:.0f} ms (before: {1000 * median(seen.before):.0f} ms); {seen.refused:,.0f} refused, {seen.ignored:,.0f} dropped, both "
        f"counted; memory + {seen.grown_kib} KiB, {seen.tracebacks} tracebacks"
    )
    promise = Promise(
        "R-23b",
        "a flood of MQTT messages does not hold up a limit",
        f"p99 from list to limit <= {1000 * P99_S:.0f} ms; at most {MAX_UNHEARD} messages wait, what is dropped is counted; memory + <= 4 MiB",
        words,
        holds=p99 <= P99_S and seen.grown_kib <= MOST_KIB and not seen.tracebacks and seen.refused + seen.ignored > 0,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
