"""DenseNet."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (
    Counterpart("densenet", "densenet121", "torchvision", "densenet121", (3, 64, 64)),
    Counterpart("densenet", "densenet161", "torchvision", "densenet161", (3, 64, 64), slow=True),
    Counterpart("densenet", "densenet169", "torchvision", "densenet169", (3, 64, 64), slow=True),
    Counterpart("densenet", "densenet201", "torchvision", "densenet201", (3, 64, 64), slow=True),
    Counterpart("densenet", "densenet121", "timm", "densenet121", (3, 64, 64)),
    Counterpart("densenet", "densenet161", "timm", "densenet161", (3, 64, 64), slow=True),
    Counterpart("densenet", "densenet169", "timm", "densenet169", (3, 64, 64), slow=True),
    Counterpart("densenet", "densenet201", "timm", "densenet201", (3, 64, 64), slow=True),
)
