"""blocks

Generated from specs/blocks.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class Separable(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        act: Callable[..., nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=in_channels,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.act1 = act(inplace=True)
        self.conv2 = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act2 = act(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.bn1(self.conv1(x)))
        x = self.act2(self.bn2(self.conv2(x)))
        return x


class Full(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
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


class Blocks(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, num_classes)"""

    def __init__(
        self,
        unit: Callable[..., Full | Separable],
        width: int,
        last: int | None = None,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if last is None:
            last = 4 * width
        self.unit1 = unit(in_channels, width)
        self.unit2 = unit(width, 2 * width, stride=2)
        self.unit3 = unit(2 * width, last, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.unit3(self.unit2(self.unit1(x)))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def full(**kwargs: Any) -> Blocks:
    """6,418 parameters, 203,072 multiply-adds at 3x16x16."""
    return Blocks(Full, 8, **kwargs)


def separable(**kwargs: Any) -> Blocks:
    """1,403 parameters, 36,672 multiply-adds at 3x16x16."""
    return Blocks(Separable, 8, **kwargs)


def separable_silu(**kwargs: Any) -> Blocks:
    """1,179 parameters, 34,544 multiply-adds at 3x16x16."""
    return Blocks(partial(Separable, act=nn.SiLU), 8, last=24, **kwargs)
