"""Residual networks with pre-activation."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole, units

KEYS = (
    (r"features\.init_block\.(conv|bn)\.(.*)", r"\g<1>1.\2"),
    (r"features\.init_block\.(weight)", r"conv1.\1"),
    *units(36, "norm"),
    (r"features\.stage(\d)\.unit1\.identity_conv\.(.*)", r"layer\1.0.downsample.conv.\2"),
    (r"features\.post_activ\.bn\.(.*)", r"norm.\1"),
    (r"output\.(.*)", r"fc.\1"),
)


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
            adapt=pooled_whole,
            why=WINDOW,
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
