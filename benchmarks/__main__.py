"""`python -m benchmarks`: how long the compiler takes, as ratios taken in one run.

Each figure is the best of several runs, and stands beside what it may be at most. `cold` means that
the spec was never compiled; the parser's tables are kept, as after any other spec. Runs from the
repository's root. Exit status 1 where a figure is missed.
"""

from __future__ import annotations

import glob
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain

PYTHON = [sys.executable, "-c"]
COMMAND = [sys.executable, "-m", "archdsl"]
SPEC = "specs/resnext.arch"


def main() -> int:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
        # As where the package is installed: its modules lie there compiled.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(tempfile.gettempdir(), "archdsl-pyc")
        missed = [met for met in chain(in_process(folder), processes(folder)) if not met]
    return 1 if missed else 0


def processes(folder: str) -> Iterator[bool]:
    """Whole processes, beside a Python that does nothing."""
    out = os.path.join(folder, "out")
    kept = os.path.join(os.environ["XDG_CACHE_HOME"], "archdsl", "*.json")

    def compile(*specs: str) -> None:
        call([*COMMAND, "compile", *specs, "-o", out])

    def cold(*specs: str) -> float:
        shutil.rmtree(out, ignore_errors=True)
        for record in glob.glob(kept):
            os.unlink(record)
        return seconds(lambda: compile(*specs))

    # In turns, so that a busy moment of the machine touches all.
    turns = [
        (
            seconds(lambda: call([*PYTHON, "pass"])),
            seconds(lambda: call([*COMMAND, "check", SPEC])),
            cold(SPEC),
            seconds(lambda: compile(SPEC)),
        )
        for _ in range(12)
    ]
    bare, check, one, unchanged = map(min, zip(*turns))
    print(f"{'bare python':<34}{1000 * bare:8.1f} ms")
    yield ratio("check, cold", check, bare, 9)
    yield ratio("compile, nothing to do", unchanged, bare, 4)
    yield figure("compile, one spec", one, 0.5)
    yield figure("compile, all of specs/", min(cold("specs") for _ in range(3)), 4)


def in_process(folder: str) -> Iterator[bool]:
    """The checker by itself, once the text is parsed."""
    from archdsl import driver
    from archdsl.analysis.elaborate import elaborate
    from archdsl.diagnostics import Bag

    program = driver.load_program("specs/resnet.arch", Bag())
    assert program is not None
    resnet50 = next(variant for variant in program.variants if variant.name == "resnet50")
    shapes = best(lambda: elaborate(program, resnet50, None, Bag()), 20)
    yield figure("ResNet-50, shapes and costs", shapes, 0.002)

    large = os.path.join(folder, "large.arch")
    times = []
    for nodes in (10_000, 100_000):
        with open(large, "w", encoding="utf-8") as file:
            file.write(written(nodes))
        times.append(seconds(lambda: call([*COMMAND, "check", large])))
    yield figure("100,000 nodes, check", times[1], 5)
    growth = times[1] / times[0]
    yield line("100,000 nodes against 10,000", f"{growth:8.1f} x", growth, 12)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    yield line("100,000 nodes, largest process", f"{peak:8.2f} GiB", peak, 1)


def written(nodes: int) -> str:
    """A spec that expands to so many nodes, no two units alike, for sharing would save the work."""
    units = nodes // 4
    return (
        "block Unit(width) { conv(width, 1x1) -> bn -> relu -> conv(8, 1x1) }\n"
        "model Net(): [8, 4, 4] -> [8, 4, 4] {\n"
        f"    for i in range({units}) {{ Unit(8 + i) }}\n"
        "}\n"
        "variant net = Net()\n"
    )


def call(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def best(action: Callable[[], object], runs: int) -> float:
    """Seconds of the quickest run."""
    return min(seconds(action) for _ in range(runs))


def ratio(name: str, taken: float, bare: float, limit: float) -> bool:
    times = taken / bare
    return line(name, f"{1000 * taken:8.1f} ms  {times:5.1f} x bare", times, limit)


def figure(name: str, taken: float, limit: float) -> bool:
    return line(name, f"{1000 * taken:8.1f} ms", 1000 * taken, 1000 * limit)


def line(name: str, shown: str, value: float, limit: float) -> bool:
    met = value <= limit
    print(f"{name:<34}{shown:<28}at most {limit:g}{'' if met else '   MISSED'}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
