"""Where our law loses, class by class: the causes of overload and of energy not delivered, for those who improve it.

python -m benchmarks.losses [--houses 4] [--seed 1] [CLASS ...]
"""

import argparse
from collections import Counter
from collections.abc import Sequence

from han_gateway.simulation.classes import CLASSES, TUNING_SEED, case
from han_gateway.simulation.laws import OWN, play
from han_gateway.simulation.losses import Overload, Shortfall, overloads, shortfalls


def main(arguments: Sequence[str] | None = None) -> None:
    """Play and tell."""
    parser = argparse.ArgumentParser(description="where our law loses")
    parser.add_argument("--houses", type=int, default=4)
    parser.add_argument("--seed", type=int, default=TUNING_SEED)
    parser.add_argument("--law", default=OWN)
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=", ".join(CLASSES))
    options = parser.parse_args(arguments)
    for name in options.classes or ("tn-one", "it-one", "tn-three", "kamstrup", "slow", "lossy"):
        seconds: Counter[Overload] = Counter()
        energy: Counter[Shortfall] = Counter()
        possible = 0.0
        for number in range(options.houses):
            house = case(name, number, days=1, seed=options.seed)
            run, oracle = play(house, options.law), play(house, "oracle-late")
            seconds += overloads(house, run)
            energy += shortfalls(house, run, oracle)
            possible += sum(oracle.delivered_wh.values())
        print(f"== {name}, {options.houses} houses")
        for overload in Overload:
            print(f"  {seconds[overload] / options.houses:8.0f} s a day   {overload.value}")
        for shortfall in Shortfall:
            print(f"  {energy[shortfall] / (possible or 1):8.1%} energy    {shortfall.value}", flush=True)


if __name__ == "__main__":
    main()
