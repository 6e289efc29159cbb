"""ResNet for CIFAR, with projections."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn

# pytorchcv counts units from 1.
UNITS = tuple(
    pattern
    for n in range(18)
    for pattern in (
        (
            rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.conv\.(.*)",
            rf"layer\1.{n}.conv\2.\3",
        ),
        (rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.bn\.(.*)", rf"layer\1.{n}.bn\2.\3"),
    )
)
KEYS = (
    (r"features\.init_block\.(conv|bn)\.(.*)", r"\g<1>1.\2"),
    *UNITS,
    (r"features\.stage(\d)\.unit1\.identity_conv\.conv\.(.*)", r"layer\1.0.downsample.0.\2"),
    (r"features\.stage(\d)\.unit1\.identity_conv\.bn\.(.*)", r"layer\1.0.downsample.1.\2"),
    (r"output\.(.*)", r"fc.\1"),
)


def average(theirs: nn.Module) -> None:
    """Their pool takes one size of map, and sums in another order."""
    theirs.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))


WHY = "pools with a window of fixed size"

COUNTERPARTS = tuple(
    Counterpart(
        "resnet_cifar",
        name,
        "pytorchcv",
        name,
        (3, 32, 32),
        keys=KEYS,
        slow=slow,
        adapt=average,
        why=WHY,
    )
    for name, slow in (
        ("resnet20_cifar10", False),
        ("resnet56_cifar10", True),
        ("resnet110_cifar10", True),
    )
)
