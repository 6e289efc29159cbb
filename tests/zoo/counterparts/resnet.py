"""ResNet."""

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
        (rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.bn\.(.*)", rf"layer\1.{n}.bn\2.\3"),
    )
)
PYTORCHCV = (
    (r"features\.init_block\.conv\.(conv|bn)\.(.*)", r"\g<1>1.\2"),
    *UNITS,
    (r"features\.stage(\d)\.unit1\.identity_conv\.conv\.(.*)", r"layer\1.0.downsample.0.\2"),
    (r"features\.stage(\d)\.unit1\.identity_conv\.bn\.(.*)", r"layer\1.0.downsample.1.\2"),
    (r"output\.(.*)", r"fc.\1"),
)


def average(theirs: nn.Module) -> None:
    """Their pool takes one size of map, and sums in another order."""
    theirs.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))


WHY = "pools with a window of fixed size"

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
            keys=PYTORCHCV,
            slow=slow,
            adapt=average,
            why=WHY,
        )
        for name, slow in (("resnet50", False), ("resnet101", True), ("resnet152", True))
    ),
)
