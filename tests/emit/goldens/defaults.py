"""defaults

Generated from specs/defaults.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Padded(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H + 2 * pad - kernel + 1,
    W + 2 * pad - kernel + 1)
    """

    def __init__(
        self, in_channels: int, width: int, kernel: int, pad: int | None = None
    ) -> None:
        super().__init__()
        if pad is None:
            pad = kernel // 2
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=kernel, padding=pad, bias=False
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Defaults(nn.Module):
    """Shape: (N, in_channels, 32, 32) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.padded1 = Padded(in_channels, 4, 5)
        self.padded2 = Padded(4, 4, 4, pad=0)
        self.conv1 = nn.Conv2d(4, 4, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(
            4, 6, kernel_size=3, padding=2, dilation=2, groups=2, bias=False
        )
        self.bn1 = nn.BatchNorm2d(6)
        self.bn2 = nn.BatchNorm2d(6, eps=1e-3)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.avgpool1 = nn.AvgPool2d(
            kernel_size=3, stride=2, padding=1, count_include_pad=False
        )
        self.conv3 = nn.Conv2d(6, 6, kernel_size=(1, 5), padding=(0, 2))
        self.maxpool2 = nn.MaxPool2d(kernel_size=2)
        self.avgpool2 = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(self.padded2(self.padded1(x))))
        x = self.relu(self.bn2(self.bn1(self.conv2(x))))
        x = self.avgpool1(self.maxpool1(x))
        x = self.maxpool2(self.relu(self.conv3(x)))
        x = self.fc(torch.flatten(self.avgpool2(x), 1))
        return x


def defaults(**kwargs: Any) -> Defaults:
    """1,108 parameters, 743,308 multiply-adds at 3x32x32."""
    return Defaults(**kwargs)
