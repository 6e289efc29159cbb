"""ResNet for CIFAR, with projections."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole, units

KEYS = (
    (r"features\.init_block\.(conv|bn)\.(.*)", r"\g<1>1.\2"),
    *units(18, "bn"),
    (r"features\.stage(\d)\.unit1\.identity_conv\.conv\.(.*)", r"layer\1.0.downsample.0.\2"),
    (r"features\.stage(\d)\.unit1\.identity_conv\.bn\.(.*)", r"layer\1.0.downsample.1.\2"),
    (r"output\.(.*)", r"fc.\1"),
)


COUNTERPARTS = tuple(
    Counterpart(
        "resnet_cifar",
        name,
        "pytorchcv",
        name,
        (3, 32, 32),
        keys=KEYS,
        slow=slow,
        adapt=pooled_whole,
        why=WINDOW,
    )
    for name, slow in (
        ("resnet20_cifar10", False),
        ("resnet56_cifar10", True),
        ("resnet110_cifar10", True),
    )
)
