"""`python tests/fuzz`: random inputs for the compiler; what brings it down is shown.

Nothing may come of an input but findings or a result, within the time and the memory that an input
may take. Exit status 1: something did. `--only NUMBER` tries one input again, `--show` prints it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter

import fuzz_attempt
from fuzz_inputs import KINDS, make


def main() -> int:
    options = _options()
    fuzz_attempt.limit()
    failures: dict[str, str] = {}
    for kind in options.kind:
        start = time.monotonic()
        counted: Counter[str] = Counter()
        numbers = [options.only] if options.only is not None else range(options.count)
        for number in numbers:
            if options.seconds and time.monotonic() - start > options.seconds:
                break
            given = make(kind, options.seed, number)
            if options.show:
                sys.stdout.write(given.data.decode("utf-8", "backslashreplace") + "\n")
            word, failure = fuzz_attempt.attempt(given)
            counted[word] += 1
            if failure and _last(failure) not in failures:
                failures[_last(failure)] = failure
                print(f"--seed {options.seed} --kind {kind} --only {number}\n{failure}", flush=True)
        words = ", ".join(f"{count} {word}" for word, count in sorted(counted.items()))
        took = time.monotonic() - start
        print(f"{kind}, seed {options.seed}: {counted.total()} inputs, {words}, {took:.0f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"at most {peak} MiB; {len(failures)} kinds of failures")
    return 1 if failures else 0


def _last(failure: str) -> str:
    """What tells failures apart: the innermost place, and the error."""
    places = [line.strip() for line in failure.split("\n") if line.startswith("  File")]
    return f"{places[-1:]} {failure.strip().splitlines()[-1].split(':')[0]}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000, help="inputs of each kind")
    parser.add_argument("--seconds", type=float, help="for each kind, at most")
    parser.add_argument("--kind", action="append", choices=tuple(KINDS))
    parser.add_argument("--only", type=int, metavar="NUMBER")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    options.kind = options.kind or list(KINDS)
    return options


if __name__ == "__main__":
    sys.exit(main())
