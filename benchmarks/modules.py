"""`python -m benchmarks.modules [--write] [VARIANT...]`: how quick the generated modules are.

For each variant that a public library has, the same step of both, turn by turn in one process, with
batches of 8 of the size at which the tests compare them (`tests/zoo/counterparts`): a forward pass
in evaluation, and a step of training. `--write` notes the figures in docs/performance.md, where
those of other variants stay.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.join(ROOT, "tests")
sys.path[:0] = [TESTS, os.path.join(TESTS, "zoo")]

import counterpart  # noqa: E402
import torch  # noqa: E402
import zoo  # noqa: E402
import zoo_page  # noqa: E402
from torch import nn  # noqa: E402

from benchmarks import operations  # noqa: E402

if TYPE_CHECKING:
    from counterpart import Counterpart

PAGE = os.path.join(ROOT, "docs", "performance.md")
BATCH = 8
ROUNDS = 15
SECONDS = 4  # for one pair and mode; slow ones get fewer rounds, but never fewer than FEWEST
FEWEST = 4
LIMIT = 1.03

HEADS = ("variant", "beside", "forward", "(noise)", "training", "(noise)", "operations")
TEXT = """\
# How quick the modules are

Beside the public models that compute the same, written by `python -m benchmarks.modules --write`,
which takes about an hour; with names of variants, only theirs are measured anew. What a compile
takes, `python -m benchmarks` prints.

- **Forward** is a pass in evaluation, **training** one forwards and backwards with a step of SGD,
  of batches of 8 at the sizes of the tests. The figure is the ratio of times, ours to theirs, each
  the least of several rounds in which the models take turns: of the processor's time of one
  thread, so that it matters less what else the machine does.
- **Noise** is what the figure is worth: the ratio that a second of their models has to the first.
- **Operations** are what torch is asked to do in a step of training, by name and shapes: what ours
  asks for more often (+) and less often (-). Where they are the **same**, any difference in time is
  noise. `relu_` and `add_` work in place.

Why they differ: a dense block here keeps one tensor that grows, where torchvision's keeps a list of
all maps, whose gradients have to be sliced and summed. A residual's sum is a new tensor here, and
written over the body's in torchvision and timm. Pads that are not the same on all sides are an
operation of their own.

"""


class Row(NamedTuple):
    """A pair's figures: ratios of ours and of theirs to theirs, and how the operations differ."""

    forward: float
    forward_noise: float
    training: float
    training_noise: float
    operations: str

    @property
    def above(self) -> bool:
        """Slower than LIMIT allows, beyond noise and for a reason."""
        pairs = ((self.forward, self.forward_noise), (self.training, self.training_noise))
        slower = any(ours / max(noise, 1) > LIMIT for ours, noise in pairs)
        return slower and self.operations != "same"

    def cells(self) -> list[str]:
        return [*(f"{figure:.2f}" for figure in self[:4]), self.operations]


def main(arguments: list[str]) -> int:
    """Print a line for each counterpart; exit status 1 where ours is slower than LIMIT allows."""
    torch.set_num_threads(1)
    write, wanted = "--write" in arguments, [name for name in arguments if name != "--write"]
    slower = []
    noted = read()
    for pair in pairs():
        if wanted and pair.variant not in wanted:
            continue
        row = measured(pair)
        name = f"{pair.variant} / {pair.library}"
        print(f"{name:<40}", *row.cells(), "  ABOVE" * row.above, flush=True)
        slower += [name] * row.above
        noted[pair.variant, pair.library] = row
        if write:
            with open(PAGE, "w", encoding="utf-8") as file:
                file.write(page(noted))
    print(f"{len(slower)} above {LIMIT}: {', '.join(slower) or 'none'}")
    return int(bool(slower))


def pairs() -> list[Counterpart]:
    """Each public model once: variants may differ in nothing but the size of their input."""
    found: dict[object, Counterpart] = {}
    for pair in counterpart.counterparts():
        found.setdefault((pair.library, pair.name, pair.input, repr(pair.arguments)), pair)
    return list(found.values())


def measured(pair: Counterpart) -> Row:
    ours = zoo.build(getattr(zoo.load(pair.spec), pair.variant), **pair.ours)
    models = [counterpart.build(pair), ours, counterpart.build(pair)]
    x = zoo.image(BATCH, *pair.input)
    theirs, own = (operations.of(training(model, x.to("meta"))) for model in models[:2])
    for model in models:
        zoo.filled(model, zoo.random_state(model))
    times = [ratios([step(model, x) for model in models]) for step in (forward, training)]
    return Row(*times[0], *times[1], operations.differences(own, theirs))


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
    """The second's and the third's least time to that of the first, run in turn."""
    for step in steps:
        step()
    times: list[list[float]] = [[] for _ in steps]
    for number in range(ROUNDS):
        if number >= FEWEST and sum(map(sum, times)) > SECONDS:
            break
        # Each goes first as often as the others do.
        for turn in range(len(steps)):
            which = (number + turn) % len(steps)
            start = time.thread_time()
            steps[which]()
            times[which].append(time.thread_time() - start)
    theirs, ours, again = map(min, times)
    return ours / theirs, again / theirs


def page(noted: dict[tuple[str, str], Row]) -> str:
    """The text of docs/performance.md, with these figures."""
    rows = [
        [pair.variant, pair.library, *noted[pair.variant, pair.library].cells()]
        for pair in pairs()
        if (pair.variant, pair.library) in noted
    ]
    some = f"{len(rows)} of {len(pairs())} pairs have been measured.\n\n"
    return TEXT + some * (len(rows) < len(pairs())) + zoo_page.table(HEADS, rows, range(2, 6))


def read() -> dict[tuple[str, str], Row]:
    """The figures that the page notes."""
    if not os.path.exists(PAGE):
        return {}
    with open(PAGE, encoding="utf-8") as file:
        rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in file]
    return {
        (cells[0], cells[1]): Row(*(float(figure) for figure in cells[2:6]), cells[6])
        for cells in rows
        if len(cells) == len(HEADS) and cells[2][:1].isdigit()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
