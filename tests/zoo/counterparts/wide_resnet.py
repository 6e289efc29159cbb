"""Wide residual networks."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

COUNTERPARTS = (
    *(
        Counterpart("wide_resnet", name, library, name, (3, 64, 64), slow=True)
        for name in ("wide_resnet50_2", "wide_resnet101_2")
        for library in ("torchvision", "timm")
    ),
    *(
        Counterpart(
            "wide_resnet",
            name,
            "pytorchcv",
            name,
            (3, 16, 16),
            slow=slow,
            adapt=pooled_whole,
            why=WINDOW,
        )
        for name, slow in (
            ("wrn16_10_cifar10", False),
            ("wrn28_10_cifar10", True),
            ("wrn40_8_cifar10", True),
        )
    ),
)
