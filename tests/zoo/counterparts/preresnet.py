"""Residual networks with pre-activation."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn

# pytorchcv counts units from 1.
UNITS = tuple(
    pattern
    for n in range(36)
    for pattern in (
        (
            rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.conv\.(.*)",
            rf"layer\1.{n}.conv\2.\3",
        ),
        (rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.bn\.(.*)", rf"layer\1.{n}.norm\2.\3"),
    )
)
KEYS = (
    (r"features\.init_block\.(conv|bn)\.(.*)", r"\g<1>1.\2"),
    (r"features\.init_block\.(weight)", r"conv1.\1"),
    *UNITS,
    (r"features\.stage(\d)\.unit1\.identity_conv\.(.*)", r"layer\1.0.downsample.conv.\2"),
    (r"features\.post_activ\.bn\.(.*)", r"norm.\1"),
    (r"output\.(.*)", r"fc.\1"),
)


def average(theirs: nn.Module) -> None:
    """Their pool takes one size of map, and sums in another order."""
    theirs.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))


WHY = "pools with a window of fixed size"

COUNTERPARTS = (
    Counterpart("preresnet", "resnetv2_18", "timm", "resnetv2_18", (3, 64, 64)),
    Counterpart("preresnet", "resnetv2_34", "timm", "resnetv2_34", (3, 64, 64), slow=True),
    Counterpart("preresnet", "resnetv2_50", "timm", "resnetv2_50", (3, 64, 64)),
    Counterpart("preresnet", "resnetv2_101", "timm", "resnetv2_101", (3, 64, 64), slow=True),
    Counterpart("preresnet", "resnetv2_152", "timm", "resnetv2_152", (3, 64, 64), slow=True),
    *(
        Counterpart(
            "preresnet",
            name,
            "pytorchcv",
            name,
            (3, side, side),
            keys=KEYS,
            slow=slow,
            adapt=average,
            why=WHY,
        )
        for name, side, slow in (
            ("preresnet18", 64, False),
            ("preresnet34", 64, True),
            ("preresnet50", 64, False),
            ("preresnet101", 64, True),
            ("preresnet152", 64, True),
            ("preresnet200", 64, True),
            ("preresnet20_cifar10", 32, False),
            ("preresnet56_cifar10", 32, True),
            ("preresnet110_cifar10", 32, True),
            ("preresnet164bn_cifar10", 32, True),
        )
    ),
)
