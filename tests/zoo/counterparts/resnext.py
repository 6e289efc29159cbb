"""ResNeXt."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (
    Counterpart("resnext", "resnext50_32x4d", "torchvision", "resnext50_32x4d", (3, 64, 64)),
    Counterpart(
        "resnext", "resnext101_32x8d", "torchvision", "resnext101_32x8d", (3, 64, 64), slow=True
    ),
    Counterpart(
        "resnext", "resnext101_64x4d", "torchvision", "resnext101_64x4d", (3, 64, 64), slow=True
    ),
    Counterpart("resnext", "resnext50_32x4d", "timm", "resnext50_32x4d", (3, 64, 64)),
    Counterpart("resnext", "resnext101_32x4d", "timm", "resnext101_32x4d", (3, 64, 64), slow=True),
    Counterpart("resnext", "resnext101_32x8d", "timm", "resnext101_32x8d", (3, 64, 64), slow=True),
    Counterpart("resnext", "resnext101_64x4d", "timm", "resnext101_64x4d", (3, 64, 64), slow=True),
)
