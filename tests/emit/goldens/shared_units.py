"""shared_units

Generated from specs/shared_units.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Unit(nn.Module):
    """A unit that others import.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Chain(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, num_classes)"""

    def __init__(
        self,
        unit: Callable[..., Unit],
        n: int,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        channels = in_channels
        unit_layers: list[nn.Module] = []
        for _ in range(n):
            unit_layers.append(unit(channels, 4))
            channels = 4
        self.unit = nn.Sequential(*unit_layers)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(torch.flatten(self.avgpool(self.unit(x)), 1))
        return x


def chain(**kwargs: Any) -> Chain:
    """318 parameters, 64,552 multiply-adds at 3x16x16."""
    return Chain(Unit, 2, **kwargs)
