"""widths

Generated from specs/widths.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Wide(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 4 * width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.out_channels = 4 * width
        self.conv = nn.Conv2d(in_channels, 4 * width, kernel_size=1, bias=False)
        self.bn = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Narrow(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.out_channels = width
        self.conv = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Widths(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(
        self,
        unit: Callable[..., Wide | Narrow],
        width: int,
        n: int,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        body = [unit(in_channels, width)]
        channels = body[-1].out_channels
        for _ in range(n):
            body.append(unit(channels, 2 * width))
            channels = body[-1].out_channels
        self.body = nn.Sequential(*body)

        self.conv = nn.Conv2d(channels, width, kernel_size=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        x = self.conv(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def wide(**kwargs: Any) -> Widths:
    """1,926 parameters, 438,312 multiply-adds at 3x16x16."""
    return Widths(Wide, 4, 2, **kwargs)


def narrow(**kwargs: Any) -> Widths:
    """314 parameters, 52,264 multiply-adds at 3x16x16."""
    return Widths(Narrow, 4, 3, **kwargs)
