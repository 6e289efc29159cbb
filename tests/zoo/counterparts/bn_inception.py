"""BN-Inception with a bias beside each norm, as pytorchcv's."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import pooled_whole

# The stem's convolutions, and the units of the stages, in pytorchcv's order.
STEM = ("conv1", "conv2.conv1", "conv2.conv2")
UNITS = (("3a", "3b"), ("3c", "4a", "4b", "4c", "4d"), ("4e", "5a", "5b"))


def keys() -> tuple[tuple[str, str], ...]:
    found = [
        (rf"features\.init_block\.{name}\.((conv|bn)\.\w+)", rf"conv{i}.\1")
        for i, name in enumerate(STEM, 1)
    ]
    for stage, names in enumerate(UNITS, 1):
        for unit, name in enumerate(names, 1):
            branches = rf"features\.stage{stage}\.unit{unit}\.branches\.(branch\d)"
            ours = rf"inception{name}.\1"
            found.append((rf"{branches}\.((conv|bn)\.\w+)", rf"{ours}.\2"))
            found.append((rf"{branches}\.conv\.((conv|bn)\.\w+)", rf"{ours}.1.\2"))
            found += [(rf"{branches}\.conv{i + 1}\.(.*)", rf"{ours}.{i}.\2") for i in range(3)]
    return (*found, (r"output\.(.*)", r"fc.\1"))


COUNTERPARTS = (
    Counterpart(
        "bn_inception",
        "bninception",
        "pytorchcv",
        "bninception",
        (3, 64, 64),
        keys=keys(),
        adapt=pooled_whole,
        why="pools with a window of fixed size",
    ),
)
