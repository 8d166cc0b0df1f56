"""Raw bytes to values: frames per second of the own decoder and of amshan, side by side in one run.

Rounds alternate between them, so that whatever else the machine does befalls all; told are the median and the range. The ratio is that
of the same work: amshan reads the meter's clock, so the own decoder is asked for it, too. Before the watch runs, all must have decoded
every frame, and to the same power and currents.

    python -m benchmarks.decode [--rounds 9] [--seconds 0.2]
"""

import argparse
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.contenders import CONTENDERS, Decode
from benchmarks.frames import KINDS, frames
from benchmarks.machine import machine
from han_gateway.meters.reading import Reading

# How many times as fast as amshan we promise to be.
PROMISED = {"Kaifa list 1": 40, "Aidon list 2": 40, "Kamstrup list, 09 0C": 40, "Kamstrup list, 0C": 40}


def agree(reading: Reading, peer: dict[str, Any]) -> bool:
    """Tell whether both read the same power and currents."""
    amperes = (peer.get(key) for key in ("current_l1", "current_l2", "current_l3"))
    theirs = (peer.get("active_power_import"), *(None if ampere is None else round(1000 * ampere) for ampere in amperes))
    ours = (reading.power_import_w, *reading.current_ma)
    return ours == theirs


def check(kind: str, batch: Sequence[bytes]) -> None:
    """Refuse to measure what is not the same work."""
    ours, _, theirs = (make()(batch) for make in CONTENDERS.values())
    if not len(ours) == len(theirs) == len(batch) or not all(map(agree, ours, theirs)):
        raise SystemExit(f"{kind}: the decoders disagree, so their speed says nothing")


def rate(decode: Decode, batch: Sequence[bytes], passes: int) -> float:
    """Frames per second over so many passes of the batch."""
    start = perf_counter()
    for _ in range(passes):
        decode(batch)
    return passes * len(batch) / (perf_counter() - start)


def measure(batch: Sequence[bytes], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Rates of each contender, one for each round, the rounds interleaved."""
    decoders = {name: make() for name, make in CONTENDERS.items()}
    passes = {name: max(1, round(seconds * rate(decode, batch, 2) / len(batch))) for name, decode in decoders.items()}
    rates: dict[str, list[float]] = {name: [] for name in decoders}
    for _ in range(rounds):
        for name, decode in decoders.items():
            rates[name].append(rate(decode, batch, passes[name]))
    return rates


def row(kind: str, batch: Sequence[bytes], rates: dict[str, list[float]]) -> str:
    """One line of the table."""
    told = "".join(f"{f'{median(each):,.0f} ({min(each):,.0f}-{max(each):,.0f})':>27}" for each in rates.values())
    ratios = [ours / theirs for ours, theirs in zip(rates["own, clock read"], rates["amshan"], strict=True)]
    promised = f", promised {PROMISED[kind]}" if kind in PROMISED else ""
    return f"{kind:22} {len(batch[0]):4}{told} {median(ratios):6.1f} ({min(ratios):.0f}-{max(ratios):.0f}){promised}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all kinds and print the table."""
    parser = argparse.ArgumentParser(description="decode speed beside amshan")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one contender in one round")
    options = parser.parse_args(arguments)
    print(machine())
    print(f"frames/s, median (min-max) of {options.rounds} interleaved rounds of {options.seconds} s")
    print(f"{'':22} byte{''.join(f'{name:>27}' for name in CONTENDERS)}  ratio")
    for kind in KINDS:
        batch = frames(kind)
        check(kind, batch)
        print(row(kind, batch, measure(batch, options.rounds, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
