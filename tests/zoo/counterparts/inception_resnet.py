"""Inception-ResNet: v2 as released, and v1 as FaceNet's implementations have it."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import pooled_whole

# The stem's convolutions, and the units of the stages, in pytorchcv's order.
STEM = ("1a", "2a", "2b", "3b", "4a", "4b")
UNITS = (
    tuple(f"repeat.{i}" for i in range(5)),
    ("mixed_6a", *(f"repeat_1.{i}" for i in range(10))),
    ("mixed_7a", *(f"repeat_2.{i}" for i in range(5)), "block8"),
)


def keys() -> tuple[tuple[str, str], ...]:
    found = [
        (rf"features\.init_block\.conv{i}\.(.*)", rf"conv2d_{name}.\1")
        for i, name in enumerate(STEM, 1)
    ]
    for stage, names in enumerate(UNITS, 1):
        for unit, name in enumerate(names, 1):
            theirs = rf"features\.stage{stage}\.unit{unit}"
            found.append((rf"{theirs}\.conv\.(.*)", rf"{name}.conv2d.\1"))
            for branch in range(4):
                inside = rf"{theirs}\.branches\.branch{branch + 1}"
                found.append((rf"{inside}\.conv\.(.*)", rf"{name}.branch{branch}.\1"))
                if (name, branch) == ("mixed_6a", 0):
                    found.append((rf"{inside}\.conv_list\.conv1\.(.*)", rf"{name}.branch0.\1"))
                found += [
                    (rf"{inside}\.conv_list\.conv{i + 1}\.(.*)", rf"{name}.branch{branch}.{i}.\1")
                    for i in range(3)
                ]
    head = (("fc1", "embed"), ("bn", "bn"), ("fc2", "classif"))
    return (*found, *((rf"output\.{theirs}\.(.*)", rf"{ours}.\1") for theirs, ours in head))


COUNTERPARTS = (
    Counterpart(
        "inception_resnet",
        "inception_resnet_v1_facenet",
        "pytorchcv",
        "inceptionresnetv1",
        (3, 80, 80),
        keys=keys(),
        adapt=pooled_whole,
        why="pools with a window of fixed size",
    ),
    Counterpart(
        "inception_resnet", "inception_resnet_v2", "timm", "inception_resnet_v2", (3, 80, 80)
    ),
)
