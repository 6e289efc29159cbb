"""ResNet."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

COUNTERPARTS = (
    Counterpart("resnet", "resnet18", "torchvision", "resnet18", (3, 64, 64)),
    Counterpart("resnet", "resnet34", "torchvision", "resnet34", (3, 64, 64), slow=True),
    Counterpart("resnet", "resnet50", "torchvision", "resnet50", (3, 64, 64)),
    Counterpart("resnet", "resnet101", "torchvision", "resnet101", (3, 64, 64), slow=True),
    Counterpart("resnet", "resnet152", "torchvision", "resnet152", (3, 64, 64), slow=True),
    Counterpart("resnet", "resnet18", "timm", "resnet18", (3, 64, 64)),
    Counterpart("resnet", "resnet34", "timm", "resnet34", (3, 64, 64), slow=True),
    Counterpart("resnet", "resnet50", "timm", "resnet50", (3, 64, 64)),
    Counterpart("resnet", "resnet101", "timm", "resnet101", (3, 64, 64), slow=True),
    Counterpart("resnet", "resnet152", "timm", "resnet152", (3, 64, 64), slow=True),
    *(
        Counterpart(
            "resnet",
            f"{name}_paper",
            "pytorchcv",
            name,
            (3, 64, 64),
            slow=slow,
            adapt=pooled_whole,
            why=WINDOW,
        )
        for name, slow in (("resnet50", False), ("resnet101", True), ("resnet152", True))
    ),
)
