"""`python -m benchmarks.modules [VARIANT...]`: how quick the generated modules are.

For each variant that a public library has, the same step of both, turn by turn in one process, with
batches of 8 of the size at which the tests compare them (`tests/zoo/counterparts`): a forward pass
in evaluation, and a step of training. The figure is the ratio of the medians, ours to theirs; what
it is worth stands beside it, as the ratio that theirs has to itself, measured in the same way.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

TESTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests")
sys.path[:0] = [TESTS, os.path.join(TESTS, "zoo")]

import counterpart  # noqa: E402
import torch  # noqa: E402
import zoo  # noqa: E402
from torch import nn  # noqa: E402

if TYPE_CHECKING:
    from counterpart import Counterpart

BATCH = 8
ROUNDS = 15
SECONDS = 6  # for one pair and mode; slow ones get fewer rounds, but never fewer than FEWEST
FEWEST = 5
LIMIT = 1.03


def main(wanted: list[str]) -> int:
    """Print a line for each counterpart; exit status 1 where ours is slower than LIMIT allows."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    print(f"{'':<40}{'forward':>9}{'(noise)':>9}{'training':>10}{'(noise)':>9}")
    slower = []
    seen = set()
    for pair in counterpart.counterparts():
        # Variants may differ in nothing but the size of their input.
        model = (pair.library, pair.name, pair.input, repr(pair.arguments))
        if model in seen or (wanted and pair.variant not in wanted):
            continue
        seen.add(model)
        ratios = measured(pair)
        figures = "".join(f"{ours:>10.3f}{f'({noise:.3f})':>9}" for ours, noise in ratios)
        above = any(ours / max(noise, 1) > LIMIT for ours, noise in ratios)
        name = f"{pair.variant} / {pair.library}"
        print(f"{name:<40}{figures[1:]}{'   above' if above else ''}", flush=True)
        slower += [name] * above
    print(f"{len(slower)} above {LIMIT}: {', '.join(slower) or 'none'}")
    return int(bool(slower))


def measured(pair: Counterpart) -> list[tuple[float, float]]:
    """Ratios of ours and of theirs (again) to theirs: forward, then training."""
    ours = zoo.build(getattr(zoo.load(pair.spec), pair.variant), **pair.ours)
    models = [counterpart.build(pair), ours, counterpart.build(pair)]
    for model in models:
        zoo.filled(model, zoo.random_state(model))
    x = zoo.image(BATCH, *pair.input)
    return [ratios([step(model, x) for model in models]) for step in (forward, training)]


def forward(model: nn.Module, x: torch.Tensor) -> Callable[[], Any]:
    def run() -> Any:
        model.eval()
        with torch.no_grad():
            return model(x)

    return run


def training(model: nn.Module, x: torch.Tensor) -> Callable[[], Any]:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)

    def run() -> Any:
        model.train()
        results = counterpart.outputs(model(x))
        torch.stack([result.sum() for result in results]).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    return run


def ratios(steps: list[Callable[[], Any]]) -> tuple[float, float]:
    """The second's and the third's median to that of the first, run in turn."""
    for step in steps:
        step()
    times: list[list[float]] = [[] for _ in steps]
    end = time.perf_counter() + SECONDS
    for number in range(ROUNDS):
        if number >= FEWEST and time.perf_counter() > end:
            break
        # Each goes first as often as the others do.
        for turn in range(len(steps)):
            which = (number + turn) % len(steps)
            start = time.perf_counter()
            steps[which]()
            times[which].append(time.perf_counter() - start)
    theirs, ours, again = map(statistics.median, times)
    return ours / theirs, again / theirs


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
