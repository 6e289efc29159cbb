"""Residual networks with pre-activation."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

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
