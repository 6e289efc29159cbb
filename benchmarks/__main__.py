"""`python -m benchmarks`: how long the compiler takes, as ratios taken in one run.

Each figure is the best of several runs, and stands beside what it may be at most. Runs from the
repository's root. Exit status 1 where a figure is missed.
"""

from __future__ import annotations

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

    def cold(*specs: str) -> Callable[[], None]:
        def compile_anew() -> None:
            shutil.rmtree(folder)
            os.mkdir(folder)
            call([*COMMAND, "compile", *specs, "-o", out])

        return compile_anew

    bare = best(lambda: call([*PYTHON, "pass"]), 20)
    print(f"{'bare python':<34}{1000 * bare:8.1f} ms")
    check = best(lambda: call([*COMMAND, "check", SPEC]), 10)
    yield ratio("check, cold", check, bare, 9)
    one = best(cold(SPEC), 5)
    unchanged = best(lambda: call([*COMMAND, "compile", SPEC, "-o", out]), 20)
    yield ratio("compile, nothing to do", unchanged, bare, 4)
    yield figure("compile, one spec", one, 0.5)
    yield figure("compile, all of specs/", best(cold("specs"), 3), 3)


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
    seconds = []
    for nodes in (10_000, 100_000):
        with open(large, "w", encoding="utf-8") as file:
            file.write(written(nodes))
        seconds.append(best(lambda: call([*COMMAND, "check", large]), 1))
    yield figure("100,000 nodes, check", seconds[1], 5)
    growth = seconds[1] / seconds[0]
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


def best(action: Callable[[], object], runs: int) -> float:
    """Seconds of the quickest run."""
    quickest = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        action()
        quickest = min(quickest, time.perf_counter() - start)
    return quickest


def ratio(name: str, seconds: float, bare: float, limit: float) -> bool:
    times = seconds / bare
    return line(name, f"{1000 * seconds:8.1f} ms  {times:5.1f} x bare", times, limit)


def figure(name: str, seconds: float, limit: float) -> bool:
    return line(name, f"{1000 * seconds:8.1f} ms", 1000 * seconds, 1000 * limit)


def line(name: str, shown: str, value: float, limit: float) -> bool:
    met = value <= limit
    print(f"{name:<34}{shown:<28}at most {limit:g}{'' if met else '   MISSED'}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
