"""ResNet for CIFAR, with projections."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

COUNTERPARTS = tuple(
    Counterpart(
        "resnet_cifar",
        name,
        "pytorchcv",
        name,
        (3, 32, 32),
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
